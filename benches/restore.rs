//! How long restoring takes, beside `cp -r` of the same files.
//!
//!     cargo bench --bench restore -- CORPUS [ROUNDS]
//!
//! Each directory in CORPUS is one artifact's outputs. All of them are retrieved at once, as Nx does it, and what came
//! back is compared once. The bucket is in memory, or the one that the options in the environment name
//! (`NX_S3_CACHE_BUCKET`, `NX_S3_CACHE_ENDPOINT`…); what isn't in it yet is stored first. Times are medians.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)] // a broken setup should fail loudly

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use nx_s3_cache::cache::{self, Artifact, RemoteCache};
use nx_s3_cache::config::Config;
use nx_s3_cache::config::environment::Environment;
use nx_s3_cache::connect::connect;
use nx_s3_cache::entry::Producer;
use nx_s3_cache::object_store::ObjectStore;
use nx_s3_cache::object_store::memory::MemoryStore;
use nx_s3_cache::trust;

fn main() {
    let mut arguments = std::env::args().skip(1).filter(|word| word != "--bench");
    let Some(corpus) = arguments.next().map(PathBuf::from) else {
        println!("restore: needs a corpus, see the comment in benches/restore.rs");
        return;
    };
    let rounds = arguments
        .next()
        .map_or(7, |word| word.parse().expect("ROUNDS is a number"));
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(Bench::new(corpus).run(rounds));
}

struct Bench {
    corpus: PathBuf,
    hashes: Vec<String>,
    environment: Environment,
    memory: Option<Arc<MemoryStore>>,
    scratch: tempfile::TempDir,
}

impl Bench {
    fn new(corpus: PathBuf) -> Self {
        let mut names: Vec<_> = fs::read_dir(&corpus)
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        names.sort();
        let environment = Environment::of_process();
        let memory = environment
            .get("NX_S3_CACHE_BUCKET")
            .is_none()
            .then(|| Arc::new(MemoryStore::new()));
        // Beside the corpus, so that both are on one file system.
        let scratch = tempfile::tempdir_in(corpus.parent().unwrap()).unwrap();
        Self {
            hashes: names
                .iter()
                .map(|name| name.to_str().unwrap().to_owned())
                .collect(),
            corpus,
            environment,
            memory,
            scratch,
        }
    }

    async fn run(&self, rounds: usize) {
        self.store().await;
        let (mut ours, mut floor) = (Vec::new(), Vec::new());
        for round in 0..rounds {
            let target = self.scratch.path().join("restored");
            ours.push(self.restore(&target).await);
            if round == 0 {
                assert!(
                    Command::new("diff")
                        .arg("-r")
                        .args([&self.corpus, &target])
                        .status()
                        .unwrap()
                        .success()
                );
            }
            discard(&target);
            let began = Instant::now();
            assert!(
                Command::new("cp")
                    .arg("-r")
                    .args([&self.corpus, &target])
                    .status()
                    .unwrap()
                    .success()
            );
            floor.push((began.elapsed(), Duration::ZERO));
            discard(&target);
        }
        let ((ours, processor), (floor, _)) = (median(ours), median(floor));
        println!(
            "{}: {} artifacts in {ours:.2?} ({processor:.2?} of processor time, {} MiB at most); cp -r {floor:.2?}; {:.2} times as long",
            self.corpus.display(),
            self.hashes.len(),
            peak_memory() >> 10,
            ours.as_secs_f64() / floor.as_secs_f64(),
        );
    }

    /// A run of its own, connected and idle.
    async fn open(&self) -> Arc<RemoteCache> {
        let section = self.memory.is_some().then_some(r#"{"bucket":"memory"}"#);
        let config = Config::load(section, &self.environment, false, Path::new("/")).unwrap();
        let access = trust::decide(&config.trust, &trust::detect(&self.environment, false));
        let store: Arc<dyn ObjectStore> = match &self.memory {
            Some(memory) => memory.clone(),
            None => connect(&config, None),
        };
        let cache = cache::open(config, access, store, Producer::default(), false);
        tokio::time::sleep(Duration::from_millis(300)).await; // Nx computes its graph
        cache
    }

    async fn store(&self) {
        let cache = self.open().await;
        if cache
            .retrieve(&self.hashes[0], self.scratch.path())
            .await
            .unwrap()
            .is_some()
        {
            return; // by an earlier run
        }
        for hash in &self.hashes {
            let artifact = Artifact {
                hash: hash.clone(),
                cache_directory: self.corpus.clone(),
                terminal_output: format!("built {hash}\n"),
                code: 0,
            };
            assert!(cache.clone().store(artifact).await);
        }
        let left = tokio::task::spawn_blocking(move || cache.flush(Duration::from_secs(600)))
            .await
            .unwrap();
        assert_eq!(left, [""; 0]);
    }

    /// Wall time and processor time.
    async fn restore(&self, target: &Path) -> (Duration, Duration) {
        let cache = self.open().await;
        fs::create_dir(target).unwrap();
        let (began, processor) = (Instant::now(), processor_time());
        let found = join_all(self.hashes.iter().map(|hash| {
            let (cache, hash, target) = (cache.clone(), hash.clone(), target.to_owned());
            tokio::spawn(async move { cache.retrieve(&hash, &target).await })
        }))
        .await;
        let took = (began.elapsed(), processor_time() - processor);
        assert!(
            found.into_iter().all(|found| found.unwrap().unwrap().is_some()),
            "{:?}",
            cache.take_warnings()
        );
        took
    }
}

fn discard(target: &Path) {
    fs::remove_dir_all(target).unwrap();
    assert!(Command::new("sync").status().unwrap().success());
}

fn median(mut times: Vec<(Duration, Duration)>) -> (Duration, Duration) {
    times.sort();
    times[times.len() / 2]
}

/// What this process has used, all threads together; clock ticks are hundredths of seconds on Linux.
fn processor_time() -> Duration {
    let stat = fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    let ticks: u64 = fields[11..13]
        .iter()
        .map(|field| field.parse::<u64>().unwrap())
        .sum();
    Duration::from_millis(10 * ticks)
}

/// KiB.
fn peak_memory() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let fields: HashMap<&str, &str> = status.lines().filter_map(|line| line.split_once(':')).collect();
    fields["VmHWM"].trim().trim_end_matches(" kB").parse().unwrap()
}
