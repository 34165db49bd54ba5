//! Sets of things by eight bytes each, so that a bucket of ten million objects fits into memory.
//!
//! Two things share a fingerprint by chance once in 2^64 pairs. For chunks that means one that stays for nothing; for
//! entries, one that was written during the flush and counts as known, whose chunks may go: a miss.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::chunk::ChunkId;

/// A set that grows first and is asked afterwards.
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
pub(super) fn of_chunk(id: &ChunkId) -> u64 {
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
pub(super) fn nanoseconds(time: Option<SystemTime>) -> u64 {
    let since = time.map(|time| time.duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos());
    since.map_or(u64::MAX, |since| u64::try_from(since).unwrap_or(u64::MAX))
}

fn first_eight(bytes: &[u8; 32]) -> u64 {
    let [a, b, c, d, e, f, g, h, ..] = *bytes;
    u64::from_le_bytes([a, b, c, d, e, f, g, h])
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

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
