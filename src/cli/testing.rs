//! A bucket that refuses some requests.

use async_trait::async_trait;
use bytes::Bytes;

use crate::object_store::memory::MemoryStore;
use crate::object_store::{Error, Fetch, Head, ListPage, Object, ObjectStore, PutMode, PutOutcome};

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Request {
    Get,
    Create,
    Replace,
    List,
    Delete,
    Copy,
}

/// Objects in memory behind a policy.
pub(super) struct Guarded {
    pub objects: MemoryStore,
    /// Whether this request for this key is denied. A copy is one of its target.
    pub denies: fn(Request, &str) -> bool,
    /// Whether `If-None-Match` is honoured.
    pub conditional: bool,
}

impl Guarded {
    pub(super) fn new(denies: fn(Request, &str) -> bool) -> Self {
        Self {
            objects: MemoryStore::new(),
            denies,
            conditional: true,
        }
    }

    fn ask(&self, request: Request, key: &str) -> Result<(), Error> {
        if (self.denies)(request, key) {
            return Err(Error::AccessDenied {
                status: 403,
                code: Some("AccessDenied".into()),
                detail: "AccessDenied".into(),
            });
        }
        Ok(())
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl ObjectStore for Guarded {
    async fn probe(&self) -> Result<(), Error> {
        self.objects.probe().await
    }

    async fn fetch(&self, fetch: &Fetch<'_>) -> Result<Option<Object>, Error> {
        self.ask(Request::Get, fetch.key)?;
        self.objects.fetch(fetch).await
    }

    async fn get(&self, key: &str, limit: u64) -> Result<Option<Bytes>, Error> {
        self.ask(Request::Get, key)?;
        self.objects.get(key, limit).await
    }

    async fn head(&self, key: &str) -> Result<Option<Head>, Error> {
        self.ask(Request::Get, key)?;
        self.objects.head(key).await
    }

    async fn put(&self, key: &str, body: Bytes, mode: PutMode) -> Result<PutOutcome, Error> {
        match mode {
            PutMode::Create => self.ask(Request::Create, key)?,
            PutMode::Replace => self.ask(Request::Replace, key)?,
        }
        let mode = if self.conditional { mode } else { PutMode::Replace };
        self.objects.put(key, body, mode).await
    }

    async fn list(&self, prefix: &str, after: Option<&str>) -> Result<ListPage, Error> {
        self.ask(Request::List, prefix)?;
        self.objects.list(prefix, after).await
    }

    async fn delete(&self, keys: &[String]) -> Result<(), Error> {
        keys.iter().try_for_each(|key| self.ask(Request::Delete, key))?;
        self.objects.delete(keys).await
    }

    async fn copy(&self, from: &str, to: &str) -> Result<bool, Error> {
        self.ask(Request::Copy, to)?;
        self.objects.copy(from, to).await
    }
}
