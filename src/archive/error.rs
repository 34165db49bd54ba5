//! Why an artifact could not be packed, unpacked or put in place.

use std::io;
use std::path::PathBuf;

use super::Fault;

/// Whose fault an [`Error`] is, which decides what the cache does about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The outputs to be packed.
    Outputs,
    /// The disk that the artifact is restored to.
    Disk,
    /// The archive: damaged, or built to do harm.
    Archive,
    /// Whatever the archive is written to or read from.
    Stream,
}

/// What went wrong with an archive.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Some of the outputs can't be read.
    #[error("the artifact is not stored, since {} can't be read: {source}", path.display())]
    Unreadable {
        /// The file or directory.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// There is no directory to pack.
    #[error(
        "the artifact is not stored, since {} has gone: Nx removes artifacts to stay below its `maxCacheSize`",
        path.display()
    )]
    Gone {
        /// Where it was.
        path: PathBuf,
    },
    /// The outputs changed while they were packed.
    #[error(
        "the artifact is not stored, since {} changed in the meantime; \
         does something else write to Nx's cache directory?",
        path.display()
    )]
    Changed {
        /// Where it was noticed.
        path: PathBuf,
    },
    /// The outputs have something that no other machine could restore.
    #[error("the artifact is not stored, since it could not be restored: {} {fault}", path.display())]
    Unfit {
        /// The file, directory or link.
        path: PathBuf,
        /// What is wrong with it.
        fault: Fault,
    },
    /// What the archive is written to failed.
    #[error("the archive can't be passed on: {0}")]
    Sink(#[source] io::Error),
    /// The staging directory, or the artifact's place, can't be written.
    #[error("the artifact is not restored, since {} can't be written: {source}", path.display())]
    Local {
        /// The file or directory.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// What the archive is read from failed; `source` is its own error, unchanged.
    #[error("the archive can't be read: {0}")]
    Stream(#[source] io::Error),
    /// The archive is not one of ours.
    #[error("the archive is refused, and nothing of it restored: {entry:?} {fault}")]
    Archive {
        /// The name of the offending entry, as far as it was known.
        entry: String,
        /// What is wrong with it.
        fault: Fault,
    },
}

impl Error {
    /// Whose fault it is.
    pub fn origin(&self) -> Origin {
        match self {
            Self::Unreadable { .. } | Self::Gone { .. } | Self::Changed { .. } | Self::Unfit { .. } => {
                Origin::Outputs
            }
            Self::Local { .. } => Origin::Disk,
            Self::Archive { .. } => Origin::Archive,
            Self::Sink(_) | Self::Stream(_) => Origin::Stream,
        }
    }

    /// Whether this process, or all of the machine, has as many files open as it may.
    pub fn is_too_many_files(&self) -> bool {
        const ENFILE: i32 = 23;
        const EMFILE: i32 = 24;
        match self {
            Self::Unreadable { source, .. } | Self::Local { source, .. } => {
                cfg!(unix) && matches!(source.raw_os_error(), Some(ENFILE | EMFILE))
            }
            _ => false,
        }
    }

    /// An archive's `fault` at the entry called `name`.
    pub(super) fn archive(name: &[u8], fault: Fault) -> Self {
        Self::Archive {
            entry: String::from_utf8_lossy(name).into_owned(),
            fault,
        }
    }

    /// The same for a local path.
    pub(super) fn local(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Local { path, source }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn too_many_open_files_are_told_from_other_trouble_with_files() {
        let error = |code| Error::local("main.js")(io::Error::from_raw_os_error(code));
        assert!(error(24).is_too_many_files() && error(23).is_too_many_files());
        assert!(!error(28).is_too_many_files(), "a full disk");
    }
}
