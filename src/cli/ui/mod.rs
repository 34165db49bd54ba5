//! What commands share at their edge: printing, tables, charts, progress, Ctrl-C and exit codes.

pub(super) mod age;
pub(super) mod chart;
pub(super) mod interrupt;
pub(super) mod page;
pub(super) mod print;
pub(super) mod progress;
pub(super) mod table;
pub(super) mod wrap;

use crate::object_store::Error;
use crate::remedy;

/// The command did its work, and all is well.
pub(in crate::cli) const GOOD: u8 = 0;
/// It did its work, and something is wrong.
pub(in crate::cli) const BAD: u8 = 1;
/// Usage or runtime error.
pub(in crate::cli) const UNABLE: u8 = 2;
/// It was interrupted, and said what was done until then.
pub(in crate::cli) const INTERRUPTED: u8 = 130;

/// Why a command ends before its work is done. Nothing of it has been printed yet.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::cli) enum Ending {
    /// Usage or runtime error; the text says why and what to do.
    Unable(String),
    /// Whoever read the output, such as `head`, has seen enough.
    ReaderGone,
    /// Somebody pressed Ctrl-C; the text says what was done until then.
    Interrupted(String),
}

impl Ending {
    /// The bucket refused or failed; `permission` is what the request needs.
    pub(in crate::cli) fn of_bucket(error: &Error, permission: &str) -> Self {
        Self::Unable(format!("{error}\n{}", remedy::of_request(error, permission)))
    }

    /// The same with another line about why that is.
    pub(in crate::cli) fn and(self, line: &str) -> Self {
        match self {
            Self::Unable(problem) => Self::Unable(format!("{problem}\n{line}")),
            other => other,
        }
    }
}
