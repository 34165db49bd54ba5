//! Entries in the server's bucket, stored as a run of Nx stores them.

use std::io::{Seek, Write};
use std::path::Path;
use std::sync::Arc;

use nx_s3_cache::cache::{Artifact, RemoteCache};
use nx_s3_cache::config::Config;
use nx_s3_cache::config::environment::Environment;
use nx_s3_cache::entry::Producer;
use nx_s3_cache::sign::Provenance;

use super::setup::Setup;
use crate::support::bucket;
use crate::support::machine::{Machine, flush, open};

/// What the entries of these tests say that made them, the same on every machine.
pub fn producer() -> Producer {
    Producer {
        plugin: "1.0.0".into(),
        nx: Some("24.0.6".into()),
        os: "linux".into(),
        arch: "x86_64".into(),
        task: None,
        claimed: Provenance {
            run: Some("4711".into()),
            ..Provenance::default()
        },
    }
}

impl Setup {
    /// Stores a task's result, as a run with this set-up does.
    pub async fn store(&self, hash: &str, files: &[(&str, &[u8])], terminal_output: &str) {
        self.store_task("", hash, files, terminal_output).await;
    }

    /// The same for a task with a name.
    pub async fn store_task(&self, task: &str, hash: &str, files: &[(&str, &[u8])], terminal_output: &str) {
        let machine = Machine::of(hash);
        for (name, content) in files {
            machine.output(name, content);
        }
        let cache = self.cache();
        if !task.is_empty() {
            cache.name_task(hash, task);
        }
        let artifact = Artifact {
            terminal_output: terminal_output.into(),
            ..machine.artifact()
        };
        assert!(cache.clone().store(artifact).await, "{:?}", cache.take_events());
        flush(&cache).await;
    }

    /// Stores a body, as a run on the second way does.
    pub async fn store_body(&self, hash: &str, content: &[u8]) {
        let mut body = tempfile::tempfile().unwrap();
        body.write_all(content).unwrap();
        body.rewind().unwrap();
        let cache = self.cache();
        assert!(
            cache.clone().store_body(hash.into(), body).await,
            "{:?}",
            cache.take_events()
        );
        flush(&cache).await;
    }

    fn cache(&self) -> Arc<RemoteCache> {
        let environment: Environment = self
            .variables()
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        let section = self.section().to_string();
        let config = Config::load(Some(&section), &environment, false, Path::new("/")).unwrap();
        let store = Arc::new(bucket::of(&self.server));
        open(config, &environment, store, producer())
    }
}
