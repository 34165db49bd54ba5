//! From the bucket to the cache directory: one request for a small artifact, chunks in parallel for a large one.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::join_all;
use futures_util::{StreamExt, stream};
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout_at};

use super::chunks::{Arriving, ChunkReader, FetchedChunk};
use super::forecast::Forecast;
use super::health::Purpose;
use super::place::Place;
use super::room::Held;
use super::warnings::lock;
use super::{RemoteCache, Retrieved, blocking};
use crate::archive::{self, Limits, Staging};
use crate::config::OnBadSignature;
use crate::entry::{self, ChunkRef, Entry, MAX_CHUNK_OBJECT, MAX_ENTRY_OBJECT, Manifest};
use crate::error::Error;
use crate::object_store::Object;
use crate::task_hash::TaskHash;

/// Chunks that are fetched ahead of the one being unpacked, for one artifact.
const WINDOW: usize = 16;

/// Where an artifact goes and what it may be.
#[derive(Clone)]
struct Target {
    place: Arc<Place>,
    hash: TaskHash,
    /// The key of its entry.
    key: String,
    cache_directory: PathBuf,
    limits: Limits,
}

/// An entry object and the memory it takes.
struct Received {
    object: Object,
    memory: Held,
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
        let deadline = Instant::now() + self.config.deadline;
        let places = &self.places().await?.reads;
        // All scopes are asked at once: one round trip of delay, however many there are.
        let entries = join_all(places.iter().map(|place| self.get_entry(place, hash, deadline))).await;

