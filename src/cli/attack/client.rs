//! What the client does with poison: it is given some, and asked to restore it as in any build.

use std::path::Path;
use std::sync::Arc;

use serde::Serialize;

use crate::cache::{self, Retrieved};
use crate::config::{Config, Mode};
use crate::entry::Producer;
use crate::object_store::ObjectStore;
use crate::task_hash::TaskHash;
use crate::trust::Access;

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
            let message = cache.take_warnings().into_iter().next();
            let cause = message.and_then(|warning| warning.body.into_iter().next());
            Err(cause.unwrap_or_else(|| "a miss".to_owned()))
        }
    }
}
