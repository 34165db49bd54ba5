//! A machine with a cache directory, and any number of runs against one bucket.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use nx_s3_cache::cache::{self, Artifact, RemoteCache, Retrieved, Warning};
use nx_s3_cache::config::Config;
use nx_s3_cache::config::environment::Environment;
use nx_s3_cache::entry::Producer;
use nx_s3_cache::object_store::ObjectStore;
use nx_s3_cache::object_store::memory::MemoryStore;
use nx_s3_cache::trust;
use tempfile::TempDir;

pub const HASH: &str = "1234567890";
pub const ENTRY: &str = "v1/t/e/1234567890";
const TERMINAL: &str = "built \u{1f680} in 3 s\n";

/// Options of nx.json's `s3` section, on top of a bucket.
pub fn config(options: &str) -> Config {
    let section = format!(
        r#"{{"bucket":"test-bucket"{}{options}}}"#,
        if options.is_empty() { "" } else { "," }
    );
    Config::load(Some(&section), &Environment::default(), false, Path::new("/")).unwrap()
}

/// A run with `options` against `store`, as everybody's is as long as there are no keys.
pub fn run(store: &Arc<impl ObjectStore>, options: &str) -> Arc<RemoteCache> {
    run_in(store, config(options), &Environment::default())
}

/// A run with `config` in a CI system that says `environment`.
pub fn run_in(store: &Arc<impl ObjectStore>, config: Config, environment: &Environment) -> Arc<RemoteCache> {
    let access = trust::decide(&config.trust, &trust::detect(environment, false));
    cache::open(config, access, store.clone(), Producer::default(), true)
}

pub fn bucket() -> Arc<MemoryStore> {
    Arc::new(MemoryStore::new())
}

/// A machine's cache directory.
pub struct Machine(TempDir);

impl Machine {
    pub fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// Where the outputs of [`HASH`] are.
    pub fn outputs(&self) -> PathBuf {
        self.path().join(HASH)
    }

    /// Writes one output of [`HASH`].
    pub fn output(&self, name: &str, content: impl AsRef<[u8]>) -> &Self {
        let path = self.outputs().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
        self
    }

    /// Stores [`HASH`] and waits until that is done.
    pub async fn store(&self, cache: &Arc<RemoteCache>) -> bool {
        let accepted = cache.clone().store(self.artifact()).await;
        flush(cache).await;
        accepted
    }

    /// What Nx asks to be stored. Like Nx, this makes the directory, which a task without outputs has, too.
    pub fn artifact(&self) -> Artifact {
        fs::create_dir_all(self.outputs()).unwrap();
        Artifact {
            hash: HASH.into(),
            cache_directory: self.path().into(),
            terminal_output: TERMINAL.into(),
            code: 0,
        }
    }

    /// Retrieves [`HASH`].
    pub async fn retrieve(&self, cache: &RemoteCache) -> Option<Retrieved> {
        cache.retrieve(HASH, self.path()).await.unwrap()
    }

    /// What is in the cache directory: staging directories would show.
    pub fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.path()).unwrap();
        entries
            .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
            .collect()
    }
}

/// Waits for the uploads of `cache` without blocking the runtime's threads.
pub async fn flush(cache: &Arc<RemoteCache>) {
    let cache = cache.clone();
    let left = tokio::task::spawn_blocking(move || cache.flush(Duration::from_secs(60)))
        .await
        .unwrap();
    assert_eq!(left, [""; 0]);
}

/// The warnings' titles.
pub fn titles(warnings: Vec<Warning>) -> Vec<String> {
    warnings.into_iter().map(|warning| warning.title).collect()
}

/// Bytes that don't compress.
pub fn noise(len: usize, seed: u8) -> Vec<u8> {
    let mut bytes = vec![0; len];
    blake3::Hasher::new_keyed(&[seed; 32])
        .finalize_xof()
        .fill(&mut bytes);
    bytes
}

/// A tree as path → (mode, content or link target); directories have no content.
pub fn tree(root: &Path) -> BTreeMap<PathBuf, (u32, Vec<u8>)> {
    let mut found = BTreeMap::new();
    let mut left = vec![root.to_path_buf()];
    while let Some(directory) = left.pop() {
        for entry in fs::read_dir(&directory).unwrap() {
            let path = entry.unwrap().path();
            let meta = fs::symlink_metadata(&path).unwrap();
            let content = if meta.is_symlink() {
                fs::read_link(&path)
                    .unwrap()
                    .into_os_string()
                    .into_encoded_bytes()
            } else if meta.is_dir() {
                left.push(path.clone());
                Vec::new()
            } else {
                fs::read(&path).unwrap()
            };
            found.insert(
                path.strip_prefix(root).unwrap().into(),
                (meta.permissions().mode(), content),
            );
        }
    }
    found
}

/// What [`Machine::artifact`] says was printed.
pub fn terminal() -> String {
    TERMINAL.into()
}
