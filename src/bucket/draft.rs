//! An entry to be: what its manifest says before the chunks are known.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use super::namespace::{Name, Namespace};
use crate::chunk::ChunkId;
use crate::config::Compression;
use crate::entry::{ChunkRef, Manifest, Producer};
use crate::error::Error;

/// An entry that lacks its chunks.
pub struct Draft {
    /// Where it goes.
    pub namespace: Arc<Namespace>,
    /// What it stands for.
    pub name: Name,
    /// The task's exit code.
    pub code: i16,
    /// How its chunks are compressed.
    pub compression: Compression,
    /// Who makes it.
    pub producer: Producer,
}

impl Draft {
    /// Whether the frames may be part of the entry: those of archives are chunks always, to be shared with the next.
    pub fn may_be_inline(&self) -> bool {
        !matches!(self.name, Name::Archive(_))
    }

    /// The id of a chunk.
    pub fn chunk_id(&self, plain: &[u8]) -> ChunkId {
        self.namespace.codec.chunk_id(plain)
    }

    /// The entry object of `files` files in these chunks, whose frames are part of it or in objects of their own.
    pub fn encode(
        &self,
        files: u64,
        chunks: Vec<ChunkRef>,
        frames: Option<Vec<u8>>,
    ) -> Result<Vec<u8>, Error> {
        let sum = |bytes: fn(&ChunkRef) -> u32| chunks.iter().map(bytes).map(u64::from).sum();
        let manifest = Manifest {
            hash: self.name.subject().as_str().to_owned(),
            scope: self.namespace.scope.to_string(),
            code: self.code,
            files,
            size: sum(|chunk| chunk.size),
            stored_size: sum(|chunk| chunk.stored),
            inline: frames.is_some(),
            level: match self.compression {
                Compression::None => None,
                Compression::Zstd(level) => Some(level),
            },
            producer: self.producer.clone(),
            created: SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .unwrap_or_default()
                .as_secs(),
            chunks,
        };
        let codec = &self.namespace.codec;
        let object = codec.encode_entry(self.name.subject(), &manifest, frames.unwrap_or_default());
        object.map_err(|error| Error::Internal(error.to_string()))
    }
}
