//! What a listing alone tells: how much there is, where, how old and how large.

use std::collections::BTreeMap;
use std::ops::AddAssign;
use std::time::{Duration, SystemTime};

use serde::Serialize;

use crate::cli::bucket::Found;
use crate::entry::Object;

/// Seconds of a day.
const DAY: u64 = 86_400;
/// Ages in days at which bands begin, and their names.
const AGES: [(u64, &str); 6] = [
    (0, "under 1 day"),
    (1, "1 to 7 days"),
    (7, "7 to 30 days"),
    (30, "30 to 90 days"),
    (90, "90 to 365 days"),
    (365, "over 1 year"),
];
/// Sizes in bytes at which classes begin, and their names.
const SIZES: [(u64, &str); 6] = [
    (0, "under 1 kB"),
    (1000, "1 to 10 kB"),
    (10_000, "10 to 100 kB"),
    (100_000, "100 kB to 1 MB"),
    (1_000_000, "1 to 4 MB"),
    (4_000_000, "over 4 MB"),
];
/// Age limits in days that somebody may set.
const LIMITS: [u64; 6] = [1, 7, 14, 30, 60, 90];
/// The most points of the growth chart.
const POINTS: u64 = 60;

/// Some objects.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct Amount {
    pub objects: u64,
    pub bytes: u64,
}

impl AddAssign for Amount {
    fn add_assign(&mut self, more: Self) {
        self.objects += more.objects;
        self.bytes += more.bytes;
    }
}

/// Some objects with a name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Band {
    pub name: String,
    #[serde(flatten)]
    pub amount: Amount,
}

impl Band {
    pub(super) fn new(name: impl Into<String>, amount: Amount) -> Self {
        Self {
            name: name.into(),
            amount,
        }
    }
}

/// What one scope holds.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub(super) struct InScope {
    pub entries: Amount,
    pub archives: Amount,
    pub chunks: Amount,
    pub other: Amount,
}

impl InScope {
    pub(super) fn total(&self) -> Amount {
        let mut total = self.entries;
        for more in [self.archives, self.chunks, self.other] {
            total += more;
        }
        total
    }
}

/// Counts objects as they are listed. What it remembers depends on the scopes and days there are, not on the objects.
pub(super) struct Census {
    now: SystemTime,
    pub total: Amount,
    pub scopes: BTreeMap<String, InScope>,
    sizes: [Amount; SIZES.len()],
    /// By age in whole days.
    days: BTreeMap<u64, Amount>,
}

impl Census {
    pub(super) fn new(now: SystemTime) -> Self {
        Self {
            now,
            total: Amount::default(),
            scopes: BTreeMap::new(),
            sizes: Default::default(),
            days: BTreeMap::new(),
        }
    }

    pub(super) fn add(&mut self, found: &Found) {
        let amount = Amount {
            objects: 1,
            bytes: found.size,
        };
        self.total += amount;
        let scope = self.scopes.entry(found.at.scope.to_string()).or_default();
        *match found.at.object {
            Object::Entry(_) | Object::Body(_) => &mut scope.entries,
            Object::Archive(_) => &mut scope.archives,
            Object::Chunk(_) => &mut scope.chunks,
            Object::Other(_) => &mut scope.other,
        } += amount;
        self.sizes[band(&SIZES, found.size)] += amount;
        // Where a server tells no times, nothing can be said of ages.
        if let Some(modified) = found.modified {
            let age = self.now.duration_since(modified).unwrap_or_default();
            *self.days.entry(age.as_secs() / DAY).or_default() += amount;
        }
    }

    /// How many entries were listed.
    pub(super) fn entries(&self) -> u64 {
        self.scopes.values().map(|scope| scope.entries.objects).sum()
    }

    pub(super) fn by_size(&self) -> Vec<Band> {
        let named = SIZES.iter().zip(self.sizes);
        named
            .map(|((_, name), amount)| Band::new(*name, amount))
            .collect()
    }

    pub(super) fn by_age(&self) -> Vec<Band> {
        let mut ages = [Amount::default(); AGES.len()];
        for (day, amount) in &self.days {
            ages[band(&AGES, *day)] += *amount;
        }
        let named = AGES.iter().zip(ages);
        named
            .map(|((_, name), amount)| Band::new(*name, amount))
            .collect()
    }

    /// What was written that many days ago or earlier.
    pub(super) fn older_than(&self, days: u64) -> Amount {
        let mut older = Amount::default();
        for amount in self.days.range(days..).map(|(_, amount)| *amount) {
            older += amount;
        }
        older
    }

    /// What each age limit would free.
    pub(super) fn freed(&self) -> Vec<Band> {
        LIMITS
            .iter()
            .map(|days| Band::new(format!("{days}d"), self.older_than(*days)))
            .collect()
    }

