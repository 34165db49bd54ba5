//! Archives built to do harm, in entries that are otherwise perfect.

use std::sync::Arc;

use nx_s3_cache::compress::Compressor;
use nx_s3_cache::config::Compression;
use nx_s3_cache::entry::{ChunkRef, Codec, Manifest, Producer};
use nx_s3_cache::object_store::memory::MemoryStore;
use nx_s3_cache::scope::Scope;
use nx_s3_cache::task_hash::TaskHash;

use super::support::*;

/// Puts an entry with `archive` into the bucket, as anybody who may write to it can.
fn plant(store: &Arc<MemoryStore>, archive: &[u8]) {
    let codec = Codec::new(String::new(), Scope::Trusted, None);
    let mut frame = Vec::new();
    Compressor::new(Compression::Zstd(3))
        .unwrap()
        .frame(archive, &mut frame)
        .unwrap();
    let chunk = ChunkRef {
        id: codec.chunk_id(archive),
        size: archive.len() as u32,
        stored: frame.len() as u32,
    };
    let manifest = Manifest {
        hash: HASH.into(),
        scope: "t".into(),
        code: 0,
        files: 1,
        size: archive.len() as u64,
        stored_size: frame.len() as u64,
        inline: true,
        chunks: vec![chunk],
        level: None,
        producer: Producer::default(),
        created: 0,
    };
    let hash = TaskHash::parse(HASH).unwrap();
    store.replace(
        ENTRY,
        codec.encode_entry(&hash, &manifest, frame.clone()).unwrap(),
    );
}

fn archive(entries: &[(&str, tar::EntryType, &str)]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, kind, target) in entries {
        let mut header = tar::Header::new_gnu();
        header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
        header.as_old_mut().linkname[..target.len()].copy_from_slice(target.as_bytes());
        header.set_entry_type(*kind);
        header.set_mode(0o644);
        header.set_size(0);
        header.set_cksum();
        builder.append(&header, std::io::empty()).unwrap();
    }
    builder.into_inner().unwrap()
}

#[tokio::test]
async fn what_tries_to_leave_is_refused_and_the_build_goes_on() {
    use tar::EntryType::{Link, Regular, Symlink};
    let terminal = ("terminal-output", Regular, "");
    for attack in [
        ("outputs/../../evil", Regular, ""),
        ("/tmp/evil", Regular, ""),
        ("outputs/link", Symlink, "/etc"),
        ("outputs/link", Symlink, "../../.."),
        ("outputs/hard", Link, "/etc/passwd"),
    ] {
        let (store, parent) = (bucket(), Machine::new());
        let to = parent.path().join("cache");
        plant(&store, &archive(&[terminal, attack]));
        let cache = run(&store, "");
        assert!(cache.retrieve(HASH, &to).await.unwrap().is_none(), "{attack:?}");
        assert_eq!(
            titles(cache.take_warnings()),
            ["An unsafe archive in the S3 bucket was refused"]
        );
        assert_eq!(
            (parent.names(), std::fs::read_dir(&to).unwrap().count()),
            (vec!["cache".into()], 0)
        );
    }
}

#[tokio::test]
async fn storing_replaces_a_hostile_entry() {
    let (store, machine) = (bucket(), Machine::new());
    plant(&store, b"not even a tar");
    let cache = run(&store, "");
    assert!(Machine::new().retrieve(&cache).await.is_none());
    machine.output("a", "honest").store(&cache).await;
    assert!(Machine::new().retrieve(&run(&store, "")).await.is_some());
}

#[tokio::test]
async fn a_bomb_ends_at_the_limit() {
    let (store, machine) = (bucket(), Machine::new());
    machine
        .output("zeros", vec![0; 8 << 20])
        .store(&run(&store, ""))
        .await;
    assert!(store.object(ENTRY).unwrap().len() < 100_000);
    let (to, cache) = (Machine::new(), run(&store, r#""maxEntrySize":"1MB""#));
    assert!(to.retrieve(&cache).await.is_none());
    assert_eq!(
        titles(cache.take_warnings()),
        ["An artifact is too large for the S3 cache"]
    );
    assert_eq!(to.names(), [""; 0]);
}
