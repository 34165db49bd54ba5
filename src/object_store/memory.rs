//! Objects in memory, for tests.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;

use super::{Error, ObjectStore, PutMode, PutOutcome};

/// A call that a [`MemoryStore`] received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Call {
    /// [`ObjectStore::get`] of this key.
    Get(String),
    /// [`ObjectStore::head`] of this key.
    Head(String),
    /// [`ObjectStore::put`] of this key.
    Put(String),
}

/// A bucket in memory, which shows what was asked of it and lets tests tamper with its objects.
#[derive(Debug, Default)]
pub struct MemoryStore(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    objects: BTreeMap<String, Bytes>,
    calls: Vec<Call>,
    failures: Vec<Error>,
}

impl MemoryStore {
    /// An empty bucket.
    pub fn new() -> Self {
        Self::default()
    }

    /// All calls so far, in order.
    pub fn calls(&self) -> Vec<Call> {
        self.state().calls.clone()
    }

    /// Forgets the calls so far.
    pub fn forget_calls(&self) {
        self.state().calls.clear();
    }

    /// All keys, sorted.
    pub fn keys(&self) -> Vec<String> {
        self.state().objects.keys().cloned().collect()
    }

    /// The object's bytes; not counted as a call.
    pub fn object(&self, key: &str) -> Option<Bytes> {
        self.state().objects.get(key).cloned()
    }

    /// Puts `body` at `key`, whatever is there; not counted as a call.
    pub fn replace(&self, key: &str, body: impl Into<Bytes>) {
        self.state().objects.insert(key.to_owned(), body.into());
    }

    /// Takes the object away; not counted as a call.
    pub fn remove(&self, key: &str) -> Option<Bytes> {
        self.state().objects.remove(key)
    }

    /// Makes the next calls fail with these errors, in this order.
    pub fn fail_next(&self, errors: impl IntoIterator<Item = Error>) {
        let mut state = self.state();
        state.failures.extend(errors);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn called(&self, call: Call) -> Result<MutexGuard<'_, State>, Error> {
        let mut state = self.state();
        state.calls.push(call);
        if state.failures.is_empty() {
            Ok(state)
        } else {
            Err(state.failures.remove(0))
        }
    }
}

#[async_trait]
impl ObjectStore for MemoryStore {
    async fn get(&self, key: &str, limit: u64) -> Result<Option<Bytes>, Error> {
        let found = self.called(Call::Get(key.to_owned()))?.objects.get(key).cloned();
        match found {
            Some(body) if body.len() as u64 > limit => Err(Error::TooLarge {
                size: body.len() as u64,
                limit,
            }),
            found => Ok(found),
        }
    }

    async fn head(&self, key: &str) -> Result<Option<u64>, Error> {
        let state = self.called(Call::Head(key.to_owned()))?;
        Ok(state.objects.get(key).map(|body| body.len() as u64))
    }

    async fn put(&self, key: &str, body: Bytes, mode: PutMode) -> Result<PutOutcome, Error> {
        let mut state = self.called(Call::Put(key.to_owned()))?;
        if mode == PutMode::Create && state.objects.contains_key(key) {
            return Ok(PutOutcome::AlreadyThere);
        }
        state.objects.insert(key.to_owned(), body);
        Ok(PutOutcome::Stored)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn counts_calls_but_not_tampering() {
        let store = MemoryStore::new();
        store.replace("a", "one");
        assert_eq!(store.head("a").await, Ok(Some(3)));
        assert_eq!(
            store.put("b", Bytes::new(), PutMode::Create).await,
            Ok(PutOutcome::Stored)
        );
        assert_eq!(store.object("b"), Some(Bytes::new()));
        assert_eq!(store.remove("a"), Some(Bytes::from("one")));
        assert_eq!(store.calls(), [Call::Head("a".into()), Call::Put("b".into())]);
        assert_eq!(store.keys(), ["b"]);
    }

    #[tokio::test]
    async fn fails_as_told_and_then_works_again() {
        let store = MemoryStore::new();
        let refused = Error::AccessDenied {
            status: 403,
            detail: "no".into(),
        };
        store.fail_next([refused.clone()]);
        assert_eq!(store.put("a", Bytes::new(), PutMode::Replace).await, Err(refused));
        assert_eq!(store.get("a", 0).await, Ok(None));
    }
}
