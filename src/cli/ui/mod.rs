//! What commands share at their edge: printing, tables, charts, progress, Ctrl-C and exit codes.

pub(super) mod age;
pub(super) mod chart;
pub(super) mod confirm;
mod ending;
pub(super) mod interrupt;
pub(super) mod page;
pub(super) mod print;
pub(super) mod progress;
pub(super) mod table;
pub(super) mod wrap;

pub(super) use ending::{BAD, Ending, GOOD, UNABLE};
