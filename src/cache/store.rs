//! From the cache directory to the bucket: small artifacts in one object, large ones in chunks, entry last.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use tokio::sync::{SemaphorePermit, mpsc};
use tokio::time::sleep;

use super::memory_budget::Permit;
use super::namespace::Namespace;
use super::packer::{PACKER_MEMORY, Packer, Product};
use super::{Artifact, RemoteCache, blocking};
use crate::config::Compression;
use crate::entry::{Manifest, Producer};
use crate::error::Error;
use crate::object_store::{PutMode, PutOutcome};
use crate::task_hash::TaskHash;

impl RemoteCache {
    /// Stores an artifact within the deadline, which begins with its turn to be packed, or with the bucket's first
    /// answer where that comes later: whoever queued it doesn't wait.
    pub(super) async fn upload(
        &self,
        hash: &TaskHash,
        artifact: &Artifact,
        queued: SystemTime,
    ) -> Result<PutOutcome, Error> {
        let turn = self.packing.acquire().await.map_err(|_| Error::Off)?;
        let namespace = self.namespaces().await?.writes.as_ref().ok_or(Error::Off)?;
        let memory = self.memory.stores.acquire(PACKER_MEMORY).await?;
        let too_late = async {
            self.requests.contact().await;
            sleep(self.config.deadline).await;
        };
        tokio::select! {
            biased;
            done = self.upload_now(namespace, hash, artifact, queued, turn, memory) => done,
            () = too_late => Err(Error::Deadline),
        }
    }

    async fn upload_now(
        &self,
        namespace: &Arc<Namespace>,
        hash: &TaskHash,
        artifact: &Artifact,
        queued: SystemTime,
        turn: SemaphorePermit<'_>,
        mut memory: Permit,
    ) -> Result<PutOutcome, Error> {
        let (sender, pieces) = mpsc::channel(1);
        let packing = {
            let packer = Packer {
                codec: namespace.codec.clone(),
                hash: hash.clone(),
                queued,
                max_size: self.config.max_entry_size,
                memory: self.memory.stores.clone(),
                sender,
            };
            let (manifest, compressors) = (
                self.manifest(namespace, hash, artifact.code),
                self.compressors.clone(),
            );
            let source = artifact.cache_directory.join(hash.as_str());
            let terminal_output = artifact.terminal_output.clone();
            blocking(move || {
                compressors.with(|pooled| packer.pack(pooled, manifest, &source, &terminal_output))
            })
        };
        // The next artifact is packed while this one travels.
        let packing = async {
            let product = packing.await;
            if let Ok(Ok(Ok(product))) = &product {
                memory.resize(product.bytes());
            }
            drop(turn);
            product
        };
        // When a put fails, the channel closes, and packing ends with an error that matters less.
        let (product, put) = tokio::join!(packing, self.put_chunks(namespace, pieces));
        let frames = put?;
        let product = product?.map_err(|error| Error::Internal(error.to_string()))?;
        let object = match product? {
            Product::Entry(object) => object,
            Product::InChunks(mut manifest) => {
                for (at, stored) in frames {
                    manifest.chunks[at].stored = stored;
                }
                manifest.stored_size = manifest.chunks.iter().map(|chunk| u64::from(chunk.stored)).sum();
                self.encode(namespace, hash, *manifest).await?
            }
        };
        memory.resize(object.len() as u64);
        let key = namespace.keys.entry(hash);
        let outcome = self.requests.put(&key, object, self.put_mode(&key)).await?;
        self.bad_objects.lock().remove(&key);
        self.known_misses.lock().remove(hash);
        Ok(outcome)
    }

    /// The entry of an artifact in chunks.
    async fn encode(
        &self,
        namespace: &Arc<Namespace>,
        hash: &TaskHash,
        manifest: Manifest,
    ) -> Result<Vec<u8>, Error> {
        let (codec, entry) = (namespace.codec.clone(), hash.clone());
        let object = blocking(move || codec.encode_entry(&entry, &manifest, Vec::new())).await?;
        object.map_err(|source| Error::Entry {
            key: namespace.keys.entry(hash),
            source,
        })
    }

    /// Objects stay as they are once written, except those that turned out bad.
    pub(super) fn put_mode(&self, key: &str) -> PutMode {
        if self.bad_objects.lock().contains(key) {
            PutMode::Replace
        } else {
            PutMode::Create
        }
    }

    /// What is known of an artifact before it is packed.
    fn manifest(&self, namespace: &Namespace, hash: &TaskHash, code: i16) -> Manifest {
        Manifest {
            hash: hash.to_string(),
            scope: namespace.scope.to_string(),
            code,
            files: 0,
            size: 0,
            stored_size: 0,
            inline: false,
            chunks: Vec::new(),
            level: match self.config.compression {
                Compression::None => None,
                Compression::Zstd(level) => Some(level),
            },
            producer: Producer {
                task: self.tasks.get(hash.as_str()),
                ..self.producer.clone()
            },
            created: SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .unwrap_or_default()
                .as_secs(),
        }
    }
}
