//! Which directory a path led to, and what state it was in.

use std::fs::{self, Metadata};
use std::io;
use std::path::Path;
use std::time::SystemTime;

use super::Error;

/// Two looks at a path that give the same identity saw the same directory, and nothing was made, removed or
/// renamed in it in between.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Identity {
    pub modified: Option<SystemTime>,
    #[cfg(unix)]
    number: (u64, u64),
    #[cfg(not(unix))]
    created: Option<SystemTime>,
}

impl Identity {
    #[cfg(unix)]
    pub fn of(found: &Metadata) -> Self {
        use std::os::unix::fs::MetadataExt;
        Self {
            modified: found.modified().ok(),
            number: (found.dev(), found.ino()),
        }
    }

    #[cfg(not(unix))]
    pub fn of(found: &Metadata) -> Self {
        Self {
            modified: found.modified().ok(),
            created: found.created().ok(),
        }
    }
}

/// Looks at `path` itself, not at what it links to; `None` where there is nothing.
pub(super) fn look(path: &Path) -> Result<Option<Metadata>, Error> {
    match fs::symlink_metadata(path) {
        Ok(found) => Ok(Some(found)),
        Err(source) if source.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(Error::Unreadable {
            path: path.to_owned(),
            source,
        }),
    }
}
