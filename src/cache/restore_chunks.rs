//! The chunks of a large artifact: fetched in parallel within a bounded window, unpacked in order while more arrive.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use tokio::sync::mpsc;

use super::chunks::{Arriving, FetchedChunk};
use super::deadline::Deadline;
use super::memory_budget::Permit;
use super::namespace::Namespace;
use super::restore::{Target, unpack};
use super::{RemoteCache, Retrieved, blocking};
use crate::entry::{ChunkRef, MAX_CHUNK_OBJECT, Manifest};
use crate::error::Error;
use crate::object_store::{Object, Progress};

/// Chunks that are fetched ahead of the one being unpacked, for one artifact.
const WINDOW: usize = 16;

impl RemoteCache {
    /// Unpacks an artifact while its chunks arrive.
    pub(super) async fn restore_chunks(
        &self,
        target: Target,
        manifest: Manifest,
        deadline: &mut Deadline,
    ) -> Result<Retrieved, Error> {
        // As many may wait for the disk: nothing is fetched while one waits to be sent.
        let (sender, receiver) = mpsc::channel(WINDOW);
        let (namespace, chunks) = (target.namespace.clone(), manifest.chunks.clone());
        let bytes = chunks.iter().map(|chunk| u64::from(chunk.stored)).sum();
        let progress = self.progress();
        let unpacking =
            blocking(move || unpack(&target, &manifest, Arriving::new(receiver, manifest.chunks.len())));
        // The sender is dropped when fetching ends, early or not, which ends the unpacking too.
        let fetching = deadline.bound(
            &progress,
            bytes,
            self.fetch_chunks(&namespace, &chunks, &progress, sender),
        );
        let (unpacked, fetched) = tokio::join!(unpacking, fetching);
        deadline.spend(&progress);
        match (unpacked?, fetched) {
            (Err(Error::Internal(_)), Err(late)) => Err(late),
            (Err(error), _) => {
                self.suspect_chunks(&namespace, &chunks, &error);
                Err(error)
            }
            (unpacked, _) => unpacked,
        }
    }

    /// Fetches chunks ahead of the receiver, in order.
    async fn fetch_chunks(
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

    async fn fetch_chunk(
        &self,
        namespace: &Namespace,
        chunk: ChunkRef,
        progress: &Arc<Progress>,
    ) -> FetchedChunk {
        let mut memory = self.memory.for_chunk(&chunk).await?;
        let first = self.get_chunk(namespace, &chunk, progress).await?;
        let mut plain = self.decode(namespace, chunk, &first.body, &mut memory).await;
        if matches!(plain, Err(Error::Entry { .. })) {
            let other = self.get_chunk(namespace, &chunk, progress).await?;
            if other.body != first.body {
                plain = self.decode(namespace, chunk, &other.body, &mut memory).await;
            }
        }
        let plain = plain?;
        self.touch(namespace, &namespace.keys.chunk(&chunk.id), first.modified);
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
    async fn decode(
        &self,
        namespace: &Namespace,
        chunk: ChunkRef,
        object: &Bytes,
        memory: &mut Permit,
    ) -> Result<Vec<u8>, Error> {
        let _turn = self.cores.acquire().await.map_err(|_| Error::Off)?;
        // Both are there for a moment, of as many chunks as there are cores.
        memory.resize(u64::from(chunk.size) + object.len() as u64);
        let (codec, object) = (namespace.codec.clone(), object.clone());
        let plain = blocking(move || codec.decode_chunk(&chunk, &object)).await?;
        memory.resize(u64::from(chunk.size));
        let key = namespace.keys.chunk(&chunk.id);
        plain.map_err(|source| Error::Entry { key, source })
    }

    /// One bad chunk puts all chunks of its artifact under suspicion, so that one store mends them all.
    fn suspect_chunks(&self, namespace: &Namespace, chunks: &[ChunkRef], error: &Error) {
        if matches!(
            error,
            Error::Entry { .. } | Error::Object { .. } | Error::ChunkMissing { .. }
        ) {
            self.bad_objects
                .lock()
                .extend(chunks.iter().map(|chunk| namespace.keys.chunk(&chunk.id)));
        }
    }
}
