//! `flush` beside running builds: whatever comes between, a restore is whole or a miss, and the next store mends.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use nx_s3_cache::cache::RemoteCache;
use nx_s3_cache::config::Config;
use nx_s3_cache::config::environment::Environment;

use super::inventory::{DAY, Inventory};
use super::setup::Setup;
use super::stored::producer;
use crate::support::bucket;
use crate::support::faulty::{Fault, Faulty};
use crate::support::machine::{Machine, noise, open};
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
    let store = Arc::new(bucket::open(&bucket::at(endpoint)));
    open(config, &Environment::default(), store, producer())
}

/// Stores a result that is large enough for chunks.
async fn store(cache: &Arc<RemoteCache>) {
    let machine = Machine::of(HASH);
    machine.output("large", noise(24 << 20, 3));
    assert!(machine.store(cache).await);
}

/// Whether the result is restored; if not, nothing is there.
async fn restores(cache: &RemoteCache) -> bool {
    let machine = Machine::of(HASH);
    let found = machine.retrieve(cache).await;
    match &found {
        Some(_) => assert!(std::fs::read(machine.outputs().join("large")).unwrap() == noise(24 << 20, 3)),
        None => assert!(!machine.outputs().exists()),
    }
    found.is_some()
}

/// Makes all chunks so old that they may go.
fn age_chunks(setup: &Setup) -> usize {
    let objects = setup.objects();
    let chunks = objects.iter().filter(|path| path.iter().any(|part| part == "c"));
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
    let proxy = between(&setup, |seen| seen.is("GET", "/v1/t/c/"), everything).await;
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
    let proxy = between(&setup, |seen| seen.is("PUT", "/v1/t/e/"), old).await;
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
    let proxy = between(&setup, |seen| seen.is("PUT", "/v1/t/e/"), unneeded).await;
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
    let scope = Inventory::trusted(&setup);
    let (wanted, orphan) = (scope.chunk("wanted", 40), scope.chunk("orphan", 40));
    let (listings, shared) = (AtomicUsize::new(0), setup.clone());
    let second_listing =
        move |seen: &Seen| seen.is("GET", "list-type=2") && listings.fetch_add(1, Relaxed) == 1;
    let stored = move || drop(Inventory::trusted(&shared).entry("7", &["wanted"], 0));
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
