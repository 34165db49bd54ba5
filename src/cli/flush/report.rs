//! What a flush reports at its end.

use serde::Serialize;

use super::part::of_object;
use super::references::EntryReferences;
use crate::cache::{bytes, counted};
use crate::cli::bucket::Found;
use crate::cli::deletion::{Tally, What};
use crate::cli::ui::{
    BAD, Ending, GOOD, print,
    table::{Column, Table},
};

/// How many unreadable entries are named.
const NAMED: usize = 3;

/// What went, by scope, and what stood in the way.
#[derive(Debug, Default, Serialize)]
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

#[derive(Debug, Default, Serialize)]
struct Row {
    scope: String,
    deleted: Tally,
    left: u64,
}

#[derive(Debug, Serialize)]
struct Unreadable {
    key: String,
    why: String,
    #[serde(skip)]
    fingerprint: u64,
}

impl Report {
    /// Nothing was listed yet.
    pub(super) fn new(dry_run: bool) -> Self {
        Self {
            dry_run,
            ..Self::default()
        }
    }

    /// Counts an object of `scope`.
    pub(super) fn listed(&mut self, scope: &str, size: u64) {
        self.row(scope).left += size;
        self.left += size;
    }

    /// Counts what goes of `scope`.
    pub(super) fn goes(&mut self, scope: &str, what: What, size: u64) {
        let row = self.row(scope);
        row.deleted.add(what, size);
        row.left = row.left.saturating_sub(size);
        self.deleted.add(what, size);
        self.left = self.left.saturating_sub(size);
    }

    /// Takes note of an entry that stays, if it can't be read.
    pub(super) fn read(&mut self, found: &Found, references: &EntryReferences) {
        let (list, why) = match references {
            EntryReferences::Unknown(why) => (&mut self.unreadable, why),
            EntryReferences::Ignored(why) => (&mut self.ignored, why),
            EntryReferences::Chunks(_) | EntryReferences::Gone => return,
        };
        list.push(Unreadable {
            key: found.key.clone(),
            why: why.clone(),
            fingerprint: of_object(&found.key, found.modified),
        });
    }

    /// Forgets those entries that can't be read which `picked` picks by key and fingerprint.
    pub(super) fn forget(&mut self, mut picked: impl FnMut(&str, u64) -> bool) {
        let mut stays = |entry: &Unreadable| !picked(&entry.key, entry.fingerprint);
        self.unreadable.retain(&mut stays);
        self.ignored.retain(&mut stays);
    }

    /// Bytes of what is left.
    pub(super) fn left(&self) -> u64 {
        self.left
    }

    fn row(&mut self, scope: &str) -> &mut Row {
        let place = self.scopes.binary_search_by(|row| row.scope.as_str().cmp(scope));
        let at = place.unwrap_or_else(|at| {
            let scope = scope.to_owned();
            self.scopes.insert(
                at,
                Row {
                    scope,
                    ..Row::default()
                },
            );
            at
        });
        &mut self.scopes[at]
    }

    /// Prints it; returns the exit code.
    pub(in crate::cli) fn print(&self, json: bool) -> Result<u8, Ending> {
        if json {
            print::json(self);
        } else {
            print::lines(&self.lines())?;
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
            format!(
                "Nothing to delete; {left} in {}.",
                counted(self.scopes.len() as u64, "scope")
            )
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
    (!unreadable.is_empty()).then(|| counted(unreadable.len() as u64, "entry"))
}

/// The first of them.
fn named(unreadable: &[Unreadable]) -> impl Iterator<Item = String> {
    let first = unreadable.iter().take(NAMED);
    first.map(|one| format!("    {}: {}", one.key, one.why))
}

impl Row {
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
