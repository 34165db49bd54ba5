//! From configuration to a bucket: TLS, region, credentials and the S3 client, found in the background.

use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use async_trait::async_trait;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared};
use tokio::time::{Instant, timeout_at};

use crate::config::environment::Environment;
use crate::config::{BucketConfig, Config, ConfigErrors, CredentialsConfig};
use crate::credentials::{self, Credentials};
use crate::object_store::http::http_client;
use crate::object_store::retry::RetryingStore;
use crate::object_store::s3::S3Store;
use crate::object_store::watch::{About, Watcher, watched};
use crate::object_store::{Error, Fetch, Head, ListPage, Object, ObjectStore, PutMode, PutOutcome};
use crate::rlimit::max_concurrent_requests;

/// What many may wait for.
type Awaited<T> = Shared<BoxFuture<'static, Result<T, Error>>>;

/// A store that is still being connected to. Its requests wait until it is, for credentials as long as those take,
/// then for the bucket's first answer. Those that tasks wait for do that together no longer than `patience`: whoever
/// comes later doesn't wait at all, until that answer is there.
struct Connecting {
    store: Awaited<Arc<dyn ObjectStore>>,
    contact: Awaited<()>,
    /// Whether no task waits for what is written.
    background_writes: bool,
    patience: Duration,
    /// When patience ends; set by the first request that waits for contact.
    until: OnceLock<Instant>,
}

impl Connecting {
    /// The store, for a request that is part of writing.
    async fn reached_by_write(&self) -> Result<Arc<dyn ObjectStore>, Error> {
        if !self.background_writes {
            return self.reached().await;
        }
        self.probe().await?;
        self.store.clone().await
    }

    /// The store, for a request that a task waits for.
    async fn reached(&self) -> Result<Arc<dyn ObjectStore>, Error> {
        let store = self.store.clone().await?;
        let until = *self.until.get_or_init(|| Instant::now() + self.patience);
        match timeout_at(until, self.contact.clone()).await {
            Ok(contact) => contact.map(|()| store),
            Err(_) => Err(Error::Unanswered {
                detail: format!("nothing within {:.1} s", self.patience.as_secs_f32()),
            }),
        }
    }
}

/// An open way to the bucket, and what was found on the way.
pub struct Connection {
    /// The bucket.
    pub store: Arc<dyn ObjectStore>,
    /// Its region.
    pub region: String,
    /// The credentials, and where they come from.
    pub credentials: Credentials,
    /// What requests for credentials go through.
    pub http: SharedHttpClient,
}

/// Begins to connect to the configured bucket; `watcher` sees all requests. Must be called within a tokio runtime, in which
/// the work goes on by itself.
pub fn connect(config: &Config, watcher: Option<Watcher>) -> Arc<dyn ObjectStore> {
    let (bucket, credentials) = (config.bucket.clone(), config.credentials.clone());
    let store = async move { Ok(dial(&bucket, &credentials, watcher).await?.store) };
    let store = store.boxed().shared();
    let found = store.clone();
    let contact = async move { found.await?.probe().await.map_err(Error::of_first_contact) }
        .boxed()
        .shared();
    if config.mode.reads() || config.mode.writes() {
        tokio::spawn(contact.clone());
    }
    Arc::new(Connecting {
        store,
        contact,
        background_writes: config.background_uploads,
        patience: config.bucket.timeouts.first_contact,
        until: OnceLock::new(),
    })
}

/// Why a cache with these settings could not even ask its bucket: what is wrong with them, or that nothing names the
/// bucket's region.
pub async fn problems_with(
    section: Option<&str>,
    environment: &Environment,
    ci: bool,
    workspace_root: &Path,
) -> Vec<String> {
    let config = match Config::load(section, environment, ci, workspace_root) {
        Ok(config) => config,
        Err(ConfigErrors::Invalid(problems)) => return problems.iter().map(ToString::to_string).collect(),
        Err(other) => return vec![other.to_string()],
    };
    let region = async {
        let http = http_client(config.bucket.ca_bundle.as_deref()).map_err(|error| error.to_string())?;
        let region = credentials::resolve_region(&config.bucket, &config.credentials, http).await;
        region.map_err(|error| error.to_string())
    };
    region.await.err().into_iter().collect()
}

/// Finds region and credentials; `watcher` sees all requests. The bucket itself is not asked for anything.
pub async fn dial(
    bucket: &BucketConfig,
    credentials: &CredentialsConfig,
    watcher: Option<Watcher>,
) -> Result<Connection, Error> {
    let plain = http_client(bucket.ca_bundle.as_deref())?;
    let http_for = |about| match &watcher {
        Some(watcher) => watched(plain.clone(), bucket, about, watcher.clone()),
        None => plain.clone(),
    };
    let http = http_for(About::Credentials);
    let no_credentials = |error: credentials::Error| Error::Credentials {
        code: None,
        detail: error.brief(),
        asked: error.asked(),
    };
    let region = credentials::resolve_region(bucket, credentials, http.clone())
        .await
        .map_err(no_credentials)?;
    let found = credentials::resolve(credentials, &region, http.clone(), credentials::TIME_LIMIT);
    let found = found.await.map_err(no_credentials)?;
    let mut store = S3Store::open(bucket, found.provider.clone(), http_for(About::Bucket), &region);
    if let Some(refreshing) = found.refreshing.clone() {
        store = store.on_expired(move || refreshing.mark_expired());
    }
    Ok(Connection {
        store: Arc::new(RetryingStore::new(
            store,
            bucket.retries,
            max_concurrent_requests(bucket.concurrency),
        )),
        region,
        credentials: found,
        http,
    })
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl ObjectStore for Connecting {
    /// Waits for the bucket's first answer as long as it takes.
    async fn probe(&self) -> Result<(), Error> {
        self.contact.clone().await
    }

    async fn fetch(&self, fetch: &Fetch<'_>) -> Result<Option<Object>, Error> {
        self.reached().await?.fetch(fetch).await
    }

    async fn get(&self, key: &str, limit: u64) -> Result<Option<Bytes>, Error> {
        self.reached().await?.get(key, limit).await
    }

    /// Asked before chunks are written, and for nothing else.
    async fn head(&self, key: &str) -> Result<Option<Head>, Error> {
        self.reached_by_write().await?.head(key).await
    }

    async fn put(&self, key: &str, body: Bytes, mode: PutMode) -> Result<PutOutcome, Error> {
        self.reached_by_write().await?.put(key, body, mode).await
    }

    async fn list(&self, prefix: &str, after: Option<&str>) -> Result<ListPage, Error> {
        self.reached().await?.list(prefix, after).await
    }

    async fn delete(&self, keys: &[String]) -> Result<(), Error> {
        self.reached().await?.delete(keys).await
    }

    async fn copy(&self, from: &str, to: &str) -> Result<bool, Error> {
        self.reached_by_write().await?.copy(from, to).await
    }
}
