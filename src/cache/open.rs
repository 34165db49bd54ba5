//! Opening the cache: everything that takes time goes on in the background, while Nx computes its graph.

use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::Semaphore;

use super::health::Health;
use super::remote_cache::RemoteCache;
use super::summary::Counters;
use super::task_names::TaskNames;
use super::warnings::Warnings;
use crate::bucket::{Bucket, InFlight};
use crate::code::Code;
use crate::config::{BucketConfig, Config};
use crate::entry::Producer;
use crate::object_store::ObjectStore;
use crate::trust::Access;

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
    for warning in access.warnings_for(config.mode.writes()) {
        warnings.once(
            warning.code(),
            format!("nx-s3-cache: {}", warning.title()),
            warning.body(),
        );
    }
    warn_of_unknown_options(&config, &warnings);
    let events = vec![format!("scope: {}", access.why)];
    let label = bucket_label(&config.bucket);
    let health = Arc::new(Health::new(label, reads_only, warnings.clone()));
    let cache = Arc::new(RemoteCache {
        bucket: Bucket::new(config, access, store, health.clone(), producer),
        health,
        uploads: InFlight::default(),
        bodies: Arc::new(Semaphore::new(MAX_BODIES)),
        counters: Counters::default(),
        tasks: TaskNames::default(),
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

/// Names that are no options don't stop the build: a branch may run an older version than its CI is configured for.
fn warn_of_unknown_options(config: &Config, warnings: &Warnings) {
    if config.unknown.is_empty() {
        return;
    }
    let names = config.unknown.iter().map(|name| format!("- {name}"));
    let remedy = "Correct the name, or upgrade nx-s3-cache if a newer version has this option.";
    warnings.once(
        Code::UnknownOption,
        "nx-s3-cache ignores options that it does not know",
        names.chain([remedy.to_owned()]).collect::<Vec<_>>(),
    );
}

/// A bucket as messages name it.
fn bucket_label(bucket: &BucketConfig) -> String {
    match &bucket.endpoint {
        Some(endpoint) => format!("{:?} at {endpoint}", bucket.name),
        None => format!("{:?} in Amazon S3", bucket.name),
    }
}
