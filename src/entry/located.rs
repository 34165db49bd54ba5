//! What a key found in the bucket stands for.

use super::keys::Keys;
use super::subject::Subject;
use crate::archive_name::ArchiveName;
use crate::chunk::ChunkId;
use crate::scope::{Scope, ScopeName};
use crate::task_hash::TaskHash;

/// An object's place, read from its key: what [`Keys`] writes, backwards.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Located {
    /// The scope it belongs to.
    pub scope: Scope,
    /// What it is.
    pub object: Object,
}

/// What an object is, by its key. Whether its bytes agree is another question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Object {
    /// The entry of a task.
    Entry(TaskHash),
    /// The entry of directories that are kept under a name.
    Archive(ArchiveName),
    /// A chunk.
    Chunk(ChunkId),
    /// Something else, such as a scratch object of `doctor`: the key's part behind the scope.
    Other(String),
}

impl Object {
    /// What it stands for, if it is an entry.
    pub fn subject(&self) -> Option<Subject<'_>> {
        match self {
            Self::Entry(hash) => Some(hash.into()),
            Self::Archive(name) => Some(name.into()),
            Self::Chunk(_) | Self::Other(_) => None,
        }
    }
}

impl Located {
    /// Reads a key of the cache under `prefix`; `None` where it is none.
    pub fn parse(prefix: &str, key: &str) -> Option<Self> {
        let rest = key.strip_prefix(&Keys::all(prefix))?;
        let (scope, rest) = match rest.split_once('/')? {
            ("t", rest) => (Scope::Trusted, rest),
            ("u", rest) => {
                let (name, rest) = rest.split_once('/')?;
                (Scope::Untrusted(ScopeName::parse(name).ok()?), rest)
            }
            _ => return None,
        };
        let object = object(rest).unwrap_or_else(|| Object::Other(rest.to_owned()));
        Some(Self { scope, object })
    }
}

/// The entry or chunk that `rest`, a key's part behind the scope, names.
fn object(rest: &str) -> Option<Object> {
    if let Some(hash) = rest.strip_prefix("e/") {
        return TaskHash::parse(hash).ok().map(Object::Entry);
    }
    if let Some(name) = rest.strip_prefix("n/") {
        return ArchiveName::parse(name).ok().map(Object::Archive);
    }
    let (directory, id) = rest.strip_prefix("c/")?.split_once('/')?;
    let id = ChunkId::parse(id)
        .ok()
        .filter(|_| id.starts_with(directory) && directory.len() == 2)?;
    Some(Object::Chunk(id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_we_write_is_read_back() {
        let (hash, id) = (TaskHash::parse("123").unwrap(), ChunkId::of(b"x", None));
        let name = ArchiveName::parse("acme/node_modules").unwrap();
        for prefix in ["", "team/web", "v1"] {
            for scope in [Scope::Trusted, Scope::Untrusted(ScopeName::pull_request("7"))] {
                let keys = Keys::new(prefix, &scope);
                for (key, object) in [
                    (keys.entry(&hash), Object::Entry(hash.clone())),
                    (keys.archive(&name), Object::Archive(name.clone())),
                    (keys.chunk(&id), Object::Chunk(id)),
                    (keys.scratch("doctor-1"), Object::Other("scratch/doctor-1".into())),
                ] {
                    let located = Located {
                        scope: scope.clone(),
                        object,
                    };
                    assert_eq!(Located::parse(prefix, &key), Some(located), "{key}");
                }
            }
        }
    }

    #[test]
    fn other_keys_are_not_taken_for_ours() {
        let id = ChunkId::of(b"x", None).to_string();
        for key in [
            "",
            "v1/",
            "v1/t",
            "v2/t/e/1",
            "other/v1/t/e/1",
            "v1/x/e/1",
            "v1/u/e",
            "v1/u/../e/1",
            "v1/u//e/1",
        ] {
            assert_eq!(Located::parse("", key), None, "{key}");
        }
        for rest in [
            "e/",
            "e/a/b",
            "e/a b",
            "c/1",
            "c/00/1",
            &format!("c/zz/{id}"),
            &format!("c/{id}"),
            &format!("c//{id}"),
        ] {
            let located = Located::parse("", &format!("v1/t/{rest}")).unwrap();
            assert_eq!(located.object, Object::Other(rest.into()));
        }
    }
}
