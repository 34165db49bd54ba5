//! Fetches the chunks of an artifact: in parallel, a few ahead of what reads them, and in order.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use tokio::sync::mpsc;

use super::chunk_reader::FetchedChunk;
use super::memory::Permit;
use super::namespace::Namespace;
use super::transfer::Transfer;
use crate::entry::{ChunkRef, MAX_CHUNK_OBJECT};
use crate::error::Error;
use crate::object_store::{Object, Progress};

/// Chunks that are fetched ahead of the one being read, for one artifact. Memory may allow fewer.
pub const WINDOW: usize = 16;

impl Transfer {
    /// Fetches chunks ahead of the receiver, until they or the receiver end.
    pub async fn fetch_chunks(
        &self,
        namespace: &Namespace,
        chunks: &[ChunkRef],
        progress: &Arc<Progress>,
        sender: mpsc::Sender<FetchedChunk>,
    ) {
        let fetch = |chunk: ChunkRef| self.fetch_chunk(namespace, chunk, progress);
        let mut fetched = stream::iter(chunks.iter().copied()).map(fetch).buffered(WINDOW);
        while let Some(chunk) = fetched.next().await {
            if sender.send(chunk).await.is_err() {
                break;
            }
        }
    }

    /// One bad chunk puts all chunks of its artifact under suspicion, so that one store mends them all.
    pub fn suspect_chunks(&self, namespace: &Namespace, chunks: &[ChunkRef]) {
        let keys = chunks.iter().map(|chunk| namespace.keys.chunk(&chunk.id));
        keys.for_each(|key| self.requests.mark_damaged(&key));
    }

    async fn fetch_chunk(
        &self,
        namespace: &Namespace,
        chunk: ChunkRef,
        progress: &Arc<Progress>,
    ) -> FetchedChunk {
        // As it arrives or as it is written: whichever takes more.
        let bytes = u64::from(chunk.size.max(chunk.stored));
        let mut memory = self.budget.downloads.acquire(bytes).await?;
        let first = self.get_chunk(namespace, &chunk, progress).await?;
        let mut plain = self
            .decode_chunk(namespace, chunk, &first.body, &mut memory)
            .await;
        if matches!(plain, Err(Error::Entry { .. })) {
            // The network may have changed the first.
            let other = self.get_chunk(namespace, &chunk, progress).await?;
            if other.body != first.body {
                plain = self
                    .decode_chunk(namespace, chunk, &other.body, &mut memory)
                    .await;
            }
        }
        let plain = plain?;
        self.touches
            .touch(namespace, &namespace.keys.chunk(&chunk.id), first.modified);
        Ok((plain, memory))
    }

    async fn get_chunk(
        &self,
        namespace: &Namespace,
        chunk: &ChunkRef,
        progress: &Arc<Progress>,
    ) -> Result<Object, Error> {
        let key = namespace.keys.chunk(&chunk.id);
        let object = self.requests.get(&key, MAX_CHUNK_OBJECT, progress).await?;
        object.ok_or(Error::ChunkMissing { key })
    }

    /// The content of a chunk object.
    async fn decode_chunk(
        &self,
        namespace: &Namespace,
        chunk: ChunkRef,
        object: &Bytes,
        memory: &mut Permit,
    ) -> Result<Vec<u8>, Error> {
        let (codec, object) = (namespace.codec.clone(), object.clone());
        // Both are there for a moment.
        memory.resize(u64::from(chunk.size) + object.len() as u64);
        let plain = self
            .budget
            .compute(move || codec.decode_chunk(&chunk, &object))
            .await?;
        memory.resize(u64::from(chunk.size));
        let key = namespace.keys.chunk(&chunk.id);
        plain.map_err(|source| Error::Entry { key, source })
    }
}
