//! From the bucket to whoever reads an artifact: one request for a small one, and chunks for a large one.

use std::io::BufRead;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::SystemTime;

use bytes::Bytes;
use futures_util::future::join_all;
use tokio::sync::mpsc;

use super::budget::blocking;
use super::chunk_reader::{Arriving, ChunkReader};
use super::deadline::Deadline;
use super::memory::{Memory, Permit};
use super::namespace::{Name, Namespace};
use super::requests::Transfer;
use crate::archive;
use crate::entry::{self, Entry, MAX_ENTRY_OBJECT, Manifest};
use crate::error::Error;
use crate::object_store::{Fetch, Object, Progress};

/// Downloads artifacts, whoever wants them and whatever for.
pub struct Downloader {
    transfer: Transfer,
    /// Bytes that an archive may have.
    max_size: u64,
    /// Whether any artifact could be read.
    has_read: AtomicBool,
}

/// An entry object that was found, and the memory it takes.
pub struct FoundEntry {
    namespace: Arc<Namespace>,
    name: Name,
    key: String,
    object: Object,
    memory: Permit,
}

impl FoundEntry {
    /// When it was written, where the server says so.
    pub fn modified(&self) -> Option<SystemTime> {
        self.object.modified
    }
}

/// Reads the plain archive of a manifest, on a thread that may block. What it reads may be cut short: only when the
/// download succeeds, it was all of it.
type Consume<T> = Box<dyn Fn(&Manifest, &mut dyn BufRead) -> Result<T, Error> + Send + Sync>;

/// An artifact that is read.
struct Reading<T> {
    namespace: Arc<Namespace>,
    name: Name,
    /// The key of its entry.
    key: String,
    /// Bytes that its archive may have.
    max_size: u64,
    consume: Consume<T>,
}

impl<T> Reading<T> {
    /// Decodes and verifies its entry.
    fn decode(&self, object: &[u8]) -> Result<Entry, Error> {
        let entry = self.namespace.codec.decode_entry(self.name.subject(), object);
        entry.map_err(|source| self.bad(source))
    }

    /// Consumes an artifact that is in its entry, with `memory` for its chunks; `None` if it is in chunks of their own.
    fn consume_inline(&self, entry: &Entry, memory: &Memory) -> Result<Option<T>, Error> {
        if !entry.manifest.inline {
            return Ok(None);
        }
        let codec = &self.namespace.codec;
        let mut held = None;
        let chunks = entry.inline_frames().map(|(chunk, frame)| {
            drop(held.take());
            held = Some(memory.acquire_blocking(u64::from(chunk.size))?);
            codec
                .decode_frame(chunk, frame)
                .map_err(|source| self.bad(source))
        });
        self.consume(&entry.manifest, ChunkReader::new(chunks)).map(Some)
    }

    /// Consumes the chunks that `reader` reads.
    fn consume(
        &self,
        manifest: &Manifest,
        mut reader: ChunkReader<impl Iterator<Item = Result<Vec<u8>, Error>>>,
    ) -> Result<T, Error> {
        let limit = self.max_size;
        if manifest.size > limit {
            return Err(Error::TooLarge { limit });
        }
        let read = (self.consume)(manifest, &mut reader);
        // Why the stream ended early says more than that it did.
        reader.failure.map_or(read, Err)
    }

    fn bad(&self, source: entry::Error) -> Error {
        Error::Entry {
            key: self.key.clone(),
            source,
        }
    }
}

impl Downloader {
    /// Refuses archives of more than `max_size` bytes.
    pub(super) fn new(transfer: Transfer, max_size: u64) -> Self {
        Self {
            transfer,
            max_size,
            has_read: AtomicBool::new(false),
        }
    }

