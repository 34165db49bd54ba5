//! The remote cache as Nx drives it: store and retrieve, and the end of the run.

use std::collections::HashSet;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use parking_lot::Mutex;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::sleep;

use super::health::Health;
use super::summary::{Counters, Summary, bytes};
use super::task_names::TaskNames;
use super::warnings::{Warning, Warnings};
use crate::bucket::{Bucket, Gate, InFlight, Name, Purpose, Source, Upload};
use crate::config::Mode;
use crate::error::Error;
use crate::object_store::PutOutcome;
use crate::task_hash::TaskHash;

/// How long the end of a run waits for objects to be touched: what is left then is touched by the next run.
const LAST_TOUCHES: Duration = Duration::from_millis(500);

/// A remote cache in a bucket, for one run.
pub struct RemoteCache {
    pub(super) bucket: Bucket,
    pub(super) health: Arc<Health>,
    pub(super) uploads: InFlight,
    /// Bodies that wait to be uploaded, or are; each is an open file.
    pub(super) bodies: Arc<Semaphore>,
    pub(super) counters: Counters,
    pub(super) warnings: Arc<Warnings>,
    pub(super) tasks: TaskNames,
    /// What isn't in the bucket: Nx may ask again.
    pub(super) known_misses: Mutex<HashSet<Name>>,
    /// Cache directories whose leftovers were swept.
    pub(super) swept: Arc<Mutex<HashSet<PathBuf>>>,
    pub(super) events: Option<Mutex<Vec<String>>>,
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

/// A restored body.
#[derive(Debug)]
pub struct Body {
    /// Its bytes, from where the file stands.
    pub file: File,
    /// How many these are.
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
        self.bucket.config.mode
    }

    /// How long the end of the run may wait for uploads.
    pub fn flush_timeout(&self) -> Duration {
        self.bucket.config.flush_timeout
    }

    /// Notes that `hash` stands for `task`, such as `web:build`, for messages and for the entry.
    pub fn name_task(&self, hash: &str, task: &str) {
        self.tasks.set(hash, task);
    }

    /// Restores the artifact of `hash` into `cache_directory`; `None` is a miss, and so is every failure.
    pub async fn retrieve(&self, hash: &str, cache_directory: &Path) -> Result<Option<Retrieved>, Error> {
        let restore = async |hash: TaskHash| {
            let unpack = self.unpacking(&hash, cache_directory);
            self.read(Name::Task(hash), unpack).await
        };
        self.counted(hash, restore, |found| found.size).await
    }

    /// The body stored for `hash`, in a file without a name in `directory`; `None` is a miss, and so is every failure.
    pub async fn retrieve_body(&self, hash: &str, directory: &Path) -> Result<Option<Body>, Error> {
        let restore = async |hash| self.read(Name::Body(hash), self.spooling(directory)).await;
        self.counted(hash, restore, |found| found.size).await
    }

