//! Fetches the chunks of an artifact: in parallel, a few ahead of what reads them, and in order.

use std::pin::pin;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::stream::{self, Stream, StreamExt};
use tokio::sync::mpsc;

use super::chunk_reader::FetchedChunk;
use super::memory::Permit;
use super::namespace::Namespace;
use super::requests::Transfer;
use crate::entry::{ChunkRef, MAX_CHUNK_OBJECT};
use crate::error::Error;
use crate::object_store::{Fetch, Object, Progress};

/// Chunks of one artifact that are fetched at once. Memory allows fewer of those that aren't small.
const WINDOW: usize = 64;

impl Transfer {
    /// Fetches chunks ahead of the receiver, until they or the receiver end.
    pub async fn fetch_chunks(
        &self,
        namespace: &Namespace,
        chunks: &[ChunkRef],
        progress: &Arc<Progress>,
        sender: mpsc::Sender<FetchedChunk>,
    ) {
        // Memory bounds what waits in these channels, so that nothing that arrives has to wait for the disk.
        let waiting = chunks.len().max(1);
        let (arrived, mut arriving) = mpsc::channel(waiting);
        let (reserved, mut reserving) = mpsc::channel(waiting);
        let receive = |chunk: ChunkRef| self.receive_chunk(namespace, chunk, progress);
        let received = stream::iter(chunks.iter().copied()).map(receive).buffered(WINDOW);
        let reserve = async move {
            while let Some(received) = arriving.recv().await {
                if reserved.send(self.reserve_chunk(received).await).await.is_err() {
                    break;
                }
            }
        };
        let open =
            |reserved: Result<(Received, Permit), Error>| self.open_chunk(namespace, reserved, progress);
        let opened = stream::poll_fn(move |context| reserving.poll_recv(context));
        let opened = opened.map(open).buffered(WINDOW);
        tokio::join!(forward(received, arrived), reserve, forward(opened, sender));
    }

    /// One bad chunk puts all chunks of its artifact under suspicion, so that one store mends them all.
    pub fn suspect_chunks(&self, namespace: &Namespace, chunks: &[ChunkRef]) {
        let keys = chunks.iter().map(|chunk| namespace.keys.chunk(&chunk.id));
        keys.for_each(|key| self.requests.mark_damaged(&key));
    }

    /// Fetches the object of a chunk.
    async fn receive_chunk(
        &self,
        namespace: &Namespace,
        chunk: ChunkRef,
        progress: &Arc<Progress>,
    ) -> Result<Received, Error> {
        let mut memory = self.budget.downloads.acquire(u64::from(chunk.stored)).await?;
        let object = self.get_chunk(namespace, &chunk, progress).await?;
        memory.resize(object.body.len() as u64);
        Ok(Received {
            chunk,
            object,
            _memory: memory,
        })
    }

    /// Waits for the memory of a plain chunk.
    async fn reserve_chunk(&self, received: Result<Received, Error>) -> Result<(Received, Permit), Error> {
        let received = received?;
        let memory = self.budget.opened.acquire(u64::from(received.chunk.size));
        Ok((received, memory.await?))
    }

    /// The plain content of a chunk; where that is damaged, of the same chunk fetched once more.
    async fn open_chunk(
        &self,
        namespace: &Namespace,
        reserved: Result<(Received, Permit), Error>,
        progress: &Arc<Progress>,
    ) -> FetchedChunk {
        let (received, memory) = reserved?;
        let Received { chunk, object, .. } = &received;
        let mut plain = self.decode_chunk(namespace, *chunk, &object.body).await;
        if matches!(plain, Err(Error::Entry { .. })) {
            // The network may have changed the first.
            let other = self.get_chunk(namespace, chunk, progress).await?;
            if other.body != object.body {
                plain = self.decode_chunk(namespace, *chunk, &other.body).await;
            }
        }
        let plain = plain?;
        self.touches
            .touch(namespace, &namespace.keys.chunk(&chunk.id), object.modified);
        Ok((plain, memory))
    }

    async fn get_chunk(
        &self,
        namespace: &Namespace,
        chunk: &ChunkRef,
        progress: &Arc<Progress>,
    ) -> Result<Object, Error> {
        let key = namespace.keys.chunk(&chunk.id);
        let fetch = Fetch {
            size: namespace.codec.chunk_object_len(chunk.stored),
            progress: progress.clone(),
            ..Fetch::new(&key, MAX_CHUNK_OBJECT)
        };
        let object = self.requests.get(&fetch).await?;
        object.ok_or(Error::ChunkMissing { key })
    }

    /// The content of a chunk object.
    async fn decode_chunk(
        &self,
        namespace: &Namespace,
        chunk: ChunkRef,
        object: &Bytes,
    ) -> Result<Vec<u8>, Error> {
        let (codec, object) = (namespace.codec.clone(), object.clone());
        let plain = self
            .budget
            .compute(move || codec.decode_chunk(&chunk, &object))
            .await?;
        let key = namespace.keys.chunk(&chunk.id);
        plain.map_err(|source| Error::Entry { key, source })
    }
}

/// The object of a chunk, and the memory it takes.
struct Received {
    chunk: ChunkRef,
    object: Object,
    _memory: Permit,
}

/// Sends what comes, until it or the receiver ends.
async fn forward<T>(stream: impl Stream<Item = T>, sender: mpsc::Sender<T>) {
    let mut stream = pin!(stream);
    while let Some(item) = stream.next().await {
        if sender.send(item).await.is_err() {
            break;
        }
    }
}
