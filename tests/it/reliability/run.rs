//! Runs as Nx makes them, against a server that may be in trouble.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use nx_s3_cache::cache::{Artifact, RemoteCache, Summary, Warning};
use nx_s3_cache::config::Config;
use nx_s3_cache::config::environment::Environment;
use nx_s3_cache::connect::connect;
use nx_s3_cache::entry::Producer;
use nx_s3_cache::object_store::ObjectStore;
use tempfile::TempDir;

use crate::support::faulty::{Fault, Faulty};
use crate::support::machine::{open, scratch};
use crate::support::scripted::Seen;
use crate::support::server::{self, RunningServer};

/// Options of the `s3` section for a server, with `more` of them.
pub fn options(endpoint: &str, more: &str) -> Config {
    let section = format!(
        r#"{{"bucket":"tbucket","region":"us-east-1","endpoint":"{endpoint}","forcePathStyle":true,
            "accessKeyId":"test","secretAccessKey":"test-secret"{}{more}}}"#,
        if more.is_empty() { "" } else { "," }
    );
    Config::load(Some(&section), &Environment::default(), false, Path::new("/")).unwrap()
}

/// What other work on the machine may add to a run. Bounds of time show that nothing hangs; how fast things are is for
/// benchmarks.
pub const BUSY: Duration = Duration::from_secs(10);

/// The most that a server costs that falls silent: a request that was sent before its last answer is made again, and two
/// more have to fail. Backoffs take 0.25 s and 0.5 s at most.
pub fn silence(read: Duration) -> Duration {
    3 * read + Duration::from_millis(750)
}

/// What became of a run.
#[derive(Debug)]
pub struct Outcome {
    /// Counts of what was restored and stored.
    pub summary: Summary,
    /// What the user was warned of.
    pub warnings: Vec<Warning>,
    /// Uploads that the end of the run didn't wait for.
    pub left: Vec<String>,
    /// How long it took.
    pub took: Duration,
}

impl Outcome {
    /// Restored, missed, stored.
    pub fn counts(&self) -> (u64, u64, u64) {
        (self.summary.hits, self.summary.misses, self.summary.stored)
    }

    /// How many artifacts were stored or there already.
    pub fn in_bucket(&self) -> u64 {
        self.summary.stored + self.summary.already_there
    }
}

/// A machine on which runs are made, one after the other.
pub struct Machine {
    directory: TempDir,
    size: usize,
    /// Tasks that are asked for at once.
    pub batch: usize,
    /// How long a task takes that isn't restored.
    pub task: Duration,
}

impl Machine {
    /// Its tasks have outputs of `size` bytes that don't compress, and take no time.
    pub fn new(size: usize) -> Self {
        Self {
            directory: scratch(),
            size,
            batch: 50,
            task: Duration::ZERO,
        }
    }

    /// Runs `tasks` tasks as Nx does: asks for a batch, runs what was missed, stores it; waits for uploads at the end.
    pub async fn run(&self, config: Config, tasks: usize) -> Outcome {
        let store = connect(&config, None);
        self.run_with(config, store, tasks).await
    }

    /// The same with a store that is at hand.
    pub async fn run_with(&self, config: Config, store: Arc<dyn ObjectStore>, tasks: usize) -> Outcome {
        let began = Instant::now();
        let cache = open(config, &Environment::default(), store, Producer::default());
        // A directory of its own: nothing that an earlier run left is a local hit.
        let directory = TempDir::new_in(self.directory.path()).unwrap();
        let hashes: Vec<_> = (0..tasks).map(|task| (1000 + task).to_string()).collect();
        for batch in hashes.chunks(self.batch) {
            let asked = batch.iter().map(|hash| cache.retrieve(hash, directory.path()));
            for (hash, found) in batch.iter().zip(join_all(asked).await) {
                match found.unwrap() {
                    Some(found) => assert_eq!(
                        fs::read(found.outputs_path.join("out")).unwrap(),
                        self.output(hash),
                        "a hit is what was stored"
                    ),
                    None => self.run_task(&cache, directory.path(), hash).await,
                }
            }
        }
        let flushed = cache.clone();
        let flush = tokio::task::spawn_blocking(move || flushed.flush(flushed.flush_timeout()));
        let left = flush.await.unwrap();
        Outcome {
            summary: cache.summary(),
            warnings: cache.take_warnings(),
            left,
            took: began.elapsed(),
        }
    }

    async fn run_task(&self, cache: &Arc<RemoteCache>, directory: &Path, hash: &str) {
        tokio::time::sleep(self.task).await;
        let outputs = directory.join(hash);
        fs::create_dir_all(&outputs).unwrap();
        fs::write(outputs.join("out"), self.output(hash)).unwrap();
        let artifact = Artifact {
            hash: hash.into(),
            cache_directory: directory.into(),
            terminal_output: format!("ran {hash}"),
            code: 0,
        };
        cache.clone().store(artifact).await;
    }

    /// What the task of `hash` makes.
    fn output(&self, hash: &str) -> Vec<u8> {
        let mut bytes = vec![0; self.size];
        blake3::Hasher::new()
            .update(hash.as_bytes())
            .finalize_xof()
            .fill(&mut bytes);
        bytes
    }
}

/// A real server behind a proxy that spoils its answers, and a machine.
pub struct Bench {
    pub proxy: Faulty,
    pub server: RunningServer,
    pub machine: Machine,
    _directory: TempDir,
}

impl Bench {
    /// With artifacts of `size` bytes, and no fault yet.
    pub async fn new(size: usize) -> Self {
        let directory = scratch();
        let options = server::Options {
            anonymous: true, // for requests whose signature the proxy takes away
            ..server::Options::new(directory.path())
        };
        let server = server::start_with(options).await.unwrap();
        let proxy = Faulty::start(server.address, |_, _| Fault::None).await;
        Self {
            proxy,
            server,
            machine: Machine::new(size),
            _directory: directory,
        }
    }

    /// With the results of `tasks` tasks in the bucket.
    pub async fn filled(size: usize, tasks: usize) -> Self {
        let bench = Self::new(size).await;
        let outcome = bench.run("", tasks).await;
        assert_eq!(outcome.counts(), (0, tasks as u64, tasks as u64));
        bench
    }

    /// A run through the proxy.
    pub async fn run(&self, more: &str, tasks: usize) -> Outcome {
        self.machine
            .run(options(&self.proxy.endpoint(), more), tasks)
            .await
    }

    /// The same under a `rule`, and how much longer it took than without.
    pub async fn spoiled(
        &self,
        more: &str,
        tasks: usize,
        rule: impl Fn(&Seen, usize) -> Fault + Send + Sync + 'static,
    ) -> (Outcome, Duration) {
        self.proxy.now(|_, _| Fault::None);
        let usual = self.run(more, tasks).await.took;
        self.proxy.now(rule);
        let outcome = self.run(more, tasks).await;
        let added = outcome.took.saturating_sub(usual);
        (outcome, added)
    }
}

/// Whether a request is for an entry or chunk, not the probe.
pub fn is_get(request: &Seen) -> bool {
    request.is("GET", "")
}

/// Whether a request writes.
pub fn is_put(request: &Seen) -> bool {
    request.is("PUT", "")
}
