//! Refreshes old objects on use, so that rules that delete by age act as LRU.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use parking_lot::Mutex;
use tokio::sync::Semaphore;

use super::namespace::Namespace;
use super::uploads::Uploads;
use super::{RemoteCache, blocking};
use crate::object_store::ObjectStore;

/// Copies at once: few, as restoring and storing go first.
const COPIES: usize = 4;
const LONGEST_END: Duration = Duration::from_secs(10);

/// Touches objects in the background, each at most once. Nobody is told of what goes wrong, since nothing depends on
/// it: where an object can't be copied, no further one is tried.
pub(crate) struct Touches {
    after: Option<Duration>,
    store: Arc<dyn ObjectStore>,
    begun: Mutex<HashSet<String>>,
    /// Closed once a copy has failed.
    turns: Semaphore,
    under_way: Uploads,
}

impl Touches {
    /// Touches objects of `store` that were written longer than `after` ago; none without it.
    pub(crate) fn new(store: Arc<dyn ObjectStore>, after: Option<Duration>) -> Arc<Self> {
        Arc::new(Self {
            after,
            store,
            begun: Mutex::default(),
            turns: Semaphore::new(COPIES),
            under_way: Uploads::default(),
        })
    }

    /// Refreshes an object that is used, if it was written, at `modified`, long enough ago. Must be called within a tokio
    /// runtime.
    pub(crate) fn touch(self: &Arc<Self>, key: &str, modified: Option<SystemTime>) {
        let age = modified.and_then(|time| SystemTime::now().duration_since(time).ok());
        let is_old = self.after.zip(age).is_some_and(|(after, age)| age >= after);
        if !is_old || self.turns.is_closed() || !self.begun.lock().insert(key.to_owned()) {
            return;
        }
        let (touches, key, ticket) = (self.clone(), key.to_owned(), self.under_way.begin(key));
        tokio::spawn(async move {
            if let Ok(_turn) = touches.turns.acquire().await
                && touches.store.copy(&key, &key).await.is_err()
            {
                touches.turns.close();
            }
            drop(ticket);
        });
    }

    /// Waits until no copy is under way, for at most ten seconds: what is left then is touched the next time.
    pub(crate) async fn finish(self: Arc<Self>) {
        // It can't fail but by a panic, and nothing depends on it.
        let _ = blocking(move || self.wait(LONGEST_END)).await;
    }

    /// Blocks this thread until no copy is under way, at most for `timeout`.
    pub(crate) fn wait(&self, timeout: Duration) {
        self.under_way.wait(timeout);
    }
}

impl RemoteCache {
    /// The same, unless this run may not write to `namespace`.
    pub(super) fn touch(&self, namespace: &Namespace, key: &str, modified: Option<SystemTime>) {
        if self.config.mode.writes() && self.access.writes.as_ref() == Some(&namespace.scope) {
            self.touches.touch(key, modified);
        }
    }
}
