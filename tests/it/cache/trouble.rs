//! A bucket that fails: the build goes on, and the user is warned once.

use std::fs;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use nx_s3_cache::object_store::{Error, Fetch, Head, ListPage, Object, ObjectStore, PutMode, PutOutcome};

use super::support::*;

fn unreachable() -> Error {
    Error::Unreachable {
        detail: "connection refused".into(),
        proxy: None,
        lasting: true, // as first contact says it, after its retries
    }
}

fn denied() -> Error {
    Error::AccessDenied {
        status: 403,
        code: Some("AccessDenied".into()),
        detail: "AccessDenied".into(),
    }
}

#[tokio::test]
async fn an_unreachable_bucket_is_asked_once_and_reported_once() {
    let (store, machine) = (bucket(), Machine::new());
    store.fail_next(vec![unreachable(); 100]);
    let cache = run(&store, "");
    for hash in 0..50 {
        assert!(
            cache
                .retrieve(&hash.to_string(), machine.path())
                .await
                .unwrap()
                .is_none()
        );
    }
    assert!(!machine.store(&cache).await);
    assert_eq!(store.calls().len(), 1);
    assert_eq!(
        titles(cache.take_warnings()),
        ["Remote caching in S3 is off for this run"]
    );
    assert_eq!((cache.summary().misses, cache.summary().skipped), (50, 1));
}

#[tokio::test]
async fn a_hash_that_is_no_file_name_is_not_cached_and_nothing_breaks() {
    let (store, machine) = (bucket(), Machine::new());
    let cache = run(&store, "");
    assert!(
        cache
            .retrieve("../../etc", machine.path())
            .await
            .unwrap()
            .is_none()
    );
    assert_eq!(store.calls(), []);
    assert_eq!(cache.take_warnings().len(), 1);
}

#[tokio::test]
async fn refused_writes_leave_reads_alone() {
    let (store, machine) = (bucket(), Machine::new());
    machine.store(&run(&store, "")).await;
    let cache = run(&store, "");
    store.fail_next([denied()]);
    machine.store(&cache).await;
    assert!(Machine::new().retrieve(&cache).await.is_some());
    assert_eq!(
        titles(cache.take_warnings()),
        ["Results of this run are not stored in S3"]
    );
}

#[tokio::test]
async fn a_forbidden_read_is_a_miss_as_buckets_without_listing_answer_it() {
    let (store, machine) = (bucket(), Machine::new());
    store.fail_next([denied()]);
    let cache = run(&store, "");
    assert!(Machine::new().retrieve(&cache).await.is_none());
    assert!(machine.store(&cache).await);
    assert!(Machine::new().retrieve(&cache).await.is_some());
    assert_eq!(titles(cache.take_warnings()), [""; 0]);
}

#[tokio::test]
async fn a_failed_chunk_leaves_no_entry_behind() {
    let (store, machine) = (bucket(), Machine::new());
    machine.output("dist/large.bin", noise(10 << 20, 1));
    let cache = run(&store, "");
    store.fail_next(vec![Error::Server { detail: "500".into() }; 8]);
    machine.store(&cache).await;
    assert!(store.object(ENTRY).is_none());
    assert_eq!(cache.summary().skipped, 1);
}

#[cfg(unix)]
#[tokio::test]
async fn outputs_that_cannot_be_stored_are_reported() {
    let (store, machine) = (bucket(), Machine::new());
    machine.output("a", "x");
    std::os::unix::fs::symlink("/etc/passwd", machine.outputs().join("link")).unwrap();
    let cache = run(&store, "");
    machine.store(&cache).await;
    assert_eq!(store.keys(), [""; 0]);
    assert_eq!(
        titles(cache.take_warnings()),
        ["Outputs that can't be stored in S3"]
    );
}

#[cfg(unix)]
#[tokio::test]
async fn names_of_outputs_do_not_steer_the_terminal() {
    let (store, machine) = (bucket(), Machine::new());
    machine.output("a", "x");
    std::os::unix::fs::symlink("/etc/passwd", machine.outputs().join("li\u{1b}[2Jnk\u{202e}")).unwrap();
    let cache = run(&store, "");
    machine.store(&cache).await;
    let messages = format!(
        "{} {}",
        cache.take_warnings()[0].body[0],
        cache.take_events().concat()
    );
    assert!(
        messages.matches("li\\u{1b}[2Jnk\\u{202e}").count() == 2,
        "{messages:?}"
    );
    assert!(!messages.contains(['\u{1b}', '\u{202e}']), "{messages:?}");
}

