//! From the cache directory to the bucket: small artifacts in one object, large ones in chunks, entry last.

use std::collections::HashSet;
use std::io;
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use futures_util::stream::{FuturesUnordered, StreamExt};
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::place::Place;
use super::warnings::lock;
use super::{Artifact, RemoteCache, blocking};
use crate::archive::{self, Packed};
use crate::chunk::{ChunkId, ChunkWriter};
use crate::compress::Compressor;
use crate::config::Compression;
use crate::entry::{ChunkRef, Codec, Manifest};
use crate::error::Error;
use crate::object_store::{PutMode, PutOutcome};
use crate::task_hash::TaskHash;

/// Frames of up to this many bytes together travel in the entry object.
pub(super) const INLINE_LIMIT: usize = 4 * 1024 * 1024;
/// Chunks of one artifact that are put at once.
const PUTS: usize = 4;

/// A chunk that travels in an object of its own.
struct Frame {
    id: ChunkId,
    bytes: Vec<u8>,
}

/// What packing an artifact came to.
struct Produced {
    packed: Packed,
    chunks: Vec<ChunkRef>,
    /// The frames, when they are few enough to be inline.
    inline: Option<Vec<u8>>,
}

impl RemoteCache {
    /// Stores an artifact within the deadline.
    pub(super) async fn upload(&self, hash: &TaskHash, artifact: &Artifact) -> Result<PutOutcome, Error> {
        let _slot = self.packing.acquire().await.map_err(|_| Error::Off)?;
        timeout(self.config.deadline, self.upload_now(hash, artifact))
            .await
            .map_err(|_| Error::Deadline)?
    }

    async fn upload_now(&self, hash: &TaskHash, artifact: &Artifact) -> Result<PutOutcome, Error> {
        let place = self.places().await?.writes.as_ref().ok_or(Error::Off)?;
        let codec = &place.codec;
        let (sender, frames) = mpsc::channel(1);
        let packing = {
            let mut packer = Packer::new(
                codec.clone(),
                self.config.compression,
                self.config.max_entry_size,
                sender,
            )?;
            let source = artifact.cache_directory.join(hash.as_str());
            let terminal_output = artifact.terminal_output.clone();
            blocking(move || packer.pack(source, &terminal_output))
        };
        // When a put fails, the channel closes, and packing ends with an error that matters less.
        let (produced, put) = tokio::join!(packing, self.put_chunks(place, frames));
        put?;
        let produced = produced??;

        let manifest = self.manifest(place, hash, artifact.code, &produced);
        let object = {
            let (codec, hash) = (codec.clone(), hash.clone());
            let payload = produced.inline.unwrap_or_default();
            blocking(move || codec.encode_entry(&hash, &manifest, &payload)).await?
        };
        let key = place.keys.entry(hash);
        let object = object.map_err(|source| Error::Entry {
            key: key.clone(),
            source,
        })?;
        let outcome = self.requests.put(&key, object, self.put_mode(&key)).await?;
        lock(&self.bad_objects).remove(&key);
        lock(&self.known_misses).remove(hash);
        Ok(outcome)
    }

    /// Puts frames as they come, a few at a time; the first failure ends it.
    async fn put_chunks(&self, place: &Place, mut frames: mpsc::Receiver<Frame>) -> Result<(), Error> {
        let mut puts = FuturesUnordered::new();
        loop {
            tokio::select! {
                frame = frames.recv(), if puts.len() < PUTS => match frame {
                    Some(frame) => puts.push(self.put_chunk(place, frame)),
                    None => break,
                },
                Some(put) = puts.next() => put?,
            }
        }
        while let Some(put) = puts.next().await {
            put?;
        }
        Ok(())
    }

    /// Puts a chunk, unless the bucket has it already.
    async fn put_chunk(&self, place: &Place, frame: Frame) -> Result<(), Error> {
        let key = place.keys.chunk(&frame.id);
        let mode = self.put_mode(&key);
        if mode == PutMode::Create && self.requests.exists(&key).await? {
            self.counters.saved(frame.bytes.len());
            return Ok(());
        }
        let codec = place.codec.clone();
        let object = blocking(move || codec.encode_chunk(&frame.id, &frame.bytes)).await?;
        let object = object.map_err(|source| Error::Entry {
            key: key.clone(),
            source,
        })?;
        self.requests.put(&key, object, mode).await?;
        lock(&self.bad_objects).remove(&key);
        Ok(())
    }

