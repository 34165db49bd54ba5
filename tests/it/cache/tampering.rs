//! Objects that were changed, swapped or lost: misses, never wrong bytes; storing mends them.

use super::support::*;

/// A key, not a passphrase, which would take its time in each run.
const SEALED: &str = r#""encryptionKey":"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f""#;

/// Nothing may be restored, nothing left on disk, and one warning given.
async fn is_refused(store: &std::sync::Arc<nx_s3_cache::object_store::memory::MemoryStore>, options: &str) {
    let (to, cache) = (Machine::new(), run(store, options));
    assert!(to.retrieve(&cache).await.is_none());
    assert_eq!(to.names(), [""; 0]);
    assert_eq!(cache.take_warnings().len(), 1);
    assert_eq!(cache.summary().error_count(), 1);
}

#[tokio::test]
async fn any_flipped_byte_of_a_sealed_entry_is_a_miss() {
    let (store, machine) = (bucket(), Machine::new());
    machine.output("a", "content").store(&run(&store, SEALED)).await;
    let entry = store.object(ENTRY).unwrap();
    for at in (0..entry.len()).step_by(7) {
        let mut changed = entry.to_vec();
        changed[at] ^= 0x10;
        store.replace(ENTRY, changed);
        is_refused(&store, SEALED).await;
    }
}

#[tokio::test]
async fn content_that_does_not_match_its_ids_is_a_miss_even_unsealed() {
    let (store, machine) = (bucket(), Machine::new());
    machine
        .output("a", "the content")
        .store(&run(&store, r#""compressionLevel":"none""#))
        .await;
    let mut entry = store.object(ENTRY).unwrap().to_vec();
    let at = entry
        .windows(11)
        .position(|bytes| bytes == b"the content")
        .unwrap();
    entry[at] = b'T';
    store.replace(ENTRY, entry);
    is_refused(&store, "").await;
}

#[tokio::test]
async fn truncated_entries_are_misses() {
    let (store, machine) = (bucket(), Machine::new());
    machine.output("a", "content").store(&run(&store, "")).await;
    let entry = store.object(ENTRY).unwrap();
    for len in [0, 1, 8, 10, 14, entry.len() / 2, entry.len() - 1] {
        store.replace(ENTRY, entry.slice(..len));
        is_refused(&store, "").await;
    }
}

#[tokio::test]
async fn an_entry_under_another_hash_is_a_miss() {
    for options in ["", SEALED] {
        let (store, machine) = (bucket(), Machine::new());
        machine.store(&run(&store, options)).await;
        store.replace("v1/t/e/666", store.object(ENTRY).unwrap());
        let cache = run(&store, options);
        assert!(cache.retrieve("666", machine.path()).await.unwrap().is_none());
        assert_eq!(cache.take_warnings().len(), 1);
    }
}

#[tokio::test]
async fn swapped_lost_and_damaged_chunks_are_misses_and_storing_mends_them() {
    for options in ["", SEALED] {
        let (store, machine) = (bucket(), Machine::new());
        machine
            .output("dist/large.bin", noise(12 << 20, 3))
            .store(&run(&store, options))
            .await;
        let chunks: Vec<_> = store
            .keys()
            .into_iter()
            .filter(|key| key.contains("/c/"))
            .collect();
        let (first, second) = (
            store.object(&chunks[0]).unwrap(),
            store.object(&chunks[1]).unwrap(),
        );
        for break_it in [0, 1, 2] {
            match break_it {
                0 => {
                    store.replace(&chunks[0], second.clone());
                    store.replace(&chunks[1], first.clone());
                }
                1 => drop(store.remove(&chunks[1])),
                _ => store.replace(&chunks[1], second.slice(..second.len() - 1)),
            }
            let (to, cache) = (Machine::new(), run(&store, options));
            assert!(to.retrieve(&cache).await.is_none());
            assert_eq!(to.names(), [""; 0]);
            assert_eq!(cache.take_warnings().len(), 1);

            // Nx runs the task and stores it again.
            machine.store(&cache).await;
            assert!(
                Machine::new().retrieve(&run(&store, options)).await.is_some(),
                "case {break_it}"
            );
        }
    }
}

#[tokio::test]
async fn an_object_that_is_far_too_large_is_a_miss_and_storing_replaces_it() {
    let (store, machine) = (bucket(), Machine::new());
    store.replace(ENTRY, vec![0; 17 << 20]);
    let cache = run(&store, "");
    assert!(Machine::new().retrieve(&cache).await.is_none());
    assert_eq!(
        titles(cache.take_warnings()),
        ["A damaged object in the S3 bucket"]
    );
    machine.store(&cache).await;
    assert!(Machine::new().retrieve(&run(&store, "")).await.is_some());
}

#[tokio::test]
async fn somebody_elses_object_is_a_miss_and_storing_replaces_it() {
    let (store, machine) = (bucket(), Machine::new());
    store.replace(ENTRY, "not ours");
    let cache = run(&store, "");
    assert!(Machine::new().retrieve(&cache).await.is_none());
    machine.store(&cache).await;
    assert!(Machine::new().retrieve(&run(&store, "")).await.is_some());
}