    /// How much of what is here now was here on each day, or each few days where there are many.
    pub(super) fn growth(&self) -> Vec<Band> {
        let Some((&oldest, _)) = self.days.last_key_value() else {
            return Vec::new();
        };
        let step = (oldest / POINTS + 1) as usize;
        let days = (0..=oldest).step_by(step).collect::<Vec<_>>();
        let at = |age: &u64| Band::new(self.day(*age), self.older_than(*age));
        days.iter().rev().map(at).collect()
    }

    /// The date that many days ago.
    fn day(&self, age: u64) -> String {
        let time = self.now.checked_sub(Duration::from_secs(age * DAY));
        let mut text = crate::cli::ui::age::utc(time.unwrap_or(SystemTime::UNIX_EPOCH));
        text.truncate("2026-01-01".len());
        text
    }
}

/// The last of `bands` that begins at or below `value`.
fn band(bands: &[(u64, &str)], value: u64) -> usize {
    bands.iter().rposition(|(from, _)| *from <= value).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry::Located;

    const NOW: u64 = 1_800_000_000;

    /// A census of objects of these keys, sizes and ages in hours.
    fn census(objects: &[(&str, u64, u64)]) -> Census {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(NOW);
        let mut census = Census::new(now);
        for (key, size, hours) in objects {
            census.add(&Found {
                key: (*key).to_owned(),
                at: Located::parse("", key).unwrap(),
                size: *size,
                modified: Some(now - Duration::from_secs(hours * 3600)),
            });
        }
        census
    }

    fn amounts(bands: &[Band]) -> Vec<(u64, u64)> {
        bands
            .iter()
            .map(|band| (band.amount.objects, band.amount.bytes))
            .collect()
    }

    #[test]
    fn every_object_is_in_one_scope_one_age_and_one_size() {
        let census = census(&[
            ("v1/t/e/1", 999, 0),
            ("v1/t/e/2", 1000, 23),
            ("v1/u/pr-1/scratch/x", 10_000, 24),
            ("v1/t/n/modules", 5_000_000, 24 * 400),
        ]);
        assert_eq!(
            (census.total.objects, census.total.bytes, census.entries()),
            (4, 5_011_999, 2)
        );
        let trusted = &census.scopes["t"];
        assert_eq!(
            (
                trusted.entries.objects,
                trusted.archives.objects,
                trusted.total().objects
            ),
            (2, 1, 3)
        );
        assert_eq!(census.scopes["u/pr-1"].other.bytes, 10_000);
        let (ages, sizes) = (amounts(&census.by_age()), amounts(&census.by_size()));
        assert_eq!(
            ages,
            [(2, 1999), (1, 10_000), (0, 0), (0, 0), (0, 0), (1, 5_000_000)]
        );
        assert_eq!(
            sizes,
            [(1, 999), (1, 1000), (1, 10_000), (0, 0), (0, 0), (1, 5_000_000)]
        );
    }

    #[test]
    fn an_age_limit_frees_what_is_as_old_or_older() {
        let census = census(&[
            ("v1/t/e/1", 1, 23),
            ("v1/t/e/2", 10, 24),
            ("v1/t/e/3", 100, 24 * 14),
            ("v1/t/e/4", 1000, 24 * 91),
        ]);
        let freed: Vec<_> = census
            .freed()
            .into_iter()
            .map(|band| (band.name, band.amount.bytes))
            .collect();
        let expected = [
            ("1d", 1110),
            ("7d", 1100),
            ("14d", 1100),
            ("30d", 1000),
            ("60d", 1000),
            ("90d", 1000),
        ];
        assert_eq!(freed, expected.map(|(name, bytes)| (name.to_owned(), bytes)));
    }

    #[test]
    fn growth_ends_with_all_there_is_and_never_has_many_points() {
        let census = census(&[("v1/t/e/1", 1, 0), ("v1/t/e/2", 10, 24), ("v1/t/e/3", 100, 48)]);
        let growth: Vec<_> = census
            .growth()
            .into_iter()
            .map(|band| (band.name, band.amount.bytes))
            .collect();
        let expected = [("2027-01-13", 100), ("2027-01-14", 110), ("2027-01-15", 111)];
        assert_eq!(growth, expected.map(|(name, bytes)| (name.to_owned(), bytes)));
        let old = self::census(&[("v1/t/e/1", 1, 0), ("v1/t/e/2", 10, 24 * 5000)]);
        assert!(old.growth().len() <= POINTS as usize + 1);
        assert_eq!(old.growth().last().unwrap().amount, old.total);
        assert!(self::census(&[]).growth().is_empty());
    }
}
