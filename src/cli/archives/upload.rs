//! From directories to the bucket: chunks that aren't there, then the entry that names them all.

use std::collections::HashSet;
use std::io;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use futures_util::stream::{FuturesUnordered, StreamExt};
use serde::Serialize;
use tokio::sync::mpsc;

use crate::archive::{Mounts, Packed};
use crate::archive_name::ArchiveName;
use crate::cache::Touches;
use crate::chunk::{ChunkId, ChunkWriter};
use crate::cli::bucket::Bucket;
use crate::compress::Compressor;
use crate::config::{Compression, Config};
use crate::entry::{ChunkRef, Codec, Manifest, Producer};
use crate::error::Error;
use crate::object_store::PutMode;
use crate::scope::Scope;

/// Chunks that are put at once.
const PUTS: usize = 8;

/// A chunk on its way to the bucket.
struct Piece {
    id: ChunkId,
    object: Vec<u8>,
}

/// What was kept.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::cli) struct Kept {
    pub scope: String,
    pub files: u64,
    /// Bytes of all files.
    pub bytes: u64,
    pub chunks: u64,
    /// Chunks that the bucket didn't have.
    pub chunks_sent: u64,
    pub bytes_sent: u64,
}

/// Where an archive goes, and how.
pub(super) struct Upload<'a> {
    pub bucket: &'a Bucket,
    pub scope: Scope,
    pub producer: Producer,
    /// Whether chunks are sent that are there.
    pub fresh: bool,
    pub touches: Arc<Touches>,
}

impl Upload<'_> {
    /// Packs the mounts and keeps them under `name`.
    pub(super) async fn keep(&self, name: &ArchiveName, mounts: Mounts) -> Result<Kept, Error> {
        let config = &self.bucket.config;
        let signer = config
            .trust
            .signing_key
            .clone()
            .filter(|_| self.bucket.access.sign);
        let codec = self.bucket.codec(&self.scope).signing_with(signer);
        let (sender, pieces) = mpsc::channel(PUTS);
        let packer = Packer::new(codec.clone(), config, sender)?;
        let packing = tokio::task::spawn_blocking(move || packer.pack(&mounts));
        // When a put fails, the channel closes, and packing ends with an error that matters less.
        let (packed, put) = tokio::join!(packing, self.put_all(pieces));
        let mut kept = put?;
        let (packed, chunks) = packed.map_err(|error| Error::Internal(error.to_string()))??;
        kept.scope = self.scope.to_string();
        (kept.files, kept.bytes, kept.chunks) = (packed.files, packed.bytes, chunks.len() as u64);

        let key = self.bucket.keys(&self.scope).archive(name);
        let object = codec.encode_entry(name, &self.manifest(name, packed, chunks), Vec::new());
        let object = object.map_err(|source| Error::Entry {
            key: key.clone(),
            source,
        })?;
        kept.bytes_sent += object.len() as u64;
        self.bucket
            .store
            .put(&key, object.into(), PutMode::Replace)
            .await?;
        Ok(kept)
    }

    /// Puts chunks as they come, a few at a time; the first failure ends it.
    async fn put_all(&self, mut pieces: mpsc::Receiver<Piece>) -> Result<Kept, Error> {
        let (mut puts, mut kept) = (FuturesUnordered::new(), Kept::default());
        loop {
            let sent: Option<u64> = tokio::select! {
                piece = pieces.recv(), if puts.len() < PUTS => match piece {
                    Some(piece) => { puts.push(self.put(piece)); None }
                    None => break,
                },
                Some(sent) = puts.next() => sent?,
            };
            kept.count(sent);
        }
        while let Some(sent) = puts.next().await {
            kept.count(sent?);
        }
        Ok(kept)
    }

    /// Puts a chunk unless it is there; returns the bytes that were sent.
    async fn put(&self, piece: Piece) -> Result<Option<u64>, Error> {
        let key = self.bucket.keys(&self.scope).chunk(&piece.id);
        if !self.fresh
            && let Some(head) = self.bucket.store.head(&key).await?
        {
            self.touches.touch(&key, head.modified);
            return Ok(None);
        }
        let size = piece.object.len() as u64;
        self.bucket
            .store
            .put(&key, piece.object.into(), PutMode::Replace)
            .await?;
        Ok(Some(size))
    }

    fn manifest(&self, name: &ArchiveName, packed: Packed, chunks: Vec<ChunkRef>) -> Manifest {
        Manifest {
            hash: name.to_string(),
            scope: self.scope.to_string(),
            code: 0,
            files: packed.files,
            size: chunks.iter().map(|chunk| u64::from(chunk.size)).sum(),
            stored_size: chunks.iter().map(|chunk| u64::from(chunk.stored)).sum(),
            inline: false,
            chunks,
            level: match self.bucket.config.compression {
                Compression::None => None,
                Compression::Zstd(level) => Some(level),
            },
            producer: self.producer.clone(),
            created: SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .unwrap_or_default()
                .as_secs(),
        }
    }
}

