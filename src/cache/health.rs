//! Whether it is worth asking the bucket again in this run.
//!
//! What concerns the whole bucket (no credentials, no such bucket, nobody there) ends caching for the run at once.
//! What may concern a single object only counts, by object: the breaker opens when requests for several objects fail
//! and nothing works in between, so that a bucket that only fails costs a run seconds at most. Refused writes end
//! storing only.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, Instant};

use futures_util::future::{BoxFuture, FutureExt};
use parking_lot::Mutex;
use tokio::sync::watch;

use super::warnings::Warnings;
use crate::bucket::{Gate, Purpose};
use crate::code::Code;
use crate::error;
use crate::object_store::{Error, Extent};
use crate::remedy;

/// Objects whose requests fail in a row, nothing working in between, after which no further request is made.
const BREAKER_THRESHOLD: usize = 5;
/// How long a throttling server is given to recover: requests at once fail at once, so that their number says little.
const STORM: Duration = Duration::from_secs(4);

/// Remembers how the requests of this run went.
pub struct Health {
    /// The bucket and where it is, for people.
    bucket: String,
    reads_only: bool,
    warnings: Arc<Warnings>,
    /// Whether everything is off, for whoever waits for it.
    off: watch::Sender<bool>,
    writes_off: AtomicBool,
    /// Whether any request was answered as by a bucket that knows us.
    proven: AtomicBool,
    /// Whether any object was written.
    has_written: AtomicBool,
    failing: Mutex<Failing>,
    /// Objects whose writes were refused since one worked.
    refused_writes: Mutex<HashSet<String>>,
    /// When something last worked; to begin with, when the run began.
    worked: Mutex<Instant>,
}

/// Requests that failed since something last worked.
#[derive(Default)]
struct Failing {
    /// Objects that they were for, the throttled ones excepted.
    objects: HashSet<String>,
    throttled: HashSet<String>,
    last: Option<Error>,
}

impl Health {
    /// Health of the requests to `bucket`, as people call it; `reads_only` when this run never writes.
    pub fn new(bucket: String, reads_only: bool, warnings: Arc<Warnings>) -> Self {
        Self {
            bucket,
            reads_only,
            warnings,
            off: watch::Sender::new(false),
            writes_off: AtomicBool::new(false),
            proven: AtomicBool::new(false),
            has_written: AtomicBool::new(false),
            failing: Mutex::default(),
            refused_writes: Mutex::default(),
            worked: Mutex::new(Instant::now()),
        }
    }

    /// Ends storing for this run.
    pub fn refuse_writes(&self) {
        self.writes_off.store(true, Relaxed);
    }

    /// No further request will be made: reports those that failed, unless something worked after them.
    pub fn end(&self) {
        let Some(error) = self.failing.lock().last.take() else {
            return;
        };
        if self.allows(Purpose::Read) {
            self.warn(
                Code::Failing,
                "The last requests to the S3 bucket failed",
                error.to_string(),
                "The build went on; what they were for is not restored or not stored.",
                &remedy::of_request(&error, ""),
            );
        }
    }

    /// Ends caching for this run.
    fn give_up(&self, error: &Error) {
        self.writes_off.store(true, Relaxed);
        self.off.send_replace(true);
        // Of a server that never said a word, this may have been reported.
        let never_answered = matches!(error, Error::Silent { .. }) && !self.proven.load(Relaxed);
        self.warn(
            if never_answered { Code::Silence } else { Code::Off },
            "Remote caching in S3 is off for this run",
            error.to_string(),
            "The build goes on with the local cache; nothing is restored from or stored in the bucket.",
            &remedy::of_request(error, ""),
        );
    }

    /// The first answer is awaited in the background. What it turns out to be is reported, too, if it ever comes.
    fn warn_of_silence(&self, error: &Error) {
        self.warn(
            Code::Silence,
            "The S3 bucket doesn't answer",
            error.to_string(),
            "The build goes on with the local cache, and uses the bucket as soon as it answers.",
            &remedy::of_request(error, ""),
        );
    }

    /// Without s3:ListBucket, S3 answers 403 for a missing key, so a denied read is a miss like any other
    /// once something has worked, or while a later write can still tell.
    fn read_denied(&self, error: &Error) {
        if self.reads_only && !self.proven.load(Relaxed) {
            self.warn_of_denied_reads(error.to_string());
        }
    }

    fn warn_of_denied_reads(&self, cause: String) {
        self.warn(
            Code::ReadDenied,
            "The S3 bucket refuses to be read",
            cause,
            "The build goes on; what can't be read counts as a miss.",
            "Allow s3:GetObject on the bucket's objects. With s3:ListBucket on the bucket, S3 also tells a missing entry from a forbidden one.",
        );
    }

