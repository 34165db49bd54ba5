//! From the bucket to the cache directory: one request for a small artifact, chunks in parallel for a large one.

use std::path::{Path, PathBuf};

use futures_util::{StreamExt, stream};
use tokio::sync::{OwnedSemaphorePermit, mpsc};
use tokio::time::{Instant, timeout_at};

use super::frames::ChunkReader;
use super::health::Purpose;
use super::warnings::lock;
use super::{RemoteCache, Retrieved, blocking};
use crate::archive::{self, Limits, Staging};
use crate::entry::{ChunkRef, Codec, Entry, MAX_CHUNK_OBJECT, MAX_ENTRY_OBJECT, Manifest};
use crate::error::Error;
use crate::object_store;
use crate::task_hash::TaskHash;

/// Chunks that are fetched ahead of the one being unpacked, for one artifact.
const WINDOW: usize = 8;

/// A chunk on its way to be unpacked, and the part of the memory it takes.
type FetchedChunk = Result<(Vec<u8>, OwnedSemaphorePermit), Error>;

/// Where an artifact goes and what it may be.
#[derive(Clone)]
struct Target {
    hash: TaskHash,
    /// The key of its entry.
    key: String,
    cache_directory: PathBuf,
    limits: Limits,
}

/// What an entry object led to.
enum Opened {
    Restored(Retrieved),
    InChunks(Manifest),
}

impl RemoteCache {
    /// Restores the artifact of `hash`; `None` when the bucket has none.
    ///
    /// The deadline bounds the network. What was received whole is unpacked whatever the time.
    pub(super) async fn restore(
        &self,
        hash: &TaskHash,
        cache_directory: &Path,
    ) -> Result<Option<Retrieved>, Error> {
        if !self.requests.allowed(Purpose::Read) {
            return Err(Error::Off);
        }
        if lock(&self.known_misses).contains(hash) {
            return Ok(None);
        }
        let _turn = self.restores.acquire().await.map_err(|_| Error::Off)?;
        let target = self.target(hash, cache_directory);
        let restored = self.restore_to(&target).await;
        restored.inspect_err(|error| self.remember_bad(&target.key, error))
    }

    async fn restore_to(&self, target: &Target) -> Result<Option<Retrieved>, Error> {
        let deadline = Instant::now() + self.config.deadline;
        let codec = self.codec().await?;
        let get = timeout_at(deadline, self.requests.get(&target.key, MAX_ENTRY_OBJECT));
        let Some(object) = get.await.map_err(|_| Error::Deadline)?? else {
            lock(&self.known_misses).insert(target.hash.clone());
            return Ok(None);
        };

        let _slot = self.unpacking.acquire().await.map_err(|_| Error::Off)?;
        self.sweep_once(&target.cache_directory).await?;
        let opened = {
            let (codec, target) = (codec.clone(), target.clone());
            blocking(move || open_entry(&codec, &target, &object)).await??
        };
        match opened {
            Opened::Restored(retrieved) => Ok(Some(retrieved)),
            Opened::InChunks(manifest) => {
                let chunks = manifest.chunks.clone();
                let restored = self
                    .restore_chunks(codec, target.clone(), manifest, deadline)
                    .await;
                restored
                    .map(Some)
                    .inspect_err(|error| self.suspect_chunks(&chunks, error))
            }
        }
    }

    /// Unpacks an artifact while its chunks arrive.
    async fn restore_chunks(
        &self,
        codec: &Codec,
        target: Target,
        manifest: Manifest,
        deadline: Instant,
    ) -> Result<Retrieved, Error> {
        let (sender, receiver) = mpsc::channel(1);
        let chunks = manifest.chunks.clone();
        let unpacking = blocking(move || {
            let arriving = Arriving {
                receiver,
                left: manifest.chunks.len(),
                held: None,
            };
            unpack(&target, &manifest, arriving)
        });
        // The sender is dropped when fetching ends, early or not, which ends the unpacking too.
        let fetching = async move { timeout_at(deadline, self.fetch_chunks(codec, &chunks, sender)).await };
        let (unpacked, fetched) = tokio::join!(unpacking, fetching);
        match (unpacked?, fetched) {
            (Err(Error::Internal(_)), Err(_)) => Err(Error::Deadline),
            (unpacked, _) => unpacked,
        }
    }

    /// Fetches chunks ahead of the receiver, in order.
    async fn fetch_chunks(&self, codec: &Codec, chunks: &[ChunkRef], sender: mpsc::Sender<FetchedChunk>) {
        let fetch = |chunk: ChunkRef| self.fetch_chunk(codec, chunk);
        let mut fetched = stream::iter(chunks.iter().copied()).map(fetch).buffered(WINDOW);
        while let Some(chunk) = fetched.next().await {
            if sender.send(chunk).await.is_err() {
                break;
            }
        }
    }

