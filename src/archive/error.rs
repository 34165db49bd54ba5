//! Why an artifact can't be packed, unpacked or committed.

use std::io;
use std::path::{Path, PathBuf};

/// What is at fault, which decides what the cache does about an [`Error`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The outputs to be packed.
    Outputs,
    /// The disk that the artifact is restored to.
    Disk,
    /// The archive: damaged, or built to do harm.
    Archive,
    /// What the archive is written to or read from.
    Stream,
}

/// What went wrong with an archive.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A part of the outputs can't be read.
    #[error("the artifact is not stored, since {} can't be read: {source}", path.display())]
    Unreadable {
        /// The file or directory.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The directory to pack doesn't exist.
    #[error(
        "the artifact is not stored, since {} has gone: Nx removes artifacts that it rebuilds, and others to stay below \
         its `maxCacheSize`",
        path.display()
    )]
    Gone {
        /// The directory.
        path: PathBuf,
    },
    /// The outputs changed while they were packed.
    #[error(
        "the artifact is not stored, since {} changed in the meantime: another run of Nx may have rebuilt it",
        path.display()
    )]
    Changed {
        /// Where it was noticed.
        path: PathBuf,
    },
    /// The outputs contain something that couldn't be restored.
    #[error("the artifact is not stored, since it could not be restored: {} {fault}", path.display())]
    Unfit {
        /// The file, directory or link.
        path: PathBuf,
        /// What is wrong with it.
        fault: Fault,
    },
    /// The archive's sink failed.
    #[error("the archive can't be passed on: {0}")]
    Sink(#[source] io::Error),
    /// The staging directory or the target can't be written.
    #[error("the artifact is not restored, since {} can't be written: {source}", path.display())]
    Local {
        /// The file or directory.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The archive's source failed, with this error.
    #[error("the archive can't be read: {0}")]
    Stream(#[source] io::Error),
    /// The archive is damaged or unsafe.
    #[error("the archive is refused, and nothing of it restored: {entry:?} {fault}")]
    Archive {
        /// The name of the offending entry, as far as it is known.
        entry: String,
        /// What is wrong with it.
        fault: Fault,
    },
}

impl Error {
    /// What is at fault.
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

    /// Whether the process or the machine has reached its limit of open files.
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

    /// For the outputs: what was listed and doesn't exist any more has changed, anything else can't be read.
    pub(super) fn unreadable(path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| match source.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => Self::changed(path),
            _ => Self::Unreadable {
                path: path.to_owned(),
                source,
            },
        }
    }

    /// The outputs changed, noticed at `path`.
    pub(super) fn changed(path: &Path) -> Self {
        Self::Changed {
            path: path.to_owned(),
        }
    }

    /// The outputs have a `fault` at `path`.
    pub(super) fn unfit(path: &Path) -> impl FnOnce(Fault) -> Self {
        move |fault| Self::Unfit {
            path: path.to_owned(),
            fault,
        }
    }

    /// An archive has a `fault` at the entry `name`.
    pub(super) fn archive(name: &[u8], fault: Fault) -> Self {
        Self::Archive {
            entry: String::from_utf8_lossy(name).into_owned(),
            fault,
        }
    }

    /// For the disk that is restored to.
    pub(super) fn local(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Local { path, source }
    }
}

/// What is wrong with an entry, or with a file to be packed. Its text continues a sentence that begins with the name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs, reason = "the messages say it")]
pub enum Fault {
    #[error("is cut short")]
    Truncated,
    #[error("is followed by more data")]
    Trailing,
    #[error("has a malformed header ({0})")]
    Damaged(String),
    /// A type of entry that artifacts don't have: hard links, devices, FIFOs, sockets and so on.
    #[error("is a {0}, which can't be part of an artifact")]
    Kind(&'static str),
    #[error("is in the place of the terminal output")]
    NoTerminalOutput,
    #[error("is there twice")]
    SecondTerminalOutput,
    #[error("is not UTF-8 text")]
    NotText,
    #[error("is not below outputs/")]
    Outside,
    #[error("is not a plain relative path")]
    UnsafeName,
    #[error("is a name that this platform does not allow")]
    ForeignName,
    #[error("is there twice")]
    Duplicate,
    /// Two names that are the same to a file system that ignores case.
    #[error("differs from another name only in case, or in how its letters are encoded")]
    Collides,
    #[error("is not in its place in the order of names")]
    OutOfOrder,
    #[error("is in a directory that the archive does not have")]
    NoDirectory,
    #[error("is below something that is a file")]
    BelowFile,
    #[error("is below something that is a link")]
    BelowLink,
    #[error("is a link to an absolute path; links must be relative and stay inside the outputs")]
    LinkAbsolute,
    #[error("is a link that leaves the outputs; links must be relative and stay inside them")]
    LinkLeaves,
    /// A link whose target has `..` after something that isn't a directory, so that its text doesn't determine where it
    /// leads.
    #[error("is a link that goes through '..' of something that is not a directory of the outputs")]
    LinkUncertain,
    #[error("is a link without a usable target")]
    LinkUnusable,
    /// A path, or a link, into a Git repository's directory.
    #[error("is a repository's .git, is in one, or is a link to one; no archive may write there")]
    Git,
    #[error("is not among the paths that may be written")]
    NotNamed,
    #[error("is one entry more than the {0} allowed")]
    TooManyEntries(u64),
    #[error("makes the outputs larger than the {0} bytes allowed")]
    TooLarge(u64),
    #[error("is longer, or is a link to something longer, than the {0} bytes allowed")]
    PathTooLong(usize),
    #[error("is longer than the {0} bytes allowed")]
    TerminalOutputTooLong(u64),
    #[error("is too much: the names of directories and links take more than the {0} bytes allowed")]
    TooManyNames(usize),
}

impl Fault {
    /// A header that is malformed for this reason.
    pub(super) fn damaged(why: &str) -> Self {
        Self::Damaged(why.to_owned())
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn too_many_open_files_are_distinguished_from_other_errors() {
        let error = |code| Error::local("main.js")(io::Error::from_raw_os_error(code));
        assert!(error(24).is_too_many_files() && error(23).is_too_many_files());
        assert!(!error(28).is_too_many_files(), "a full disk");
    }
}
