//! What goes and what stays. Knows the listing and what entries need, and asks nobody.

use std::cmp::Ordering;
use std::collections::{HashMap, HashSet};
use std::time::{Duration, SystemTime};

use super::holdings::{Chunk, Holdings, is_older};
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

    /// Whether a chunk may go once nothing needs it.
    pub(super) fn may_go(&self, chunk: &Chunk) -> bool {
        is_older(chunk.modified, self.grace, self.now)
    }
}

/// What the entries that stay need, by their keys; what can't be read may need anything.
#[derive(Debug, Default)]
pub(super) struct Needs(pub HashMap<String, Need>);

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Need {
    /// These chunks.
    Chunks(HashSet<ChunkId>),
    /// Nobody knows; the text says why.
    Unknown(String),
    /// Nothing: it can't be read, which the text explains, and no trusted key signed it, so that no run restores it. Otherwise
    /// anybody who can write to the bucket could stop every flush.
    Ignored(String),
    /// It has gone since it was listed.
    Gone,
}

/// One scope with what goes and what stays of it.
#[derive(Debug)]
pub(super) struct Part {
    pub holdings: Holdings,
    /// Bytes of all that was listed.
    pub listed: u64,
    /// Whether any of its chunks is old enough to go.
    pub sweeps: bool,
    /// Keys of the entries that go.
    pub deletions: HashSet<String>,
    /// How many of the entries that stay need a chunk.
    needed: HashMap<ChunkId, u32>,
    /// How many of the entries that stay can't be read.
    unknown: u32,
}

impl Part {
    /// What goes for its age, of the entries that are `chosen`.
    pub(super) fn new(holdings: Holdings, rules: &Rules, chosen: impl Fn(&Found) -> bool) -> Self {
        let old = holdings
            .entries
            .iter()
            .filter(|found| rules.is_old(found) && chosen(found));
        Self {
            listed: holdings.size(),
            sweeps: holdings.chunks.values().any(|chunk| rules.may_go(chunk)),
            deletions: old.map(|found| found.key.clone()).collect(),
            holdings,
            needed: HashMap::new(),
            unknown: 0,
        }
    }

    /// The entries that stay.
    pub(super) fn living(&self) -> impl Iterator<Item = &Found> {
        self.holdings
            .entries
            .iter()
            .filter(|found| !self.deletions.contains(&found.key))
    }

    /// Counts what all entries that stay need.
    pub(super) fn count_all(&mut self, needs: &Needs) {
        let living: Vec<&Need> = self
            .living()
            .filter_map(|found| needs.0.get(&found.key))
            .collect();
        living.into_iter().for_each(|need| self.count(need));
    }

    /// Counts what an entry that stays needs.
    pub(super) fn count(&mut self, need: &Need) {
        match need {
            Need::Chunks(ids) => ids
                .iter()
                .for_each(|id| *self.needed.entry(*id).or_default() += 1),
            Need::Unknown(_) => self.unknown += 1,
            Need::Ignored(_) | Need::Gone => {}
        }
    }

    fn discount(&mut self, need: &Need) {
        match need {
            Need::Chunks(ids) => {
                for id in ids {
                    if let Some(count) = self.needed.get_mut(id) {
                        *count = count.saturating_sub(1);
                    }
                }
            }
            Need::Unknown(_) => self.unknown = self.unknown.saturating_sub(1),
            Need::Ignored(_) | Need::Gone => {}
        }
    }

    fn goes(&self, id: &ChunkId, chunk: &Chunk, rules: &Rules) -> bool {
        self.unknown == 0 && self.needed.get(id).is_none_or(|count| *count == 0) && rules.may_go(chunk)
    }

    /// The chunks that no entry needs that stays.
    pub(super) fn unneeded(&self, rules: &Rules) -> Vec<ChunkId> {
        let chunks = self.holdings.chunks.iter();
        let mut unneeded: Vec<ChunkId> = chunks
            .filter(|(id, chunk)| self.goes(id, chunk, rules))
            .map(|(id, _)| *id)
            .collect();
        unneeded.sort_unstable_by_key(|id| *id.as_bytes());
        unneeded
    }

    /// Bytes of what stays.
    fn left(&self, rules: &Rules) -> u64 {
        let chunks = self.holdings.chunks.iter();
        let chunks = chunks.filter(|(id, chunk)| !self.goes(id, chunk, rules));
        let scratch = self
            .holdings
            .scratch
            .iter()
            .filter(|found| !is_scratch(found, rules));
        self.living().chain(scratch).map(|found| found.size).sum::<u64>()
            + chunks.map(|(_, chunk)| chunk.size).sum::<u64>()
    }

    /// Dooms an entry; returns how many bytes that frees.
    fn doom(&mut self, found: &Found, need: Option<&Need>, rules: &Rules) -> u64 {
        let before = match need {
            // All chunks may become free at once.
            Some(Need::Unknown(_)) => Some(self.left(rules)),
            _ => None,
        };
        self.deletions.insert(found.key.clone());
        if let Some(need) = need {
            self.discount(need);
        }
        if let Some(before) = before {
            return before.saturating_sub(self.left(rules));
        }
        let ids = match need {
            Some(Need::Chunks(ids)) => Some(ids.iter()),
            _ => None,
        };
        let freed = ids.into_iter().flatten().filter_map(|id| {
            let chunk = self.holdings.chunks.get(id)?;
            self.goes(id, chunk, rules).then_some(chunk.size)
        });
        found.size + freed.sum::<u64>()
    }
}

/// Whether it is a scratch object that was forgotten.
pub(super) fn is_scratch(found: &Found, rules: &Rules) -> bool {
    is_older(found.modified, rules.grace, rules.now)
}

/// Dooms the oldest entries, whatever their scope, until the rest takes no more than `most` bytes.
pub(super) fn shrink(
    parts: &mut [Part],
    needs: &Needs,
    most: u64,
    rules: &Rules,
    chosen: impl Fn(&Found) -> bool,
) {
    let mut left: u64 = parts.iter().map(|part| part.left(rules)).sum();
    let mut living: Vec<(usize, Found)> = Vec::new();
    for (index, part) in parts.iter().enumerate() {
        let chosen = part.living().filter(|found| chosen(found));
        living.extend(chosen.map(|found| (index, found.clone())));
    }
    living.sort_by(|(_, one), (_, other)| oldest_first(one, other));
    for (index, found) in living {
        if left <= most {
            return;
        }
        left = left.saturating_sub(parts[index].doom(&found, needs.0.get(&found.key), rules));
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
