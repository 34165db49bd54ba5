//! Printing. A closed pipe, as `head` leaves it, is no failure.

use std::io::{self, Write};

use console::Term;
use serde::Serialize;

use super::{Ending, GOOD, INTERRUPTED, UNABLE};
use crate::plain;

/// Colours, where standard output is a terminal.
#[derive(Clone, Copy, Debug)]
pub(in crate::cli) struct Paint(bool);

impl Paint {
    /// For standard output: none when it isn't a terminal that knows them, or `NO_COLOR` is set. Consoles of Windows learn
    /// here that escape sequences are none of the text.
    pub(in crate::cli) fn of_stdout() -> Self {
        Self(Term::stdout().features().colors_supported())
    }

    pub(in crate::cli) fn good(self, text: &str) -> String {
        self.with("32", text)
    }

    pub(in crate::cli) fn poor(self, text: &str) -> String {
        self.with("33", text)
    }

    pub(in crate::cli) fn bad(self, text: &str) -> String {
        self.with("31", text)
    }

    pub(in crate::cli) fn bold(self, text: &str) -> String {
        self.with("1", text)
    }

    pub(in crate::cli) fn dim(self, text: &str) -> String {
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
pub(in crate::cli) fn out(text: &str) {
    let _ = writeln!(io::stdout().lock(), "{text}");
}

/// Prints `value` as JSON.
pub(in crate::cli) fn json(value: &impl Serialize) {
    match serde_json::to_string_pretty(value) {
        Ok(text) => out(&plain::json(&text)),
        Err(error) => drop(failure(&error.to_string())),
    }
}

/// Prints `text` and ends the line. A command that has more to print ends where this does.
pub(in crate::cli) fn line(text: &str) -> Result<(), Ending> {
    bytes(format!("{text}\n").as_bytes())
}

/// Prints `lines`, each as one.
pub(in crate::cli) fn lines(lines: &[String]) -> Result<(), Ending> {
    lines.iter().try_for_each(|text| line(text))
}

/// Prints `value` as one line of JSON.
pub(in crate::cli) fn json_line(value: &impl Serialize) -> Result<(), Ending> {
    let text = serde_json::to_string(value).map_err(|error| Ending::Unable(error.to_string()))?;
    line(&plain::json(&text))
}

/// Prints `bytes` as they are.
pub(in crate::cli) fn bytes(bytes: &[u8]) -> Result<(), Ending> {
    let mut out = io::stdout().lock();
    let printed = out.write_all(bytes).and_then(|()| out.flush());
    printed.map_err(|error| match error.kind() {
        io::ErrorKind::BrokenPipe => Ending::ReaderGone,
        _ => Ending::Unable(format!("the output can't be written: {error}")),
    })
}

/// Prints on standard error, beside the output.
pub(in crate::cli) fn note(text: &str) {
    let _ = writeln!(io::stderr().lock(), "nx-s3-cache: {text}");
}

/// Prints on standard error why the command failed; returns its exit code.
pub(in crate::cli) fn failure(problem: &str) -> u8 {
    note(problem);
    UNABLE
}

/// The exit code of a command that ended in `outcome`, which is printed where it has to be.
pub(in crate::cli) fn exit_code(outcome: Result<u8, Ending>) -> u8 {
    match outcome {
        Ok(code) => code,
        Err(Ending::ReaderGone) => GOOD,
        Err(Ending::Unable(problem)) => failure(&problem),
        Err(Ending::Interrupted(done)) => {
            note(&format!("interrupted: {done}"));
            INTERRUPTED
        }
    }
}