    /// The entry of `name` in each of `namespaces`. All are asked at once: one round trip, however many there are.
    pub async fn find(
        &self,
        namespaces: &[Arc<Namespace>],
        name: &Name,
        deadline: &mut Deadline,
    ) -> Result<Vec<Result<Option<FoundEntry>, Error>>, Error> {
        let mut memory = self.transfer.budget.entries.acquire().await?;
        let progress = self.transfer.requests.progress();
        let get = async |namespace: &Arc<Namespace>| {
            let key = namespace.keys.of(name.subject());
            let object = self.get_entry(&key, &progress, deadline).await;
            (
                namespace.clone(),
                object.inspect_err(|error| self.suspect(&key, error)),
                key,
            )
        };
        let objects = join_all(namespaces.iter().map(get)).await;
        deadline.spend(&progress);
        let sizes = objects
            .iter()
            .filter_map(|(_, object, _)| object.as_ref().ok()?.as_ref());
        self.transfer
            .budget
            .entries
            .learn(sizes.map(|object| object.body.len() as u64).sum());
        let mut found = |(namespace, object, key): (_, Result<Option<Object>, Error>, _)| {
            object.map(|object| {
                object.map(|object| FoundEntry {
                    memory: memory.split(object.body.len() as u64),
                    name: name.clone(),
                    namespace,
                    key,
                    object,
                })
            })
        };
        Ok(objects.into_iter().map(&mut found).collect())
    }

    async fn get_entry(
        &self,
        key: &str,
        progress: &Arc<Progress>,
        deadline: &Deadline,
    ) -> Result<Option<Object>, Error> {
        let fetch = Fetch {
            progress: progress.clone(),
            ..Fetch::new(key, MAX_ENTRY_OBJECT)
        };
        let get = self.transfer.requests.get(&fetch);
        let got = deadline.bound(progress, 0, get).await;
        got.inspect_err(|late| self.transfer.requests.gave_up(key, late))
            .flatten()
    }

