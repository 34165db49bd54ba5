//! How many requests it takes, and which are not made.

use nx_s3_cache::object_store::memory::Call;

use super::support::*;

#[tokio::test]
async fn a_small_artifact_takes_one_put_and_one_get_and_a_miss_one_get() {
    let (store, machine) = (bucket(), Machine::new());
    machine.output("dist/a.js", noise(1 << 20, 1));
    let to = Machine::new();
    assert!(to.retrieve(&run(&store, "")).await.is_none());
    machine.store(&run(&store, "")).await;
    assert!(to.retrieve(&run(&store, "")).await.is_some());
    let entry = || ENTRY.to_owned();
    assert_eq!(
        store.calls(),
        [Call::Get(entry()), Call::Put(entry()), Call::Get(entry())]
    );
}

#[tokio::test]
async fn a_known_miss_is_not_asked_for_again_until_it_is_stored() {
    let (store, machine) = (bucket(), Machine::new());
    let cache = run(&store, "");
    for _ in 0..3 {
        assert!(Machine::new().retrieve(&cache).await.is_none());
    }
    assert_eq!(store.calls().len(), 1);
    machine.store(&cache).await;
    assert!(Machine::new().retrieve(&cache).await.is_some());
}

#[tokio::test]
async fn chunks_in_the_bucket_are_not_sent_again() {
    let (store, machine) = (bucket(), Machine::new());
    machine.output("dist/large.bin", noise(60 << 20, 1));
    machine.store(&run(&store, "")).await;
    let chunks = store.keys().len() - 1;
    assert!((8..=1 + 60 / 4).contains(&chunks), "{chunks} chunks");

    // The same content under another hash, with a little more behind it.
    let other = Machine::of("99");
    other.output("dist/large.bin", noise(60 << 20, 1));
    other.output("dist/more.txt", "more");
    store.forget_calls();
    assert!(other.store(&run(&store, "")).await);
    let puts = store
        .calls()
        .iter()
        .filter(|call| matches!(call, Call::Put(_)))
        .count();
    assert!(
        puts <= 3,
        "{puts} puts: the last chunk and the entry should be all"
    );
}

#[tokio::test]
async fn the_entry_is_put_last_and_everything_it_needs_before() {
    let (store, machine) = (bucket(), Machine::new());
    machine.output("dist/large.bin", noise(24 << 20, 1));
    machine.store(&run(&store, "")).await;
    let puts: Vec<_> = store
        .calls()
        .into_iter()
        .filter(|call| matches!(call, Call::Put(_)))
        .collect();
    assert!(puts.len() > 3);
    assert_eq!(
        puts.iter().position(|call| *call == Call::Put(ENTRY.into())),
        Some(puts.len() - 1)
    );
}

#[tokio::test]
async fn what_is_there_already_stays() {
    let (store, machine) = (bucket(), Machine::new());
    machine.output("a", "first").store(&run(&store, "")).await;
    let first = store.object(ENTRY).unwrap();
    let cache = run(&store, "");
    machine.output("a", "second").store(&cache).await;
    assert_eq!(store.object(ENTRY).unwrap(), first);
    assert_eq!((cache.summary().stored, cache.summary().already_there), (0, 1));
}

#[tokio::test]
async fn each_mode_does_what_it_says() {
    for (mode, reads, writes) in [
        ("read-write", true, true),
        ("read-only", true, false),
        ("write-only", false, true),
        ("no-cache", false, false),
    ] {
        let (store, machine) = (bucket(), Machine::new());
        let options = format!(r#""localMode":"{mode}""#);
        assert_eq!(machine.store(&run(&store, &options)).await, writes, "{mode}");
        assert_eq!(!store.keys().is_empty(), writes, "{mode}");
        machine.store(&run(&store, "")).await;
        assert_eq!(
            Machine::new().retrieve(&run(&store, &options)).await.is_some(),
            reads,
            "{mode}"
        );
    }
}

#[tokio::test]
async fn without_background_uploads_store_answers_when_it_is_done() {
    let (store, machine) = (bucket(), Machine::new());
    assert!(
        run(&store, r#""backgroundUploads":false"#)
            .store(machine.artifact())
            .await
    );
    assert_eq!(store.keys(), [ENTRY]);
}

/// How often each key was put.
fn puts(store: &nx_s3_cache::object_store::memory::MemoryStore) -> Vec<String> {
    let put = |call| match call {
        Call::Put(key) => Some(key),
        _ => None,
    };
    store.calls().into_iter().filter_map(put).collect()
}

#[tokio::test]
async fn chunks_that_several_artifacts_of_a_run_share_are_sent_once() {
    let (store, machines) = (bucket(), ["1", "2", "3"].map(Machine::of));
    let cache = run(&store, "");
    for machine in &machines {
        machine.output("same.bin", noise(40 << 20, 1));
        assert!(cache.clone().store(machine.artifact()).await);
    }
    flush(&cache).await;
    let mut puts = puts(&store);
    let count = puts.len();
    puts.sort();
    puts.dedup();
    assert_eq!(puts.len(), count, "something was sent twice");
    assert!(count > 8, "{count} puts");
    for (hash, machine) in ["1", "2", "3"].iter().zip(&machines) {
        let to = Machine::of(hash);
        assert!(to.retrieve(&run(&store, "")).await.is_some());
        assert!(tree(&machine.outputs()) == tree(&to.outputs()));
    }
}

#[tokio::test]
async fn a_changed_file_sends_the_chunk_that_it_is_in() {
    let (store, machine) = (bucket(), Machine::new());
    for file in 0..3600 {
        machine.output(&format!("dist/{file:04}.bin"), noise(8000, (file % 251) as u8));
    }
    machine.store(&run(&store, "")).await;
    let after = Machine::of("2");
    for file in 0..3600 {
        after.output(&format!("dist/{file:04}.bin"), noise(8000, (file % 251) as u8));
    }
    after.output("dist/0600.bin", "changed");
    let cache = run(&store, "");
    assert!(after.store(&cache).await);
    let sent = cache.summary().bytes_sent;
    assert!((1..9 << 20).contains(&sent), "{sent} bytes of 29 MB");
}
