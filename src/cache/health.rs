//! Whether it is worth asking the bucket again in this run.
//!
//! Some failures end caching for the run at once (no credentials, no bucket), refused writes end storing
//! only, and failures in a row open the breaker, so that an unreachable bucket costs a run seconds at most.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use tokio::sync::watch;

use super::warnings::Warnings;
use crate::object_store::Error;

/// Failures in a row after which no further request is made. One is enough as long as nothing has worked.
const BREAKER_THRESHOLD: u32 = 5;
/// How long a throttling server is given to recover: requests at once fail at once, so that their number says little.
const STORM: Duration = Duration::from_secs(4);

const TROUBLE_ON_THE_WAY: &str = "Check the network, `s3.endpoint` and proxy settings, or try again later.";

/// What a request is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Restoring.
    Read,
    /// Storing.
    Write,
    /// Replacing a bad object.
    Repair,
}

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
    failures_in_a_row: AtomicU32,
    /// When something last worked; to begin with, when the run began.
    worked: Mutex<Instant>,
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
            failures_in_a_row: AtomicU32::new(0),
            worked: Mutex::new(Instant::now()),
        }
    }

    /// Whether a request for `purpose` should be made.
    pub fn allows(&self, purpose: Purpose) -> bool {
        match purpose {
            Purpose::Read => !*self.off.borrow(),
            Purpose::Write | Purpose::Repair => !self.writes_off.load(Relaxed),
        }
    }

    /// Waits until caching is given up; in most runs forever.
    pub async fn given_up(&self) {
        // The sender is in `self`, so that this can't fail as long as anybody waits.
        let _ = self.off.subscribe().wait_for(|off| *off).await;
    }

    /// A request was answered.
    pub fn answered(&self) {
        self.proven.store(true, Relaxed);
        self.failures_in_a_row.store(0, Relaxed);
        *self.worked.lock() = Instant::now();
    }

    /// A request for `purpose` failed with `error`.
    pub fn failed(&self, purpose: Purpose, error: &Error) {
        match error {
            Error::Misconfigured { .. } => self.give_up(error, "Correct the `s3` section of nx.json."),
            Error::Credentials { .. } => {
                self.give_up(error, "Check the credentials this machine or job uses for the bucket.")
            }
            Error::NoSuchBucket { .. } => self.give_up(
                error,
                "Check `s3.bucket` and `s3.endpoint` in nx.json (or NX_S3_CACHE_BUCKET), or create the bucket.",
            ),
            Error::WrongRegion { .. } => {
                self.give_up(error, "Set `s3.region` in nx.json (or NX_S3_CACHE_REGION) to the bucket's region.")
            }
            Error::AccessDenied { .. } if error.refuses_the_caller() => self.give_up(
                error,
                "Check the credentials: the access key, its secret, that they belong to this endpoint, and this machine's clock.",
            ),
            Error::AccessDenied { .. } => match purpose {
                Purpose::Read => self.read_denied(error),
                Purpose::Write => self.write_denied(error),
                Purpose::Repair => self.repair_denied(error),
            },
            Error::Unreachable { lasting: true, .. } => self.give_up(error, TROUBLE_ON_THE_WAY),
            Error::Throttled { .. } if self.worked.lock().elapsed() < STORM => {}
            Error::Unreachable { .. }
            | Error::TimedOut { .. }
            | Error::Throttled { .. }
            | Error::Server { .. } => self.count_failure(error),
            Error::Unanswered { .. } => self.warn_of_silence(error),
            Error::Refused { .. } => self.give_up(
                error,
                "The server doesn't accept such requests: see the page on providers, and the options `forcePathStyle`, `disableChecksum` and `conditionalWrites`.",
            ),
            // Says something about this object, nothing about the next.
            Error::TooLarge { .. } => {}
        }
    }

    /// Ends storing for this run.
    pub fn refuse_writes(&self) {
        self.writes_off.store(true, Relaxed);
    }

    /// Ends caching for this run.
    fn give_up(&self, error: &Error, remedy: &str) {
        self.writes_off.store(true, Relaxed);
        self.off.send_replace(true);
        self.warnings.once(
            "off",
            "Remote caching in S3 is off for this run",
            [
                format!("Bucket {}: {error}", self.bucket),
                "The build goes on with the local cache; nothing is restored from or stored in the bucket."
                    .into(),
                remedy.into(),
            ],
        );
    }

    /// The first answer is awaited in the background; if it never comes, this has been told.
    fn warn_of_silence(&self, error: &Error) {
        self.warnings.once(
            "off",
            "The S3 bucket doesn't answer",
            [
                format!("Bucket {}: {error}", self.bucket),
                "The build goes on with the local cache, and uses the bucket as soon as it answers.".into(),
                format!("{TROUBLE_ON_THE_WAY} If it is always this slow, raise `timeouts.firstContact`."),
            ],
        );
    }

    /// Without s3:ListBucket, S3 answers 403 for a missing key, so a denied read is a miss like any other
    /// once something has worked, or while a later write can still tell.
    fn read_denied(&self, error: &Error) {
        if self.reads_only && !self.proven.load(Relaxed) {
            self.warnings.once(
                "read-denied",
                "The S3 bucket refuses to be read",
                [
                    format!("Bucket {}: {error}", self.bucket),
                    "The build goes on; what can't be read counts as a miss.".into(),
                    "Allow s3:GetObject on the bucket's objects. With s3:ListBucket on the bucket, S3 also tells a missing entry from a forbidden one.".into(),
                ],
            );
        }
    }

    fn write_denied(&self, error: &Error) {
        if self.writes_off.swap(true, Relaxed) {
            return;
        }
        self.warnings.once(
            "write-denied",
            "Results of this run are not stored in S3",
            [
                format!("Bucket {}: {error}", self.bucket),
                "The build goes on and may still restore results from the bucket.".into(),
                "Allow s3:PutObject on the bucket's objects, or set the mode to \"read-only\" where storing isn't meant to work.".into(),
            ],
        );
    }

    /// A bucket that lets nobody overwrite may still take new objects.
    fn repair_denied(&self, error: &Error) {
        self.warnings.once(
            "repair-denied",
            "A bad object in the S3 bucket can't be replaced",
            [
                format!("Bucket {}: {error}", self.bucket),
                "The build goes on; the object stays a miss until somebody removes it.".into(),
                "Delete the entry by hand, or let these runs overwrite and delete objects.".into(),
            ],
        );
    }

    fn count_failure(&self, error: &Error) {
        let failures = 1 + self.failures_in_a_row.fetch_add(1, Relaxed);
        if failures >= BREAKER_THRESHOLD || !self.proven.load(Relaxed) {
            self.give_up(error, TROUBLE_ON_THE_WAY);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn health(reads_only: bool) -> (Health, Arc<Warnings>) {
        let warnings = Arc::new(Warnings::default());
        (Health::new("b".into(), reads_only, warnings.clone()), warnings)
    }

    fn denied() -> Error {
        Error::AccessDenied {
            status: 403,
            detail: "AccessDenied".into(),
        }
    }

    fn server() -> Error {
        Error::Server { detail: "500".into() }
    }

    #[test]
    fn an_endpoint_that_never_answered_is_given_up_at_once_with_one_warning() {
        let (health, warnings) = health(false);
        for _ in 0..3 {
            health.failed(
                Purpose::Read,
                &Error::Unreachable {
                    detail: "refused".into(),
                    lasting: false,
                },
            );
        }
        assert!(!health.allows(Purpose::Read) && !health.allows(Purpose::Write));
        assert_eq!(warnings.take().len(), 1);
    }

    #[test]
    fn single_failures_are_forgiven_and_failures_in_a_row_open_the_breaker() {
        let (health, warnings) = health(false);
        for _ in 0..20 {
            health.answered();
            health.failed(Purpose::Read, &server());
        }
        assert!(health.allows(Purpose::Read));
        for _ in 1..BREAKER_THRESHOLD {
            health.failed(Purpose::Write, &server());
        }
        assert!(!health.allows(Purpose::Read) && !health.allows(Purpose::Write));
        assert_eq!(warnings.take().len(), 1);
    }

    #[tokio::test]
    async fn a_server_that_fell_silent_is_given_up_at_once_and_who_waits_is_told() {
        let (health, warnings) = health(false);
        health.answered();
        let silent = Error::Unreachable {
            detail: "no answer".into(),
            lasting: true,
        };
        health.failed(Purpose::Read, &silent);
        health.given_up().await;
        assert!(!health.allows(Purpose::Read) && !health.allows(Purpose::Write));
        assert_eq!(warnings.take().len(), 1);
    }

    #[test]
    fn a_storm_of_throttling_is_forgiven_until_it_lasts() {
        let (health, warnings) = health(false);
        let throttled = Error::Throttled {
            detail: "SlowDown".into(),
            retry_after: None,
        };
        for _ in 0..100 {
            health.failed(Purpose::Read, &throttled);
        }
        assert!(health.allows(Purpose::Read));
        let Some(long_ago) = Instant::now().checked_sub(STORM) else {
            return;
        };
        *health.worked.lock() = long_ago;
        health.failed(Purpose::Read, &throttled);
        assert!(!health.allows(Purpose::Read));
        assert_eq!(warnings.take().len(), 1);
    }

    #[test]
    fn a_bucket_that_has_not_answered_yet_is_told_once_and_not_given_up() {
        let (health, warnings) = health(false);
        let silent = Error::Unanswered { detail: "4 s".into() };
        health.failed(Purpose::Read, &silent);
        health.failed(Purpose::Write, &silent);
        assert!(health.allows(Purpose::Read) && health.allows(Purpose::Write));
        health.failed(Purpose::Read, &server());
        assert!(
            !health.allows(Purpose::Read),
            "until it turns out that it can't be used"
        );
        assert_eq!(warnings.take().len(), 1);
    }

    #[test]
    fn denied_writes_end_storing_and_leave_restoring_alone() {
        let (health, warnings) = health(false);
        health.failed(Purpose::Write, &denied());
        health.failed(Purpose::Write, &denied());
        assert!(health.allows(Purpose::Read) && !health.allows(Purpose::Write));
        assert_eq!(warnings.take().len(), 1);
    }

    #[test]
    fn a_wrong_secret_ends_caching_and_is_not_taken_for_a_missing_permission() {
        let (health, warnings) = health(false);
        let detail = "SignatureDoesNotMatch: no".to_owned();
        health.failed(Purpose::Read, &Error::AccessDenied { status: 403, detail });
        assert!(!health.allows(Purpose::Read) && !health.allows(Purpose::Write));
        assert!(warnings.take()[0].body[2].contains("secret"));
    }

    #[test]
    fn a_denied_repair_leaves_storing_alone() {
        let (health, warnings) = health(false);
        health.failed(Purpose::Repair, &denied());
        assert!(health.allows(Purpose::Write));
        assert_eq!(warnings.take().len(), 1);
    }

    #[test]
    fn a_denied_read_is_only_told_where_no_write_can_tell() {
        let (reading_and_writing, warnings) = health(false);
        reading_and_writing.failed(Purpose::Read, &denied());
        assert!(reading_and_writing.allows(Purpose::Read) && warnings.take().is_empty());

        let (reading, warnings) = health(true);
        reading.failed(Purpose::Read, &denied());
        assert!(reading.allows(Purpose::Read));
        assert_eq!(warnings.take().len(), 1);
    }

    #[test]
    fn what_no_request_can_mend_ends_caching() {
        let detail = || "x".to_string();
        for error in [
            Error::Credentials { detail: detail() },
            Error::NoSuchBucket { detail: detail() },
            Error::WrongRegion { detail: detail() },
            Error::Refused {
                status: 400,
                detail: detail(),
            },
        ] {
            let (health, warnings) = health(false);
            health.answered();
            health.failed(Purpose::Read, &error);
            assert!(
                !health.allows(Purpose::Read) && !health.allows(Purpose::Write),
                "{error}"
            );
            assert_eq!(warnings.take().len(), 1);
        }
    }
}