impl Kept {
    fn count(&mut self, sent: Option<u64>) {
        if let Some(bytes) = sent {
            self.chunks_sent += 1;
            self.bytes_sent += bytes;
        }
    }
}

/// Packs mounts into chunk objects, each content once.
struct Packer {
    codec: Codec,
    compressor: Compressor,
    max_size: u64,
    sender: mpsc::Sender<Piece>,
    size: u64,
    chunks: Vec<ChunkRef>,
    sent: HashSet<ChunkId>,
    failure: Option<Error>,
}

impl Packer {
    fn new(codec: Codec, config: &Config, sender: mpsc::Sender<Piece>) -> Result<Self, Error> {
        let compressor =
            Compressor::new(config.compression).map_err(|error| Error::Internal(error.to_string()))?;
        Ok(Self {
            codec,
            compressor,
            max_size: config.max_entry_size,
            sender,
            size: 0,
            chunks: Vec::new(),
            sent: HashSet::new(),
            failure: None,
        })
    }

    fn pack(mut self, mounts: &Mounts) -> Result<(Packed, Vec<ChunkRef>), Error> {
        let mut buffer = Vec::new();
        let mut writer = ChunkWriter::new(&mut buffer, |plain: &[u8]| self.add(plain));
        let packed = mounts.pack(&mut writer);
        let finished = writer.finish();
        // Our own failure hides behind the sink's; it says more.
        if let Some(failure) = self.failure {
            return Err(failure);
        }
        let packed = packed?;
        finished.map_err(crate::archive::Error::Sink)?;
        Ok((packed, self.chunks))
    }

    fn add(&mut self, plain: &[u8]) -> io::Result<()> {
        self.try_add(plain).map_err(|error| {
            let told = io::Error::other(error.to_string());
            self.failure = Some(error);
            told
        })
    }

    fn try_add(&mut self, plain: &[u8]) -> Result<(), Error> {
        self.size += plain.len() as u64;
        if self.size > self.max_size {
            return Err(Error::TooLarge { limit: self.max_size });
        }
        let internal = |error: io::Error| Error::Internal(error.to_string());
        let id = self.codec.chunk_id(plain);
        let mut frame = Vec::new();
        self.compressor.frame(plain, &mut frame).map_err(internal)?;
        self.chunks.push(ChunkRef {
            id,
            size: plain.len() as u32,
            stored: frame.len() as u32,
        });
        if !self.sent.insert(id) {
            return Ok(());
        }
        let object = self.codec.encode_chunk(&id, &frame);
        let object = object.map_err(|source| Error::Entry {
            key: format!("chunk {id}"),
            source,
        })?;
        self.sender
            .blocking_send(Piece { id, object })
            .map_err(|_| Error::Off)
    }
}
