//! What is stored on one machine is what another restores.

use super::support::*;
use crate::support::machine::write;

/// Stores what is on `from` and restores it elsewhere; both trees must be equal.
async fn round_trip(from: &Machine, options: &str) {
    let store = bucket();
    assert!(from.store(&run(&store, options)).await);
    let (to, cache) = (Machine::new(), run(&store, options));
    let found = to.retrieve(&cache).await.expect("a hit");
    assert_eq!((found.code, found.terminal_output), (0, terminal()));
    assert_eq!(found.outputs_path, to.outputs());
    assert!(tree(&from.outputs()) == tree(&to.outputs()), "the trees differ");
    assert_eq!(to.names(), [HASH]);
    assert_eq!(titles(cache.take_warnings()), [""; 0]);
}

/// The same in the clear, sealed and uncompressed.
async fn round_trip_each_way(machine: &Machine) {
    for options in [
        "",
        r#""encryptionKey":"a passphrase""#,
        r#""compressionLevel":"none""#,
    ] {
        round_trip(machine, options).await;
    }
}

#[cfg(unix)]
#[tokio::test]
async fn modes_links_and_empty_directories_come_back() {
    use std::fs;
    use std::os::unix::fs::{PermissionsExt, symlink};
    let machine = Machine::new();
    machine
        .output("dist/bin/tool", "#!/bin/sh")
        .output("dist/app.js", "app")
        .output("dist/ünï ☃.txt", "");
    fs::set_permissions(
        machine.outputs().join("dist/bin/tool"),
        fs::Permissions::from_mode(0o755),
    )
    .unwrap();
    symlink("bin/tool", machine.outputs().join("dist/tool")).unwrap();
    fs::create_dir_all(machine.outputs().join("dist/empty/deep")).unwrap();
    machine.output(&format!("dist/{}/{}", "d".repeat(200), "f".repeat(200)), "long");
    round_trip_each_way(&machine).await;
}

#[tokio::test]
async fn artifacts_in_chunks_come_back() {
    let machine = Machine::new();
    machine
        .output("dist/large.bin", noise(20 << 20, 1))
        .output("dist/text.txt", "word ".repeat(2_000_000));
    round_trip_each_way(&machine).await;
}

#[tokio::test]
async fn a_task_without_outputs_comes_back() {
    let store = bucket();
    assert!(Machine::new().store(&run(&store, "")).await);
    let to = Machine::new();
    assert_eq!(
        to.retrieve(&run(&store, "")).await.unwrap().terminal_output,
        terminal()
    );
    assert!(tree(&to.outputs()).is_empty(), "Nx expects the directory");
}

#[tokio::test]
async fn exit_codes_come_back_in_their_whole_range() {
    for code in [0, 1, 130, i16::MAX, i16::MIN] {
        let (store, machine) = (bucket(), Machine::new());
        let cache = run(&store, "");
        cache.clone().store(cache_artifact(&machine, code)).await;
        flush(&cache).await;
        assert_eq!(
            Machine::new().retrieve(&run(&store, "")).await.unwrap().code,
            code
        );
    }
}

fn cache_artifact(machine: &Machine, code: i16) -> nx_s3_cache::cache::Artifact {
    nx_s3_cache::cache::Artifact {
        code,
        ..machine.artifact()
    }
}

#[tokio::test]
async fn a_prefix_keeps_workspaces_apart() {
    let (store, machine) = (bucket(), Machine::new());
    machine.store(&run(&store, r#""cacheKeyPrefix":"one""#)).await;
    assert_eq!(store.keys(), [format!("one/{ENTRY}")]);
    assert!(
        Machine::new()
            .retrieve(&run(&store, r#""cacheKeyPrefix":"two""#))
            .await
            .is_none()
    );
    assert!(
        Machine::new()
            .retrieve(&run(&store, r#""cacheKeyPrefix":"one""#))
            .await
            .is_some()
    );
}

/// Small ones hold memory while they wait for their turn, and large ones have theirs while they wait for memory.
#[tokio::test]
async fn more_small_and_large_artifacts_at_once_than_fit_into_memory_all_get_there() {
    let (store, from, to) = (bucket(), Machine::new(), Machine::new());
    let cache = run(&store, "");
    let artifacts: Vec<_> = (0..24)
        .map(|number| {
            let size = if number < 8 { 12 << 20 } else { 4_100_000 };
            let hash = number.to_string();
            write(from.path(), &format!("{hash}/out"), noise(size, number));
            nx_s3_cache::cache::Artifact {
                hash,
                ..from.artifact()
            }
        })
        .collect();
    for artifact in &artifacts {
        assert!(cache.clone().store(artifact.clone()).await);
    }
    flush(&cache).await;
    assert_eq!(cache.summary().stored, 24);
    let cache = run(&store, "");
    let retrieves = artifacts
        .iter()
        .map(|artifact| cache.retrieve(&artifact.hash, to.path()));
    let retrieves = futures_util::future::join_all(retrieves);
    let found = tokio::time::timeout(std::time::Duration::from_secs(60), retrieves).await;
    let found = found.expect("somebody waits for ever");
    assert!(found.iter().all(|found| found.as_ref().unwrap().is_some()));
}

#[tokio::test]
async fn many_restores_of_one_hash_do_not_hurt_each_other() {
    let (store, from) = (bucket(), Machine::new());
    from.output("a", "1").output("b/c", noise(6 << 20, 2));
    from.store(&run(&store, "")).await;
    let to = Machine::new();
    let caches: Vec<_> = (0..8).map(|_| run(&store, "")).collect();
    let all = futures_util::future::join_all(caches.iter().map(|cache| to.retrieve(cache))).await;
    assert!(all.iter().all(Option::is_some));
    assert!(tree(&from.outputs()) == tree(&to.outputs()));
    assert_eq!(to.names(), [HASH]);
}

#[tokio::test]
async fn leftovers_in_the_artifacts_place_are_replaced() {
    let (store, from, to) = (bucket(), Machine::new(), Machine::new());
    from.output("dist/a.js", "whole");
    from.store(&run(&store, "")).await;
    to.output("dist/a.js", "who")
        .output("stale.js", "from an aborted run");
    assert!(to.retrieve(&run(&store, "")).await.is_some());
    assert!(tree(&from.outputs()) == tree(&to.outputs()));
}
