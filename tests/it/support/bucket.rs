//! Bucket configurations for tests, and stores over them.

use std::time::Duration;

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use nx_s3_cache::config::{BucketConfig, ConditionalWrites, Timeouts};
use nx_s3_cache::object_store::http::http_client;
use nx_s3_cache::object_store::retry::RetryingStore;
use nx_s3_cache::object_store::s3::S3Store;

use super::server::RunningServer;

/// The configuration for the bucket `tbucket` behind `endpoint`, with little patience.
pub fn at(endpoint: &str) -> BucketConfig {
    BucketConfig {
        name: "tbucket".into(),
        region: Some("us-east-1".into()),
        endpoint: Some(endpoint.into()),
        force_path_style: true,
        accelerate: false,
        dualstack: false,
        fips: false,
        server_side_encryption: None,
        kms_key_id: None,
        storage_class: None,
        disable_checksum: false,
        conditional_writes: ConditionalWrites::Auto,
        ca_bundle: None,
        timeouts: Timeouts {
            connect: Duration::from_secs(2),
            first_contact: Duration::from_secs(4),
            read: Duration::from_secs(5),
            stall: Duration::from_secs(1),
            attempt: Duration::from_secs(10),
        },
        min_speed: 1024,
        concurrency: 32,
        retries: 2,
    }
}

/// What the development server accepts.
pub fn keys() -> Option<SharedCredentialsProvider> {
    signed_with("test", "test-secret")
}

/// Credentials of one's own.
pub fn signed_with(id: &str, secret: &str) -> Option<SharedCredentialsProvider> {
    Some(SharedCredentialsProvider::new(Credentials::from_keys(
        id, secret, None,
    )))
}

/// The store that `config` describes.
pub fn open(config: &BucketConfig) -> RetryingStore<S3Store> {
    let http = http_client(config.ca_bundle.as_deref()).unwrap();
    let store = S3Store::open(config, keys(), http, config.region.as_deref().unwrap());
    RetryingStore::new(store, config.retries, config.concurrency)
}

/// The server's bucket with the default configuration.
pub fn of(server: &RunningServer) -> RetryingStore<S3Store> {
    open(&at(&server.endpoint))
}
