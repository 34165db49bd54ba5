//! What counts as present in the bucket: an object that can be the chunk, and can be read.

use std::sync::Arc;

use nx_s3_cache::object_store::Error;
use nx_s3_cache::object_store::memory::{Call, MemoryStore};

use super::support::*;

const OUTPUT: &str = "dist/large.bin";

/// A bucket with an artifact in chunks, and their keys.
async fn filled(machine: &Machine, options: &str) -> (Arc<MemoryStore>, Vec<String>) {
    let store = bucket();
    machine
        .output(OUTPUT, noise(24 << 20, 3))
        .store(&run(&store, options))
        .await;
    let mut chunks = store.keys();
    chunks.retain(|key| key.contains("/c/"));
    assert!(chunks.len() > 2, "{chunks:?}");
    (store, chunks)
}

#[tokio::test]
async fn a_chunk_of_an_impossible_size_is_not_there_and_is_replaced() {
    for options in ["", r#""encryptionKey":"a passphrase""#] {
        let machine = Machine::new();
        let (store, chunks) = filled(&machine, options).await;
        let whole = store.object(&chunks[1]).unwrap();
        let longer = [&whole[..], &[0; 5 << 20]].concat();
        for bad in [Vec::new(), whole[..16].to_vec(), longer] {
            store.replace(&chunks[1], bad);
            store.remove(ENTRY);
            assert!(machine.store(&run(&store, options)).await);
            let to = Machine::new();
            assert!(to.retrieve(&run(&store, options)).await.is_some());
            assert!(tree(&machine.outputs()) == tree(&to.outputs()));
        }
    }
}

/// It may have come between the question and the put, or the question had no answer.
#[tokio::test]
async fn a_chunk_that_is_found_by_its_put_is_looked_at_too() {
    let machine = Machine::new();
    let (store, chunks) = filled(&machine, "").await;
    for chunk in &chunks {
        store.replace(chunk, "");
    }
    store.remove(ENTRY);
    store.forget_calls();
    store.fail_next([Error::Server { detail: "no".into() }]);
    assert!(machine.store(&run(&store, "")).await);
    assert!(matches!(store.calls()[0], Call::Head(_)), "{:?}", store.calls());
    assert!(Machine::new().retrieve(&run(&store, "")).await.is_some());
}

#[tokio::test]
async fn chunks_of_possible_sizes_are_still_not_sent_again() {
    let machine = Machine::new();
    let (store, chunks) = filled(&machine, r#""compressionLevel":"none""#).await;
    store.remove(ENTRY);
    store.forget_calls();
    assert!(machine.store(&run(&store, r#""compressionLevel":9"#)).await);
    let puts = store
        .calls()
        .into_iter()
        .filter(|call| matches!(call, Call::Put(_)));
    assert_eq!(puts.count(), 1, "the entry alone, of {} chunks", chunks.len());
}
