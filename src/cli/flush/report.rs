//! What a flush tells at its end.

use serde::Serialize;

use super::plan::{EntryReferences, Part, References};
use super::sweep;
use crate::cache::bytes;
use crate::cli::deletion::Deletion;
use crate::cli::tally::Tally;
use crate::cli::ui::{
    BAD, Ending, GOOD, print,
    table::{Column, Table},
};

/// How many unreadable entries are named.
const NAMED: usize = 3;

/// What went, by scope, and what stood in the way.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::cli) struct Report {
    dry_run: bool,
    deleted: Tally,
    /// Bytes of all that is left in the scopes.
    left: u64,
    scopes: Vec<Row>,
    /// Entries that can't be read: all chunks of their scopes stay.
    unreadable: Vec<Unreadable>,
    /// Entries that can't be read and that no trusted key signed: no chunk stays for them.
    ignored: Vec<Unreadable>,
}

#[derive(Debug, Serialize)]
struct Row {
    scope: String,
    deleted: Tally,
    left: u64,
}

#[derive(Debug, Serialize)]
struct Unreadable {
    key: String,
    why: String,
}

impl Report {
    pub(super) fn new(dry_run: bool, parts: &[Part], references: &References) -> Self {
        let unreadable = |why: fn(&EntryReferences) -> Option<&String>| {
            let parts = parts.iter();
            let found = parts.flat_map(move |part| sweep::unreadable(part, references, why));
            found.map(|(key, why)| Unreadable { key, why }).collect()
        };
        Self {
            dry_run,
            deleted: Tally::default(),
            left: parts.iter().map(|part| part.listed).sum(),
            scopes: parts.iter().map(Row::new).collect(),
            unreadable: unreadable(|entry| match entry {
                EntryReferences::Unknown(why) => Some(why),
                _ => None,
            }),
            ignored: unreadable(|entry| match entry {
                EntryReferences::Ignored(why) => Some(why),
                _ => None,
            }),
        }
    }

    /// Counts what goes of this part.
    pub(super) fn add(&mut self, part: &Part, deletions: &[Deletion]) {
        let scope = part.inventory.scope.to_string();
        let Some(row) = self.scopes.iter_mut().find(|row| row.scope == scope) else {
            return;
        };
        let before = row.deleted.bytes;
        row.deleted.deleted(deletions);
        self.deleted.deleted(deletions);
        let freed = row.deleted.bytes - before;
        row.left = row.left.saturating_sub(freed);
        self.left = self.left.saturating_sub(freed);
    }

    /// Prints it; returns the exit code.
    pub(in crate::cli) fn print(&self, json: bool) -> Result<u8, Ending> {
        if json {
            print::json(self);
        } else {
            self.lines().iter().try_for_each(|line| print::line(line))?;
        }
        Ok(if self.unreadable.is_empty() { GOOD } else { BAD })
    }

    fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        let changed: Vec<&Row> = self.scopes.iter().filter(|row| !row.deleted.is_empty()).collect();
        if !changed.is_empty() {
            let numbers = ["entries", "archives", "chunks", "freed", "left"].map(Column::Number);
            let columns: Vec<Column> = [Column::Whole("scope")].into_iter().chain(numbers).collect();
            let mut table = Table::new(&columns);
            changed.iter().for_each(|row| table.row(row.cells()));
            lines.extend(table.lines());
            lines.push(String::new());
        }
        let outcome = if self.dry_run {
            "would be deleted"
        } else {
            "deleted"
        };
        let left = bytes(self.left);
        lines.push(if self.deleted.is_empty() {
            format!("Nothing to delete; {left} in {}.", scopes(self.scopes.len()))
        } else {
            let (objects, freed) = (self.deleted.objects(), bytes(self.deleted.bytes));
            format!("{objects} {outcome}: {freed} freed, {left} left.")
        });
        if self.dry_run {
            lines.push("Nothing was changed: this was a dry run.".into());
        }
        lines.extend(self.obstacles());
        lines
    }

    fn obstacles(&self) -> Vec<String> {
        let mut lines = Vec::new();
        if let Some(entries) = entries(&self.unreadable) {
            lines.push(format!(
                "! Chunks were kept, since {entries} of their scope can't be read and may need them:"
            ));
            lines.extend(named(&self.unreadable));
            lines.push(
                "    → Set the encryption key that they were stored with; or purge them, or wait for their age."
                    .into(),
            );
        }
        if let Some(entries) = entries(&self.ignored) {
            lines.push(format!(
                "! No chunk was kept for {entries} without a trusted signature, which no run restores and which can't be read:"
            ));
            lines.extend(named(&self.ignored));
            lines.push(
                "    → Purge them, or wait for their age. Only trusted runs should be able to write there."
                    .into(),
            );
        }
        lines
    }
}

/// How many there are, if any.
fn entries(unreadable: &[Unreadable]) -> Option<String> {
    match unreadable.len() {
        0 => None,
        1 => Some("1 entry".into()),
        count => Some(format!("{count} entries")),
    }
}

/// The first of them.
fn named(unreadable: &[Unreadable]) -> impl Iterator<Item = String> {
    let first = unreadable.iter().take(NAMED);
    first.map(|one| format!("    {}: {}", one.key, one.why))
}

impl Row {
    fn new(part: &Part) -> Self {
        Self {
            scope: part.inventory.scope.to_string(),
            deleted: Tally::default(),
            left: part.listed,
        }
    }

    fn cells(&self) -> [String; 6] {
        let Tally {
            entries,
            archives,
            chunks,
            bytes: freed,
            ..
        } = self.deleted;
        [
            self.scope.clone(),
            entries.to_string(),
            archives.to_string(),
            chunks.to_string(),
            bytes(freed),
            bytes(self.left),
        ]
    }
}

fn scopes(count: usize) -> String {
    match count {
        1 => "1 scope".into(),
        count => format!("{count} scopes"),
    }
}
