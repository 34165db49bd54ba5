//! How a command ends early.

use super::{GOOD, INTERRUPTED, print};
use crate::object_store::Error;
use crate::remedy;

/// Why a command ends before its work is done. It has been told of nothing yet.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// It could not do its work; the text says why and what to do.
    Unable(String),
    /// Whoever read the output, such as `head`, has seen enough.
    ReaderGone,
    /// Somebody pressed Ctrl-C; the text says what was done until then.
    Interrupted(String),
}

impl Ending {
    /// The bucket refused or failed; `permission` is what the request needs.
    pub(super) fn of_bucket(error: &Error, permission: &str) -> Self {
        Self::Unable(format!("{error}\n{}", remedy::of_request(error, permission)))
    }
}

impl Ending {
    /// The same with another line about why the command could not do its work.
    pub(super) fn and(self, line: &str) -> Self {
        match self {
            Self::Unable(problem) => Self::Unable(format!("{problem}\n{line}")),
            other => other,
        }
    }
}

/// The exit code of a command that ended in `outcome`, which is told where it has to be.
pub(super) fn exit_code(outcome: Result<u8, Ending>) -> u8 {
    match outcome {
        Ok(code) => code,
        Err(Ending::ReaderGone) => GOOD,
        Err(Ending::Unable(problem)) => print::failure(&problem),
        Err(Ending::Interrupted(done)) => {
            print::note(&format!("interrupted: {done}"));
            INTERRUPTED
        }
    }
}
