//! Poison: making it as an attacker does, with this project's own code and without the trusted key, and having a client
//! restore it as in any build.

use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use serde::Serialize;

use crate::cache::{self, Artifact, Retrieved};
use crate::config::{Config, Mode};
use crate::entry::{Keys, Producer};
use crate::object_store::ObjectStore;
use crate::object_store::memory::MemoryStore;
use crate::scope::Scope;
use crate::sign::SigningKey;
use crate::task_hash::TaskHash;
use crate::trust::Access;

/// The object of an entry for `hash` in `scope`, signed with `signer` if there is one. What its task printed is the scope.
///
/// Sealed when there is an encryption key: pull requests have it, too.
pub(super) async fn entry(
    config: &Config,
    scope: &Scope,
    hash: &TaskHash,
    signer: Option<SigningKey>,
    directory: &Path,
) -> Result<Bytes, String> {
    let mut config = config.clone();
    config.mode = Mode::ReadWrite;
    config.background_uploads = false;
    config.trust.signing_key = signer.map(Arc::new);
    let access = Access {
        reads: Vec::new(),
        writes: Some(scope.clone()),
        sign: config.trust.signing_key.is_some(),
        certify: None,
        kept_keys: None,
        why: String::new(),
        warnings: Vec::new(),
    };
    let key = Keys::new(&config.cache_key_prefix, scope).entry(hash);
    let outputs = directory.join(hash.as_str());
    let written = std::fs::create_dir_all(&outputs).and_then(|()| {
        std::fs::write(
            outputs.join("poison.txt"),
            "Written by `nx-s3-cache doctor --attack`.\n",
        )
    });
    written.map_err(|error| format!("{}: {error}", outputs.display()))?;

    let store = Arc::new(MemoryStore::new());
    let cache = cache::open(config, access, store.clone(), Producer::default(), false);
    let artifact = Artifact {
        hash: hash.as_str().to_owned(),
        cache_directory: directory.to_owned(),
        terminal_output: scope.to_string(),
        code: 0,
    };
    cache.clone().store(artifact).await;
    store.object(&key).ok_or_else(|| {
        let warnings = cache.take_warnings().into_iter();
        let warnings: Vec<_> = warnings
            .map(|warning| format!("{}: {}", warning.title, warning.body.join(" ")))
            .collect();
        format!("no poison could be made: {}", warnings.join("; "))
    })
}

/// What became of poison in `t`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase", tag = "state", content = "why")]
pub(super) enum Client {
    /// It was restored.
    Accepted,
    /// It was not, and this was said.
    Refused(String),
}

/// Asks a run with `access` for the artifact of `hash` from `store`: what it restored, or what it said.
pub(super) async fn retrieve(
    config: &Config,
    access: &Access,
    store: Arc<dyn ObjectStore>,
    hash: &TaskHash,
    directory: &Path,
) -> Result<Retrieved, String> {
    let config = Config {
        // What this run does with the cache is not the question, but what others do who read it.
        mode: Mode::ReadWrite,
        ..config.clone()
    };
    let access = Access {
        warnings: Vec::new(),
        ..access.clone()
    };
    let cache = cache::open(config, access, store, Producer::default(), false);
    match cache.retrieve(hash.as_str(), directory).await {
        Ok(Some(retrieved)) => Ok(retrieved),
        Err(error) => Err(error.to_string()),
        Ok(None) => {
            let warning = cache.take_warnings().into_iter().next();
            let cause = warning.and_then(|warning| warning.body.into_iter().next());
            Err(cause.unwrap_or_else(|| "a miss".to_owned()))
        }
    }
}
