//! `flush` beside running builds: whatever comes between, a restore is whole or a miss, and the next store mends.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use nx_s3_cache::cache::{self, Artifact, RemoteCache};
use nx_s3_cache::config::Config;
use nx_s3_cache::config::environment::Environment;
use nx_s3_cache::trust;
use tempfile::TempDir;

use super::holdings::{DAY, Holdings};
use super::setup::Setup;
use super::stored::{noise, producer};
use crate::support::bucket;
use crate::support::faulty::{Fault, Faulty};
use crate::support::scripted::Seen;

const HASH: &str = "111";

/// A proxy in front of the server. Once, just before the first request passes that `when` picks, `what` happens.
async fn between(
    setup: &Setup,
    when: impl Fn(&Seen) -> bool + Send + Sync + 'static,
    what: impl FnOnce() + Send + 'static,
) -> Faulty {
    let what = Mutex::new(Some(what));
    let rule = move |seen: &Seen, _| {
        let now = when(seen).then(|| what.lock().unwrap().take()).flatten();
        if let Some(what) = now {
            tokio::task::block_in_place(what);
        }
        Fault::None
    };
    Faulty::start(setup.server.address, rule).await
}

fn is(seen: &Seen, method: &str, place: &str) -> bool {
    seen.line.starts_with(method) && seen.line.contains(place)
}

/// A flush, to be run to its end by whoever calls this.
fn flush(setup: &Setup, args: &[&str]) -> impl FnOnce() + Send + 'static {
    let mut command = setup.command(&[&["flush"][..], args].concat());
    move || {
        let ran = command.as_std_mut().output().unwrap();
        assert!(ran.status.success(), "{ran:?}");
    }
}

/// A build that reaches the bucket at `endpoint`.
fn build(endpoint: &str) -> Arc<RemoteCache> {
    let section = r#"{"bucket":"tbucket"}"#;
    let config = Config::load(Some(section), &Environment::default(), false, Path::new("/")).unwrap();
    let access = trust::decide(&config.trust, &trust::detect(&Environment::default(), false));
    let store = Arc::new(bucket::open(&bucket::at(endpoint)));
    cache::open(config, access, store, producer(), true)
}

/// A machine on which the task has run. Its result is large enough for chunks.
fn machine() -> TempDir {
    let machine = tempfile::tempdir().unwrap();
    let outputs = machine.path().join(HASH);
    std::fs::create_dir(&outputs).unwrap();
    std::fs::write(outputs.join("large"), noise(6 << 20, 3)).unwrap();
    machine
}

async fn store(cache: &Arc<RemoteCache>) {
    let machine = machine();
    let artifact = Artifact {
        hash: HASH.into(),
        cache_directory: machine.path().into(),
        terminal_output: String::new(),
        code: 0,
    };
    assert!(cache.clone().store(artifact).await);
    let ending = cache.clone();
    let left = tokio::task::spawn_blocking(move || ending.flush(Duration::from_secs(60)));
    assert!(left.await.unwrap().is_empty());
}

/// Whether the result is restored; if not, nothing is there.
async fn restores(cache: &RemoteCache) -> bool {
    let machine = tempfile::tempdir().unwrap();
    let found = cache.retrieve(HASH, machine.path()).await.unwrap();
    let large = std::fs::read(machine.path().join(HASH).join("large"));
    match &found {
        Some(_) => assert!(large.unwrap() == noise(6 << 20, 3)),
        None => assert!(!machine.path().join(HASH).exists()),
    }
    found.is_some()
}

/// Makes all chunks so old that they may go.
fn age_chunks(setup: &Setup) -> usize {
    let objects = setup.objects();
    let chunks = objects
        .iter()
        .filter(|path| path.to_string_lossy().contains("/v1/t/c/"));
    let old = SystemTime::now() - DAY * 40;
    chunks
        .map(|path| std::fs::File::options().write(true).open(path).unwrap())
        .map(|file| file.set_modified(old).unwrap())
        .count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_restore_whose_chunks_go_is_a_miss_that_the_next_store_mends() {
    let setup = Setup::new().await;
    store(&build(&setup.server.endpoint)).await;
    let everything = flush(&setup, &["--age", "0d", "--grace", "0d"]);
    let proxy = between(&setup, |seen| is(seen, "GET", "/v1/t/c/"), everything).await;
    let cache = build(&proxy.endpoint());
    assert!(!restores(&cache).await);
    assert!(setup.objects().is_empty());
    store(&cache).await;
    assert!(restores(&build(&setup.server.endpoint)).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_chunks_of_a_store_under_way_stay() {
    let setup = Setup::new().await;
    let old = flush(&setup, &["--age", "0d"]);
    let proxy = between(&setup, |seen| is(seen, "PUT", "/v1/t/e/"), old).await;
    store(&build(&proxy.endpoint())).await;
    assert!(restores(&build(&setup.server.endpoint)).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_old_chunk_that_goes_from_under_a_store_is_a_miss_that_the_next_store_mends() {
    let setup = Setup::new().await;
    store(&build(&setup.server.endpoint)).await;
    std::fs::remove_file(setup.file("v1/t/e/111")).unwrap();
    assert!(age_chunks(&setup) > 2);
    let unneeded = flush(&setup, &["--age", "14d"]);
    let proxy = between(&setup, |seen| is(seen, "PUT", "/v1/t/e/"), unneeded).await;
    store(&build(&proxy.endpoint())).await;
    assert_eq!(setup.objects(), [setup.file("v1/t/e/111")]);

    let next = build(&setup.server.endpoint);
    assert!(!restores(&next).await);
    store(&next).await;
    assert!(restores(&build(&setup.server.endpoint)).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn old_chunks_that_an_entry_needs_which_came_meanwhile_stay() {
    let setup = Arc::new(Setup::new().await);
    let scope = Holdings::trusted(&setup);
    let (wanted, orphan) = (scope.chunk("wanted", 40), scope.chunk("orphan", 40));
    let (listings, shared) = (AtomicUsize::new(0), setup.clone());
    let second_listing =
        move |seen: &Seen| is(seen, "GET", "list-type=2") && listings.fetch_add(1, Relaxed) == 1;
    let stored = move || drop(Holdings::trusted(&shared).entry("7", &["wanted"], 0));
    let proxy = between(&setup, second_listing, stored).await;
    let mut flush = setup.command(&["flush", "--age", "14d"]);
    let ran = flush
        .env("NX_S3_CACHE_ENDPOINT", proxy.endpoint())
        .output()
        .await
        .unwrap();
    assert!(ran.status.success(), "{ran:?}");
    assert_eq!(
        (setup.has("v1/t/e/7"), setup.has(&wanted), setup.has(&orphan)),
        (true, true, false)
    );
}