    async fn fetch_chunk(&self, codec: &Codec, chunk: ChunkRef) -> FetchedChunk {
        let kib = chunk.size.div_ceil(1024).max(1);
        let memory = self
            .memory
            .clone()
            .acquire_many_owned(kib)
            .await
            .map_err(|_| Error::Off)?;
        let key = self.keys.chunk(&chunk.id);
        let object = self.requests.get(&key, MAX_CHUNK_OBJECT).await?;
        let object = object.ok_or_else(|| Error::ChunkMissing { key: key.clone() })?;
        let codec = codec.clone();
        let plain = blocking(move || codec.decode_chunk(&chunk, &object)).await?;
        Ok((plain.map_err(|source| Error::Entry { key, source })?, memory))
    }

    /// One bad chunk puts all chunks of its artifact under suspicion, so that one store mends them all.
    fn suspect_chunks(&self, chunks: &[ChunkRef], error: &Error) {
        if matches!(error, Error::Entry { .. } | Error::ChunkMissing { .. }) {
            lock(&self.bad_objects).extend(chunks.iter().map(|chunk| self.keys.chunk(&chunk.id)));
        }
    }

    /// Remembers that a store has to replace the entry.
    fn remember_bad(&self, entry_key: &str, error: &Error) {
        let bad = match error {
            Error::Entry { .. } | Error::ChunkMissing { .. } => true,
            Error::Store(object_store::Error::TooLarge { .. }) => true,
            Error::Archive(error) => error.origin() == archive::Origin::Archive,
            _ => false,
        };
        if bad {
            lock(&self.bad_objects).insert(entry_key.to_owned());
        }
    }

    fn target(&self, hash: &TaskHash, cache_directory: &Path) -> Target {
        Target {
            hash: hash.clone(),
            key: self.keys.entry(hash),
            cache_directory: cache_directory.to_owned(),
            limits: Limits {
                bytes: self.config.max_entry_size,
                ..Limits::default()
            },
        }
    }

    /// Removes what killed processes left in the cache directory, once a run.
    async fn sweep_once(&self, cache_directory: &Path) -> Result<(), Error> {
        let directory = cache_directory.to_owned();
        if lock(&self.swept).insert(directory.clone()) {
            blocking(move || archive::sweep(&directory)).await?;
        }
        Ok(())
    }
}

/// Opens an entry object and, when the artifact is in it, unpacks it.
fn open_entry(codec: &Codec, target: &Target, object: &[u8]) -> Result<Opened, Error> {
    let bad = |source| Error::Entry {
        key: target.key.clone(),
        source,
    };
    let entry: Entry = codec.decode_entry(&target.hash, object).map_err(bad)?;
    if !entry.manifest.inline {
        return Ok(Opened::InChunks(entry.manifest));
    }
    let chunks = entry
        .inline_frames()
        .map(|(chunk, frame)| codec.expand_chunk(chunk, frame).map_err(bad));
    unpack(target, &entry.manifest, chunks).map(Opened::Restored)
}

/// Unpacks `chunks` beside the artifact's place and then puts it there.
fn unpack(
    target: &Target,
    manifest: &Manifest,
    chunks: impl Iterator<Item = Result<Vec<u8>, Error>>,
) -> Result<Retrieved, Error> {
    if manifest.size > target.limits.bytes {
        return Err(Error::TooLarge {
            limit: target.limits.bytes,
        });
    }
    let staging = Staging::create(&target.cache_directory, &target.hash)?;
    let mut reader = ChunkReader::new(chunks);
    let unpacked = archive::unpack(&mut reader, staging.path(), &target.limits);
    if let Some(failure) = reader.failure {
        return Err(failure);
    }
    let unpacked = unpacked?;
    staging.commit()?;
    Ok(Retrieved {
        code: manifest.code,
        terminal_output: unpacked.terminal_output,
        outputs_path: target.cache_directory.join(target.hash.as_str()),
        size: unpacked.bytes,
    })
}

/// The chunks as they come over the channel; the last one's memory is released with the next.
struct Arriving {
    receiver: mpsc::Receiver<FetchedChunk>,
    left: usize,
    held: Option<OwnedSemaphorePermit>,
}

impl Iterator for Arriving {
    type Item = Result<Vec<u8>, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        self.held = None;
        self.left = self.left.checked_sub(1)?;
        // A stream that ends early must not look like one that is complete.
        let interrupted = || Err(Error::Internal("the chunks stopped arriving".into()));
        let chunk = self.receiver.blocking_recv().unwrap_or_else(interrupted);
        Some(chunk.map(|(plain, memory)| {
            self.held = Some(memory);
            plain
        }))
    }
}
