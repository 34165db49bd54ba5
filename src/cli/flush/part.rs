//! What a flush remembers of one scope: a few bytes for each object that may matter later.

use std::collections::HashMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::references::EntryReferences;
use crate::chunk::ChunkId;
use crate::cli::bucket::Found;
use crate::entry::Object;
use crate::scope::Scope;

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

    /// Whether a chunk may go once nothing references it, or a scratch object that was forgotten.
    pub(super) fn may_go(&self, found: &Found) -> bool {
        is_older(found.modified, self.grace, self.now)
    }
}

/// Whether something of `modified` is as old as `age` or older. What has no date is taken for new.
fn is_older(modified: Option<SystemTime>, age: Duration, now: SystemTime) -> bool {
    modified.is_some_and(|modified| now.duration_since(modified).is_ok_and(|real| real >= age))
}

/// A chunk that is old enough to go.
#[derive(Clone, Copy, Debug)]
pub(super) struct OldChunk {
    /// Its fingerprint.
    pub id: u64,
    /// When it was written, in nanoseconds.
    modified: u64,
    pub size: u64,
}

/// An entry that stays for its age, and may go for the size of all.
#[derive(Debug)]
pub(super) struct Row {
    pub modified: u64,
    pub fingerprint: u64,
    pub size: u64,
    pub is_archive: bool,
    /// The chunks it references, as a part of those of all rows; `None` if nobody knows.
    pub references: Option<(u32, u32)>,
}

/// One scope.
#[derive(Debug)]
pub(super) struct Part {
    pub scope: Scope,
    /// Chunks that may go.
    pub old: Vec<OldChunk>,
    /// The chunks that entries need.
    pub needed: Fingerprints,
    /// The entries whose needs are known.
    pub known: Fingerprints,
    /// How many entries that stay can't be read.
    pub unknown: u64,
    /// Entries that stay and were not read, as no chunk that may go had been listed.
    pub unread: u64,
    /// The entries one by one, and what they reference, where that decides.
    pub rows: Vec<Row>,
    pub references: Vec<u64>,
}

impl Part {
    pub(super) fn new(scope: Scope) -> Self {
        Self {
            scope,
            old: Vec::new(),
            needed: Fingerprints::default(),
            known: Fingerprints::default(),
            unknown: 0,
            unread: 0,
            rows: Vec::new(),
            references: Vec::new(),
        }
    }

    /// Forgets the entries, and not the chunks.
    pub(super) fn forget_entries(&mut self) {
        *self = Self {
            old: std::mem::take(&mut self.old),
            ..Self::new(self.scope.clone())
        };
    }

    /// Whether it matters what entries reference.
    pub(super) fn sweeps(&self) -> bool {
        !self.old.is_empty()
    }

    pub(super) fn add_chunk(&mut self, id: &ChunkId, found: &Found) {
        self.old.push(OldChunk {
            id: of_chunk(id),
            modified: nanoseconds(found.modified),
            size: found.size,
        });
    }

    /// Takes note of an entry that stays and of what it references; `is_candidate` where it may still go for the size.
    pub(super) fn add_entry(&mut self, found: &Found, references: &EntryReferences, is_candidate: bool) {
        let fingerprint = of_object(&found.key, found.modified);
        self.known.insert(fingerprint);
        self.unknown += u64::from(matches!(references, EntryReferences::Unknown(_)));
        if !is_candidate {
            chunks_of(references).for_each(|id| self.needed.insert(id));
            return;
        }
        let start = self.references.len() as u32;
        self.references.extend(chunks_of(references));
        let known = !matches!(references, EntryReferences::Unknown(_));
        self.rows.push(Row {
            modified: nanoseconds(found.modified),
            fingerprint,
            size: found.size,
            is_archive: matches!(found.at.object, Object::Archive(_)),
            references: known.then_some((start, self.references.len() as u32)),
        });
    }

    /// What a row references.
    pub(super) fn references(&self, row: &Row) -> &[u64] {
        let (start, end) = row.references.unwrap_or_default();
        self.references
            .get(start as usize..end as usize)
            .unwrap_or_default()
    }

