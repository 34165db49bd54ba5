//! The remote cache: store and retrieve, as Nx asks for them.

mod chunk_puts;
mod chunks;
mod compressor_pool;
mod deadline;
mod health;
mod log;
mod memory_budget;
mod namespace;
mod open;
mod packer;
mod report;
mod requests;
mod restore;
mod restore_chunks;
mod run_end;
mod run_record;
mod store;
mod summary;
mod task_names;
mod touch;
mod uploads;
mod warnings;

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::{Duration, Instant, SystemTime};

use parking_lot::Mutex;
use tokio::sync::{OnceCell, Semaphore};

use crate::config::{Config, Mode};
use crate::entry::Producer;
use crate::error::Error;
use crate::object_store::PutOutcome;
use crate::seal::MasterKey;
use crate::task_hash::TaskHash;
use crate::trust::Access;
use chunk_puts::SentChunks;
use compressor_pool::CompressorPool;
use memory_budget::Memory;
use namespace::Namespaces;
use requests::Requests;
use summary::Counters;
use task_names::TaskNames;
use uploads::Uploads;
use warnings::Warnings;

pub(crate) use chunks::ChunkReader;
pub use log::Log;
pub use open::open;
pub use run_end::RunEnd;
pub use run_record::RunRecord;
pub use summary::{Summary, bytes, counted};
pub(crate) use touch::Touches;
pub use warnings::Warning;

/// Artifacts that are packed or unpacked at once: beyond this the disk and the processors gain nothing.
const DISK_JOBS: usize = 4;

/// How long the end of a run waits for objects to be touched: what is left then is touched by the next run.
const LAST_TOUCHES: Duration = Duration::from_millis(500);

/// A remote cache in a bucket, for one run.
pub struct RemoteCache {
    config: Config,
    producer: Producer,
    tasks: TaskNames,
    access: Access,
    namespaces: OnceCell<Namespaces>,
    requests: Requests,
    uploads: Uploads,
    counters: Arc<Counters>,
    warnings: Arc<Warnings>,
    memory: Memory,
    /// Bytes that all downloads of the run have received.
    received: Arc<AtomicU64>,
    /// Restores under way, requests included: what waits behind them holds no memory.
    restores: Semaphore,
    unpacking: Semaphore,
    packing: Semaphore,
    /// Chunks that are made or opened at once: one a core.
    cores: Semaphore,
    compressors: Arc<CompressorPool>,
    sent_chunks: SentChunks,
    /// Hashes that aren't in the bucket: Nx may ask again.
    known_misses: Mutex<HashSet<TaskHash>>,
    /// Keys of objects that turned out bad: the next store replaces them.
    bad_objects: Mutex<HashSet<String>>,
    touches: Arc<Touches>,
    /// Cache directories whose leftovers were swept.
    swept: Mutex<HashSet<PathBuf>>,
    events: Option<Mutex<Vec<String>>>,
}

/// A restored artifact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retrieved {
    /// The task's exit code.
    pub code: i16,
    /// What the task printed.
    pub terminal_output: String,
    /// Where its outputs are: `<cache directory>/<hash>`.
    pub outputs_path: PathBuf,
    /// Bytes of all files.
    pub size: u64,
}

/// One artifact to be stored.
#[derive(Clone, Debug)]
pub struct Artifact {
    /// The task's hash.
    pub hash: String,
    /// Where Nx keeps artifacts; the outputs are in `<cache directory>/<hash>`, if there are any.
    pub cache_directory: PathBuf,
    /// What the task printed.
    pub terminal_output: String,
    /// Its exit code.
    pub code: i16,
}

impl RemoteCache {
    /// What this run may do.
    pub fn mode(&self) -> Mode {
        self.config.mode
    }

    /// How long the end of the run may wait for uploads.
    pub fn flush_timeout(&self) -> Duration {
        self.config.flush_timeout
    }

    /// Notes that `hash` stands for `task`, such as `web:build`, for messages and for the entry.
    pub fn name_task(&self, hash: &str, task: &str) {
        self.tasks.set(hash, task);
    }

