//! Refreshes old objects on use, so that rules that delete by age act as LRU.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use futures_util::stream::{self, StreamExt, TryStreamExt};
use parking_lot::Mutex;
use tokio::sync::mpsc;

use super::budget::blocking;
use super::in_flight::{InFlight, Ticket};
use super::namespace::Namespace;
use crate::object_store::ObjectStore;

/// Copies at once: few, as restoring and storing go first.
const COPIES: usize = 4;
const LONGEST_END: Duration = Duration::from_secs(10);

/// Touches objects in the background, each at most once. Failures are not reported, since nothing depends on it: where
/// an object can't be copied, no further one is tried.
pub struct Touches {
    after: Option<Duration>,
    begun: Mutex<HashSet<String>>,
    /// Closed once a copy has failed.
    copies: mpsc::UnboundedSender<(String, Ticket)>,
    in_flight: InFlight,
}

impl Touches {
    /// Touches objects of `store` that were written longer than `after` ago; none without it. Must be called within a
    /// tokio runtime.
    pub fn new(store: Arc<dyn ObjectStore>, after: Option<Duration>) -> Self {
        let (copies, mut asked) = mpsc::unbounded_channel::<(String, Ticket)>();
        let asked = stream::poll_fn(move |context| asked.poll_recv(context));
        let copy = move |(key, ticket): (String, Ticket)| {
            let store = store.clone();
            async move {
                let copied = store.copy(&key, &key).await;
                drop(ticket);
                copied.map(drop)
            }
        };
        tokio::spawn(asked.map(Ok).try_for_each_concurrent(COPIES, copy));
        Self {
            after,
            begun: Mutex::default(),
            copies,
            in_flight: InFlight::default(),
        }
    }

    /// Refreshes an object of `namespace` that is used, if it was written, at `modified`, long enough ago.
    pub fn touch(&self, namespace: &Namespace, key: &str, modified: Option<SystemTime>) {
        let age = modified.and_then(|time| SystemTime::now().duration_since(time).ok());
        let is_old = self.after.zip(age).is_some_and(|(after, age)| age >= after);
        if !namespace.refreshes || !is_old || !self.begun.lock().insert(key.to_owned()) {
            return;
        }
        // After a failure nobody receives it.
        let _ = self.copies.send((key.to_owned(), self.in_flight.begin(key)));
    }

    /// Waits until no copy is under way, for at most ten seconds: what is left then is touched the next time.
    pub async fn finish(self: &Arc<Self>) {
        let touches = self.clone();
        // It can't fail but by a panic, and nothing depends on it.
        let _ = blocking(move || touches.wait(LONGEST_END)).await;
    }

    /// Blocks this thread until no copy is under way, at most for `timeout`.
    pub fn wait(&self, timeout: Duration) {
        self.in_flight.wait(timeout);
    }
}
