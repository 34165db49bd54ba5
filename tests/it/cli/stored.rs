//! Entries in the server's bucket, stored as a run of Nx stores them.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use nx_s3_cache::cache::{self, Artifact};
use nx_s3_cache::config::Config;
use nx_s3_cache::config::environment::Environment;
use nx_s3_cache::entry::Producer;
use nx_s3_cache::trust;

use super::setup::Setup;
use crate::support::bucket;

/// What the entries of these tests say that made them, the same on every machine.
pub fn producer() -> Producer {
    Producer {
        plugin: "1.0.0".into(),
        nx: Some("24.0.6".into()),
        os: "linux".into(),
        arch: "x86_64".into(),
        run: Some("4711".into()),
        commit: None,
    }
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

impl Setup {
    /// Stores a task's result, as a run with this set-up does.
    pub async fn store(&self, hash: &str, files: &[(&str, &[u8])], terminal_output: &str) {
        let machine = tempfile::tempdir().unwrap();
        let outputs = machine.path().join(hash);
        std::fs::create_dir_all(&outputs).unwrap();
        for (name, content) in files {
            let path = outputs.join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, content).unwrap();
        }
        let environment: Environment = self
            .variables()
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        let section = self.section().to_string();
        let config = Config::load(Some(&section), &environment, false, Path::new("/")).unwrap();
        let access = trust::decide(&config.trust, &trust::detect(&environment, false));
        let store = Arc::new(bucket::of(&self.server));
        let cache = cache::open(config, access, store, producer(), true);
        let artifact = Artifact {
            hash: hash.into(),
            cache_directory: machine.path().into(),
            terminal_output: terminal_output.into(),
            code: 0,
        };
        assert!(cache.clone().store(artifact).await, "{:?}", cache.take_events());
        let left = tokio::task::spawn_blocking(move || cache.flush(Duration::from_secs(60)));
        assert!(left.await.unwrap().is_empty());
    }
}
