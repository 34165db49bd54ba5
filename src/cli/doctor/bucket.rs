//! What these credentials can do with the bucket, found by doing it to scratch objects.

use std::borrow::Cow;

use super::alternatives;
use super::report::{Report, Step};
use super::speed;
use crate::cli::ui::interrupt;
use crate::code::page;
use crate::config::{ConditionalWrites, Config};
use crate::object_store::{ObjectStore, PutMode, PutOutcome};
use crate::remedy;

const BODY: &str = "Written by `nx-s3-cache doctor`, and safe to delete.";
const LIMIT: u64 = 1024;

/// Scratch objects in the bucket.
pub(super) struct Trial<'a> {
    pub config: &'a Config,
    pub store: &'a dyn ObjectStore,
    /// The key of the first object.
    pub key: String,
}

impl Trial<'_> {
    /// Tries everything, and removes what it wrote. After Ctrl-C it does only the latter.
    pub(super) async fn examine(&self, report: &mut Report) {
        let (copy, load) = (format!("{}-copy", self.key), format!("{}-load", self.key));
        if interrupt::pressed() || !self.write(report).await {
            return;
        }
        self.read_back(report).await;
        self.write_again(report).await;
        if !interrupt::pressed() {
            self.copy(&copy, report).await;
            self.list(report).await;
        }
        if !interrupt::pressed() {
            speed::throughput(self.store, &load, report).await;
        }
        self.delete(&[self.key.clone(), copy, load], report).await;
    }

    /// Whether there is a scratch object now.
    async fn write(&self, report: &mut Report) -> bool {
        const STEP: &str = "write";
        let written = self.store.put(&self.key, BODY.into(), PutMode::Create).await;
        report.add(match &written {
            Ok(PutOutcome::Stored) => Step::good(STEP, format!("wrote {}", self.key)),
            Ok(PutOutcome::AlreadyThere) => Step::bad(
                STEP,
                "the server says that a new object is there already",
            )
            .with(
                "Something between here and the bucket answers in its place: check `endpoint` and proxies.",
            ),
            Err(error) => {
                let better = alternatives::for_writing(self.config, error, &self.key, BODY.into()).await;
                let remedy = better.map_or_else(|| remedy::of_put(error), Cow::Owned);
                Step::bad(STEP, error.to_string()).with(remedy)
            }
        });
        written == Ok(PutOutcome::Stored)
    }

    async fn read_back(&self, report: &mut Report) {
        const STEP: &str = "read";
        report.add(match self.store.get(&self.key, LIMIT).await {
            Ok(Some(body)) if body == BODY.as_bytes() => Step::good(STEP, "read back what was written"),
            Ok(other) => {
                let what = if other.is_some() { "other bytes" } else { "nothing" };
                Step::bad(STEP, format!("what was just written came back as {what}"))
                    .with("Something between here and the bucket keeps or changes answers: check proxies.")
            }
            Err(error) => Step::bad(STEP, error.to_string()).with(remedy::of_request(&error, "s3:GetObject")),
        });
        let size = BODY.len() as u64;
        let found = self.store.head(&self.key).await;
        report.add(match found.map(|head| head.map(|head| head.size)) {
            Ok(Some(found)) if found == size => Step::good("head", format!("{size} bytes")),
            Ok(found) => Step::bad("head", format!("{found:?} instead of {size} bytes")).with(concat!(
                "Chunks would be sent again and again: see ",
                page!("docs/providers.md")
            )),
            Err(error) => {
                Step::bad("head", error.to_string()).with(remedy::of_request(&error, "s3:GetObject"))
            }
        });
    }

    async fn write_again(&self, report: &mut Report) {
        const STEP: &str = "conditional write";
        let conditional = self.config.bucket.conditional_writes;
        if conditional == ConditionalWrites::Off {
            return report.add(Step::skipped(STEP, "switched off by `conditionalWrites`"));
        }
        let ignored = "the server replaced an object that was there already";
        report.add(match self.store.put(&self.key, BODY.into(), PutMode::Create).await {
            Ok(PutOutcome::AlreadyThere) => Step::good(STEP, "what is there is not replaced"),
            Ok(PutOutcome::Stored) if conditional == ConditionalWrites::Require => Step::bad(STEP, ignored)
                .with("Use a server that honours If-None-Match, or set `conditionalWrites` to \"auto\"."),
            Ok(PutOutcome::Stored) => Step::poor(STEP, ignored)
                .with("Nothing depends on it: two runs that store the same entry send it twice. Signatures hold all the same."),
            Err(error) => Step::bad(STEP, error.to_string()).with(remedy::of_request(&error, "s3:PutObject")),
        });
    }

    async fn copy(&self, to: &str, report: &mut Report) {
        const STEP: &str = "copy";
        report.add(match self.store.copy(&self.key, to).await {
            Ok(true) => Step::good(STEP, "the server copies objects"),
            Ok(false) => Step::poor(STEP, "the server does not find what was just written"),
            Err(error) if self.config.touch_after.is_some() => Step::poor(
                STEP,
                format!("{error}: what is used stays as old as it is, in spite of `touchAfter`"),
            )
            .with(remedy::of_request(
                &error,
                "to copy: s3:GetObject and s3:PutObject on the same key",
            )),
            Err(error) => Step::skipped(STEP, format!("{error}. Only the option `touchAfter` needs it")),
        });
    }

    async fn list(&self, report: &mut Report) {
        const STEP: &str = "list";
        report.add(match self.store.list(&self.key, None).await {
            Ok(page) if page.objects.iter().any(|object| object.key == self.key) => {
                Step::good(STEP, "the object is listed")
            }
            Ok(_) => Step::poor(STEP, "the object is not listed")
                .with("Commands that list, such as `flush`, will not see everything."),
            Err(error) => Step::poor(STEP, error.to_string()).with(
                "Builds list nothing, but with s3:ListBucket S3 returns 404 rather than 403 for a missing key.",
            ),
        });
    }

    /// Deletes the scratch objects one by one, as not all of them need be there.
    async fn delete(&self, keys: &[String], report: &mut Report) {
        const STEP: &str = "delete";
        let mut left = Vec::new();
        let mut refusal = None;
        for key in keys {
            if let Err(error) = self.store.delete(std::slice::from_ref(key)).await {
                let there = !matches!(self.store.head(key).await, Ok(None));
                left.extend(there.then(|| key.clone()));
                refusal = Some(error);
            }
        }
        report.add(match refusal {
            None => Step::good(STEP, "the scratch objects are gone again"),
            Some(error) => Step::poor(STEP, error.to_string()).with(format!(
                "Builds delete nothing, so that is as it should be. What stays: {}. Delete it, or leave it to a lifecycle rule.",
                left.join(", ")
            )),
        });
    }
}
