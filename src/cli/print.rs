//! Printing. A reader that is gone, such as `head`, ends nothing.

use std::io::{IsTerminal, Write};

use serde::Serialize;

use super::UNABLE;
use crate::config::environment;

/// Colours, where somebody sees them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Paint(bool);

impl Paint {
    /// For standard output: none when it isn't a terminal, or `NO_COLOR` is set.
    pub(super) fn of_stdout() -> Self {
        Self(std::io::stdout().is_terminal() && environment::process("NO_COLOR").is_none())
    }

    pub(super) fn good(self, text: &str) -> String {
        self.with("32", text)
    }

    pub(super) fn poor(self, text: &str) -> String {
        self.with("33", text)
    }

    pub(super) fn bad(self, text: &str) -> String {
        self.with("31", text)
    }

    pub(super) fn bold(self, text: &str) -> String {
        self.with("1", text)
    }

    pub(super) fn dim(self, text: &str) -> String {
        self.with("2", text)
    }

    fn with(self, code: &str, text: &str) -> String {
        if self.0 {
            format!("\u{1b}[{code}m{text}\u{1b}[0m")
        } else {
            text.to_owned()
        }
    }
}

/// Prints `text` and ends the line.
pub(super) fn out(text: &str) {
    let _ = writeln!(std::io::stdout().lock(), "{text}");
}

/// Prints `value` as JSON.
pub(super) fn json(value: &impl Serialize) {
    match serde_json::to_string_pretty(value) {
        Ok(text) => out(&text),
        Err(error) => drop(failure(&error.to_string())),
    }
}

/// Says on standard error why the command could not do its work, which is its exit code.
pub(super) fn failure(problem: &str) -> u8 {
    let _ = writeln!(std::io::stderr().lock(), "nx-s3-cache: {problem}");
    UNABLE
}
