//! Requests to the bucket, given up when the bucket's health says so.

use std::sync::Arc;

use super::health::{Health, Purpose};
use super::summary::Counters;
use crate::error::Error;
use crate::object_store::{self, Head, Object, ObjectStore, Progress, PutMode, PutOutcome};

/// The one way from the cache to the bucket.
pub struct Requests {
    store: Arc<dyn ObjectStore>,
    health: Health,
    counters: Arc<Counters>,
}

impl Requests {
    /// Requests to `store`, as long as its `health` allows them.
    pub fn new(store: Arc<dyn ObjectStore>, health: Health, counters: Arc<Counters>) -> Self {
        Self {
            store,
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

    /// Waits until the bucket has answered anything at all, or nothing can be expected any more.
    pub async fn contact(&self) {
        // Why there is no contact shows when something is asked for.
        let _ = self.store.greet().await;
    }

    /// The object under `key`, of at most `limit` bytes, a part of the download that `progress` follows. A denied read is a missing object, see [`Health`].
    pub async fn get(
        &self,
        key: &str,
        limit: u64,
        progress: &Arc<Progress>,
    ) -> Result<Option<Object>, Error> {
        let fetch = self.store.fetch_with_progress(key, limit, progress);
        let object = self.run(Purpose::Read, fetch).await;
        if let Ok(Some(object)) = &object {
            self.counters.received(object.body.len());
        }
        match object {
            Err(Error::Store(object_store::Error::AccessDenied { .. })) => Ok(None),
            other => other,
        }
    }

    /// What is known of the object under `key`; `None` also where one may not know.
    pub async fn head(&self, key: &str) -> Result<Option<Head>, Error> {
        match self.run(Purpose::Read, self.store.head(key)).await {
            Err(Error::Store(object_store::Error::AccessDenied { .. })) => Ok(None),
            other => other,
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
        if !self.health.allows(purpose) {
            return Err(Error::Off);
        }
        let result = tokio::select! {
            result = request => result,
            // Whatever is under way then, or waits for its turn, would only hold up the run.
            () = self.health.given_up() => return Err(Error::Off),
        };
        match &result {
            Ok(_) => self.health.answered(),
            Err(error) => self.health.failed(purpose, error),
        }
        match result {
            Err(object_store::Error::Unanswered { .. }) => Err(Error::Off),
            result => Ok(result?),
        }
    }
}