        let mut failure = None;
        for (place, entry) in places.iter().zip(entries) {
            let target = self.target(place, hash, cache_directory);
            let restored = match entry {
                Ok(None) => continue,
                Ok(Some(received)) => {
                    let modified = received.object.modified;
                    let restored = self.restore_twice(&target, received, deadline).await;
                    restored.inspect(|_| self.used(place, &target.key, modified))
                }
                Err(error) => Err(error),
            };
            match restored {
                Ok(found) => {
                    if let Some(failure) = failure {
                        self.report(hash.as_str(), "restored from the run's own scope", &failure);
                    }
                    return Ok(Some(found));
                }
                Err(error) => {
                    self.remember_bad(&target.key, &error);
                    let error = self.judge(error);
                    if error.is_fatal() {
                        return Err(error);
                    }
                    failure = failure.or(Some(error));
                }
            }
        }
        match failure {
            Some(failure) => Err(failure),
            None => {
                lock(&self.known_misses).insert(hash.clone());
                Ok(None)
            }
        }
    }

    /// What a bad signature means for the run is the user's decision.
    fn judge(&self, error: Error) -> Error {
        match (error, self.config.trust.on_bad_signature) {
            (
                Error::Entry {
                    key,
                    source: entry::Error::Signature(source),
                },
                OnBadSignature::Fail,
            ) => Error::Untrusted { key, source },
            (error, _) => error,
        }
    }

    async fn get_entry(
        &self,
        place: &Place,
        hash: &TaskHash,
        deadline: Instant,
    ) -> Result<Option<Received>, Error> {
        let key = place.keys.entry(hash);
        let get = async {
            let mut memory = self.room.for_entry().await?;
            let object = self.requests.get(&key, MAX_ENTRY_OBJECT).await?;
            self.room
                .settle(&mut memory, object.as_ref().map_or(0, |object| object.body.len()));
            Ok(object.map(|object| Received { object, memory }))
        };
        timeout_at(deadline, get).await.map_err(|_| Error::Deadline)?
    }

    /// Restores from an entry object, and from what a second request brings where that is something else: the
    /// network may have changed the first.
    async fn restore_twice(
        &self,
        target: &Target,
        received: Received,
        deadline: Instant,
    ) -> Result<Retrieved, Error> {
        let (object, memory) = (received.object.body, received.memory);
        let first = self.restore_from(target.clone(), object.clone(), deadline).await;
        if !matches!(first, Err(Error::Entry { .. })) {
            return first;
        }
        drop(memory); // or everybody may wait for memory that others hold
        match self.get_entry(&target.place, &target.hash, deadline).await {
            Ok(Some(other)) if other.object.body != object => {
                self.restore_from(target.clone(), other.object.body, deadline)
                    .await
            }
            _ => first,
        }
    }

    /// Restores from an entry object.
    async fn restore_from(
        &self,
        target: Target,
        object: Bytes,
        deadline: Instant,
    ) -> Result<Retrieved, Error> {
        let _slot = self.unpacking.acquire().await.map_err(|_| Error::Off)?;
        self.sweep_once(&target.cache_directory).await?;
        let opened = {
            let target = target.clone();
            blocking(move || open_entry(&target, &object)).await??
        };
        match opened {
            Opened::Restored(retrieved) => Ok(retrieved),
            Opened::InChunks(manifest) => {
                let (place, chunks) = (target.place.clone(), manifest.chunks.clone());
                let restored = self.restore_chunks(target, manifest, deadline).await;
                restored.inspect_err(|error| self.suspect_chunks(&place, &chunks, error))
            }
        }
    }

    /// Unpacks an artifact while its chunks arrive.
    async fn restore_chunks(
        &self,
        target: Target,
        manifest: Manifest,
        deadline: Instant,
    ) -> Result<Retrieved, Error> {
        // As many may wait for the disk: nothing is fetched while one waits to be sent.
        let (sender, receiver) = mpsc::channel(WINDOW);
        let (place, chunks) = (target.place.clone(), manifest.chunks.clone());
        let unpacking =
            blocking(move || unpack(&target, &manifest, Arriving::new(receiver, manifest.chunks.len())));
        // The sender is dropped when fetching ends, early or not, which ends the unpacking too.
        let fetching =
            async move { timeout_at(deadline, self.fetch_chunks(&place, &chunks, deadline, sender)).await };
        let (unpacked, fetched) = tokio::join!(unpacking, fetching);
        match (unpacked?, fetched) {
            (Err(Error::Internal(_)), Err(_)) => Err(Error::Deadline),
            (unpacked, _) => unpacked,
        }
    }

    /// Fetches chunks ahead of the receiver, in order, as long as there is hope to be done at the deadline.
    async fn fetch_chunks(
        &self,
        place: &Place,
        chunks: &[ChunkRef],
        deadline: Instant,
        sender: mpsc::Sender<FetchedChunk>,
    ) {
        let stored = chunks.iter().map(|chunk| u64::from(chunk.stored));
        let mut forecast = Forecast::new(stored.clone().sum(), Instant::now(), deadline);
        let fetch = |chunk: ChunkRef| self.fetch_chunk(place, chunk);
        let mut fetched = stream::iter(chunks.iter().copied()).map(fetch).buffered(WINDOW);
        for bytes in stored {
            let Some(mut chunk) = fetched.next().await else {
                break;
            };
            if forecast.is_hopeless(bytes, Instant::now()) {
                chunk = chunk.and(Err(Error::Deadline));
            }
            if sender.send(chunk).await.is_err() {
                break;
            }
        }
    }

    async fn fetch_chunk(&self, place: &Place, chunk: ChunkRef) -> FetchedChunk {
        let memory = self.room.for_chunk(&chunk).await?;
        let first = self.get_chunk(place, &chunk).await?;
        let mut plain = self.decode(place, chunk, &first.body).await;
        if matches!(plain, Err(Error::Entry { .. })) {
            let other = self.get_chunk(place, &chunk).await?;
            if other.body != first.body {
                plain = self.decode(place, chunk, &other.body).await;
            }
        }
        let plain = plain?;
        self.used(place, &place.keys.chunk(&chunk.id), first.modified);
        Ok((plain, memory))
    }

    async fn get_chunk(&self, place: &Place, chunk: &ChunkRef) -> Result<Object, Error> {
        let key = place.keys.chunk(&chunk.id);
        let object = self.requests.get(&key, MAX_CHUNK_OBJECT).await?;
        object.ok_or(Error::ChunkMissing { key })
    }

    /// The content of a chunk object.
    async fn decode(&self, place: &Place, chunk: ChunkRef, object: &Bytes) -> Result<Vec<u8>, Error> {
        let _turn = self.cores.acquire().await.map_err(|_| Error::Off)?;
        let (codec, object) = (place.codec.clone(), object.clone());
        let plain = blocking(move || codec.decode_chunk(&chunk, &object)).await?;
        let key = place.keys.chunk(&chunk.id);
        plain.map_err(|source| Error::Entry { key, source })
    }

    /// One bad chunk puts all chunks of its artifact under suspicion, so that one store mends them all.
    fn suspect_chunks(&self, place: &Place, chunks: &[ChunkRef], error: &Error) {
        if matches!(
            error,
            Error::Entry { .. } | Error::Object { .. } | Error::ChunkMissing { .. }
        ) {
            lock(&self.bad_objects).extend(chunks.iter().map(|chunk| place.keys.chunk(&chunk.id)));
        }
    }

    /// Remembers that a store has to replace the entry.
    fn remember_bad(&self, entry_key: &str, error: &Error) {
        let bad = match error {
            Error::Entry { .. } | Error::Object { .. } | Error::ChunkMissing { .. } => true,
            Error::Archive(error) => error.origin() == archive::Origin::Archive,
            _ => false,
        };
        if bad {
            lock(&self.bad_objects).insert(entry_key.to_owned());
        }
    }

    fn target(&self, place: &Arc<Place>, hash: &TaskHash, cache_directory: &Path) -> Target {
        Target {
            place: place.clone(),
            hash: hash.clone(),
            key: place.keys.entry(hash),
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
fn open_entry(target: &Target, object: &[u8]) -> Result<Opened, Error> {
    let bad = |source| Error::Entry {
        key: target.key.clone(),
        source,
    };
    let codec = &target.place.codec;
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