    /// Lets `consume` read the artifact of an entry, once the entry is verified. A damaged entry is fetched again: the
    /// network may have changed it. What stays damaged is replaced by the next upload.
    ///
    /// `deadline` bounds the use of the network. What was received whole is consumed whatever the time.
    pub async fn read<T: Send + 'static>(
        &self,
        found: FoundEntry,
        deadline: &mut Deadline,
        consume: impl Fn(&Manifest, &mut dyn BufRead) -> Result<T, Error> + Send + Sync + 'static,
    ) -> Result<T, Error> {
        let FoundEntry {
            namespace,
            name,
            key,
            object,
            memory,
        } = found;
        let reading = Arc::new(Reading {
            namespace,
            name,
            key,
            max_size: self.max_size,
            consume: Box::new(consume),
        });
        let read = self
            .read_with_refetch(&reading, object.body, memory, deadline)
            .await;
        match &read {
            Ok(_) => {
                self.has_read.store(true, Relaxed);
                self.transfer
                    .touches
                    .touch(&reading.namespace, &reading.key, object.modified);
            }
            Err(error) => self.suspect(&reading.key, error),
        }
        read
    }

    /// The same for an entry that was decoded before.
    pub async fn read_entry<T: Send + 'static>(
        &self,
        namespace: Arc<Namespace>,
        name: Name,
        entry: Arc<Entry>,
        consume: impl Fn(&Manifest, &mut dyn BufRead) -> Result<T, Error> + Send + Sync + 'static,
    ) -> Result<T, Error> {
        let reading = Arc::new(Reading {
            key: namespace.keys.of(name.subject()),
            namespace,
            name,
            max_size: self.max_size,
            consume: Box::new(consume),
        });
        let deadline = &mut Deadline::unlimited();
        self.read_once(&reading, move |_| Ok(entry), deadline).await
    }

    /// Whether any entry could be read, which shows that this run has the key that the others have, or that there is none.
    pub fn has_read(&self) -> bool {
        self.has_read.load(Relaxed)
    }

    async fn read_with_refetch<T: Send + 'static>(
        &self,
        reading: &Arc<Reading<T>>,
        object: Bytes,
        mut memory: Permit,
        deadline: &mut Deadline,
    ) -> Result<T, Error> {
        let first = self.read_object(reading, object.clone(), deadline).await;
        if !first
            .as_ref()
            .is_err_and(|error| matches!(error, Error::Entry { .. }) && is_damage(error))
        {
            return first;
        }
        // The second replaces the first in memory.
        let digest = blake3::hash(&object);
        drop(object);
        let progress = self.transfer.requests.progress();
        let other = self.get_entry(&reading.key, &progress, deadline).await;
        deadline.spend(&progress);
        match other {
            Ok(Some(Object { body, .. })) if blake3::hash(&body) != digest => {
                memory.resize(body.len() as u64);
                self.read_object(reading, body, deadline).await
            }
            _ => first,
        }
    }

    async fn read_object<T: Send + 'static>(
        &self,
        reading: &Arc<Reading<T>>,
        object: Bytes,
        deadline: &mut Deadline,
    ) -> Result<T, Error> {
        let decode = move |reading: &Reading<T>| Ok(Arc::new(reading.decode(&object)?));
        self.read_once(reading, decode, deadline).await
    }

    async fn read_once<T: Send + 'static>(
        &self,
        reading: &Arc<Reading<T>>,
        entry: impl FnOnce(&Reading<T>) -> Result<Arc<Entry>, Error> + Send + 'static,
        deadline: &mut Deadline,
    ) -> Result<T, Error> {
        let _turn = self.transfer.budget.unpacking.acquire().await?;
        let opened = {
            let (reading, memory) = (reading.clone(), self.transfer.budget.opened.clone());
            // One thread does it all for a small artifact.
            blocking(move || {
                let entry = entry(&reading)?;
                let read = reading.consume_inline(&entry, &memory)?;
                Ok::<_, Error>(read.ok_or_else(|| entry.manifest.clone()))
            })
        };
        match opened.await?? {
            Ok(read) => Ok(read),
            Err(manifest) => self.read_chunks(reading, manifest, deadline).await,
        }
    }

    /// Lets an artifact be read while its chunks arrive.
    async fn read_chunks<T: Send + 'static>(
        &self,
        reading: &Arc<Reading<T>>,
        manifest: Manifest,
        deadline: &mut Deadline,
    ) -> Result<T, Error> {
        // Memory bounds what waits for the disk.
        let (sender, receiver) = mpsc::channel(manifest.chunks.len().max(1));
        let (namespace, chunks) = (&reading.namespace, manifest.chunks.clone());
        let bytes = chunks.iter().map(|chunk| u64::from(chunk.stored)).sum();
        let progress = self.transfer.requests.progress();
        let consuming = {
            let reading = reading.clone();
            blocking(move || {
                let chunks = Arriving::new(receiver, manifest.chunks.len());
                reading.consume(&manifest, ChunkReader::new(chunks))
            })
        };
        // The sender is dropped when fetching ends, early or not, which ends the reading too.
        let fetching = self.transfer.fetch_chunks(namespace, &chunks, &progress, sender);
        let fetching = deadline.bound(&progress, bytes, fetching);
        let (read, fetched) = tokio::join!(consuming, fetching);
        deadline.spend(&progress);
        if let Err(late) = &fetched {
            self.transfer.requests.gave_up(&reading.key, late);
        }
        match (read?, fetched) {
            (Err(Error::Internal(_)), Err(late)) => Err(late),
            (Err(error), _) => {
                if is_damage(&error) {
                    self.transfer.suspect_chunks(namespace, &chunks);
                }
                Err(error)
            }
            (read, _) => read,
        }
    }

    /// Remembers that an upload has to replace the entry, if that is what is wrong.
    fn suspect(&self, entry_key: &str, error: &Error) {
        // A key that is missing or wrong here is no reason to replace what is right.
        let is_unopened = matches!(
            error,
            Error::Entry {
                source: entry::Error::Certificate(_),
                ..
            }
        );
        if is_unopened && !self.has_read() {
            return;
        }
        let is_unsafe = matches!(error, Error::Archive(error) if error.origin() == archive::Origin::Archive);
        if is_unsafe || is_damage(error) {
            self.transfer.requests.mark_damaged(entry_key);
        }
    }
}

fn is_damage(error: &Error) -> bool {
    match error {
        Error::Entry { source, .. } => !source.is_unverifiable(),
        Error::Object { .. } | Error::ChunkMissing { .. } => true,
        _ => false,
    }
}
