//! From directories to the bucket: small artifacts in one object, large ones in chunks, and the entry last.

use std::sync::Arc;

use tokio::sync::mpsc;

use super::budget::{Turn, blocking};
use super::chunk_puts::ChunkPuts;
use super::namespace::{Name, Namespace};
use super::pack::{Draft, Packer, Product, Source};
use super::requests::Transfer;
use crate::compress::CompressorPool;
use crate::config::Compression;
use crate::entry::Producer;
use crate::error::Error;
use crate::object_store::{PutMode, PutOutcome};

/// Uploads artifacts, whoever has them.
pub struct Uploader {
    transfer: Transfer,
    compressors: Arc<CompressorPool>,
    puts: ChunkPuts,
    compression: Compression,
    /// Bytes that an archive may have.
    max_size: u64,
    /// Who uploads.
    pub producer: Producer,
}

/// What is to be uploaded.
pub struct Upload {
    /// What it is called.
    pub name: Name,
    /// The task's exit code.
    pub code: i16,
    /// What it is made of.
    pub source: Source,
    /// Whether chunks are sent that are there.
    pub fresh: bool,
    /// The task that made it, such as `web:build`, where that is known.
    pub task: Option<String>,
}

/// What an upload came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Uploaded {
    /// Whether the entry is new.
    pub outcome: PutOutcome,
    /// Files in the archive.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Chunks in objects of their own.
    pub chunks: u64,
    /// Those that the bucket didn't have.
    pub chunks_sent: u64,
    /// Bytes of objects that were sent.
    pub bytes_sent: u64,
}

impl Uploader {
    /// Compresses by `compression`; refuses archives of more than `max_size` bytes.
    pub fn new(transfer: Transfer, compression: Compression, max_size: u64, producer: Producer) -> Self {
        let compressors = Arc::new(CompressorPool::new(compression));
        Self {
            puts: ChunkPuts {
                transfer: transfer.clone(),
                compressors: compressors.clone(),
                sent: Default::default(),
            },
            transfer,
            compressors,
            compression,
            max_size,
            producer,
        }
    }

    /// Waits for a turn to pack.
    pub async fn turn(&self) -> Result<Turn<'_>, Error> {
        self.transfer.budget.packing.acquire().await
    }

    /// Uploads an artifact. Unless this succeeds, the bucket has what it had before, beside chunks that nothing needs.
    pub async fn upload(
        &self,
        turn: Turn<'_>,
        namespace: &Arc<Namespace>,
        upload: Upload,
    ) -> Result<Uploaded, Error> {
        let Upload {
            name,
            code,
            source,
            fresh,
            task,
        } = upload;
        let draft = Arc::new(Draft {
            namespace: namespace.clone(),
            name,
            code,
            compression: self.compression,
            producer: Producer {
                task,
                ..self.producer.clone()
            },
        });
        let (sender, pieces) = mpsc::channel(1);
        let packer = Packer {
            draft: draft.clone(),
            source,
            max_size: self.max_size,
            memory: self.transfer.budget.packed.clone(),
            sender,
        };
        let packing = async {
            let product = self.pack(packer).await?;
            let object = product.entry.as_ref().map_or(0, Vec::len);
            let memory = self.transfer.budget.uploads.acquire(object as u64).await?;
            // The next artifact is packed while this one travels.
            drop(turn);
            Ok::<_, Error>((product, memory))
        };
        // When a put fails, the channel closes, and packing ends with an error that matters less.
        let (packed, sent) = tokio::join!(packing, self.puts.put_all(namespace, pieces, fresh));
        let sent = sent?;
        let (Product { packed, entry }, _memory) = packed?;
        let mut uploaded = Uploaded {
            outcome: PutOutcome::Stored,
            files: packed.files,
            bytes: packed.bytes,
            chunks: sent.chunks.len() as u64,
            chunks_sent: sent.count,
            bytes_sent: sent.bytes,
        };
        let object = match entry {
            Some(object) => object,
            None => {
                let draft = draft.clone();
                let encode = move || draft.encode(packed.files, sent.chunks, None);
                self.transfer.budget.compute(encode).await??
            }
        };
        let mode = match draft.name {
            // The same hash stands for the same result.
            Name::Task(_) | Name::Body(_) => PutMode::Create,
            Name::Archive(_) => PutMode::Replace,
        };
        let (key, len) = (namespace.keys.of(draft.name.subject()), object.len() as u64);
        uploaded.outcome = self.transfer.requests.put(&key, object, mode).await?;
        uploaded.bytes_sent += len;
        Ok(uploaded)
    }

    async fn pack(&self, packer: Packer) -> Result<Product, Error> {
        let compressors = self.compressors.clone();
        let packed = blocking(move || compressors.with(|pooled| packer.pack(pooled))).await?;
        packed.map_err(|error| Error::Internal(error.to_string()))?
    }
}
