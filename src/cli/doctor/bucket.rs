//! What these credentials can do with the bucket, found by doing it to one scratch object.

use std::time::Instant;

use super::report::{Report, Step};
use crate::cli::remedy::remedy;
use crate::cli::scratch;
use crate::config::{ConditionalWrites, Config, Mode};
use crate::entry::Keys;
use crate::object_store::{Error, ObjectStore, PutMode, PutOutcome};
use crate::scope::Scope;
use crate::trust::Access;

const BODY: &str = "Written by `nx-s3-cache doctor`, and safe to delete.";
const LIMIT: u64 = 1024;

/// A scratch object in the bucket.
struct Trial<'a> {
    store: &'a dyn ObjectStore,
    key: String,
    conditional: ConditionalWrites,
}

/// Tries what this run's builds will do.
pub(super) async fn examine(config: &Config, access: &Access, store: &dyn ObjectStore, report: &mut Report) {
    let name = match scratch::name() {
        Ok(name) => name,
        Err(error) => return report.add(Step::bad("bucket", error.to_string())),
    };
    let scope = access.writes.as_ref().unwrap_or(&Scope::Trusted);
    let trial = Trial {
        store,
        key: Keys::new(&config.cache_key_prefix, scope).scratch(&name),
        conditional: config.bucket.conditional_writes,
    };
    if !trial.reach(report).await {
        return;
    }
    let mode_writes = matches!(config.mode, Mode::ReadWrite | Mode::WriteOnly);
    if !mode_writes || access.writes.is_none() {
        report.add(Step::skipped("write", "not tried, since this run stores nothing"));
    } else if trial.write(report).await {
        trial.read_back(report).await;
        trial.write_again(report).await;
        trial.list(report).await;
        trial.delete(report).await;
    }
}

impl Trial<'_> {
    /// Whether there is any use in going on.
    async fn reach(&self, report: &mut Report) -> bool {
        let began = Instant::now();
        let step = match self.store.get(&self.key, LIMIT).await {
            Ok(_) => Step::good("bucket", format!("answered in {} ms", began.elapsed().as_millis())),
            Err(error @ Error::AccessDenied { .. }) if !error.refuses_the_caller() => {
                Step::poor("bucket", format!("answers to a missing object: {error}"))
                    .with("Allow s3:ListBucket on the bucket and s3:GetObject on its objects. Without the first, a missing object can't be told from a forbidden one; both count as a miss.")
            }
            Err(error) => {
                report.add(Step::bad("bucket", error.to_string()).with(remedy(&error, "s3:GetObject")));
                return false;
            }
        };
        report.add(step);
        true
    }

    /// Whether there is a scratch object now.
    async fn write(&self, report: &mut Report) -> bool {
        let written = self.store.put(&self.key, BODY.into(), PutMode::Create).await;
        match written {
            Ok(PutOutcome::Stored) => report.add(Step::good("write", format!("wrote {}", self.key))),
            Ok(PutOutcome::AlreadyThere) => {
                report.add(Step::bad("write", "the server says that a new object is there already").with("Something between here and the bucket answers in its place: check `endpoint` and proxies."));
            }
            Err(ref error) => {
                report.add(Step::bad("write", error.to_string()).with(remedy(error, "s3:PutObject")));
            }
        }
        written == Ok(PutOutcome::Stored)
    }

    async fn read_back(&self, report: &mut Report) {
        let step = match self.store.get(&self.key, LIMIT).await {
            Ok(Some(body)) if body == BODY.as_bytes() => Step::good("read", "read back what was written"),
            Ok(other) => {
                let what = if other.is_some() { "other bytes" } else { "nothing" };
                Step::bad("read", format!("what was just written came back as {what}"))
                    .with("Something between here and the bucket keeps or changes answers: check proxies.")
            }
            Err(error) => Step::bad("read", error.to_string()).with(remedy(&error, "s3:GetObject")),
        };
        report.add(step);
        let size = BODY.len() as u64;
        let found = self.store.head(&self.key).await;
        report.add(match found.map(|head| head.map(|head| head.size)) {
            Ok(Some(found)) if found == size => Step::good("head", format!("{size} bytes")),
            Ok(found) => Step::bad("head", format!("{found:?} bytes instead of {size}"))
                .with("Chunks would be sent again and again: see docs/providers.md."),
            Err(error) => Step::bad("head", error.to_string()).with(remedy(&error, "s3:GetObject")),
        });
    }

    async fn write_again(&self, report: &mut Report) {
        const NAME: &str = "conditional write";
        if self.conditional == ConditionalWrites::Off {
            return report.add(Step::skipped(NAME, "switched off by `conditionalWrites`"));
        }
        let ignored = "the server replaced an object that was there already";
        report.add(match self.store.put(&self.key, BODY.into(), PutMode::Create).await {
            Ok(PutOutcome::AlreadyThere) => Step::good(NAME, "what is there is not replaced"),
            Ok(PutOutcome::Stored) if self.conditional == ConditionalWrites::Require => Step::bad(NAME, ignored)
                .with("Use a server that honours If-None-Match, or set `conditionalWrites` to \"auto\"."),
            Ok(PutOutcome::Stored) => Step::poor(NAME, ignored)
                .with("Nothing depends on it: two runs that store the same entry send it twice. Signatures hold all the same."),
            Err(error) => Step::bad(NAME, error.to_string()).with(remedy(&error, "s3:PutObject")),
        });
    }

    async fn list(&self, report: &mut Report) {
        report.add(match self.store.list(&self.key, None).await {
            Ok(page) if page.objects.iter().any(|object| object.key == self.key) => {
                Step::good("list", "the object is listed")
            }
            Ok(_) => Step::poor("list", "the object is not listed"),
            Err(error) => Step::poor("list", error.to_string()).with(
                "Builds list nothing, but with s3:ListBucket a missing object is told from a forbidden one.",
            ),
        });
    }

    async fn delete(&self, report: &mut Report) {
        report.add(match self.store.delete(std::slice::from_ref(&self.key)).await {
            Ok(()) => Step::good("delete", "the object is gone again"),
            Err(error) => Step::poor("delete", error.to_string())
                .with(format!("Builds delete nothing, so that is as it should be. {} stays: delete it, or leave it to a lifecycle rule.", self.key)),
        });
    }
}
