//! What counts against the deadline of a restore, and what restores wait for.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::future::join_all;
use nx_s3_cache::cache::RemoteCache;
use nx_s3_cache::config::environment::Environment;
use nx_s3_cache::object_store::memory::MemoryStore;
use nx_s3_cache::object_store::{Error, Fetch, Head, ListPage, Object, ObjectStore, PutMode, PutOutcome};
use nx_s3_cache::sign::{KeyName, SigningKey};

use super::support::*;

/// How long each object takes.
const LATE: Duration = Duration::from_secs(2);
/// Enough for one object, and not for two.
const ENOUGH_FOR_ONE: &str = r#""timeouts":{"deadline":"3500ms"}"#;

/// A bucket whose objects come late.
struct Slow(Arc<MemoryStore>);

#[async_trait]
impl ObjectStore for Slow {
    async fn fetch(&self, fetch: &Fetch<'_>) -> Result<Option<Object>, Error> {
        fetch.progress.begin();
        tokio::time::sleep(LATE).await;
        self.0.fetch(fetch).await
    }

    async fn head(&self, key: &str) -> Result<Option<Head>, Error> {
        self.0.head(key).await
    }

    async fn put(&self, key: &str, body: Bytes, mode: PutMode) -> Result<PutOutcome, Error> {
        self.0.put(key, body, mode).await
    }

    async fn list(&self, prefix: &str, after: Option<&str>) -> Result<ListPage, Error> {
        self.0.list(prefix, after).await
    }

    async fn delete(&self, keys: &[String]) -> Result<(), Error> {
        self.0.delete(keys).await
    }

    async fn copy(&self, from: &str, to: &str) -> Result<bool, Error> {
        self.0.copy(from, to).await
    }
}

/// Stores an artifact of `size` bytes under each of `hashes`.
async fn store_all(cache: &Arc<RemoteCache>, hashes: &[String], size: usize) {
    let machines: Vec<_> = hashes.iter().map(|hash| Machine::of(hash)).collect();
    for (seed, machine) in machines.iter().enumerate() {
        machine.output("out", noise(size, seed as u8));
        assert!(cache.clone().store(machine.artifact()).await);
    }
    flush(cache).await;
}

fn hashes(count: usize) -> Vec<String> {
    (0..count).map(|hash| (100 + hash).to_string()).collect()
}

/// Asks for all of `hashes` at once, as Nx does; which are hits.
async fn retrieve_all(cache: &RemoteCache, hashes: &[String], to: &Path) -> Vec<bool> {
    let asked = hashes
        .iter()
        .map(|hash| async { cache.retrieve(hash, to).await.unwrap().is_some() });
    join_all(asked).await
}

/// All of `count` artifacts of `size` bytes are restored, each in time, though not all can be under way at once.
async fn restores_all_in_turn(count: usize, size: usize, options: &str) {
    let (store, machine) = (bucket(), Machine::new());
    store_all(&run(&store, ""), &hashes(count), size).await;
    let cache = run(&Arc::new(Slow(store)), options);
    let hits = retrieve_all(&cache, &hashes(count), machine.path()).await;
    assert_eq!(hits, vec![true; count], "{:?}", cache.take_warnings());
}

#[tokio::test]
async fn waiting_for_memory_is_not_counted_against_the_deadline() {
    // Nobody knows the size of entries yet, so that eight are asked for at a time.
    restores_all_in_turn(16, 100, ENOUGH_FOR_ONE).await;
}

#[tokio::test]
async fn waiting_for_the_disk_is_not_counted_against_the_deadline() {
    // Four are unpacked at a time: first the entry takes its time, then the chunks do, all at once.
    restores_all_in_turn(8, 5 << 20, r#""timeouts":{"deadline":"5500ms"}"#).await;
}

#[tokio::test]
async fn what_outlasts_the_deadline_is_a_miss() {
    let (store, machine) = (bucket(), Machine::new());
    store_all(&run(&store, ""), &hashes(1), 5 << 20).await;
    let cache = run(&Arc::new(Slow(store)), ENOUGH_FOR_ONE);
    let hits = retrieve_all(&cache, &hashes(1), machine.path()).await;
    assert_eq!(hits, [false], "the entry and a chunk together take longer");
    assert_eq!(machine.names(), [""; 0]);
    assert_eq!(cache.take_warnings().len(), 1);
}

/// A pull request's run, which reads two scopes.
fn pull_request(store: &Arc<MemoryStore>, options: &str) -> Arc<RemoteCache> {
    let key = SigningKey::generate(KeyName::parse("main").unwrap()).unwrap();
    let keys = format!(r#""trust":{{"publicKeys":["{}"]}},{options}"#, key.public_key());
    let environment: Environment = [
        ("GITHUB_ACTIONS", "true"),
        ("GITHUB_EVENT_NAME", "pull_request"),
        ("GITHUB_REF", "refs/pull/1/merge"),
    ]
    .into();
    run_in(store, config(&keys), &environment)
}

#[tokio::test]
async fn large_objects_in_two_scopes_wait_for_no_one_who_waits_for_them() {
    let (store, machine) = (bucket(), Machine::new());
    let all = hashes(4);
    store_all(
        &pull_request(&store, r#""localMode":"read-write""#),
        &all[3..],
        100,
    )
    .await;
    // The largest that is read: two of them are all memory that there is for entries.
    for hash in &all[..3] {
        for scope in ["t", "u/pr-1"] {
            store.replace(&format!("v1/{scope}/e/{hash}"), vec![1; 16 << 20]);
        }
    }
    let began = Instant::now();
    let cache = pull_request(&store, r#""timeouts":{"deadline":"30s"}"#);
    retrieve_all(&cache, &all[..1], machine.path()).await; // from now on, large ones are expected
    let hits = retrieve_all(&cache, &all[1..], machine.path()).await;
    assert_eq!(hits, [false, false, true]);
    assert!(began.elapsed() < Duration::from_secs(15), "{:?}", began.elapsed());
    assert_eq!(
        titles(cache.take_warnings()),
        ["A damaged object in the S3 bucket"]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_restores_from_two_scopes_at_once_all_find_what_is_there() {
    let (store, machine) = (bucket(), Machine::new());
    let all = hashes(40);
    store_all(
        &pull_request(&store, r#""localMode":"read-write""#),
        &all,
        3 << 20,
    )
    .await;
    let cache = pull_request(&store, r#""timeouts":{"deadline":"30s"}"#);
    let restores = all.iter().map(|hash| {
        let (cache, hash, to) = (cache.clone(), hash.clone(), machine.path().to_owned());
        tokio::spawn(async move { cache.retrieve(&hash, &to).await.unwrap().is_some() })
    });
    for hit in join_all(restores).await {
        assert!(hit.unwrap(), "{:?}", cache.take_warnings());
    }
}