    /// Does what `restore` does, and counts how it went.
    async fn counted<T>(
        &self,
        hash: &str,
        restore: impl AsyncFnOnce(TaskHash) -> Result<Option<T>, Error>,
        size: impl Fn(&T) -> u64,
    ) -> Result<Option<T>, Error> {
        if !self.bucket.config.mode.reads() {
            return Ok(None);
        }
        let _waiting = self.counters.wait();
        let began = Instant::now();
        let result = match TaskHash::parse(hash) {
            Ok(hash) => restore(hash).await,
            Err(error) => Err(error.into()),
        };
        match result {
            Ok(Some(found)) => {
                self.counters.hit();
                self.event(|| {
                    format!(
                        "{}: restored {} in {} ms",
                        self.tasks.label(hash),
                        bytes(size(&found)),
                        began.elapsed().as_millis()
                    )
                });
                Ok(Some(found))
            }
            Ok(None) => {
                self.counters.miss();
                let took = began.elapsed().as_millis();
                self.event(|| format!("{}: not in the bucket ({took} ms)", self.tasks.label(hash)));
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
        let (hash, queued) = (artifact.hash.clone(), SystemTime::now());
        let task = self.tasks.get(&hash);
        let upload = move |hash: TaskHash| Upload {
            task,
            code: artifact.code,
            source: Source::Outputs {
                directory: artifact.cache_directory.join(hash.as_str()),
                terminal_output: artifact.terminal_output,
                queued,
            },
            name: Name::Task(hash),
            fresh: false,
        };
        self.queue(hash, upload, None).await
    }

    /// Stores what is in `body`, from where the file stands; otherwise like [`Self::store`]. Where many wait to be uploaded,
    /// it waits until there are fewer.
    pub async fn store_body(self: Arc<Self>, hash: String, body: File) -> bool {
        let upload = |hash| Upload {
            name: Name::Body(hash),
            code: 0,
            source: Source::Body(body),
            fresh: false,
            task: None,
        };
        let turn = self.bodies.clone().acquire_owned().await.ok();
        self.queue(hash, upload, turn).await
    }

    /// Something is not stored, for the reason that `warning` gives.
    pub fn skip(&self, warning: Warning) {
        self.counters.skipped();
        self.warn(warning);
    }

    /// Whether this run stores anything at all.
    pub fn stores(&self) -> bool {
        self.bucket.config.mode.writes() && self.bucket.access.writes.is_some()
    }

    async fn queue(
        self: Arc<Self>,
        hash: String,
        upload: impl FnOnce(TaskHash) -> Upload + Send + 'static,
        turn: Option<OwnedSemaphorePermit>,
    ) -> bool {
        if !self.stores() {
            return false;
        }
        if !self.health.allows(Purpose::Write) {
            self.counters.skipped();
            return false;
        }
        let ticket = self.uploads.begin(&hash);
        let background = self.bucket.config.background_uploads;
        let cache = self.clone();
        let upload = tokio::spawn(async move {
            let stored = cache.store_now(&hash, upload).await;
            drop((ticket, turn));
            stored
        });
        if background {
            true
        } else {
            let _waiting = self.counters.wait();
            upload.await.unwrap_or(false)
        }
    }

    /// Blocks this thread until all uploads are done, at most for `timeout`; returns the tasks of those that
    /// are not.
    pub fn flush(&self, timeout: Duration) -> Vec<String> {
        let _waiting = self.counters.wait();
        let left = self.uploads.wait(timeout);
        if left.is_empty() {
            self.health.end();
        }
        self.bucket.wait(LAST_TOUCHES.min(timeout));
        left.iter().map(|hash| self.tasks.label(hash)).collect()
    }

    /// The warnings since the last call.
    pub fn take_warnings(&self) -> Vec<Warning> {
        self.warnings.take()
    }

    /// Warns the user, once of each code.
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
        self.counters.summary(&self.bucket.requests.traffic)
    }

    async fn store_now(&self, hash: &str, upload: impl FnOnce(TaskHash) -> Upload) -> bool {
        let began = Instant::now();
        let result = match TaskHash::parse(hash) {
            Ok(hash) => self.upload(upload(hash)).await,
            Err(error) => Err(error.into()),
        };
        let took = began.elapsed().as_millis();
        match result {
            Ok(PutOutcome::Stored) => {
                self.counters.stored();
                self.event(|| format!("{}: stored in {took} ms", self.tasks.label(hash)));
                true
            }
            Ok(PutOutcome::AlreadyThere) => {
                self.counters.already_there();
                self.event(|| {
                    format!(
                        "{}: was already in the bucket ({took} ms)",
                        self.tasks.label(hash)
                    )
                });
                true
            }
            Err(error) => {
                self.counters.skipped();
                self.report(hash, "not stored", &error);
                false
            }
        }
    }

    /// Stores an artifact within the deadline, which begins with its turn to be packed, or with the bucket's first
    /// answer where that comes later: whoever queued it doesn't wait.
    async fn upload(&self, upload: Upload) -> Result<PutOutcome, Error> {
        let (bucket, name) = (&self.bucket, upload.name.clone());
        let namespace = bucket.writes().await?.ok_or(Error::Off)?;
        let turn = bucket.uploader.turn().await?;
        let too_late = async {
            bucket.requests.contact().await;
            sleep(bucket.config.deadline).await;
        };
        let uploaded = tokio::select! {
            biased;
            done = bucket.uploader.upload(turn, &namespace, upload) => done?,
            () = too_late => return Err(Error::Deadline),
        };
        self.known_misses.lock().remove(&name);
        Ok(uploaded.outcome)
    }

    pub(super) fn event(&self, line: impl FnOnce() -> String) {
        if let Some(events) = &self.events {
            events.lock().push(line());
        }
    }
}
