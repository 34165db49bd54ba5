//! For any object: it decodes to an entry that adds up, or is refused; and a chunk has only the content of its id.

use std::sync::LazyLock;

use nx_s3_cache::chunk::ChunkId;
use nx_s3_cache::compress::Compressor;
use nx_s3_cache::config::Compression;
use nx_s3_cache::entry::{ChunkRef, Codec, Manifest, Producer};
use nx_s3_cache::scope::Scope;
use nx_s3_cache::task_hash::TaskHash;

const HASH: &str = "123";
/// The header and an empty signature block of a plain entry.
const FRONT: &[u8] = b"NxS3E\x01\x00\x00\x00\x00";
const CONTENT: &[u8] = b"content of the only chunk, content of the only chunk";

/// The one chunk that `CONTENT` is.
static CHUNK: LazyLock<ChunkRef> = LazyLock::new(|| ChunkRef {
    id: ChunkId::of(CONTENT, None),
    size: CONTENT.len() as u32,
    stored: frame().len() as u32,
});

/// Takes `data` for an entry object, for the body of one, for its manifest, and for a chunk object.
pub fn check(data: &[u8]) {
    check_entry(data);
    check_entry(&[FRONT, data].concat());
    check_entry(&[FRONT, &(data.len() as u32).to_le_bytes(), data].concat());
    if let Ok(plain) = codec().decode_chunk(&CHUNK, data) {
        assert_eq!(plain, CONTENT);
    }
}

/// A plain entry with one chunk.
pub fn good_entry() -> Vec<u8> {
    codec()
        .encode_entry(&hash(), &manifest(), frame())
        .expect("an entry")
}

/// The manifest of that entry.
pub fn good_manifest() -> Vec<u8> {
    manifest().to_json().expect("a manifest")
}

/// The chunk object of `CONTENT`.
pub fn good_chunk() -> Vec<u8> {
    codec().encode_chunk(&CHUNK.id, &frame()).expect("a chunk")
}

fn check_entry(object: &[u8]) {
    let Ok(entry) = codec().decode_entry(&hash(), object) else {
        return;
    };
    let sum: u64 = entry
        .manifest
        .chunks
        .iter()
        .map(|chunk| u64::from(chunk.size))
        .sum();
    assert_eq!((entry.manifest.hash.as_str(), entry.manifest.size), (HASH, sum));
    if entry.manifest.inline {
        for (chunk, frame) in entry.inline_frames() {
            if let Ok(plain) = codec().decode_frame(chunk, frame) {
                assert_eq!(plain.len(), chunk.size as usize);
                assert_eq!(codec().chunk_id(&plain), chunk.id);
            }
        }
    }
    let again = codec()
        .encode_entry(&hash(), &entry.manifest, entry.payload.clone())
        .expect("an entry");
    let decoded = codec().decode_entry(&hash(), &again).expect("what we encoded");
    assert_eq!(decoded.manifest, entry.manifest);
}

fn codec() -> Codec {
    Codec::new(String::new(), Scope::Trusted, None)
}

fn hash() -> TaskHash {
    TaskHash::parse(HASH).expect("a task hash")
}

fn frame() -> Vec<u8> {
    let mut compressor = Compressor::new(Compression::None).expect("a compressor");
    let mut frame = Vec::new();
    compressor.frame(CONTENT, &mut frame).expect("a frame");
    frame
}

fn manifest() -> Manifest {
    Manifest {
        hash: HASH.into(),
        scope: "t".into(),
        code: 0,
        files: 1,
        size: u64::from(CHUNK.size),
        stored_size: u64::from(CHUNK.stored),
        inline: true,
        chunks: vec![*CHUNK],
        level: None,
        producer: Producer::default(),
        created: 0,
    }
}
