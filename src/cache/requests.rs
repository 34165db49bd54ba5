//! Requests to the bucket, bounded in number and given up when the bucket's health says so.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::Semaphore;

use super::health::{Health, Purpose};
use super::summary::Counters;
use crate::error::Error;
use crate::object_store::{self, ObjectStore, PutMode, PutOutcome};

/// How long the first answer may take, finding credentials included.
const FIRST_CONTACT: Duration = Duration::from_secs(30);

/// The one way from the cache to the bucket.
pub struct Requests {
    store: Arc<dyn ObjectStore>,
    in_flight: Semaphore,
    health: Health,
    counters: Arc<Counters>,
}

impl Requests {
    /// At most `concurrency` requests at once.
    pub fn new(
        store: Arc<dyn ObjectStore>,
        concurrency: usize,
        health: Health,
        counters: Arc<Counters>,
    ) -> Self {
        Self {
            store,
            in_flight: Semaphore::new(concurrency),
            health,
            counters,
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

    /// The object under `key`, of at most `limit` bytes. A denied read is a missing object, see [`Health`].
    pub async fn get(&self, key: &str, limit: u64) -> Result<Option<Bytes>, Error> {
        let object = self.run(Purpose::Read, self.store.get(key, limit)).await;
        if let Ok(Some(body)) = &object {
            self.counters.received(body.len());
        }
        match object {
            Err(Error::Store(object_store::Error::AccessDenied { .. })) => Ok(None),
            other => other,
        }
    }

    /// Whether there is an object under `key`, as far as one may know.
    pub async fn exists(&self, key: &str) -> Result<bool, Error> {
        match self.run(Purpose::Read, self.store.head(key)).await {
            Ok(head) => Ok(head.is_some()),
            Err(Error::Store(object_store::Error::AccessDenied { .. })) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Writes the object.
    pub async fn put(&self, key: &str, body: Vec<u8>, mode: PutMode) -> Result<PutOutcome, Error> {
        let len = body.len();
        let purpose = match mode {
            PutMode::Create => Purpose::Write,
            PutMode::Replace => Purpose::Repair,
        };
        let outcome = self.run(purpose, self.store.put(key, body.into(), mode)).await?;
        if outcome == PutOutcome::Stored {
            self.counters.sent(len);
        }
        Ok(outcome)
    }

    async fn run<T>(
        &self,
        purpose: Purpose,
        request: impl Future<Output = Result<T, object_store::Error>>,
    ) -> Result<T, Error> {
        let _permit = self.in_flight.acquire().await.map_err(|_| Error::Off)?;
        // Asked after the wait: the requests before this one may have ended caching.
        if !self.health.allows(purpose) {
            return Err(Error::Off);
        }
        let result = match purpose {
            Purpose::Read if !self.health.is_proven() => first_contact(request).await,
            _ => request.await,
        };
        match &result {
            Ok(_) => self.health.answered(),
            Err(error) => self.health.failed(purpose, error),
        }
        Ok(result?)
    }
}

/// Bounds a request to a bucket that hasn't answered anything yet: retries against a silent server would hold up the
/// first task for minutes.
async fn first_contact<T>(
    request: impl Future<Output = Result<T, object_store::Error>>,
) -> Result<T, object_store::Error> {
    tokio::time::timeout(FIRST_CONTACT, request)
        .await
        .unwrap_or_else(|_| {
            let detail = format!("no answer within {} s", FIRST_CONTACT.as_secs());
            Err(object_store::Error::TimedOut { detail })
        })
}
