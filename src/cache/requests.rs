//! Requests to the bucket, given up when the bucket's health says so.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use bytes::Bytes;
use parking_lot::Mutex;

use super::health::{Health, Purpose};
use super::summary::Counters;
use crate::error::Error;
use crate::object_store::{self, Extent, Head, Object, ObjectStore, Progress, PutMode, PutOutcome};

/// The one way from the cache to the bucket.
pub struct Requests {
    store: Arc<dyn ObjectStore>,
    health: Health,
    counters: Arc<Counters>,
    /// Keys that the server didn't give an object for, and why: whether there is one, a put will tell.
    unread: Mutex<HashMap<String, object_store::Error>>,
    /// Whether any object was read.
    has_read: AtomicBool,
}

impl Requests {
    /// Requests to `store`, as long as its `health` allows them.
    pub fn new(store: Arc<dyn ObjectStore>, health: Health, counters: Arc<Counters>) -> Self {
        Self {
            store,
            health,
            counters,
            unread: Mutex::default(),
            has_read: AtomicBool::new(false),
        }
    }

    /// Whether the bucket's health allows requests for `purpose`.
    pub fn allowed(&self, purpose: Purpose) -> bool {
        self.health.allows(purpose)
    }

    /// Ends storing for this run; the reason was told.
    pub fn refuse_writes(&self) {
        self.health.refuse_writes();
    }

    /// Waits until the bucket has answered anything at all, or nothing can be expected any more.
    pub async fn contact(&self) {
        // Why there is no contact shows when something is asked for.
        let _ = self.store.probe().await;
    }

    /// No further request will be made: warns of trouble at the end that was told of nowhere.
    pub fn end(&self) {
        self.health.end();
    }

    /// The object under `key`, of at most `limit` bytes, a part of the download that `progress` follows. A denied read is a
    /// missing object, see [`Health`].
    pub async fn get(
        &self,
        key: &str,
        limit: u64,
        progress: &Arc<Progress>,
    ) -> Result<Option<Object>, Error> {
        let fetch = self.store.fetch(key, limit, progress);
        match self.run(Purpose::Read, key, fetch).await {
            Ok(object) => {
                if let Some(object) = &object {
                    self.counters.received(object.body.len());
                    self.has_read.store(true, Relaxed);
                }
                Ok(object)
            }
            Err(Error::Store(error)) => {
                let is_denied = matches!(error, object_store::Error::AccessDenied { .. });
                if is_of_the_answer(&error) {
                    self.unread.lock().insert(key.to_owned(), error.clone());
                }
                if is_denied { Ok(None) } else { Err(error.into()) }
            }
            Err(other) => Err(other),
        }
    }

    /// What is known of the object under `key`; `None` also where the server doesn't tell: a put will.
    pub async fn head(&self, key: &str) -> Result<Option<Head>, Error> {
        match self.run(Purpose::Read, key, self.store.head(key)).await {
            Err(Error::Store(error)) if is_of_the_answer(&error) => Ok(None),
            other => other,
        }
    }

    /// Whether this run asked for the object under `key`, and the server didn't give it.
    pub fn could_not_read(&self, key: &str) -> bool {
        self.unread.lock().contains_key(key)
    }

    /// Writes the object. One that is there stays with [`PutMode::Create`], unless this run could not read it.
    pub async fn put(&self, key: &str, body: impl Into<Bytes>, mode: PutMode) -> Result<PutOutcome, Error> {
        let body = body.into();
        let outcome = self.put_once(key, body.clone(), mode).await?;
        if outcome == PutOutcome::AlreadyThere && self.is_of_no_use(key).await {
            return self.put_once(key, body, PutMode::Replace).await;
        }
        Ok(outcome)
    }

    async fn put_once(&self, key: &str, body: Bytes, mode: PutMode) -> Result<PutOutcome, Error> {
        let len = body.len();
        let purpose = match mode {
            PutMode::Create => Purpose::Write,
            PutMode::Replace => Purpose::Repair,
        };
        let outcome = self.run(purpose, key, self.store.put(key, body, mode)).await?;
        if outcome == PutOutcome::Stored {
            self.counters.sent(len);
            self.unread.lock().remove(key);
        }
        Ok(outcome)
    }

    /// Whether an object that is there can't be read, and a replacement could.
    async fn is_of_no_use(&self, key: &str) -> bool {
        let Some(mut error) = self.unread.lock().remove(key) else {
            return false;
        };
        if error.extent() == Extent::Permission {
            // Where nobody may list, a missing object is denied, too; since then somebody else may have written it.
            match self.run(Purpose::Read, key, self.store.get(key, 0)).await {
                Err(Error::Store(again)) if again.extent() == Extent::Permission => error = again,
                _ => return false,
            }
            if !self.has_read.load(Relaxed) {
                self.health.warn_of_no_reads(key, &error);
                return false;
            }
        }
        self.health.warn_of_unusable(key, &error);
        true
    }

    async fn run<T>(
        &self,
        purpose: Purpose,
        key: &str,
        request: impl Future<Output = Result<T, object_store::Error>>,
    ) -> Result<T, Error> {
        if !self.health.allows(purpose) {
            return Err(Error::Off);
        }
        let result = tokio::select! {
            result = request => result,
            // Whatever is under way then, or waits for its turn, would only hold up the run.
            () = self.health.given_up() => return Err(Error::Off),
        };
        let error = match result {
            Ok(answer) => {
                self.health.answered(purpose);
                return Ok(answer);
            }
            Err(error) => error,
        };
        self.health.failed(purpose, key, &error);
        Err(match error.extent() {
            Extent::Pending => Error::Off,
            Extent::Object => Error::Object {
                key: key.to_owned(),
                source: error,
            },
            Extent::Bucket | Extent::Traffic | Extent::Server | Extent::Request | Extent::Permission => {
                Error::Store(error)
            }
        })
    }
}

/// Whether the server answered this about the object, so that a replacement may do better.
fn is_of_the_answer(error: &object_store::Error) -> bool {
    match error.extent() {
        Extent::Server | Extent::Request | Extent::Permission => true,
        Extent::Bucket | Extent::Pending | Extent::Traffic | Extent::Object => false,
    }
}
