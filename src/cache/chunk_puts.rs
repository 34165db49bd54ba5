//! Chunks on their way to the bucket: each is compressed and sent once a run, and not at all when it is there.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use futures_util::stream::{FuturesUnordered, StreamExt};
use parking_lot::Mutex;
use tokio::sync::{OnceCell, mpsc};

use super::memory_budget::Permit;
use super::namespace::Namespace;
use super::packer::{Body, Piece};
use super::{RemoteCache, blocking};
use crate::chunk::ChunkId;
use crate::error::Error;
use crate::object_store::{PutMode, PutOutcome};

/// After this many chunks in a row that the bucket didn't have, the artifact counts as new.
const SURE: usize = 16;
/// Of a new artifact, one chunk of so many is asked for. The others are sent under the condition that they
/// aren't there.
const SAMPLE: usize = 4;

/// The chunks of this run that are in the bucket or on their way, with the bytes of their frames.
#[derive(Default)]
pub struct SentChunks(Mutex<HashMap<ChunkId, Arc<OnceCell<u32>>>>);

impl SentChunks {
    /// The cell for the outcome of one chunk: who comes second waits for the first.
    fn outcome(&self, id: ChunkId) -> Arc<OnceCell<u32>> {
        self.0.lock().entry(id).or_default().clone()
    }

    fn forget(&self, id: &ChunkId) {
        self.0.lock().remove(id);
    }
}

/// Decides for which chunks of one artifact the bucket is asked.
#[derive(Default)]
struct Probes {
    /// Chunks in a row that the bucket didn't have.
    missing: AtomicUsize,
    skipped: AtomicUsize,
}

impl Probes {
    fn wants_to_ask(&self) -> bool {
        self.missing.load(Ordering::Relaxed) < SURE
            || self
                .skipped
                .fetch_add(1, Ordering::Relaxed)
                .is_multiple_of(SAMPLE)
    }

    fn answered(&self, there: bool) {
        if there {
            self.missing.store(0, Ordering::Relaxed);
        } else {
            self.missing.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// What the bucket has under a chunk's key.
enum InBucket {
    Missing,
    /// An object that can't be the chunk, or can't be read.
    Unusable,
    /// What may be the chunk, with the bytes of the object.
    Whole(u64),
}

impl RemoteCache {
    /// Puts an artifact's pieces as they come, as many at once as there are requests and memory; the first
    /// failure ends it. Returns the bytes of each frame.
    pub(super) async fn put_chunks(
        &self,
        namespace: &Arc<Namespace>,
        mut pieces: mpsc::Receiver<Piece>,
    ) -> Result<Vec<(usize, u32)>, Error> {
        let (probes, mut puts, mut done) = (Probes::default(), FuturesUnordered::new(), Vec::new());
        loop {
            tokio::select! {
                piece = pieces.recv() => match piece {
                    Some(piece) => puts.push(self.put_chunk(namespace, piece, &probes)),
                    None => break,
                },
                Some(put) = puts.next() => done.push(put?),
            }
        }
        while let Some(put) = puts.next().await {
            done.push(put?);
        }
        Ok(done)
    }

    /// Puts a chunk, unless this run did so already.
    async fn put_chunk(
        &self,
        namespace: &Arc<Namespace>,
        piece: Piece,
        probes: &Probes,
    ) -> Result<(usize, u32), Error> {
        let (at, key) = (piece.at, namespace.keys.chunk(&piece.id));
        let mode = self.put_mode(&key);
        if mode == PutMode::Replace || self.requests.could_not_read(&key) {
            self.sent_chunks.forget(&piece.id);
        }
        let outcome = self.sent_chunks.outcome(piece.id);
        let send = || self.send_chunk(namespace, &key, mode, piece, probes);
        Ok((at, *outcome.get_or_try_init(send).await?))
    }

    /// Puts a chunk, unless the bucket has it; returns the bytes of its frame.
    async fn send_chunk(
        &self,
        namespace: &Arc<Namespace>,
        key: &str,
        mode: PutMode,
        piece: Piece,
        probes: &Probes,
    ) -> Result<u32, Error> {
        let (mut mode, size) = (mode, piece.size);
        if mode == PutMode::Create && !self.requests.could_not_read(key) && probes.wants_to_ask() {
            let found = self.chunk_in_bucket(namespace, key, size).await?;
            probes.answered(!matches!(found, InBucket::Missing));
            match found {
                InBucket::Whole(bytes) => {
                    self.counters.saved(bytes as usize);
                    return Ok(namespace.codec.frame_len(bytes));
                }
                InBucket::Unusable => mode = PutMode::Replace,
                InBucket::Missing => {}
            }
        }
        let (object, _memory) = self.chunk_object(namespace, key, piece).await?;
        let object = Bytes::from(object);
        let stored = namespace.codec.frame_len(object.len() as u64);
        let outcome = self.requests.put(key, object.clone(), mode).await?;
        if outcome == PutOutcome::AlreadyThere
            && let Ok(InBucket::Unusable) = self.chunk_in_bucket(namespace, key, size).await
        {
            self.requests.put(key, object, PutMode::Replace).await?;
        }
        self.bad_objects.lock().remove(key);
        Ok(stored)
    }

    /// Asks for a chunk of `size` plain bytes without getting it. Content that is wrong shows only when it is read; an
    /// object that is cut short, padded or archived already shows here.
    async fn chunk_in_bucket(&self, namespace: &Namespace, key: &str, size: u32) -> Result<InBucket, Error> {
        let Some(head) = self.requests.head(key).await? else {
            return Ok(InBucket::Missing);
        };
        if head.archived || !namespace.codec.chunk_object_sizes(size).contains(&head.size) {
            return Ok(InBucket::Unusable);
        }
        self.touch(namespace, key, head.modified);
        Ok(InBucket::Whole(head.size))
    }

    /// A chunk as it goes into the bucket, and the memory that takes.
    async fn chunk_object(
        &self,
        namespace: &Arc<Namespace>,
        key: &str,
        piece: Piece,
    ) -> Result<(Vec<u8>, Permit), Error> {
        let Piece {
            id, body, mut memory, ..
        } = piece;
        let (codec, compressors) = (namespace.codec.clone(), self.compressors.clone());
        let object = {
            let _core = self.cores.acquire().await.map_err(|_| Error::Off)?;
            blocking(move || match body {
                Body::Frame(frame) => Ok(codec.encode_chunk(&id, &frame)),
                Body::Plain(plain) => compressors.with(|pooled| {
                    pooled.buffer.clear();
                    pooled.compressor.frame(&plain, &mut pooled.buffer)?;
                    Ok(codec.encode_chunk(&id, &pooled.buffer))
                })?,
            })
            .await?
        };
        let object = object.map_err(|error: std::io::Error| Error::Internal(error.to_string()))?;
        let object = object.map_err(|source| Error::Entry {
            key: key.into(),
            source,
        })?;
        memory.resize(object.len() as u64);
        Ok((object, memory))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_artifact_is_asked_for_less_and_less_until_something_is_there() {
        let probes = Probes::default();
        let asked = |count| (0..count).filter(|_| probes.wants_to_ask()).count();
        assert_eq!(asked(100), 100, "nothing is known yet");
        (0..SURE).for_each(|_| probes.answered(false));
        assert_eq!(asked(100), 100 / SAMPLE);
        probes.answered(true);
        assert_eq!(asked(100), 100);
    }
}
