//! Opening the cache: everything that takes time goes on in the background, while Nx computes its graph.

use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::Semaphore;

use super::health::Health;
use super::remote_cache::RemoteCache;
use super::summary::Counters;
use super::warnings::Warnings;
use crate::bucket::{Bucket, InFlight};
use crate::config::{BucketConfig, Config};
use crate::entry::Producer;
use crate::object_store::ObjectStore;
use crate::trust::{Access, TrustWarning};

/// Bodies on their way to the bucket at once: less than any usual limit of open files.
const MAX_BODIES: usize = 128;

/// Opens the cache in `store`. Must be called within a tokio runtime. `verbose` keeps a line for each thing
/// that happens.
pub fn open(
    config: Config,
    access: Access,
    store: Arc<dyn ObjectStore>,
    producer: Producer,
    verbose: bool,
) -> Arc<RemoteCache> {
    let warnings = Arc::new(Warnings::default());
    let reads_only = !config.mode.writes() || access.writes.is_none();
    let stores = config.mode.writes();
    // A run that isn't meant to store needs no key.
    let said = |warning: &&TrustWarning| stores || !warning.is_about_storing();
    for warning in access.warnings.iter().filter(said) {
        warnings.once(
            &warning.title(),
            format!("nx-s3-cache: {}", warning.title()),
            warning.body(),
        );
    }
    let events = vec![format!("scope: {}", access.why)];
    let label = bucket_label(&config.bucket);
    let health = Arc::new(Health::new(label, reads_only, warnings.clone()));
    let cache = Arc::new(RemoteCache {
        bucket: Bucket::new(config, access, store, health.clone(), producer),
        health,
        uploads: InFlight::default(),
        bodies: Arc::new(Semaphore::new(MAX_BODIES)),
        counters: Counters::default(),
        warnings,
        known_misses: Mutex::default(),
        swept: Arc::default(),
        events: verbose.then(|| Mutex::new(events)),
    });
    let warmed = cache.clone();
    // A failure shows again, and is reported, when the first task needs the namespaces.
    tokio::spawn(async move { drop(warmed.bucket.namespaces().await) });
    cache
}

/// A bucket as messages name it.
fn bucket_label(bucket: &BucketConfig) -> String {
    match &bucket.endpoint {
        Some(endpoint) => format!("{:?} at {endpoint}", bucket.name),
        None => format!("{:?} in Amazon S3", bucket.name),
    }
}
