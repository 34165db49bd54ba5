//! The whole way against a bucket in memory: store until all is uploaded, and retrieve.
#![allow(clippy::unwrap_used)] // a broken setup should fail loudly

mod support;

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use nx_s3_cache::cache::{self, Artifact, RemoteCache};
use nx_s3_cache::config::Config;
use nx_s3_cache::config::environment::Environment;
use nx_s3_cache::entry::Producer;
use nx_s3_cache::object_store::memory::MemoryStore;
use nx_s3_cache::trust;
use tempfile::TempDir;
use tokio::runtime::Runtime;

const HASH: &str = "1234567890";
const UPLOADS_END: Duration = Duration::from_secs(60);

/// A run that knows nothing of earlier ones, against `bucket`.
fn run(bucket: &Arc<MemoryStore>) -> Arc<RemoteCache> {
    let section = r#"{"bucket":"test-bucket"}"#;
    let config = Config::load(Some(section), &Environment::default(), false, Path::new("/")).unwrap();
    let access = trust::decide(&config.trust, &trust::detect(&Environment::default(), false));
    cache::open(config, access, bucket.clone(), Producer::default(), false)
}

fn store(runtime: &Runtime, bucket: &Arc<MemoryStore>, directory: &Path) {
    let artifact = Artifact {
        hash: HASH.into(),
        cache_directory: directory.into(),
        terminal_output: "built\n".into(),
        code: 0,
    };
    let _context = runtime.enter();
    let cache = run(bucket);
    assert!(runtime.block_on(cache.clone().store(artifact)));
    assert!(cache.flush(UPLOADS_END).is_empty());
}

fn retrieve(runtime: &Runtime, bucket: &Arc<MemoryStore>, directory: &Path) {
    let _context = runtime.enter();
    let found = runtime.block_on(run(bucket).retrieve(HASH, directory)).unwrap();
    assert!(found.is_some());
}

fn pipeline(c: &mut Criterion) {
    let runtime = Runtime::new().unwrap();
    let mut group = c.benchmark_group("pipeline");
    group.sample_size(10);
    for (name, files, size) in [
        ("5 files of 8 KiB", 5, 8 << 10),
        ("1,000 files of 8 KiB", 1000, 8 << 10),
        ("4 files of 8 MiB", 4, 8 << 20),
    ] {
        let source = TempDir::new().unwrap();
        support::tree(&source.path().join(HASH), files, size);
        let bucket = Arc::new(MemoryStore::new());
        store(&runtime, &bucket, source.path());
        group.throughput(Throughput::Bytes((files * size) as u64));
        group.bench_function(format!("store {name}"), |b| {
            b.iter_batched(
                || Arc::new(MemoryStore::new()),
                |bucket| store(&runtime, &bucket, source.path()),
                BatchSize::PerIteration,
            );
        });
        group.bench_function(format!("retrieve {name}"), |b| {
            b.iter_batched(
                || TempDir::new().unwrap(),
                |target| {
                    retrieve(&runtime, &bucket, target.path());
                    target // removed after the measurement
                },
                BatchSize::PerIteration,
            );
        });
        fs::remove_dir_all(source.path().join(HASH)).unwrap();
    }
    group.finish();
}

criterion_group!(benches, pipeline);
criterion_main!(benches);