    /// Restores the artifact of `hash` into `cache_directory`; `None` is a miss, and so is every failure.
    pub async fn retrieve(&self, hash: &str, cache_directory: &Path) -> Result<Option<Retrieved>, Error> {
        if !self.config.mode.reads() {
            return Ok(None);
        }
        let _waiting = self.counters.wait();
        let began = Instant::now();
        let result = match TaskHash::parse(hash) {
            Ok(hash) => self.restore(&hash, cache_directory).await,
            Err(error) => Err(error.into()),
        };
        match result {
            Ok(Some(found)) => {
                self.counters.hit();
                self.event(|| {
                    format!(
                        "{}: restored {} in {} ms",
                        self.tasks.label(hash),
                        bytes(found.size),
                        began.elapsed().as_millis()
                    )
                });
                Ok(Some(found))
            }
            Ok(None) => {
                self.counters.miss();
                let label = || self.tasks.label(hash);
                self.event(|| {
                    format!(
                        "{}: not in the bucket ({} ms)",
                        label(),
                        began.elapsed().as_millis()
                    )
                });
                Ok(None)
            }
            Err(error) => {
                self.counters.miss();
                self.report(hash, "not restored", &error);
                if error.is_fatal() { Err(error) } else { Ok(None) }
            }
        }
    }

    /// Stores `artifact`: queues it and answers `true` at once, or, without background uploads, answers
    /// whether it is in the bucket.
    pub async fn store(self: Arc<Self>, artifact: Artifact) -> bool {
        if !self.config.mode.writes() || self.access.writes.is_none() {
            return false;
        }
        if !self.requests.allowed(health::Purpose::Write) {
            self.counters.skipped();
            return false;
        }
        let queued = SystemTime::now();
        let ticket = self.uploads.begin(&artifact.hash);
        let background = self.config.background_uploads;
        let counters = self.counters.clone();
        let upload = tokio::spawn(async move {
            let stored = self.store_now(artifact, queued).await;
            drop(ticket);
            stored
        });
        if background {
            true
        } else {
            let _waiting = counters.wait();
            upload.await.unwrap_or(false)
        }
    }

    /// Blocks this thread until all uploads are done, at most for `timeout`; returns the tasks of those that
    /// are not.
    pub fn flush(&self, timeout: Duration) -> Vec<String> {
        let _waiting = self.counters.wait();
        let left = self.uploads.wait(timeout);
        if left.is_empty() {
            self.requests.end();
        }
        self.touches.wait(LAST_TOUCHES.min(timeout));
        left.iter().map(|hash| self.tasks.label(hash)).collect()
    }

    /// The warnings since the last call.
    pub fn take_warnings(&self) -> Vec<Warning> {
        self.warnings.take()
    }

    /// Tells the user something, unless something of the same code was told before.
    pub fn warn(&self, warning: Warning) {
        self.warnings.once(warning.code, warning.title, warning.body);
    }

    /// What happened since the last call, a line each; nothing unless the run is verbose.
    pub fn take_events(&self) -> Vec<String> {
        self.events
            .as_ref()
            .map(|events| std::mem::take(&mut *events.lock()))
            .unwrap_or_default()
    }

    /// What this run did so far.
    pub fn summary(&self) -> Summary {
        self.counters.summary()
    }

    async fn store_now(&self, artifact: Artifact, queued: SystemTime) -> bool {
        let began = Instant::now();
        let result = match TaskHash::parse(&artifact.hash) {
            Ok(hash) => self.upload(&hash, &artifact, queued).await,
            Err(error) => Err(error.into()),
        };
        let took = began.elapsed().as_millis();
        let label = || self.tasks.label(&artifact.hash);
        match result {
            Ok(PutOutcome::Stored) => {
                self.counters.stored();
                self.event(|| format!("{}: stored in {took} ms", label()));
                true
            }
            Ok(PutOutcome::AlreadyThere) => {
                self.counters.already_there();
                self.event(|| format!("{}: was already in the bucket ({took} ms)", label()));
                true
            }
            Err(error) => {
                self.counters.skipped();
                self.report(&artifact.hash, "not stored", &error);
                false
            }
        }
    }

    /// Where this run reads and writes. Deriving a key from a passphrase takes a while, so it is done once.
    async fn namespaces(&self) -> Result<&Namespaces, Error> {
        self.namespaces
            .get_or_try_init(|| async {
                let key = match self.config.encryption_key.clone() {
                    None => None,
                    Some(secret) => Some(blocking(move || MasterKey::derive(&secret)).await?),
                };
                let key = key
                    .transpose()
                    .map_err(|error| Error::Internal(error.to_string()))?;
                Ok(Namespaces::new(&self.config, &self.access, key.map(Arc::new)))
            })
            .await
    }

    fn event(&self, line: impl FnOnce() -> String) {
        if let Some(events) = &self.events {
            events.lock().push(line());
        }
    }
}

/// Runs `work`, which computes or waits for the disk, beside the threads that serve requests.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Error> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| Error::Internal(error.to_string()))
}
