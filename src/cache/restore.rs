//! From the bucket to the cache directory: one request for a small artifact, and chunks for a large one.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::join_all;

use super::chunks::ChunkReader;
use super::deadline::Deadline;
use super::health::Purpose;
use super::memory_budget::Permit;
use super::namespace::Namespace;
use super::{RemoteCache, Retrieved, blocking};
use crate::archive::{self, Limits, Staging};
use crate::config::OnBadSignature;
use crate::entry::{self, Entry, MAX_ENTRY_OBJECT, Manifest};
use crate::error::Error;
use crate::object_store::{Object, Progress};
use crate::task_hash::TaskHash;

/// Where an artifact goes and what it may be.
#[derive(Clone)]
pub(super) struct Target {
    pub namespace: Arc<Namespace>,
    hash: TaskHash,
    /// The key of its entry.
    key: String,
    cache_directory: PathBuf,
    limits: Limits,
}

/// An entry object and the memory it takes.
struct Received {
    object: Object,
    memory: Permit,
}

/// What an entry object led to.
enum Opened {
    Restored(Retrieved),
    InChunks(Manifest),
}

impl RemoteCache {
    /// Restores the artifact of `hash`; `None` when the bucket has none.
    ///
    /// The deadline bounds the use of the network, see [`Deadline`]. What was received whole is unpacked whatever the
    /// time.
    pub(super) async fn restore(
        &self,
        hash: &TaskHash,
        cache_directory: &Path,
    ) -> Result<Option<Retrieved>, Error> {
        if !self.requests.allowed(Purpose::Read) {
            return Err(Error::Off);
        }
        if self.known_misses.lock().contains(hash) {
            return Ok(None);
        }
        let _turn = self.restores.acquire().await.map_err(|_| Error::Off)?;
        let namespaces = &self.namespaces().await?.reads;
        let mut deadline = Deadline::new(self.config.deadline);
        let entries = self.get_entries(namespaces, hash, &mut deadline).await?;

        let mut failure = None;
        for (namespace, entry) in namespaces.iter().zip(entries) {
            let target = self.target(namespace, hash, cache_directory);
            let restored = match entry {
                Ok(None) => continue,
                Ok(Some(received)) => {
                    let modified = received.object.modified;
                    let restored = self.restore_with_refetch(&target, received, &mut deadline).await;
                    restored.inspect(|_| self.touch(namespace, &target.key, modified))
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
                    let error = self.to_fatal(error);
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
                self.known_misses.lock().insert(hash.clone());
                Ok(None)
            }
        }
    }

    /// What a bad signature means for the run is the user's decision.
    fn to_fatal(&self, error: Error) -> Error {
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

    /// The entry of `hash` in each of `namespaces`. All are asked at once: one round trip of delay, however many there are.
    async fn get_entries(
        &self,
        namespaces: &[Arc<Namespace>],
        hash: &TaskHash,
        deadline: &mut Deadline,
    ) -> Result<Vec<Result<Option<Received>, Error>>, Error> {
        // One reservation for all: who waited for a second one while holding the first would hold up others who do so.
        let mut memory = self.memory.for_entries().await?;
        let progress = self.progress();
        let get = async |namespace: &Arc<Namespace>| {
            let key = namespace.keys.entry(hash);
            let get = self.requests.get(&key, MAX_ENTRY_OBJECT, &progress);
            deadline.bound(&progress, 0, get).await?
        };
        let entries = join_all(namespaces.iter().map(get)).await;
        deadline.spend(&progress);
        let sizes = entries.iter().flatten().flatten();
        self.memory
            .entries_had(sizes.map(|object| object.body.len() as u64).sum());
        let mut received = |object: Object| Received {
            memory: memory.split(object.body.len() as u64),
            object,
        };
        let mut received = |found: Option<Object>| found.map(&mut received);
        Ok(entries
            .into_iter()
            .map(|entry| entry.map(&mut received))
            .collect())
    }

    /// Restores from an entry object, and from what a second request brings where that is something else: the
    /// network may have changed the first.
    async fn restore_with_refetch(
        &self,
        target: &Target,
        received: Received,
        deadline: &mut Deadline,
    ) -> Result<Retrieved, Error> {
        let (object, mut memory) = (received.object.body, received.memory);
        let first = self.restore_from(target.clone(), object.clone(), deadline).await;
        if !matches!(first, Err(Error::Entry { .. })) {
            return first;
        }
        // The second replaces the first in memory: waiting for more might be waiting for those who wait, too.
        let digest = blake3::hash(&object);
        drop(object);
        let progress = self.progress();
        let get = self.requests.get(&target.key, MAX_ENTRY_OBJECT, &progress);
        let other = deadline.bound(&progress, 0, get).await;
        deadline.spend(&progress);
        match other {
            Ok(Ok(Some(Object { body, .. }))) if blake3::hash(&body) != digest => {
                memory.resize(body.len() as u64);
                self.restore_from(target.clone(), body, deadline).await
            }
            _ => first,
        }
    }

    /// Follows a download of this run.
    pub(super) fn progress(&self) -> Arc<Progress> {
        Arc::new(Progress::new(self.received.clone()))
    }

    /// Restores from an entry object.
    async fn restore_from(
        &self,
        target: Target,
        object: Bytes,
        deadline: &mut Deadline,
    ) -> Result<Retrieved, Error> {
        let _slot = self.unpacking.acquire().await.map_err(|_| Error::Off)?;
        self.sweep_once(&target.cache_directory).await?;
        let opened = {
            let target = target.clone();
            blocking(move || open_entry(&target, &object)).await??
        };
        match opened {
            Opened::Restored(retrieved) => Ok(retrieved),
            Opened::InChunks(manifest) => self.restore_chunks(target, manifest, deadline).await,
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
            self.bad_objects.lock().insert(entry_key.to_owned());
        }
    }

    fn target(&self, namespace: &Arc<Namespace>, hash: &TaskHash, cache_directory: &Path) -> Target {
        Target {
            namespace: namespace.clone(),
            hash: hash.clone(),
            key: namespace.keys.entry(hash),
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
        if self.swept.lock().insert(directory.clone()) {
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
    let codec = &target.namespace.codec;
    let entry: Entry = codec.decode_entry(&target.hash, object).map_err(bad)?;
    if !entry.manifest.inline {
        return Ok(Opened::InChunks(entry.manifest));
    }
    let chunks = entry
        .inline_frames()
        .map(|(chunk, frame)| codec.decode_frame(chunk, frame).map_err(bad));
    unpack(target, &entry.manifest, chunks).map(Opened::Restored)
}

/// Unpacks `chunks` into a staging directory, and renames it to where the artifact belongs.
pub(super) fn unpack(
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
