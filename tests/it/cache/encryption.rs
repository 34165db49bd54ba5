//! Wrong key, no key, changed key: misses and one clear warning.

use super::support::*;

const KEY: &str = r#""encryptionKey":"the right passphrase""#;
const OTHER: &str = r#""encryptionKey":"another passphrase""#;

/// Stores with `written`, reads with `read`; returns the titles of the reader's warnings after two attempts.
async fn mismatch(written: &str, read: &str) -> Vec<String> {
    let (store, machine, to) = (bucket(), Machine::new(), Machine::new());
    machine
        .output("dist/a.js", "secret sauce")
        .store(&run(&store, written))
        .await;
    let cache = run(&store, read);
    for _ in 0..2 {
        assert!(to.retrieve(&cache).await.is_none());
    }
    assert_eq!(to.names(), [""; 0], "nothing may be left on disk");
    titles(cache.take_warnings())
}

#[tokio::test]
async fn another_key_is_a_miss_and_one_warning() {
    assert_eq!(
        mismatch(KEY, OTHER).await,
        ["S3 cache entries don't fit the encryption key"]
    );
}

#[tokio::test]
async fn plain_entries_are_not_accepted_where_a_key_is_set() {
    assert_eq!(
        mismatch("", KEY).await,
        ["S3 cache entries don't fit the encryption key"]
    );
}

#[tokio::test]
async fn without_a_key_sealed_entries_are_a_miss_and_one_warning() {
    let warnings = mismatch(KEY, "").await;
    assert_eq!(
        warnings,
        ["The S3 cache is encrypted, and this run has no encryption key"]
    );
}

#[tokio::test]
async fn a_run_that_lacks_the_others_key_stores_nothing_unencrypted() {
    let (store, machine) = (bucket(), Machine::new());
    machine.store(&run(&store, KEY)).await;
    let sealed = store.object(ENTRY).unwrap();
    let cache = run(&store, "");
    assert!(Machine::new().retrieve(&cache).await.is_none());
    assert!(!machine.store(&cache).await);
    assert_eq!(store.object(ENTRY).unwrap(), sealed);
}

#[tokio::test]
async fn storing_after_a_key_change_replaces_the_entry() {
    let (store, machine) = (bucket(), Machine::new());
    machine
        .output("dist/a.js", "content")
        .store(&run(&store, KEY))
        .await;
    let cache = run(&store, OTHER);
    assert!(Machine::new().retrieve(&cache).await.is_none());
    machine.store(&cache).await;
    assert!(Machine::new().retrieve(&run(&store, OTHER)).await.is_some());
}

#[tokio::test]
async fn nothing_of_the_artifact_shows_in_the_bucket() {
    let (store, machine) = (bucket(), Machine::new());
    machine
        .output("dist/name-that-tells.js", "word that tells")
        .store(&run(&store, &format!("{KEY},\"compressionLevel\":\"none\"")))
        .await;
    for key in store.keys() {
        let object = store.object(&key).unwrap();
        for word in ["tells", "built", "producer"] {
            assert!(
                !object.windows(word.len()).any(|bytes| bytes == word.as_bytes()),
                "{word} in {key}"
            );
        }
    }
}
