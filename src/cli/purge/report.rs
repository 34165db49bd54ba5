//! What a purge tells at its end.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::cache::bytes;
use crate::cli::deletion::Deletion;
use crate::cli::tally::Tally;
use crate::cli::ui::{BAD, Ending, GOOD, print};
use crate::plain::plain;

/// What went, and what could not be found or read.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Report {
    dry_run: bool,
    deleted: Tally,
    keys: Vec<String>,
    /// What was named and isn't in the bucket.
    missing: Vec<String>,
    /// Entries of which nobody knows who made them.
    unreadable: Vec<Unreadable>,
}

#[derive(Debug, Serialize)]
struct Unreadable {
    key: String,
    why: String,
}

impl Report {
    pub(super) fn new(dry_run: bool) -> Self {
        Self {
            dry_run,
            deleted: Tally::default(),
            keys: Vec::new(),
            missing: Vec::new(),
            unreadable: Vec::new(),
        }
    }

    pub(super) fn chose(&mut self, deletions: &[Deletion]) {
        self.deleted.deleted(deletions);
        self.keys
            .extend(deletions.iter().map(|deletion| deletion.key.clone()));
    }

    pub(super) fn missing(&mut self, names: BTreeSet<&str>) {
        self.missing = names.into_iter().map(str::to_owned).collect();
    }

    pub(super) fn unreadable(&mut self, key: String, why: String) {
        self.unreadable.push(Unreadable { key, why });
    }

    /// Prints it; returns the exit code.
    pub(super) fn print(&self, json: bool) -> Result<u8, Ending> {
        if json {
            print::json(self);
        } else {
            self.lines()
                .iter()
                .try_for_each(|line| print::line(&plain(line)))?;
        }
        let all_well = self.missing.is_empty() && self.unreadable.is_empty();
        Ok(if all_well { GOOD } else { BAD })
    }

    fn lines(&self) -> Vec<String> {
        let mut lines: Vec<String> = self.keys.iter().map(|key| format!("  {key}")).collect();
        let outcome = if self.dry_run {
            "would be deleted"
        } else {
            "deleted"
        };
        lines.push(if self.deleted.is_empty() {
            "Nothing to delete.".into()
        } else {
            format!(
                "{} {outcome}, {}.",
                self.deleted.objects(),
                bytes(self.deleted.bytes)
            )
        });
        if self.dry_run {
            lines.push("Nothing was changed: this was a dry run.".into());
        } else if !self.deleted.is_empty() {
            lines.push("Chunks that nothing needs any more go with the next flush.".into());
        }
        lines.extend(
            self.missing
                .iter()
                .map(|name| format!("✗ {name}: not in these scopes")),
        );
        lines.extend(
            self.unreadable
                .iter()
                .map(|one| format!("! {}: {}", one.key, one.why)),
        );
        if !self.unreadable.is_empty() {
            lines.push("    → Who made these can't be told. Set the encryption key that they were stored with, let their issuer be reached, or purge them by hash.".into());
        }
        lines
    }
}
