//! Which entries are read.

use std::collections::BTreeMap;

use crate::cli::bucket::Found;

/// So many of the entries that are added, the same each time: those whose keys' hashes come first. That is as good as
/// drawing lots, as nobody chooses a key for its hash.
pub(super) struct Sample {
    size: usize,
    kept: BTreeMap<[u8; 32], Found>,
}

impl Sample {
    pub(super) fn new(size: usize) -> Self {
        Self {
            size,
            kept: BTreeMap::new(),
        }
    }

    pub(super) fn add(&mut self, found: Found) {
        self.kept.insert(blake3::hash(found.key.as_bytes()).into(), found);
        if self.kept.len() > self.size {
            self.kept.pop_last();
        }
    }

    pub(super) fn into_entries(self) -> Vec<Found> {
        self.kept.into_values().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry::Located;

    fn sample(size: usize, keys: impl Iterator<Item = u32>) -> Vec<String> {
        let mut sample = Sample::new(size);
        for number in keys {
            let key = format!("v1/t/e/{number}");
            let at = Located::parse("", &key).unwrap();
            sample.add(Found {
                key,
                at,
                size: 1,
                modified: None,
            });
        }
        sample.into_entries().into_iter().map(|found| found.key).collect()
    }

    #[test]
    fn it_has_its_size_and_does_not_depend_on_the_order() {
        let (one, other) = (sample(10, 0..1000), sample(10, (0..1000).rev()));
        assert_eq!((one.len(), &one), (10, &other));
        assert_eq!(sample(10, 0..3).len(), 3);
        assert_eq!(sample(0, 0..3).len(), 0);
    }
}
