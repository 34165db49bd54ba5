//! The first few of many, in an order of their own.

use std::cmp::Reverse;
use std::time::SystemTime;

use clap::ValueEnum;

use super::bucket::Found;

/// What comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Sort {
    /// The newest.
    Age,
    /// The largest entry object.
    Size,
}

/// Keeps the first `limit` of all that is added, and forgets the others soon.
pub(super) struct Top {
    sort: Sort,
    limit: usize,
    kept: Vec<Found>,
}

impl Top {
    pub(super) fn new(sort: Sort, limit: usize) -> Self {
        Self {
            sort,
            limit,
            kept: Vec::new(),
        }
    }

    pub(super) fn add(&mut self, found: Vec<Found>) {
        self.kept.extend(found);
        if self.kept.len() / 2 >= self.limit {
            self.cut();
        }
    }

    pub(super) fn into_sorted(mut self) -> Vec<Found> {
        self.cut();
        self.kept
    }

    fn cut(&mut self) {
        match self.sort {
            Sort::Age => self
                .kept
                .sort_by_key(|found| Reverse(found.modified.unwrap_or(SystemTime::UNIX_EPOCH))),
            Sort::Size => self.kept.sort_by_key(|found| Reverse(found.size)),
        }
        self.kept.truncate(self.limit);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::entry::Located;

    fn found(number: u64) -> Found {
        let key = format!("v1/t/e/{number}");
        Found {
            at: Located::parse("", &key).unwrap(),
            key,
            size: number * 7 % 100,
            modified: Some(SystemTime::UNIX_EPOCH + Duration::from_secs(number * 3 % 100)),
        }
    }

    #[test]
    fn the_first_few_are_found_and_the_others_forgotten() {
        let all: Vec<_> = (0..100).map(found).collect();
        let mut top = Top::new(Sort::Size, 3);
        for page in all.chunks(10) {
            top.add(page.to_vec());
            assert!(top.kept.len() < 3 + 10 + 3);
        }
        let sizes: Vec<_> = top.into_sorted().iter().map(|found| found.size).collect();
        assert_eq!(sizes, [99, 98, 97]);
        let mut top = Top::new(Sort::Age, usize::MAX);
        top.add(all);
        let sorted = top.into_sorted();
        assert_eq!(sorted.len(), 100);
        assert!(sorted.is_sorted_by_key(|found| Reverse(found.modified)));
    }
}
