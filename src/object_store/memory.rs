//! Objects in memory, for tests.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use bytes::Bytes;
use parking_lot::{Mutex, MutexGuard};

use super::{Error, Fetch, Head, ListPage, Listed, Object, ObjectStore, PutMode, PutOutcome};

/// Objects in a page of a listing: few, so that tests see more than one page.
const PAGE: usize = 10;

/// A call that a [`MemoryStore`] received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Call {
    /// [`ObjectStore::fetch`] or [`ObjectStore::get`] of this key.
    Get(String),
    /// [`ObjectStore::head`] of this key.
    Head(String),
    /// [`ObjectStore::put`] of this key.
    Put(String),
    /// [`ObjectStore::list`] of this prefix.
    List(String),
    /// [`ObjectStore::delete`] of these keys.
    Delete(Vec<String>),
    /// [`ObjectStore::copy`] from one key to another.
    Copy(String, String),
}

/// A bucket in memory, which shows what was asked of it and lets tests tamper with its objects.
#[derive(Debug, Default)]
pub struct MemoryStore(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    objects: BTreeMap<String, Object>,
    calls: Vec<Call>,
    failures: Vec<Error>,
    distance: Duration,
}

fn written_now(body: Bytes) -> Object {
    Object {
        size: body.len() as u64,
        body,
        modified: Some(SystemTime::now()),
    }
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
        self.state().objects.get(key).map(|object| object.body.clone())
    }

    /// Puts `body` at `key`, whatever is there; not counted as a call.
    pub fn replace(&self, key: &str, body: impl Into<Bytes>) {
        self.state()
            .objects
            .insert(key.to_owned(), written_now(body.into()));
    }

    /// Makes the object look as if it was written at `modified`; not counted as a call.
    pub fn date(&self, key: &str, modified: SystemTime) {
        if let Some(object) = self.state().objects.get_mut(key) {
            object.modified = Some(modified);
        }
    }

    /// When the object was written; not counted as a call.
    pub fn modified(&self, key: &str) -> Option<SystemTime> {
        self.state().objects.get(key).and_then(|object| object.modified)
    }

    /// Takes the object away; not counted as a call.
    pub fn remove(&self, key: &str) -> Option<Bytes> {
        self.state().objects.remove(key).map(|object| object.body)
    }

    /// Makes the next calls fail with these errors, in this order.
    pub fn fail_next(&self, errors: impl IntoIterator<Item = Error>) {
        let mut state = self.state();
        state.failures.extend(errors);
    }

    /// From now on, getting an object takes so long.
    pub fn move_away(&self, distance: Duration) {
        self.state().distance = distance;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock()
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
    async fn fetch(&self, fetch: &Fetch<'_>) -> Result<Option<Object>, Error> {
        fetch.progress.begin();
        let distance = self.state().distance;
        if !distance.is_zero() {
            tokio::time::sleep(distance).await;
        }
        let state = self.called(Call::Get(fetch.key.to_owned()))?;
        let Some(mut object) = state.objects.get(fetch.key).cloned() else {
            return Ok(None);
        };
        if let Some(range) = &fetch.range {
            let end = range.end.min(object.size);
            object.body = object.body.slice(range.start.min(end) as usize..end as usize);
        }
        let (size, limit) = (object.body.len() as u64, fetch.limit);
        if size > limit {
            return Err(Error::TooLarge { size, limit });
        }
        fetch.progress.receive(size);
        Ok(Some(object))
    }

    async fn head(&self, key: &str) -> Result<Option<Head>, Error> {
        let state = self.called(Call::Head(key.to_owned()))?;
        Ok(state.objects.get(key).map(|object| Head {
            size: object.size,
            modified: object.modified,
            archived: false,
        }))
    }

    async fn put(&self, key: &str, body: Bytes, mode: PutMode) -> Result<PutOutcome, Error> {
        let mut state = self.called(Call::Put(key.to_owned()))?;
        if mode == PutMode::Create && state.objects.contains_key(key) {
            return Ok(PutOutcome::AlreadyThere);
        }
        state.objects.insert(key.to_owned(), written_now(body));
        Ok(PutOutcome::Stored)
    }

    async fn list(&self, prefix: &str, after: Option<&str>) -> Result<ListPage, Error> {
        let state = self.called(Call::List(prefix.to_owned()))?;
        let from = after.map_or(Bound::Included(prefix), Bound::Excluded);
        let mut objects: Vec<Listed> = state
            .objects
            .range::<str, _>((from, Bound::Unbounded))
            .take_while(|(key, _)| key.starts_with(prefix))
            .take(PAGE + 1)
            .map(|(key, object)| Listed {
                key: key.clone(),
                size: object.size,
                modified: object.modified,
            })
            .collect();
        let goes_on = objects.len() > PAGE;
        objects.truncate(PAGE);
        let last = objects.last().map(|object| object.key.clone());
        Ok(ListPage {
            objects,
            next: last.filter(|_| goes_on),
        })
    }

    async fn delete(&self, keys: &[String]) -> Result<(), Error> {
        let mut state = self.called(Call::Delete(keys.to_vec()))?;
        state.objects.retain(|key, _| !keys.contains(key));
        Ok(())
    }

    async fn copy(&self, from: &str, to: &str) -> Result<bool, Error> {
        let mut state = self.called(Call::Copy(from.to_owned(), to.to_owned()))?;
        let Some(body) = state.objects.get(from).map(|object| object.body.clone()) else {
            return Ok(false);
        };
        state.objects.insert(to.to_owned(), written_now(body));
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn counts_calls_but_not_tampering() {
        let store = MemoryStore::new();
        store.replace("a", "one");
        assert_eq!(store.head("a").await.unwrap().unwrap().size, 3);
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
    async fn fails_as_scripted_and_then_works_again() {
        let store = MemoryStore::new();
        let refused = Error::AccessDenied {
            status: 403,
            code: None,
            detail: "no".into(),
        };
        store.fail_next([refused.clone()]);
        assert_eq!(store.put("a", Bytes::new(), PutMode::Replace).await, Err(refused));
        assert_eq!(store.get("a", 0).await, Ok(None));
    }
}
