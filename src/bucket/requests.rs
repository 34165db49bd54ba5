//! Requests to the bucket: through a gate that may refuse them, and with what this run knows of single objects.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering::Relaxed};

use bytes::Bytes;
use futures_util::future::{BoxFuture, FutureExt, pending};
use parking_lot::Mutex;

use super::budget::Budget;
use super::touch::Touches;
use crate::error::Error;
use crate::object_store::{self, Extent, Fetch, Head, Object, ObjectStore, Progress, PutMode, PutOutcome};

/// What a request is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Restoring.
    Read,
    /// Storing.
    Write,
    /// Replacing an object.
    Repair,
}

/// Decides whether requests are made, and learns how they went. As it is here, it is always open.
pub trait Gate: Send + Sync + 'static {
    /// Whether a request for `purpose` should be made.
    fn allows(&self, _purpose: Purpose) -> bool {
        true
    }

    /// Waits until no request should be made any more, not even those under way.
    fn closed(&self) -> BoxFuture<'_, ()> {
        pending().boxed()
    }

    /// A request for `purpose` was answered.
    fn answered(&self, _purpose: Purpose) {}

    /// A request for `purpose`, about the object under `key`, failed with `error`.
    fn failed(&self, _purpose: Purpose, _key: &str, _error: &object_store::Error) {}

    /// A download of what is under `key` was given up, for the reason `late`. Whoever wanted it is told.
    fn gave_up(&self, _key: &str, _late: &Error) {}

    /// The object under `key` exists, this run could not read it, and replaces it.
    fn replaces(&self, _key: &str, _error: &object_store::Error) {}

    /// The object under `key` exists, and this run may read none.
    fn reads_nothing(&self, _key: &str, _error: &object_store::Error) {}

    /// Whether a denied read is a miss: without s3:ListBucket, S3 denies a missing object.
    fn takes_denied_for_missing(&self) -> bool {
        false
    }
}

/// A gate that is always open.
pub struct AlwaysOpen;

impl Gate for AlwaysOpen {}

/// Bytes of objects that were transferred, or didn't have to be.
#[derive(Debug, Default)]
pub struct Traffic {
    /// Received.
    pub received: AtomicU64,
    /// Sent.
    pub sent: AtomicU64,
    /// Not sent, since the bucket had them.
    pub saved: AtomicU64,
}

/// What every transfer needs: the way to the bucket, what it may take, and what is refreshed on it.
#[derive(Clone)]
pub struct Transfer {
    pub requests: Arc<Requests>,
    pub budget: Arc<Budget>,
    pub touches: Arc<Touches>,
}

/// Objects that the server refuses or fails in a row, at most, before that is taken for its answer to all.
const REFUSED: u32 = 100;

/// The one way to the objects of artifacts.
pub struct Requests {
    store: Arc<dyn ObjectStore>,
    gate: Arc<dyn Gate>,
    /// What was transferred.
    pub traffic: Traffic,
    /// Bytes that all downloads have received, as they arrive.
    arrived: Arc<AtomicU64>,
    /// Keys that the server didn't give an object for, and why: whether there is one, a put will tell.
    unread: Mutex<HashMap<String, object_store::Error>>,
    /// Keys of objects that turned out damaged: the next put replaces them.
    damaged: Mutex<HashSet<String>>,
    /// Whether any object was read.
    has_read: AtomicBool,
    /// Requests for objects that the server refused or failed since it last gave one.
    refused: AtomicU32,
}

impl Requests {
    /// Requests to `store`, as far as `gate` allows them.
    pub fn new(store: Arc<dyn ObjectStore>, gate: Arc<dyn Gate>) -> Self {
        Self {
            store,
            gate,
            traffic: Traffic::default(),
            arrived: Arc::default(),
            unread: Mutex::default(),
            damaged: Mutex::default(),
            has_read: AtomicBool::new(false),
            refused: AtomicU32::new(0),
        }
    }

    /// Waits until the bucket has answered anything at all, or nothing can be expected any more.
    pub async fn contact(&self) {
        // Why there is no contact shows when something is asked for.
        let _ = self.store.probe().await;
    }

    /// Follows a new download.
    pub fn progress(&self) -> Arc<Progress> {
        Arc::new(Progress::new(self.arrived.clone()))
    }

    /// Gets an object.
    pub async fn get(&self, fetch: &Fetch<'_>) -> Result<Option<Object>, Error> {
        let key = fetch.key;
        match self.run(Purpose::Read, key, self.store.fetch(fetch)).await {
            Ok(object) => {
                if let Some(object) = &object {
                    self.traffic.received.fetch_add(object.body.len() as u64, Relaxed);
                    self.has_read.store(true, Relaxed);
                    self.refused.store(0, Relaxed);
                }
                Ok(object)
            }
            Err(Error::Store(error)) => {
                if is_of_the_answer(&error) {
                    self.unread.lock().insert(key.to_owned(), error.clone());
                }
                let is_denied = matches!(error, object_store::Error::AccessDenied { .. });
                if is_denied && self.gate.takes_denied_for_missing() {
                    Ok(None)
                } else {
                    Err(error.into())
                }
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

    /// The same for whoever reads many objects: one that the server refuses or fails is one that can't be had, unless the
    /// server does so to many in a row.
    pub async fn get_one(&self, fetch: &Fetch<'_>) -> Result<Option<Object>, Error> {
        match self.get(fetch).await {
            Err(Error::Store(source))
                if is_of_the_answer(&source) && self.refused.fetch_add(1, Relaxed) < REFUSED =>
            {
                let key = fetch.key.to_owned();
                Err(Error::Object { key, source })
            }
            other => other,
        }
    }

    /// A download of what is under `key` took too long, for the reason `late`.
    pub fn gave_up(&self, key: &str, late: &Error) {
        self.gate.gave_up(key, late);
    }

    /// The object under `key` is to be replaced by the next put.
    pub fn mark_damaged(&self, key: &str) {
        self.damaged.lock().insert(key.to_owned());
    }

    /// Whether the object under `key` is damaged, or this run asked for it and the server didn't give it.
    pub fn is_suspect(&self, key: &str) -> bool {
        self.damaged.lock().contains(key) || self.unread.lock().contains_key(key)
    }

    /// Writes the object. One that is there stays with [`PutMode::Create`], unless it is damaged or could not be read.
    pub async fn put(&self, key: &str, body: impl Into<Bytes>, mode: PutMode) -> Result<PutOutcome, Error> {
        let body = body.into();
        let is_damaged = self.damaged.lock().contains(key);
        let mode = if is_damaged { PutMode::Replace } else { mode };
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
            self.traffic.sent.fetch_add(len as u64, Relaxed);
            self.unread.lock().remove(key);
            self.damaged.lock().remove(key);
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
                self.gate.reads_nothing(key, &error);
                return false;
            }
        }
        self.gate.replaces(key, &error);
        true
    }

    async fn run<T>(
        &self,
        purpose: Purpose,
        key: &str,
        request: impl Future<Output = Result<T, object_store::Error>>,
    ) -> Result<T, Error> {
        if !self.gate.allows(purpose) {
            return Err(Error::Off);
        }
        let result = tokio::select! {
            result = request => result,
            // Whatever is under way then, or waits for its turn, would only hold up the run.
            () = self.gate.closed() => return Err(Error::Off),
        };
        let error = match result {
            Ok(answer) => {
                self.gate.answered(purpose);
                return Ok(answer);
            }
            Err(error) => error,
        };
        self.gate.failed(purpose, key, &error);
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
