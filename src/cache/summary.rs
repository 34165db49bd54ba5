//! What a run did, in numbers and in one line.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Instant;

/// Counts what happens while it happens.
pub struct Counters {
    began: Instant,
    hits: AtomicU64,
    misses: AtomicU64,
    stored: AtomicU64,
    already_there: AtomicU64,
    skipped: AtomicU64,
    errors: AtomicU64,
    bytes_received: AtomicU64,
    bytes_sent: AtomicU64,
}

/// What a run did so far.
#[derive(Clone, Debug, PartialEq)]
pub struct Summary {
    /// Artifacts restored from the bucket.
    pub hits: u64,
    /// Artifacts asked for and not restored.
    pub misses: u64,
    /// Artifacts stored.
    pub stored: u64,
    /// Artifacts that somebody else had stored meanwhile.
    pub already_there: u64,
    /// Artifacts that could not be stored.
    pub skipped: u64,
    /// Stores and retrieves that ended in an error.
    pub errors: u64,
    /// Bytes of objects received.
    pub bytes_received: u64,
    /// Bytes of objects sent.
    pub bytes_sent: u64,
    /// Seconds since the cache was opened.
    pub seconds: f64,
}

impl Default for Counters {
    fn default() -> Self {
        Self {
            began: Instant::now(),
            hits: AtomicU64::default(),
            misses: AtomicU64::default(),
            stored: AtomicU64::default(),
            already_there: AtomicU64::default(),
            skipped: AtomicU64::default(),
            errors: AtomicU64::default(),
            bytes_received: AtomicU64::default(),
            bytes_sent: AtomicU64::default(),
        }
    }
}

impl Counters {
    pub(super) fn hit(&self) {
        self.hits.fetch_add(1, Relaxed);
    }

    pub(super) fn miss(&self) {
        self.misses.fetch_add(1, Relaxed);
    }

    pub(super) fn stored(&self) {
        self.stored.fetch_add(1, Relaxed);
    }

    pub(super) fn already_there(&self) {
        self.already_there.fetch_add(1, Relaxed);
    }

    pub(super) fn skipped(&self) {
        self.skipped.fetch_add(1, Relaxed);
    }

    pub(super) fn error(&self) {
        self.errors.fetch_add(1, Relaxed);
    }

    pub(super) fn received(&self, bytes: usize) {
        self.bytes_received.fetch_add(bytes as u64, Relaxed);
    }

    pub(super) fn sent(&self, bytes: usize) {
        self.bytes_sent.fetch_add(bytes as u64, Relaxed);
    }

    /// The counts as they stand.
    pub fn summary(&self) -> Summary {
        Summary {
            hits: self.hits.load(Relaxed),
            misses: self.misses.load(Relaxed),
            stored: self.stored.load(Relaxed),
            already_there: self.already_there.load(Relaxed),
            skipped: self.skipped.load(Relaxed),
            errors: self.errors.load(Relaxed),
            bytes_received: self.bytes_received.load(Relaxed),
            bytes_sent: self.bytes_sent.load(Relaxed),
            seconds: self.began.elapsed().as_secs_f64(),
        }
    }
}

impl Summary {
    /// The summary as one line for people.
    pub fn line(&self) -> String {
        let mut line = format!(
            "{} restored, {} missed, {} stored",
            self.hits, self.misses, self.stored
        );
        for (count, what) in [
            (self.already_there, "already there"),
            (self.skipped, "not stored"),
            (self.errors, if self.errors == 1 { "error" } else { "errors" }),
        ] {
            if count > 0 {
                line += &format!(", {count} {what}");
            }
        }
        line += &format!(
            "; {} received, {} sent, {:.1} s",
            bytes(self.bytes_received),
            bytes(self.bytes_sent),
            self.seconds
        );
        line
    }
}

/// `bytes` for people, in decimal units: `0 B`, `999 B`, `1.0 kB`, `12.3 MB`.
pub fn bytes(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["kB", "MB", "GB", "TB"];
    if bytes < 1000 {
        return format!("{bytes} B");
    }
    let mut value = bytes as f64 / 1000.0;
    let mut unit = 0;
    while value >= 999.95 && unit + 1 < UNITS.len() {
        value /= 1000.0;
        unit += 1;
    }
    format!("{value:.1} {}", UNITS[unit])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_readable_at_every_boundary() {
        for (count, text) in [
            (0, "0 B"),
            (999, "999 B"),
            (1000, "1.0 kB"),
            (999_940, "999.9 kB"),
            (999_950, "1.0 MB"),
            (12_345_678, "12.3 MB"),
            (3_000_000_000, "3.0 GB"),
            (9_999_000_000_000_000, "9999.0 TB"),
        ] {
            assert_eq!(bytes(count), text);
        }
    }

    #[test]
    fn the_line_mentions_trouble_only_where_there_was_some() {
        let counters = Counters::default();
        counters.hit();
        counters.received(1500);
        let quiet = counters.summary().line();
        assert!(
            quiet.starts_with("1 restored, 0 missed, 0 stored; 1.5 kB received, 0 B sent, "),
            "{quiet}"
        );
        counters.skipped();
        counters.error();
        assert!(
            counters
                .summary()
                .line()
                .contains("0 stored, 1 not stored, 1 error;")
        );
    }
}
