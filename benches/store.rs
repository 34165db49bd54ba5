//! Stores whole cache directories as a run of Nx would, flush included, and tells what that took.
//!
//! `cargo bench --bench store -- [--s3 ENDPOINT] [--rounds N] [--options JSON] CACHE_DIRECTORY...`
//!
//! Every directory in a cache directory is an artifact. Without `--s3` the bucket is a set of keys, so that
//! only our own work is measured; with it, the bucket `tbucket` of a development server.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    reason = "a program for developers, which ends when something is wrong"
)]

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use bytes::Bytes;
use nx_s3_cache::cache::{self, Artifact, RemoteCache};
use nx_s3_cache::config::Config;
use nx_s3_cache::config::environment::Environment;
use nx_s3_cache::connect::connect;
use nx_s3_cache::entry::Producer;
use nx_s3_cache::object_store::{Error, Fetch, Head, ListPage, Object, ObjectStore, PutMode, PutOutcome};
use nx_s3_cache::trust;

/// A bucket that remembers keys only.
#[derive(Default)]
struct Keys {
    keys: Mutex<HashSet<String>>,
    puts: AtomicU64,
    heads: AtomicU64,
    bytes: AtomicU64,
}

#[async_trait]
impl ObjectStore for Keys {
    async fn fetch(&self, _: &Fetch<'_>) -> Result<Option<Object>, Error> {
        Ok(None)
    }

    async fn head(&self, key: &str) -> Result<Option<Head>, Error> {
        self.heads.fetch_add(1, Ordering::Relaxed);
        Ok(self.keys.lock().unwrap().contains(key).then_some(Head {
            size: 1000,
            modified: None,
            archived: false,
        }))
    }

    async fn put(&self, key: &str, body: Bytes, _: PutMode) -> Result<PutOutcome, Error> {
        self.puts.fetch_add(1, Ordering::Relaxed);
        self.bytes.fetch_add(body.len() as u64, Ordering::Relaxed);
        let new = self.keys.lock().unwrap().insert(key.to_owned());
        Ok(if new {
            PutOutcome::Stored
        } else {
            PutOutcome::AlreadyThere
        })
    }

    async fn list(&self, _: &str, _: Option<&str>) -> Result<ListPage, Error> {
        Ok(ListPage::default())
    }

    async fn delete(&self, _: &[String]) -> Result<(), Error> {
        Ok(())
    }

    async fn copy(&self, _: &str, _: &str) -> Result<bool, Error> {
        Ok(false)
    }
}

struct Plan {
    endpoint: Option<String>,
    rounds: usize,
    options: String,
    directories: Vec<PathBuf>,
}

fn main() {
    let plan = plan(std::env::args().skip(1));
    println!("corpus              wall ms   cpu ms  peak MiB  answer ms   puts  heads   sent MB");
    for directory in &plan.directories {
        let mut rounds: Vec<_> = (0..plan.rounds).map(|_| round(&plan, directory)).collect();
        rounds.sort_by_key(|round| round.wall);
        println!(
            "{:18} {}",
            directory.file_name().unwrap().display(),
            rounds[rounds.len() / 2].line()
        );
    }
}

fn plan(mut words: impl Iterator<Item = String>) -> Plan {
    let (mut endpoint, mut rounds, mut options, mut directories) = (None, 5, String::new(), Vec::new());
    while let Some(word) = words.next() {
        match word.as_str() {
            "--bench" => {}
            "--s3" => endpoint = words.next(),
            "--rounds" => rounds = words.next().unwrap().parse().unwrap(),
            "--options" => options = format!(",{}", words.next().unwrap()),
            _ => directories.push(word.into()),
        }
    }
    Plan {
        endpoint,
        rounds,
        options,
        directories,
    }
}

#[derive(Default)]
struct Round {
    wall: Duration,
    cpu: Duration,
    peak_kib: u64,
    answer: Duration,
    puts: u64,
    heads: u64,
    bytes: u64,
}

impl Round {
    fn line(&self) -> String {
        let Self {
            wall,
            cpu,
            answer,
            puts,
            heads,
            ..
        } = self;
        format!(
            "{:8} {:8} {:9} {:10.2} {puts:6} {heads:6} {:9.1}",
            wall.as_millis(),
            cpu.as_millis(),
            self.peak_kib / 1024,
            answer.as_secs_f64() * 1e3,
            self.bytes as f64 / 1e6
        )
    }
}

/// Stores everything once, in a runtime and with a prefix of its own.
fn round(plan: &Plan, directory: &Path) -> Round {
    let artifacts = artifacts(directory);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let keys = Arc::new(Keys::default());
    // The clock: each round finds an empty part of the bucket.
    let prefix = std::time::UNIX_EPOCH.elapsed().unwrap().as_nanos();
    let cache = runtime.block_on(async { open(plan, &keys, prefix) });
    // The peak starts anew from here.
    fs::write("/proc/self/clear_refs", "5").unwrap();
    let (idle, cpu, began) = (memory("VmRSS"), cpu(), Instant::now());
    let mut answer = Duration::ZERO;
    runtime.block_on(async {
        for artifact in artifacts {
            let asked = Instant::now();
            assert!(cache.clone().store(artifact).await);
            answer = answer.max(asked.elapsed());
        }
    });
    assert!(cache.flush(Duration::from_secs(600)).is_empty());
    let wall = began.elapsed();
    let summary = cache.summary();
    assert_eq!(summary.skipped, 0, "{:?}", cache.take_warnings());
    Round {
        wall,
        cpu: self::cpu() - cpu,
        peak_kib: memory("VmHWM").saturating_sub(idle),
        answer,
        puts: keys.puts.load(Ordering::Relaxed),
        heads: keys.heads.load(Ordering::Relaxed),
        bytes: summary.bytes_sent,
    }
}

fn open(plan: &Plan, keys: &Arc<Keys>, prefix: u128) -> Arc<RemoteCache> {
    let endpoint = plan.endpoint.as_deref().unwrap_or("http://127.0.0.1:1");
    let section = format!(
        r#"{{"bucket":"tbucket","region":"us-east-1","endpoint":"{endpoint}","forcePathStyle":true,
            "accessKeyId":"test","secretAccessKey":"test-secret","cacheKeyPrefix":"{prefix}"{}}}"#,
        plan.options
    );
    let environment = Environment::default();
    let config = Config::load(Some(&section), &environment, false, Path::new("/")).unwrap();
    let access = trust::decide(&config.trust, &trust::detect(&environment, false));
    let store = match plan.endpoint {
        Some(_) => connect(&config, None),
        None => keys.clone(),
    };
    cache::open(config, access, store, Producer::default(), false)
}

fn artifacts(directory: &Path) -> Vec<Artifact> {
    let names = fs::read_dir(directory).unwrap();
    let mut names: Vec<_> = names.map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    let artifact = |name: std::ffi::OsString| Artifact {
        hash: name.into_string().unwrap(),
        cache_directory: directory.to_owned(),
        terminal_output: "done\n".into(),
        code: 0,
    };
    names.into_iter().map(artifact).collect()
}

/// A field of the kernel's account of this process, in KiB.
fn memory(field: &str) -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with(field)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// Processor time of this process so far, in the kernel's ticks of 10 ms.
fn cpu() -> Duration {
    let stat = fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<_> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
    let ticks = |at: usize| fields[at].parse::<u64>().unwrap();
    Duration::from_millis(10 * (ticks(11) + ticks(12)))
}