#[tokio::test]
async fn what_nx_has_evicted_is_not_stored_as_empty() {
    let (store, machine) = (bucket(), Machine::new());
    let cache = run(&store, "");
    let artifact = machine.artifact();
    fs::remove_dir(machine.outputs()).unwrap();
    assert!(cache.clone().store(artifact).await, "queued");
    flush(&cache).await;
    assert_eq!(store.keys(), [""; 0]);
    assert_eq!(
        titles(cache.take_warnings()),
        ["An artifact was removed before it could be stored in S3"]
    );
}

/// Nx may be removing them: what is left would look like all of it.
#[tokio::test]
async fn outputs_that_change_before_it_is_their_turn_are_not_stored() {
    let (store, machine) = (bucket(), Machine::new());
    machine.output("a", "1").output("b", "2");
    let cache = run(&store, "");
    // Nothing is packed before this test waits for something.
    assert!(cache.clone().store(machine.artifact()).await, "queued");
    std::thread::sleep(Duration::from_millis(30)); // file systems tell no shorter times apart
    fs::remove_file(machine.outputs().join("a")).unwrap();
    flush(&cache).await;
    assert_eq!(store.keys(), [""; 0]);
    let warnings = cache.take_warnings();
    let body = warnings[0].body.join(" ");
    assert!(
        body.contains("If another run of Nx rebuilt it, that run stores it, and there is nothing to do."),
        "{body}"
    );
    assert_eq!(
        titles(warnings),
        ["An artifact changed before it could be stored in S3"]
    );
    assert!(cache.clone().store(machine.artifact()).await, "queued");
    flush(&cache).await;
    assert_eq!(store.keys().len(), 1, "what doesn't change any more is stored");
}

#[tokio::test]
async fn outputs_over_the_limit_are_not_stored_and_reported() {
    let (store, machine) = (bucket(), Machine::new());
    machine.output("a", noise(2 << 20, 1));
    let cache = run(&store, r#""maxEntrySize":"1MB""#);
    machine.store(&cache).await;
    assert_eq!(store.keys(), [""; 0]);
    assert_eq!(
        titles(cache.take_warnings()),
        ["An artifact is too large for the S3 cache"]
    );
}

#[tokio::test]
async fn a_directory_that_cannot_be_written_is_a_miss_and_reported() {
    let (store, machine) = (bucket(), Machine::new());
    machine.output("a", "x").store(&run(&store, "")).await;
    let parent = Machine::new();
    let blocked = parent.path().join("file");
    fs::write(&blocked, "").unwrap();
    let cache = run(&store, "");
    assert!(
        cache
            .retrieve(HASH, &blocked.join("cache"))
            .await
            .unwrap()
            .is_none()
    );
    assert_eq!(
        titles(cache.take_warnings()),
        ["An artifact could not be restored to disk"]
    );
}

/// A bucket that never answers.
struct Silent;

#[async_trait]
impl ObjectStore for Silent {
    async fn fetch(&self, fetch: &Fetch<'_>) -> Result<Option<Object>, Error> {
        fetch.progress.begin();
        std::future::pending().await
    }

    async fn head(&self, _: &str) -> Result<Option<Head>, Error> {
        std::future::pending().await
    }

    async fn put(&self, _: &str, _: Bytes, _: PutMode) -> Result<PutOutcome, Error> {
        std::future::pending().await
    }

    async fn list(&self, _: &str, _: Option<&str>) -> Result<ListPage, Error> {
        std::future::pending().await
    }

    async fn delete(&self, _: &[String]) -> Result<(), Error> {
        std::future::pending().await
    }

    async fn copy(&self, _: &str, _: &str) -> Result<bool, Error> {
        std::future::pending().await
    }
}

#[tokio::test]
async fn a_bucket_that_never_answers_costs_the_deadline_at_most() {
    let machine = Machine::new();
    let cache = run(&Arc::new(Silent), r#""timeouts":{"deadline":"1s"}"#);
    assert!(machine.retrieve(&cache).await.is_none());
    assert!(cache.clone().store(machine.artifact()).await, "queued");
    flush(&cache).await;
    assert_eq!(titles(cache.take_warnings()), ["The S3 cache is too slow"]);
    assert_eq!((cache.summary().misses, cache.summary().skipped), (1, 1));
}

#[tokio::test]
async fn uploads_that_outlast_the_flush_are_named() {
    let machine = Machine::new();
    let cache = run(&Arc::new(Silent), "");
    cache.clone().store(machine.artifact()).await;
    let waiting = cache.clone();
    let left = tokio::task::spawn_blocking(move || waiting.flush(Duration::from_millis(50)))
        .await
        .unwrap();
    assert_eq!(left, [HASH]);
}