    /// The chunks that nothing needs; none as long as nobody knows what some entry needs.
    pub(super) fn unneeded(&mut self) -> Vec<OldChunk> {
        if self.unknown > 0 {
            return Vec::new();
        }
        let (old, needed) = (&self.old, &mut self.needed);
        old.iter()
            .filter(|chunk| !needed.contains(chunk.id))
            .copied()
            .collect()
    }
}

/// Chunks that nothing needs, by their fingerprints, as they were written.
pub(super) struct Unneeded(HashMap<u64, u64>);

impl Unneeded {
    pub(super) fn of(chunks: &[OldChunk]) -> Self {
        Self(chunks.iter().map(|chunk| (chunk.id, chunk.modified)).collect())
    }

    /// Whether a chunk as it is now is one of them: what was written or touched since is new.
    pub(super) fn has(&self, id: &ChunkId, found: &Found) -> bool {
        self.0.get(&of_chunk(id)) == Some(&nanoseconds(found.modified))
    }
}

/// The fingerprints of the chunks that are known to be referenced.
pub(super) fn chunks_of(references: &EntryReferences) -> impl Iterator<Item = u64> {
    let ids = match references {
        EntryReferences::Chunks(ids) => Some(ids),
        EntryReferences::Unknown(_) | EntryReferences::Ignored(_) | EntryReferences::Gone => None,
    };
    ids.into_iter().flatten().map(of_chunk)
}

/// A set of things by eight bytes each, so that a bucket of ten million objects fits into memory. It grows first and is
/// asked afterwards.
///
/// Two things share a fingerprint by chance once in 2^64 pairs. For chunks that means one that stays for nothing; for
/// entries, one that was written during the flush and counts as known, whose chunks may go: a miss.
#[derive(Debug, Default)]
pub(super) struct Fingerprints {
    values: Vec<u64>,
    sorted: bool,
}

impl Fingerprints {
    pub(super) fn insert(&mut self, fingerprint: u64) {
        self.values.push(fingerprint);
        self.sorted = false;
    }

    /// Whether it is in the set. Sorts what was added since the last question.
    pub(super) fn contains(&mut self, fingerprint: u64) -> bool {
        if !self.sorted {
            self.values.sort_unstable();
            self.values.dedup();
            self.sorted = true;
        }
        self.values.binary_search(&fingerprint).is_ok()
    }
}

impl FromIterator<u64> for Fingerprints {
    fn from_iter<I: IntoIterator<Item = u64>>(values: I) -> Self {
        Self {
            values: values.into_iter().collect(),
            sorted: false,
        }
    }
}

/// A chunk's fingerprint.
fn of_chunk(id: &ChunkId) -> u64 {
    first_eight(id.as_bytes())
}

/// The fingerprint of an object as it was written at a time.
pub(super) fn of_object(key: &str, modified: Option<SystemTime>) -> u64 {
    let mut hasher = blake3::Hasher::new();
    hasher.update(key.as_bytes()).update(&[0]);
    hasher.update(&nanoseconds(modified).to_le_bytes());
    first_eight(hasher.finalize().as_bytes())
}

/// Since 1970; what has no date is later than everything.
fn nanoseconds(time: Option<SystemTime>) -> u64 {
    let since = time.map(|time| time.duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos());
    since.map_or(u64::MAX, |since| u64::try_from(since).unwrap_or(u64::MAX))
}

fn first_eight(bytes: &[u8; 32]) -> u64 {
    let [a, b, c, d, e, f, g, h, ..] = *bytes;
    u64::from_le_bytes([a, b, c, d, e, f, g, h])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_added_after_a_question_is_in_the_set_too() {
        let mut set = Fingerprints::default();
        assert!(!set.contains(7));
        for value in [9, 7, 9] {
            set.insert(value);
            assert!(set.contains(value));
        }
        assert!(!set.contains(8));
    }

    #[test]
    fn an_object_that_was_written_again_is_another_one() {
        let at = |seconds| Some(UNIX_EPOCH + Duration::from_secs(seconds));
        assert_eq!(of_object("a", at(1)), of_object("a", at(1)));
        for (key, modified) in [("a", at(2)), ("a", None), ("b", at(1))] {
            assert_ne!(of_object("a", at(1)), of_object(key, modified));
        }
        assert!(nanoseconds(None) > nanoseconds(at(4_000_000_000)));
    }
}
