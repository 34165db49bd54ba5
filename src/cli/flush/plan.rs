//! Which objects are deleted and which retained, from the listing and the references of entries; makes no request.

use std::cmp::Ordering;
use std::collections::{HashMap, HashSet};
use std::time::{Duration, SystemTime};

use super::inventory::{Chunk, Inventory, is_older};
use crate::chunk::ChunkId;
use crate::cli::bucket::Found;

/// What may stay.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rules {
    pub age: Option<Duration>,
    pub max_size: Option<u64>,
    pub grace: Duration,
    pub now: SystemTime,
}

impl Rules {
    pub(super) fn is_old(&self, found: &Found) -> bool {
        self.age
            .is_some_and(|age| is_older(found.modified, age, self.now))
    }

    /// Whether a chunk may go once nothing references it.
    pub(super) fn may_go(&self, chunk: &Chunk) -> bool {
        is_older(chunk.modified, self.grace, self.now)
    }
}

/// The chunks that retained entries reference, by the entries' keys; an unreadable entry may reference any.
#[derive(Debug, Default)]
pub(super) struct References(pub HashMap<String, EntryReferences>);

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum EntryReferences {
    /// These chunks.
    Chunks(HashSet<ChunkId>),
    /// Nobody knows; the text says why.
    Unknown(String),
    /// Nothing: it can't be read, which the text explains, and nothing shows that a trusted key signed it, so that no run
    /// restores it. Otherwise anybody who can write to the bucket could stop every flush.
    Ignored(String),
    /// It has gone since it was listed.
    Gone,
}

/// One scope with what goes and what stays of it.
#[derive(Debug)]
pub(super) struct Part {
    pub inventory: Inventory,
    /// Bytes of all that was listed.
    pub listed: u64,
    /// Whether any of its chunks is old enough to go.
    pub sweeps: bool,
    /// Keys of the entries that go.
    pub deletions: HashSet<String>,
    /// How many retained entries reference a chunk.
    references: HashMap<ChunkId, u32>,
    /// How many of the entries that stay can't be read.
    unknown: u32,
}

impl Part {
    /// What goes for its age, of the entries that are `chosen`.
    pub(super) fn new(inventory: Inventory, rules: &Rules, chosen: impl Fn(&Found) -> bool) -> Self {
        let old = inventory
            .entries
            .iter()
            .filter(|found| rules.is_old(found) && chosen(found));
        Self {
            listed: inventory.size(),
            sweeps: inventory.chunks.values().any(|chunk| rules.may_go(chunk)),
            deletions: old.map(|found| found.key.clone()).collect(),
            inventory,
            references: HashMap::new(),
            unknown: 0,
        }
    }

    /// The entries that stay.
    pub(super) fn retained(&self) -> impl Iterator<Item = &Found> {
        self.inventory
            .entries
            .iter()
            .filter(|found| !self.deletions.contains(&found.key))
    }

    /// Counts the references of all retained entries.
    pub(super) fn count_all(&mut self, references: &References) {
        let retained: Vec<&EntryReferences> = self
            .retained()
            .filter_map(|found| references.0.get(&found.key))
            .collect();
        retained.into_iter().for_each(|entry| self.count(entry));
    }

    /// Counts the references of a retained entry.
    pub(super) fn count(&mut self, entry: &EntryReferences) {
        match entry {
            EntryReferences::Chunks(ids) => ids
                .iter()
                .for_each(|id| *self.references.entry(*id).or_default() += 1),
            EntryReferences::Unknown(_) => self.unknown += 1,
            EntryReferences::Ignored(_) | EntryReferences::Gone => {}
        }
    }

    fn discount(&mut self, entry: &EntryReferences) {
        match entry {
            EntryReferences::Chunks(ids) => {
                for id in ids {
                    if let Some(count) = self.references.get_mut(id) {
                        *count = count.saturating_sub(1);
                    }
                }
            }
            EntryReferences::Unknown(_) => self.unknown = self.unknown.saturating_sub(1),
            EntryReferences::Ignored(_) | EntryReferences::Gone => {}
        }
    }

    fn goes(&self, id: &ChunkId, chunk: &Chunk, rules: &Rules) -> bool {
        self.unknown == 0 && self.references.get(id).is_none_or(|count| *count == 0) && rules.may_go(chunk)
    }

    /// The chunks that no retained entry references.
    pub(super) fn unneeded(&self, rules: &Rules) -> Vec<ChunkId> {
        let chunks = self.inventory.chunks.iter();
        let mut unneeded: Vec<ChunkId> = chunks
            .filter(|(id, chunk)| self.goes(id, chunk, rules))
            .map(|(id, _)| *id)
            .collect();
        unneeded.sort_unstable_by_key(|id| *id.as_bytes());
        unneeded
    }

    /// Bytes of what stays.
    fn left(&self, rules: &Rules) -> u64 {
        let chunks = self.inventory.chunks.iter();
        let chunks = chunks.filter(|(id, chunk)| !self.goes(id, chunk, rules));
        let scratch = self
            .inventory
            .scratch
            .iter()
            .filter(|found| !is_scratch(found, rules));
        self.retained()
            .chain(scratch)
            .map(|found| found.size)
            .sum::<u64>()
            + chunks.map(|(_, chunk)| chunk.size).sum::<u64>()
    }

    /// Marks an entry for deletion; returns how many bytes that frees.
    fn mark(&mut self, found: &Found, entry: Option<&EntryReferences>, rules: &Rules) -> u64 {
        let before = match entry {
            // All chunks may become free at once.
            Some(EntryReferences::Unknown(_)) => Some(self.left(rules)),
            _ => None,
        };
        self.deletions.insert(found.key.clone());
        if let Some(entry) = entry {
            self.discount(entry);
        }
        if let Some(before) = before {
            return before.saturating_sub(self.left(rules));
        }
        let ids = match entry {
            Some(EntryReferences::Chunks(ids)) => Some(ids.iter()),
            _ => None,
        };
        let freed = ids.into_iter().flatten().filter_map(|id| {
            let chunk = self.inventory.chunks.get(id)?;
            self.goes(id, chunk, rules).then_some(chunk.size)
        });
        found.size + freed.sum::<u64>()
    }
}

/// Whether it is a scratch object that was forgotten.
pub(super) fn is_scratch(found: &Found, rules: &Rules) -> bool {
    is_older(found.modified, rules.grace, rules.now)
}

/// Marks the oldest entries, whatever their scope, for deletion until the rest takes no more than `most` bytes.
pub(super) fn shrink(
    parts: &mut [Part],
    references: &References,
    most: u64,
    rules: &Rules,
    chosen: impl Fn(&Found) -> bool,
) {
    let mut left: u64 = parts.iter().map(|part| part.left(rules)).sum();
    let mut retained: Vec<(usize, Found)> = Vec::new();
    for (index, part) in parts.iter().enumerate() {
        let chosen = part.retained().filter(|found| chosen(found));
        retained.extend(chosen.map(|found| (index, found.clone())));
    }
    retained.sort_by(|(_, one), (_, other)| oldest_first(one, other));
    for (index, found) in retained {
        if left <= most {
            return;
        }
        left = left.saturating_sub(parts[index].mark(&found, references.0.get(&found.key), rules));
    }
}

/// What has no date comes last.
fn oldest_first(one: &Found, other: &Found) -> Ordering {
    let by_date = match (one.modified, other.modified) {
        (Some(one), Some(other)) => one.cmp(&other),
        (one, other) => other.is_some().cmp(&one.is_some()),
    };
    by_date.then_with(|| one.key.cmp(&other.key))
}
