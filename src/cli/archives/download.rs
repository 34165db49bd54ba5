//! From the bucket to directories: verified and unpacked beside their place, then moved there.

use std::iter;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use futures_util::{StreamExt, stream};
use tokio::sync::mpsc;

use crate::archive::{self, Limits, Staging, Unpacked, WorkingTree};
use crate::archive_name::ArchiveName;
use crate::cache::{ChunkReader, Touches};
use crate::cli::bucket::Bucket;
use crate::entry::{Codec, Entry, Keys, MAX_CHUNK_OBJECT, MAX_ENTRY_OBJECT, Manifest};
use crate::error::Error;
use crate::object_store::Object;
use crate::task_hash::TaskHash;
use crate::trust::ReadScope;

/// Chunks that are fetched ahead of the one being unpacked.
const WINDOW: usize = 8;

/// An archive that was found.
pub(super) struct Download<'a> {
    pub bucket: &'a Bucket,
    pub manifest: Manifest,
    /// When it was written.
    pub modified: Option<SystemTime>,
    codec: Codec,
    keys: Keys,
    key: String,
    /// Where this run may make new what is old.
    touches: Option<Arc<Touches>>,
}

/// What became of an archive.
pub(super) enum Outcome {
    Restored(Unpacked),
    /// These stand in the way; nothing was changed.
    Blocked(Vec<PathBuf>),
}

/// Finds `name` in one scope.
pub(super) async fn find<'a>(
    bucket: &'a Bucket,
    from: &ReadScope,
    name: &ArchiveName,
    touches: &Arc<Touches>,
) -> Result<Option<Download<'a>>, Error> {
    let keys = bucket.keys(&from.scope);
    let public_keys = Arc::new(bucket.config.trust.public_keys.clone());
    let codec = bucket
        .codec(&from.scope)
        .trusting(from.verified.then_some(public_keys));
    let key = keys.archive(name);
    let Some(object) = bucket
        .store
        .fetch(&key, MAX_ENTRY_OBJECT, &Arc::default())
        .await?
    else {
        return Ok(None);
    };
    let Entry { manifest, .. } = codec
        .decode_entry(name, &object.body)
        .map_err(|source| Error::Entry {
            key: key.clone(),
            source,
        })?;
    Ok(Some(Download {
        bucket,
        manifest,
        modified: object.modified,
        codec,
        keys,
        key,
        touches: bucket.writes_to(&from.scope).then(|| touches.clone()),
    }))
}

impl Download<'_> {
    /// Puts the archive into `directory`, where it may write what `tree` allows.
    pub(super) async fn restore(&self, directory: &Path, tree: &WorkingTree) -> Result<Outcome, Error> {
        let limit = self.bucket.config.max_entry_size;
        if self.manifest.size > limit {
            return Err(Error::TooLarge { limit });
        }
        let (sender, mut receiver) = mpsc::channel(1);
        // A stream that ends early must not look like one that is complete.
        let interrupted = || Err(Error::Internal("the chunks stopped arriving".into()));
        let chunks = iter::repeat_with(move || receiver.blocking_recv().unwrap_or_else(interrupted))
            .take(self.manifest.chunks.len());
        let limits = Limits {
            bytes: limit,
            working_tree: Some(tree.clone()),
            ..Limits::default()
        };
        let directory = directory.to_owned();
        let unpacking = tokio::task::spawn_blocking(move || unpack(chunks, &directory, &limits));
        let (unpacked, ()) = tokio::join!(unpacking, self.fetch_all(sender));
        let outcome = unpacked.map_err(|error| Error::Internal(error.to_string()))??;
        self.touch(&self.key, self.modified);
        Ok(outcome)
    }

    fn touch(&self, key: &str, modified: Option<SystemTime>) {
        if let Some(touches) = &self.touches {
            touches.touch(key, modified);
        }
    }

    /// Fetches chunks ahead of the receiver, in order. Dropping the sender ends the unpacking.
    async fn fetch_all(&self, sender: mpsc::Sender<Result<Vec<u8>, Error>>) {
        let chunks = self.manifest.chunks.iter().copied();
        let mut fetched = stream::iter(chunks)
            .map(|chunk| async move {
                let key = self.keys.chunk(&chunk.id);
                let object = self
                    .bucket
                    .store
                    .fetch(&key, MAX_CHUNK_OBJECT, &Arc::default())
                    .await?;
                let Object { body, modified } =
                    object.ok_or_else(|| Error::ChunkMissing { key: key.clone() })?;
                let codec = self.codec.clone();
                let plain = tokio::task::spawn_blocking(move || codec.decode_chunk(&chunk, &body)).await;
                let plain = plain.map_err(|error| Error::Internal(error.to_string()))?;
                let plain = plain.map_err(|source| Error::Entry {
                    key: key.clone(),
                    source,
                })?;
                self.touch(&key, modified);
                Ok(plain)
            })
            .buffered(WINDOW);
        while let Some(chunk) = fetched.next().await {
            if sender.send(chunk).await.is_err() {
                break;
            }
        }
    }
}

fn unpack(
    chunks: impl Iterator<Item = Result<Vec<u8>, Error>>,
    directory: &Path,
    limits: &Limits,
) -> Result<Outcome, Error> {
    let mut arriving = ChunkReader::new(chunks);
    archive::sweep(directory);
    let staging = Staging::create(directory, &TaskHash::parse("restore")?)?;
    let unpacked = archive::unpack(&mut arriving, staging.path(), limits);
    if let Some(failure) = arriving.failure {
        return Err(failure);
    }
    let unpacked = unpacked?;
    let merged = archive::merge(staging.path(), directory)?;
    if merged.conflicts.is_empty() {
        Ok(Outcome::Restored(unpacked))
    } else {
        Ok(Outcome::Blocked(merged.conflicts))
    }
}
