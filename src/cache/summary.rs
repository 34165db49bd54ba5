//! What a run did, in numbers and in one line.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use crate::bucket::Traffic;

/// Counts what happens while it happens.
pub struct Counters {
    began: Instant,
    hits: AtomicU64,
    misses: AtomicU64,
    stored: AtomicU64,
    already_there: AtomicU64,
    skipped: AtomicU64,
    errors: Mutex<BTreeMap<&'static str, u64>>,
    waiting: Mutex<Waiting>,
}

/// How long somebody was waiting, however many at once.
#[derive(Default)]
struct Waiting {
    now: u32,
    since: Option<Instant>,
    before: Duration,
}

/// Somebody waits for the cache, until this is dropped.
pub(super) struct Wait<'a>(&'a Mutex<Waiting>);

impl Drop for Wait<'_> {
    fn drop(&mut self) {
        let mut waiting = self.0.lock();
        waiting.now -= 1;
        if waiting.now == 0
            && let Some(since) = waiting.since.take()
        {
            waiting.before += since.elapsed();
        }
    }
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
    /// Stores and retrieves that ended in an error, by its kind: [`Error::kind`](crate::error::Error::kind).
    pub errors: BTreeMap<&'static str, u64>,
    /// Bytes of objects received.
    pub bytes_received: u64,
    /// Bytes of objects sent.
    pub bytes_sent: u64,
    /// Bytes of chunks that weren't sent, since the bucket had them.
    pub bytes_saved: u64,
    /// Seconds in which Nx waited for the cache, however many of its calls at once.
    pub seconds_waited: f64,
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
            errors: Mutex::default(),
            waiting: Mutex::default(),
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

    /// `kind` names what went wrong; returns how often it has.
    pub(super) fn error(&self, kind: &'static str) -> u64 {
        let mut errors = self.errors.lock();
        let count = errors.entry(kind).or_default();
        *count += 1;
        *count
    }

    /// Somebody waits, from now on until the answer is dropped.
    pub(super) fn wait(&self) -> Wait<'_> {
        let mut waiting = self.waiting.lock();
        waiting.now += 1;
        waiting.since.get_or_insert_with(Instant::now);
        Wait(&self.waiting)
    }

    fn waited(&self) -> Duration {
        let waiting = self.waiting.lock();
        waiting.before + waiting.since.map_or(Duration::ZERO, |since| since.elapsed())
    }

    /// The counts as they stand, with the bytes of `traffic`.
    pub fn summary(&self, traffic: &Traffic) -> Summary {
        Summary {
            hits: self.hits.load(Relaxed),
            misses: self.misses.load(Relaxed),
            stored: self.stored.load(Relaxed),
            already_there: self.already_there.load(Relaxed),
            skipped: self.skipped.load(Relaxed),
            errors: self.errors.lock().clone(),
            bytes_received: traffic.received.load(Relaxed),
            bytes_sent: traffic.sent.load(Relaxed),
            bytes_saved: traffic.saved.load(Relaxed),
            seconds_waited: self.waited().as_secs_f64(),
            seconds: self.began.elapsed().as_secs_f64(),
        }
    }
}

impl Summary {
    /// The summary as one line for people. What did not happen is not mentioned.
    pub fn line(&self) -> String {
        let mut line = format!(
            "{} restored, {} missed, {} stored",
            self.hits, self.misses, self.stored
        );
        for (count, what) in [
            (self.already_there, "already there"),
            (self.skipped, "not stored"),
        ] {
            if count > 0 {
                line += &format!(", {count} {what}");
            }
        }
        line += &format!(
            "; {} received, {} sent",
            bytes(self.bytes_received),
            bytes(self.bytes_sent)
        );
        if self.bytes_saved > 0 {
            line += &format!(", {} were there already", bytes(self.bytes_saved));
        }
        line += &format!("; waited {:.1} s of {:.1} s", self.seconds_waited, self.seconds);
        if !self.errors.is_empty() {
            line += &format!("; {}", self.trouble());
        }
        line
    }

    /// How many stores and retrieves ended in an error.
    pub fn error_count(&self) -> u64 {
        self.errors.values().sum()
    }

    /// Such as `3 errors: 1 damaged, 2 timed out`, or `2 errors: timed out`.
    pub fn trouble(&self) -> String {
        let kinds = self
            .errors
            .iter()
            .map(|(kind, count)| (kind.replace('-', " "), count));
        let kinds: Vec<String> = match self.errors.len() {
            1 => kinds.map(|(kind, _)| kind).collect(),
            _ => kinds.map(|(kind, count)| format!("{count} {kind}")).collect(),
        };
        format!("{}: {}", counted(self.error_count(), "error"), kinds.join(", "))
    }
}

/// `count` things for people: `0 files`, `1 file`, `2 entries`.
pub fn counted(count: u64, thing: &str) -> String {
    match (count, thing.strip_suffix('y')) {
        (1, _) => format!("1 {thing}"),
        (_, Some(stem)) => format!("{count} {stem}ies"),
        (_, None) => format!("{count} {thing}s"),
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
    fn the_line_mentions_only_what_happened() {
        let counters = Counters::default();
        counters.hit();
        let traffic = Traffic::default();
        traffic.received.store(1500, Relaxed);
        let quiet = counters.summary(&traffic).line();
        let counts = "1 restored, 0 missed, 0 stored; 1.5 kB received, 0 B sent; waited 0.0 s of ";
        assert!(quiet.starts_with(counts) && quiet.ends_with(" s"), "{quiet}");
        counters.skipped();
        traffic.saved.store(2_000_000, Relaxed);
        for kind in ["timed-out", "damaged", "timed-out"] {
            counters.error(kind);
        }
        let loud = counters.summary(&traffic).line();
        assert!(
            loud.contains("0 stored, 1 not stored; 1.5 kB received, 0 B sent, 2.0 MB were there already; ")
        );
        assert!(loud.ends_with("; 3 errors: 1 damaged, 2 timed out"), "{loud}");
        let one = Counters::default();
        one.error("credentials");
        assert_eq!(one.summary(&Traffic::default()).trouble(), "1 error: credentials");
    }

    #[test]
    fn calls_that_wait_at_once_wait_once() {
        let counters = Counters::default();
        assert_eq!(counters.waited(), Duration::ZERO);
        let began = Instant::now();
        let calls = [counters.wait(), counters.wait(), counters.wait()];
        std::thread::sleep(Duration::from_millis(20));
        let during = counters.waited();
        drop(calls);
        let after = counters.waited();
        assert!(during >= Duration::from_millis(20) && after >= during && after <= began.elapsed());
        assert_eq!(counters.waited(), after);
    }
}
