//! `touchAfter`: what is used and old becomes new, in the background, and where that can't be, nobody is bothered.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use bytes::Bytes;
use nx_s3_cache::config::environment::Environment;
use nx_s3_cache::object_store::memory::{Call, MemoryStore};
use nx_s3_cache::object_store::{Error, Fetch, Head, ListPage, Object, ObjectStore, PutMode, PutOutcome};
use nx_s3_cache::sign::{KeyName, SigningKey};

use super::support::*;

const WEEK: &str = r#""touchAfter":"7d""#;
const DAY: Duration = Duration::from_secs(86_400);

/// Makes everything in the bucket so many days old.
fn age(store: &MemoryStore, days: u32) {
    for key in store.keys() {
        store.date(&key, SystemTime::now() - DAY * days);
    }
}

/// The objects that were copied onto themselves.
fn touched(store: &MemoryStore) -> Vec<String> {
    let touched = store.calls().into_iter().filter_map(|call| match call {
        Call::Copy(from, to) if from == to => Some(from),
        _ => None,
    });
    let mut touched: Vec<String> = touched.collect();
    touched.sort();
    touched
}

/// A bucket with an artifact in chunks that is so many days old.
async fn bucket_of_age(days: u32) -> Arc<MemoryStore> {
    let (store, machine) = (bucket(), Machine::new());
    machine.output("dist/large.bin", noise(24 << 20, 1));
    machine.store(&run(&store, "")).await;
    assert!(store.keys().len() > 3, "{:?}", store.keys());
    age(&store, days);
    store
}

/// Restores on a new machine, to the run's end.
async fn restore(store: &Arc<impl ObjectStore>, options: &str) {
    let cache = run(store, options);
    assert!(Machine::new().retrieve(&cache).await.is_some());
    flush(&cache).await;
}

#[tokio::test]
async fn what_is_restored_and_old_becomes_new_with_all_its_chunks() {
    let store = bucket_of_age(8).await;
    let began = SystemTime::now();
    restore(&store, WEEK).await;
    assert_eq!(touched(&store), store.keys());
    for key in store.keys() {
        assert!(store.modified(&key).unwrap() >= began, "{key}");
    }
    restore(&store, WEEK).await;
    assert_eq!(touched(&store), store.keys(), "once is enough");
}

#[tokio::test]
async fn a_small_artifact_takes_one_copy() {
    let (store, machine) = (bucket(), Machine::new());
    machine.output("a.js", "a").store(&run(&store, "")).await;
    age(&store, 8);
    restore(&store, WEEK).await;
    assert_eq!(touched(&store), [ENTRY]);
}

#[tokio::test]
async fn what_is_young_stays_and_so_does_everything_without_the_option() {
    let store = bucket_of_age(6).await;
    restore(&store, WEEK).await;
    age(&store, 300);
    restore(&store, "").await;
    assert_eq!(touched(&store), [""; 0]);
}

#[tokio::test]
async fn chunks_that_a_store_finds_in_the_bucket_become_new() {
    let store = bucket_of_age(8).await;
    store.remove(ENTRY);
    let machine = Machine::new();
    machine.output("dist/large.bin", noise(24 << 20, 1));
    machine.store(&run(&store, WEEK)).await;
    let chunks: Vec<String> = store.keys().into_iter().filter(|key| key != ENTRY).collect();
    assert_eq!(touched(&store), chunks);
}

#[tokio::test]
async fn runs_that_write_nothing_there_touch_nothing() {
    let store = bucket_of_age(8).await;
    restore(&store, &format!(r#"{WEEK},"localMode":"read-only""#)).await;
    assert_eq!(touched(&store), [""; 0]);

    let key = Arc::new(SigningKey::generate(KeyName::parse("main").unwrap()).unwrap());
    let keys = format!(r#"{WEEK},"trust":{{"publicKeys":["{}"]}}"#, key.public_key());
    let (store, machine) = (bucket(), Machine::new());
    let mut trusted = config(&keys);
    trusted.trust.signing_key = Some(key);
    let push = [
        ("GITHUB_ACTIONS", "true"),
        ("GITHUB_EVENT_NAME", "push"),
        ("GITHUB_REF", "refs/heads/main"),
    ];
    machine
        .output("a.js", "a")
        .store(&run_in(&store, trusted, &push.into()))
        .await;
    age(&store, 8);
    let pull_request: Environment = [
        ("GITHUB_ACTIONS", "true"),
        ("GITHUB_EVENT_NAME", "pull_request"),
        ("GITHUB_REF", "refs/pull/1/merge"),
    ]
    .into();
    let cache = run_in(&store, config(&keys), &pull_request);
    assert!(Machine::new().retrieve(&cache).await.is_some());
    flush(&cache).await;
    assert_eq!(touched(&store), [""; 0]);
}

#[tokio::test]
async fn where_copying_is_denied_a_run_stops_trying_and_tells_nobody() {
    let store = Arc::new(NoCopies {
        store: bucket_of_age(8).await,
        asked: AtomicUsize::new(0),
    });
    let cache = run(&store, WEEK);
    assert!(Machine::new().retrieve(&cache).await.is_some());
    flush(&cache).await;
    let asked = store.asked.load(Relaxed);
    assert!((1..=4).contains(&asked), "{asked}");
    // The same run goes on as if nothing had happened.
    let machine = Machine::new();
    machine.output("dist/large.bin", noise(24 << 20, 1));
    store.store.remove(ENTRY);
    assert!(machine.store(&cache).await && store.store.object(ENTRY).is_some());
    assert_eq!(store.asked.load(Relaxed), asked);
    assert_eq!(cache.take_warnings(), []);
    assert_eq!(cache.summary().error_count(), 0);
}

/// A bucket whose objects nobody may copy.
struct NoCopies {
    store: Arc<MemoryStore>,
    asked: AtomicUsize,
}

#[async_trait]
impl ObjectStore for NoCopies {
    async fn fetch(&self, fetch: &Fetch<'_>) -> Result<Option<Object>, Error> {
        self.store.fetch(fetch).await
    }

    async fn head(&self, key: &str) -> Result<Option<Head>, Error> {
        self.store.head(key).await
    }

    async fn put(&self, key: &str, body: Bytes, mode: PutMode) -> Result<PutOutcome, Error> {
        self.store.put(key, body, mode).await
    }

    async fn list(&self, prefix: &str, after: Option<&str>) -> Result<ListPage, Error> {
        self.store.list(prefix, after).await
    }

    async fn delete(&self, keys: &[String]) -> Result<(), Error> {
        self.store.delete(keys).await
    }

    async fn copy(&self, _: &str, _: &str) -> Result<bool, Error> {
        self.asked.fetch_add(1, Relaxed);
        Err(Error::AccessDenied {
            status: 403,
            code: Some("AccessDenied".into()),
            detail: "AccessDenied".into(),
        })
    }
}
