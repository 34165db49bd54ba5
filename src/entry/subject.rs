//! What an entry stands for.

use super::header::Kind;
use crate::archive_name::ArchiveName;
use crate::task_hash::TaskHash;

/// What an entry stands for. Its kind is in the object's header, so that neither passes for the other, whatever their names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject<'a> {
    /// What a task produced.
    Task(&'a TaskHash),
    /// Directories kept under a name.
    Archive(&'a ArchiveName),
}

impl<'a> Subject<'a> {
    /// The hash or the name, as it stands in keys, manifests and signatures.
    pub fn as_str(self) -> &'a str {
        match self {
            Self::Task(hash) => hash.as_str(),
            Self::Archive(name) => name.as_str(),
        }
    }

    pub(super) fn kind(self) -> Kind {
        match self {
            Self::Task(_) => Kind::Entry,
            Self::Archive(_) => Kind::Archive,
        }
    }
}

impl<'a> From<&'a TaskHash> for Subject<'a> {
    fn from(hash: &'a TaskHash) -> Self {
        Self::Task(hash)
    }
}

impl<'a> From<&'a ArchiveName> for Subject<'a> {
    fn from(name: &'a ArchiveName) -> Self {
        Self::Archive(name)
    }
}
