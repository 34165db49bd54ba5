//! What an archive has used up of its limits.

use super::members::Kind;
use super::{Fault, Limits};

/// Counts entries, bytes and names.
pub(super) struct Budget<'a> {
    limits: &'a Limits,
    entries: u64,
    bytes: u64,
    remembered: usize,
}

impl<'a> Budget<'a> {
    pub fn new(limits: &'a Limits) -> Self {
        Self {
            limits,
            entries: 0,
            bytes: 0,
            remembered: 0,
        }
    }

    /// Takes one more entry, with a path and (for links) a target of so many bytes.
    pub fn entry(&mut self, kind: Kind, path: usize, target: usize) -> Result<(), Fault> {
        self.entries += 1;
        if self.entries > self.limits.entries {
            return Err(Fault::TooManyEntries(self.limits.entries));
        }
        if path.max(target) > self.limits.path {
            return Err(Fault::PathTooLong(self.limits.path));
        }
        if kind != Kind::File {
            self.remembered += path + target;
        }
        if self.remembered > self.limits.remembered {
            return Err(Fault::TooManyNames(self.limits.remembered));
        }
        Ok(())
    }

    /// Takes a file's bytes.
    pub fn bytes(&mut self, size: u64) -> Result<(), Fault> {
        self.bytes = self.bytes.saturating_add(size);
        if self.bytes > self.limits.bytes {
            return Err(Fault::TooLarge(self.limits.bytes));
        }
        Ok(())
    }

    /// Whether a terminal output may be so long.
    pub fn terminal_output(&self, size: u64) -> Result<(), Fault> {
        if size > self.limits.terminal_output {
            return Err(Fault::TerminalOutputTooLong(self.limits.terminal_output));
        }
        Ok(())
    }
}
