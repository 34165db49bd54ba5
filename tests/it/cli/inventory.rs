//! Entries and chunks of chosen ages, written past the cache.

use std::time::Duration;

use nx_s3_cache::archive_name::ArchiveName;
use nx_s3_cache::chunk::ChunkId;
use nx_s3_cache::entry::{ChunkRef, Codec, Keys, Manifest, Producer, Subject};
use nx_s3_cache::scope::{Scope, ScopeName};
use nx_s3_cache::sign::SigningKey;
use nx_s3_cache::task_hash::TaskHash;

use super::setup::Setup;

pub const DAY: Duration = Duration::from_secs(24 * 3600);
/// Bytes of a chunk object here.
pub const CHUNK: usize = 1_000_000;

/// One scope of a bucket without encryption.
pub struct Inventory<'a> {
    setup: &'a Setup,
    scope: Scope,
    keys: Keys,
    pub producer: Producer,
    pub signer: Option<SigningKey>,
    /// When entries are made, in seconds since 1970.
    pub created: u64,
}

impl<'a> Inventory<'a> {
    pub fn trusted(setup: &'a Setup) -> Self {
        Self::of(setup, Scope::Trusted)
    }

    pub fn pull_request(setup: &'a Setup, number: &str) -> Self {
        Self::of(setup, Scope::Untrusted(ScopeName::pull_request(number)))
    }

    fn of(setup: &'a Setup, scope: Scope) -> Self {
        Self {
            setup,
            keys: Keys::new("", &scope),
            scope,
            producer: Producer::default(),
            signer: None,
            created: 0,
        }
    }

    /// A chunk that was written so many days ago; returns its key.
    pub fn chunk(&self, name: &str, days: u32) -> String {
        let key = self.keys.chunk(&id(name));
        self.setup.place(&key, &[0; CHUNK], DAY * days);
        key
    }

    /// An entry that needs these chunks; returns its key.
    pub fn entry(&self, hash: &str, chunks: &[&str], days: u32) -> String {
        let hash = TaskHash::parse(hash).unwrap();
        self.put(self.keys.entry(&hash), (&hash).into(), chunks, days)
    }

    /// A named archive that needs these chunks; returns its key.
    pub fn archive(&self, name: &str, chunks: &[&str], days: u32) -> String {
        let name = ArchiveName::parse(name).unwrap();
        self.put(self.keys.archive(&name), (&name).into(), chunks, days)
    }

    /// Something under an entry's key that is none; returns the key.
    pub fn damaged(&self, hash: &str, days: u32) -> String {
        let key = self.keys.entry(&TaskHash::parse(hash).unwrap());
        self.setup.place(&key, b"damaged", DAY * days);
        key
    }

    fn put(&self, key: String, subject: Subject<'_>, chunks: &[&str], days: u32) -> String {
        let chunks: Vec<ChunkRef> = chunks
            .iter()
            .map(|name| ChunkRef {
                id: id(name),
                size: 1,
                stored: CHUNK as u32,
            })
            .collect();
        let manifest = Manifest {
            hash: subject.as_str().into(),
            scope: self.scope.to_string(),
            code: 0,
            files: 1,
            size: chunks.len() as u64,
            stored_size: (chunks.len() * CHUNK) as u64,
            inline: chunks.is_empty(),
            chunks,
            level: None,
            producer: self.producer.clone(),
            created: self.created,
        };
        let signer = self.signer.clone().map(std::sync::Arc::new);
        let codec = Codec::new(String::new(), self.scope.clone(), None).signing_with(signer);
        self.setup.place(
            &key,
            &codec.encode_entry(subject, &manifest, Vec::new()).unwrap(),
            DAY * days,
        );
        key
    }
}

fn id(name: &str) -> ChunkId {
    ChunkId::of(name.as_bytes(), None)
}
