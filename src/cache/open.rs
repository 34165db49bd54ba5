//! Opening the cache: everything that takes time goes on in the background, while Nx computes its graph.

use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::{OnceCell, Semaphore};

use super::chunk_puts::SentChunks;
use super::compressor_pool::CompressorPool;
use super::health::Health;
use super::memory_budget::Memory;
use super::requests::Requests;
use super::summary::Counters;
use super::task_names::TaskNames;
use super::uploads::Uploads;
use super::warnings::Warnings;
use super::{DISK_JOBS, RemoteCache, Touches};
use crate::code::Code;
use crate::config::{BucketConfig, Config};
use crate::entry::Producer;
use crate::object_store::ObjectStore;
use crate::rlimit::max_concurrent_requests;
use crate::trust::{Access, TrustWarning};

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
    let counters = Arc::new(Counters::default());
    let reads_only = !config.mode.writes() || access.writes.is_none();
    let stores = config.mode.writes();
    // A run that isn't meant to store needs no key.
    let said = |warning: &&TrustWarning| stores || !matches!(warning, TrustWarning::KeyMissing(_));
    for warning in access.warnings.iter().filter(said) {
        warnings.once(
            warning.code(),
            format!("nx-s3-cache: {}", warning.title()),
            warning.body(),
        );
    }
    warn_of_unknown_options(&config, &warnings);
    let events = vec![format!("scope: {}", access.why)];
    let health = Health::new(bucket_label(&config.bucket), reads_only, warnings.clone());
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let compressors = Arc::new(CompressorPool::new(config.compression));
    let cache = Arc::new(RemoteCache {
        restores: Semaphore::new(max_concurrent_requests(config.bucket.concurrency)),
        touches: Touches::new(store.clone(), config.touch_after),
        requests: Requests::new(store, health, counters.clone()),
        config,
        producer,
        tasks: TaskNames::default(),
        access,
        namespaces: OnceCell::new(),
        uploads: Uploads::default(),
        counters,
        warnings,
        memory: Memory::new(),
        received: Arc::default(),
        unpacking: Semaphore::new(DISK_JOBS),
        packing: Semaphore::new(DISK_JOBS),
        cores: Semaphore::new(cores),
        compressors,
        sent_chunks: SentChunks::default(),
        known_misses: Mutex::default(),
        bad_objects: Mutex::default(),
        swept: Mutex::default(),
        events: verbose.then(|| Mutex::new(events)),
    });
    let warmed = cache.clone();
    // A failure shows again, and is reported, when the first task needs the namespaces.
    tokio::spawn(async move { drop(warmed.namespaces().await) });
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
