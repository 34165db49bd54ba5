//! From configuration to a bucket: TLS, region, credentials and the S3 client, found in the background.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared};

use crate::config::{BucketConfig, Config, CredentialsConfig};
use crate::credentials;
use crate::object_store::http::http_client;
use crate::object_store::s3::S3Store;
use crate::object_store::{Error, Head, ListPage, Object, ObjectStore, PutMode, PutOutcome};

/// A store that is still being connected to. Its requests wait until it is.
struct Connecting {
    store: Shared<BoxFuture<'static, Result<Arc<dyn ObjectStore>, Error>>>,
}

/// An open way to the bucket, and what was found on the way.
pub struct Connection {
    /// The bucket.
    pub store: Arc<dyn ObjectStore>,
    /// Its region.
    pub region: String,
    /// Where the credentials come from, in a few words.
    pub credentials: String,
}

/// Begins to connect to the configured bucket. Must be called within a tokio runtime, in which the work
/// goes on by itself.
pub fn connect(config: &Config) -> Arc<dyn ObjectStore> {
    let (bucket, credentials) = (config.bucket.clone(), config.credentials.clone());
    let store = async move { Ok(dial(&bucket, &credentials).await?.store) };
    let store = store.boxed().shared();
    tokio::spawn(store.clone());
    Arc::new(Connecting { store })
}

/// Finds region and credentials. The bucket itself is not asked for anything.
pub async fn dial(bucket: &BucketConfig, credentials: &CredentialsConfig) -> Result<Connection, Error> {
    let http = http_client(bucket.ca_bundle.as_deref())?;
    let no_credentials = |error: credentials::Error| Error::Credentials {
        detail: error.to_string(),
    };
    let region = credentials::resolve_region(bucket, credentials, http.clone())
        .await
        .map_err(no_credentials)?;
    let found = credentials::resolve(credentials, &region, http.clone(), credentials::TIME_LIMIT);
    let found = found.await.map_err(no_credentials)?;
    Ok(Connection {
        store: Arc::new(S3Store::open(bucket, found.provider, http, &region)),
        region,
        credentials: found.source,
    })
}

#[async_trait]
impl ObjectStore for Connecting {
    async fn fetch(&self, key: &str, limit: u64) -> Result<Option<Object>, Error> {
        self.store.clone().await?.fetch(key, limit).await
    }

    async fn head(&self, key: &str) -> Result<Option<Head>, Error> {
        self.store.clone().await?.head(key).await
    }

    async fn put(&self, key: &str, body: Bytes, mode: PutMode) -> Result<PutOutcome, Error> {
        self.store.clone().await?.put(key, body, mode).await
    }

    async fn list(&self, prefix: &str, after: Option<&str>) -> Result<ListPage, Error> {
        self.store.clone().await?.list(prefix, after).await
    }

    async fn delete(&self, keys: &[String]) -> Result<(), Error> {
        self.store.clone().await?.delete(keys).await
    }

    async fn copy(&self, from: &str, to: &str) -> Result<bool, Error> {
        self.store.clone().await?.copy(from, to).await
    }
}
