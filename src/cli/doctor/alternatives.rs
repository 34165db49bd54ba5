//! Settings that would work instead of those that don't, found by trying them.

use bytes::Bytes;

use crate::config::{BucketConfig, Config};
use crate::connect;
use crate::object_store::{Error, Extent, PutMode};

/// A remedy when reading fails with `error` and other settings would do.
pub(super) async fn for_reading(config: &Config, error: &Error, key: &str) -> Option<String> {
    for (setting, bucket) in variants(&config.bucket, error) {
        let Ok(connection) = connect::dial(&bucket, &config.credentials, None).await else {
            continue;
        };
        match connection.store.get(key, 0).await {
            Err(error) if error.extent() != Extent::Permission => {}
            _ => return Some(it_works_with(&setting)),
        }
    }
    None
}

/// The same when a write fails.
pub(super) async fn for_writing(config: &Config, error: &Error, key: &str, body: Bytes) -> Option<String> {
    if config.bucket.disable_checksum || !matches!(error, Error::Refused { .. } | Error::Server { .. }) {
        return None;
    }
    let bucket = BucketConfig {
        disable_checksum: true,
        ..once(&config.bucket)
    };
    let connection = connect::dial(&bucket, &config.credentials, None).await.ok()?;
    connection.store.put(key, body, PutMode::Create).await.ok()?;
    Some(it_works_with("`disableChecksum` set to true"))
}

fn it_works_with(setting: &str) -> String {
    format!("It works with {setting}: change that in nx.json, or by its variable NX_S3_CACHE_….")
}

/// Settings worth a try, with what is different.
fn variants(bucket: &BucketConfig, error: &Error) -> Vec<(String, BucketConfig)> {
    let unclear = matches!(
        error,
        Error::Unreachable { .. }
            | Error::Silent { .. }
            | Error::Server { .. }
            | Error::WrongRegion { .. }
            | Error::WrongEndpoint { .. }
            | Error::NoSuchBucket { .. }
            | Error::Refused { .. }
    );
    if !unclear {
        return Vec::new();
    }
    let mut variants = Vec::new();
    let mut add = |setting: String, change: &dyn Fn(&mut BucketConfig)| {
        let mut variant = once(bucket);
        change(&mut variant);
        variants.push((setting, variant));
    };
    if let Error::WrongRegion {
        region: Some(region), ..
    } = error
    {
        add(format!("`region` set to {region:?}"), &|bucket| {
            bucket.region = Some(region.clone());
        });
    }
    let Some(endpoint) = &bucket.endpoint else {
        return variants;
    };
    if !bucket.force_path_style {
        add("`forcePathStyle` set to true".into(), &|bucket| {
            bucket.force_path_style = true;
        });
    }
    if let Some(other) = other_scheme(endpoint) {
        add(format!("`endpoint` set to {other:?}"), &|bucket| {
            bucket.endpoint = Some(other.clone());
        });
    }
    variants
}

/// The same bucket, asked once.
fn once(bucket: &BucketConfig) -> BucketConfig {
    BucketConfig {
        retries: 0,
        ..bucket.clone()
    }
}

fn other_scheme(endpoint: &str) -> Option<String> {
    match endpoint.split_once("://")? {
        ("http", rest) => Some(format!("https://{rest}")),
        ("https", rest) => Some(format!("http://{rest}")),
        _ => None,
    }
}
