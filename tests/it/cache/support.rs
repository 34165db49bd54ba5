//! Any number of runs against one bucket in memory.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use nx_s3_cache::cache::{RemoteCache, Warning};
use nx_s3_cache::config::Config;
use nx_s3_cache::config::environment::Environment;
use nx_s3_cache::entry::Producer;
use nx_s3_cache::object_store::ObjectStore;
use nx_s3_cache::object_store::memory::MemoryStore;

pub use crate::support::machine::{HASH, Machine, flush, noise, open, terminal};

pub const ENTRY: &str = "v1/t/e/1234567890";

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
    open(config, environment, store.clone(), Producer::default())
}

pub fn bucket() -> Arc<MemoryStore> {
    Arc::new(MemoryStore::new())
}

/// The warnings' titles.
pub fn titles(warnings: Vec<Warning>) -> Vec<String> {
    warnings.into_iter().map(|warning| warning.title).collect()
}

/// The permissions of a file where Unix has them.
fn mode(meta: &fs::Metadata) -> u32 {
    #[cfg(unix)]
    return std::os::unix::fs::PermissionsExt::mode(&meta.permissions());
    #[cfg(not(unix))]
    return u32::from(meta.permissions().readonly());
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
            found.insert(path.strip_prefix(root).unwrap().into(), (mode(&meta), content));
        }
    }
    found
}
