//! The object stores keep their promises: the one in memory, and S3 over a socket in each of its manners.
#![allow(clippy::unwrap_used)] // tests

mod support;

use nx_s3_cache::config::{BucketConfig, ConditionalWrites};
use nx_s3_cache::object_store::memory::MemoryStore;
use support::bucket;
use support::conformance::{Traits, conforms};
use support::server::{self, RunningServer};
use tempfile::TempDir;

/// The development server keeps objects as files.
const S3: Traits = Traits {
    creates_once: true,
    knows_case: cfg!(target_os = "linux"),
};

async fn start() -> (TempDir, RunningServer) {
    let dir = tempfile::tempdir().unwrap();
    let server = server::start(dir.path()).await;
    (dir, server)
}

async fn conforms_with(change: impl FnOnce(&mut BucketConfig), traits: Traits) {
    let (_dir, server) = start().await;
    let mut config = bucket::at(&server.endpoint);
    change(&mut config);
    conforms(&bucket::open(&config), "a/", traits).await;
}

#[tokio::test]
async fn memory_conforms() {
    conforms(
        &MemoryStore::new(),
        "",
        Traits {
            creates_once: true,
            knows_case: true,
        },
    )
    .await;
}

#[tokio::test]
async fn s3_conforms() {
    conforms_with(|_| {}, S3).await;
}

#[tokio::test]
async fn s3_conforms_without_checksums() {
    conforms_with(|config| config.disable_checksum = true, S3).await;
}

#[tokio::test]
async fn s3_conforms_without_conditional_writes() {
    let traits = Traits {
        creates_once: false,
        ..S3
    };
    conforms_with(
        |config| config.conditional_writes = ConditionalWrites::Off,
        traits,
    )
    .await;
}