    /// Objects stay as they are once written, except those that turned out bad.
    fn put_mode(&self, key: &str) -> PutMode {
        if lock(&self.bad_objects).contains(key) {
            PutMode::Replace
        } else {
            PutMode::Create
        }
    }

    fn manifest(&self, place: &Place, hash: &TaskHash, code: i16, produced: &Produced) -> Manifest {
        Manifest {
            hash: hash.to_string(),
            scope: place.scope.to_string(),
            code,
            files: produced.packed.files,
            size: produced.chunks.iter().map(|chunk| u64::from(chunk.size)).sum(),
            stored_size: produced.chunks.iter().map(|chunk| u64::from(chunk.stored)).sum(),
            inline: produced.inline.is_some(),
            chunks: produced.chunks.clone(),
            level: match self.config.compression {
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

/// Packs one artifact: archive → chunks → frames, inline as long as they are few, then over the channel.
struct Packer {
    codec: Codec,
    compressor: Compressor,
    max_size: u64,
    sender: mpsc::Sender<Frame>,
    size: u64,
    chunks: Vec<ChunkRef>,
    inline: Option<Vec<u8>>,
    sent: HashSet<ChunkId>,
    failure: Option<Error>,
}

impl Packer {
    fn new(
        codec: Codec,
        compression: Compression,
        max_size: u64,
        sender: mpsc::Sender<Frame>,
    ) -> Result<Self, Error> {
        let compressor = Compressor::new(compression).map_err(|error| Error::Internal(error.to_string()))?;
        Ok(Self {
            codec,
            compressor,
            max_size,
            sender,
            size: 0,
            chunks: Vec::new(),
            inline: Some(Vec::new()),
            sent: HashSet::new(),
            failure: None,
        })
    }

    fn pack(&mut self, source: PathBuf, terminal_output: &str) -> Result<Produced, Error> {
        let mut writer = ChunkWriter::new(|chunk: &[u8]| self.add(chunk));
        let packed = archive::pack(&source, terminal_output, &mut writer);
        let finished = writer.finish().map_err(archive::Error::Sink);
        // Our own failure hides behind the sink's; it says more.
        if let Some(failure) = self.failure.take() {
            return Err(failure);
        }
        let packed = packed?;
        finished?;
        Ok(Produced {
            packed,
            chunks: std::mem::take(&mut self.chunks),
            inline: self.inline.take(),
        })
    }

    /// Takes the next chunk of the archive.
    fn add(&mut self, plain: &[u8]) -> io::Result<()> {
        self.size += plain.len() as u64;
        if self.size > self.max_size {
            return self.fail(Error::TooLarge { limit: self.max_size });
        }
        let id = self.codec.chunk_id(plain);
        let bytes = self.compressor.frame(plain)?;
        self.chunks.push(ChunkRef {
            id,
            size: plain.len() as u32,
            stored: bytes.len() as u32,
        });
        match &mut self.inline {
            Some(inline) => {
                inline.extend_from_slice(&bytes);
                if inline.len() <= INLINE_LIMIT {
                    Ok(())
                } else {
                    self.spill()
                }
            }
            None => self.send(Frame { id, bytes }),
        }
    }

    /// The artifact is too large to be inline: the frames so far travel on their own, too.
    fn spill(&mut self) -> io::Result<()> {
        let inline = self.inline.take().unwrap_or_default();
        let mut rest = inline.as_slice();
        for chunk in self.chunks.clone() {
            let (frame, after) = rest.split_at(chunk.stored as usize);
            rest = after;
            self.send(Frame {
                id: chunk.id,
                bytes: frame.to_vec(),
            })?;
        }
        Ok(())
    }

    fn send(&mut self, frame: Frame) -> io::Result<()> {
        if !self.sent.insert(frame.id) {
            return Ok(());
        }
        match self.sender.blocking_send(frame) {
            Ok(()) => Ok(()),
            Err(_) => self.fail(Error::Off),
        }
    }

    fn fail(&mut self, error: Error) -> io::Result<()> {
        let told = io::Error::other(error.to_string());
        self.failure = Some(error);
        Err(told)
    }
}
