//! A machine with a cache directory, and the runs of Nx on it.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use nx_s3_cache::cache::{self, Artifact, RemoteCache, Retrieved};
use nx_s3_cache::config::Config;
use nx_s3_cache::config::environment::Environment;
use nx_s3_cache::entry::Producer;
use nx_s3_cache::object_store::ObjectStore;
use nx_s3_cache::trust;
use tempfile::TempDir;

/// The task that a [`Machine::new`] has run.
pub const HASH: &str = "1234567890";

/// A directory in memory where there is room: for thousands of small files, and for seconds that are compared.
pub fn scratch() -> TempDir {
    #[cfg(target_os = "linux")]
    if let Ok(memory) = rustix::fs::statvfs("/dev/shm")
        && memory.f_bavail * memory.f_frsize > 1 << 30
        && let Ok(directory) = TempDir::new_in("/dev/shm")
    {
        return directory;
    }
    TempDir::new().unwrap()
}

/// Writes a file below `root`, in directories that are made.
pub fn write(root: &Path, name: &str, content: impl AsRef<[u8]>) {
    let path = root.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, content).unwrap();
}

/// A directory with these files.
pub fn directory_of(files: &[(&str, &str)]) -> TempDir {
    let root = tempfile::tempdir().unwrap();
    for (name, content) in files {
        write(root.path(), name, content);
    }
    root
}

/// The cache of a run with `config` in a CI system that says `environment`.
pub fn open(
    config: Config,
    environment: &Environment,
    store: Arc<dyn ObjectStore>,
    producer: Producer,
) -> Arc<RemoteCache> {
    let access = trust::decide(&config.trust, &trust::detect(environment, false));
    cache::open(config, access, store, producer, true)
}

/// A machine's cache directory, with the result of one task.
pub struct Machine {
    directory: TempDir,
    hash: String,
}

impl Machine {
    pub fn new() -> Self {
        Self::of(HASH)
    }

    /// One that runs the task with this hash.
    pub fn of(hash: &str) -> Self {
        Self {
            directory: scratch(),
            hash: hash.into(),
        }
    }

    pub fn path(&self) -> &Path {
        self.directory.path()
    }

    /// Where the task's outputs are.
    pub fn outputs(&self) -> PathBuf {
        self.path().join(&self.hash)
    }

    /// Writes one output.
    pub fn output(&self, name: &str, content: impl AsRef<[u8]>) -> &Self {
        write(&self.outputs(), name, content);
        self
    }

    /// Stores the result and waits until that is done.
    pub async fn store(&self, cache: &Arc<RemoteCache>) -> bool {
        let accepted = cache.clone().store(self.artifact()).await;
        flush(cache).await;
        accepted
    }

    /// What Nx asks to be stored. Like Nx, this makes the directory, which a task without outputs has, too.
    pub fn artifact(&self) -> Artifact {
        fs::create_dir_all(self.outputs()).unwrap();
        Artifact {
            hash: self.hash.clone(),
            cache_directory: self.path().into(),
            terminal_output: terminal(),
            code: 0,
        }
    }

    /// Retrieves the result.
    pub async fn retrieve(&self, cache: &RemoteCache) -> Option<Retrieved> {
        cache.retrieve(&self.hash, self.path()).await.unwrap()
    }

    /// What is in the cache directory: staging directories would show.
    pub fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.path()).unwrap();
        entries
            .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
            .collect()
    }
}

/// What [`Machine::artifact`] says was printed.
pub fn terminal() -> String {
    "built \u{1f680} in 3 s\n".into()
}

/// Waits for the uploads of `cache` without blocking the runtime's threads.
pub async fn flush(cache: &Arc<RemoteCache>) {
    let cache = cache.clone();
    let left = tokio::task::spawn_blocking(move || cache.flush(Duration::from_secs(60)))
        .await
        .unwrap();
    assert_eq!(left, [""; 0]);
}

/// Bytes that don't compress.
pub fn noise(len: usize, seed: u8) -> Vec<u8> {
    let mut bytes = vec![0; len];
    let mut random = u64::from(seed) + 1;
    for byte in &mut bytes {
        // xorshift64, Marsaglia 2003
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        *byte = random as u8;
    }
    bytes
}