    /// What is refused before anything was written is refused for all objects; afterwards, several in a row tell.
    fn write_refused(&self, key: &str, error: &Error) {
        let in_a_row = {
            let mut refused = self.refused_writes.lock();
            refused.insert(key.to_owned());
            refused.len()
        };
        let concerns_all = in_a_row >= BREAKER_THRESHOLD || !self.has_written.load(Relaxed);
        if concerns_all && !self.writes_off.swap(true, Relaxed) {
            self.warn(
                Code::WriteDenied,
                "Results of this run are not stored in S3",
                error.to_string(),
                "The build goes on and may still restore results from the bucket.",
                &remedy::of_put(error),
            );
        }
    }

    /// A bucket that lets nobody overwrite may still take new objects.
    fn repair_refused(&self, key: &str, error: &Error) {
        self.warn(
            Code::RepairDenied,
            "A bad object in the S3 bucket can't be replaced",
            format!("{key}: {error}"),
            "The build goes on; the object stays a miss until it can be read, or somebody removes it.",
            "Delete the object by hand, or let these runs overwrite and delete objects.",
        );
    }

    fn count_failure(&self, key: &str, error: &Error) {
        self.failing.lock().last = Some(error.clone());
        self.count_reported_failure(key, error);
    }

    fn count_reported_failure(&self, key: &str, error: &Error) {
        let opens = {
            let mut failing = self.failing.lock();
            if matches!(error, Error::Throttled { .. }) {
                failing.throttled.insert(key.to_owned());
                failing.throttled.len() >= BREAKER_THRESHOLD && self.worked.lock().elapsed() >= STORM
            } else {
                failing.objects.insert(key.to_owned());
                failing.objects.len() >= BREAKER_THRESHOLD
            }
        };
        if opens {
            self.give_up(error);
        }
    }

    /// Tells the user of one kind of trouble, once a run.
    fn warn(&self, code: Code, title: &str, cause: String, effect: &str, remedy: &str) {
        let cause = format!("Bucket {}: {cause}", self.bucket);
        self.warnings
            .once(code, title, [cause, effect.to_owned(), remedy.to_owned()]);
    }
}

impl Gate for Health {
    fn allows(&self, purpose: Purpose) -> bool {
        match purpose {
            Purpose::Read => !*self.off.borrow(),
            Purpose::Write | Purpose::Repair => !self.writes_off.load(Relaxed),
        }
    }

    fn closed(&self) -> BoxFuture<'_, ()> {
        let mut off = self.off.subscribe();
        // The sender is in `self`, so that this can't fail as long as anybody waits.
        async move { drop(off.wait_for(|off| *off).await) }.boxed()
    }

    fn answered(&self, purpose: Purpose) {
        self.proven.store(true, Relaxed);
        *self.failing.lock() = Failing::default();
        *self.worked.lock() = Instant::now();
        match purpose {
            Purpose::Read => {}
            Purpose::Write | Purpose::Repair => {
                self.has_written.store(true, Relaxed);
                self.refused_writes.lock().clear();
            }
        }
    }

    fn failed(&self, purpose: Purpose, key: &str, error: &Error) {
        match (error.extent(), purpose) {
            (Extent::Bucket, _) => self.give_up(error),
            (Extent::Pending, _) => self.warn_of_silence(error),
            (Extent::Traffic | Extent::Server, _) | (Extent::Request, Purpose::Read) => {
                self.count_failure(key, error);
            }
            (Extent::Permission, Purpose::Read) => self.read_denied(error),
            (Extent::Permission | Extent::Request, Purpose::Write) => self.write_refused(key, error),
            (Extent::Permission | Extent::Request, Purpose::Repair) => self.repair_refused(key, error),
            // Says nothing about the next; whoever asked for the object reports it.
            (Extent::Object, _) => {}
        }
    }

    fn gave_up(&self, key: &str, late: &error::Error) {
        let detail = late.to_string();
        self.count_reported_failure(key, &Error::TimedOut { detail });
    }

    fn replaces(&self, key: &str, error: &Error) {
        self.warn(
            Code::Unusable,
            "An object in the S3 bucket could not be read",
            format!("{key}: {error}"),
            "It was a miss; what the task made replaces it.",
            "If it comes back, look at what is different about this object: its owner, its encryption, where the server keeps it.",
        );
    }

    fn reads_nothing(&self, key: &str, error: &Error) {
        self.warn_of_denied_reads(format!("{key} exists, and reading it is refused: {error}"));
    }

    fn takes_denied_for_missing(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests;
