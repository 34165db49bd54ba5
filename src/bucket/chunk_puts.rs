//! Chunks on their way to the bucket: each is compressed and sent once a run, and not at all when it is there.

use std::collections::HashMap;
use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use bytes::Bytes;
use futures_util::stream::{FuturesOrdered, StreamExt};
use memmap2::MmapMut;
use parking_lot::Mutex;
use tokio::sync::{OnceCell, mpsc};

use super::memory::Permit;
use super::namespace::Namespace;
use super::pack::{Body, Piece};
use super::requests::Transfer;
use crate::chunk::ChunkId;
use crate::compress::CompressorPool;
use crate::entry::ChunkRef;
use crate::error::Error;
use crate::object_store::{PutMode, PutOutcome};

/// Objects of this size and more have pages of their own.
const MAPPED: usize = 256 << 10;

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

/// What the bucket has under a chunk's key.
enum InBucket {
    Missing,
    /// An object that can't be the chunk, or can't be read.
    Unusable,
    /// What may be the chunk, with the bytes of the object.
    Whole(u64),
}

/// Puts chunks, and what that needs.
pub struct ChunkPuts {
    pub transfer: Transfer,
    pub compressors: Arc<CompressorPool>,
    pub sent: SentChunks,
}

/// The chunks of an artifact that are in the bucket now.
#[derive(Default)]
pub struct Sent {
    /// All of them, in order.
    pub chunks: Vec<ChunkRef>,
    /// How many the bucket didn't have.
    pub count: u64,
    /// The bytes of those.
    pub bytes: u64,
}

impl Sent {
    fn add(&mut self, (chunk, sent): (ChunkRef, Option<u64>)) {
        self.chunks.push(chunk);
        self.count += u64::from(sent.is_some());
        self.bytes += sent.unwrap_or_default();
    }
}

impl ChunkPuts {
    /// Puts an artifact's pieces as they come, as many at once as there are requests and memory; the first
    /// failure ends it. A `fresh` artifact replaces the chunks that are there.
    pub async fn put_all(
        &self,
        namespace: &Arc<Namespace>,
        mut pieces: mpsc::Receiver<Piece>,
        fresh: bool,
    ) -> Result<Sent, Error> {
        let (mut puts, mut sent) = (FuturesOrdered::new(), Sent::default());
        loop {
            tokio::select! {
                piece = pieces.recv() => match piece {
                    Some(piece) => puts.push_back(self.put(namespace, piece, fresh)),
                    None => break,
                },
                Some(put) = puts.next() => sent.add(put?),
            }
        }
        while let Some(put) = puts.next().await {
            sent.add(put?);
        }
        Ok(sent)
    }

    /// Puts a chunk, unless this run did so already; returns the bytes of its object if that was sent.
    async fn put(
        &self,
        namespace: &Arc<Namespace>,
        piece: Piece,
        fresh: bool,
    ) -> Result<(ChunkRef, Option<u64>), Error> {
        let (id, size, key) = (piece.id, piece.size, namespace.keys.chunk(&piece.id));
        if self.transfer.requests.is_suspect(&key) {
            self.sent.forget(&id);
        }
        let (outcome, mut sent) = (self.sent.outcome(id), None);
        let send = async || {
            let stored;
            (stored, sent) = self.send(namespace, &key, piece, fresh).await?;
            Ok::<_, Error>(stored)
        };
        let stored = *outcome.get_or_try_init(send).await?;
        Ok((ChunkRef { id, size, stored }, sent))
    }

    /// Puts a chunk, unless the bucket has it; returns the bytes of its frame, and those of its object if that was sent.
    async fn send(
        &self,
        namespace: &Arc<Namespace>,
        key: &str,
        piece: Piece,
        fresh: bool,
    ) -> Result<(u32, Option<u64>), Error> {
        let (codec, size) = (&namespace.codec, piece.size);
        let mut mode = if fresh { PutMode::Replace } else { PutMode::Create };
        if !fresh && !self.transfer.requests.is_suspect(key) {
            // A twelfth of what a put costs.
            match self.in_bucket(namespace, key, size).await? {
                InBucket::Whole(bytes) => {
                    self.transfer
                        .requests
                        .traffic
                        .saved
                        .fetch_add(bytes, Ordering::Relaxed);
                    return Ok((codec.frame_len(bytes), None));
                }
                InBucket::Unusable => mode = PutMode::Replace,
                InBucket::Missing => {}
            }
        }
        let (object, _memory) = self.object(namespace, piece).await?;
        let bytes = object.len() as u64;
        let mut outcome = self.transfer.requests.put(key, object.clone(), mode).await?;
        if outcome == PutOutcome::AlreadyThere
            && let Ok(InBucket::Unusable) = self.in_bucket(namespace, key, size).await
        {
            outcome = self.transfer.requests.put(key, object, PutMode::Replace).await?;
        }
        let is_new = outcome == PutOutcome::Stored;
        Ok((codec.frame_len(bytes), is_new.then_some(bytes)))
    }

    /// Asks for a chunk of `size` plain bytes without getting it. Content that is wrong shows only when it is read; an
    /// object that is cut short, padded or archived already shows here.
    async fn in_bucket(&self, namespace: &Namespace, key: &str, size: u32) -> Result<InBucket, Error> {
        let Some(head) = self.transfer.requests.head(key).await? else {
            return Ok(InBucket::Missing);
        };
        if head.archived || !namespace.codec.chunk_object_sizes(size).contains(&head.size) {
            return Ok(InBucket::Unusable);
        }
        self.transfer.touches.touch(namespace, key, head.modified);
        Ok(InBucket::Whole(head.size))
    }

    /// A chunk as it goes into the bucket, and the memory that takes.
    async fn object(&self, namespace: &Arc<Namespace>, piece: Piece) -> Result<(Bytes, Permit), Error> {
        let Piece {
            id,
            body,
            memory: packed,
            ..
        } = piece;
        let (codec, compressors) = (namespace.codec.clone(), self.compressors.clone());
        let encode = move || {
            compressors.with(|pooled| {
                let object = &mut pooled.buffer;
                codec.begin_chunk(object);
                match body {
                    Body::Frame(frame) => object.extend_from_slice(&frame),
                    Body::Plain(plain) => pooled.compressor.frame(&plain, object)?,
                }
                codec.finish_chunk(&id, object).map_err(io::Error::other)?;
                apart(object)
            })?
        };
        let object = self.transfer.budget.compute(encode).await?;
        let object = object.map_err(|error: io::Error| Error::Internal(error.to_string()))?;
        let memory = self.transfer.budget.uploads.acquire(object.len() as u64).await?;
        drop(packed);
        Ok((object, memory))
    }
}

/// A copy in memory that goes back to the system when the last user is done. The allocator would keep that of large objects,
/// which live for as long as they travel, in pieces that don't fit the next: storing 1 GiB of noise took 92 to 108 MB instead of 68
/// to 74.
fn apart(object: &[u8]) -> io::Result<Bytes> {
    if object.len() < MAPPED {
        return Ok(Bytes::copy_from_slice(object));
    }
    let mut map = MmapMut::map_anon(object.len())?;
    map.copy_from_slice(object);
    Ok(Bytes::from_owner(map))
}
