//! The bucket as the commands see it: opened as the plugin opens it, listed page by page, read without trust.

mod artifact;
mod finding;
mod listing;
mod reading;

use std::sync::Arc;

use super::scopes::Scopes;
use super::ui::{Ending, print};
use super::workspace::Workspace;
use crate::cache::Touches;
use crate::config::Config;
use crate::connect;
use crate::entry::{Codec, Keys};
use crate::object_store::ObjectStore;
use crate::scope::Scope;
use crate::seal::MasterKey;
use crate::trust::{self, Access, TrustWarning};

pub(super) use artifact::Stop;
pub(super) use listing::Found;
pub(super) use reading::ReadEntry;

/// The permission that reading needs.
const PERMISSION: &str = "s3:GetObject";

/// An open bucket, with what this workspace and environment say about it.
pub(super) struct Bucket {
    /// The configuration as it was resolved.
    pub config: Config,
    /// What a run with this environment may read and write.
    pub access: Access,
    /// The bucket's objects.
    pub store: Arc<dyn ObjectStore>,
    key: Option<Arc<MasterKey>>,
}

impl Bucket {
    /// Reads the configuration, finds credentials and derives the key. Asks the bucket for nothing.
    pub(super) async fn open(workspace: &Workspace) -> Result<Self, Ending> {
        Self::configured(workspace.config().map_err(Ending::Unable)?, workspace).await
    }

    /// The same with a configuration that is there already.
    pub(super) async fn configured(config: Config, workspace: &Workspace) -> Result<Self, Ending> {
        for unknown in &config.unknown {
            print::note(&format!("ignored: {unknown}"));
        }
        let access = trust::decide(&config.trust, &workspace.facts());
        let connection = connect::dial(&config.bucket, &config.credentials)
            .await
            .map_err(|error| Ending::of_bucket(&error, ""))?;
        Self::over(config, access, connection.store)
    }

    fn over(config: Config, access: Access, store: Arc<dyn ObjectStore>) -> Result<Self, Ending> {
        let key = config.encryption_key.as_ref().map(MasterKey::derive).transpose();
        let key =
            key.map_err(|error| Ending::Unable(format!("the encryption key can't be used: {error}")))?;
        Ok(Self {
            config,
            access,
            store,
            key: key.map(Arc::new),
        })
    }

    /// What every key of the cache begins with.
    pub(super) fn prefix(&self) -> String {
        Keys::all(&self.config.cache_key_prefix)
    }

    /// The keys of `scope`.
    pub(super) fn keys(&self, scope: &Scope) -> Keys {
        Keys::new(&self.config.cache_key_prefix, scope)
    }

    /// Says on standard error what must be known about this run's trust; `stores` where it is meant to store something.
    pub(super) fn print_trust_warnings(&self, stores: bool) {
        let said = |warning: &&TrustWarning| stores || !matches!(warning, TrustWarning::KeyMissing(_));
        for warning in self.access.warnings.iter().filter(said) {
            print::note(&format!("{}\n{}", warning.title(), warning.body().join("\n")));
        }
    }

    /// Whether this run writes to `scope`.
    pub(super) fn writes_to(&self, scope: &Scope) -> bool {
        self.config.mode.writes() && self.access.writes.as_ref() == Some(scope)
    }

    /// Makes new what is used and old, if that is wanted.
    pub(super) fn touches(&self) -> Arc<Touches> {
        Touches::new(self.store.clone(), self.config.touch_after)
    }

    /// Decodes what is in `scope`, whoever signed it.
    pub(super) fn codec(&self, scope: &Scope) -> Codec {
        Codec::new(
            self.config.cache_key_prefix.clone(),
            scope.clone(),
            self.key.clone(),
        )
    }

    /// The scopes that were asked for, or else those that a run with this environment reads.
    pub(super) fn asked_or_read(&self, asked: Option<&Scopes>) -> Vec<Scopes> {
        let read = || {
            self.access
                .reads
                .iter()
                .map(|read| Scopes::One(read.scope.clone()))
                .collect()
        };
        asked.map_or_else(read, |scopes| vec![scopes.clone()])
    }

    /// Whether runs that read `scope` believe signed entries only.
    pub(super) fn wants_signatures(&self, scope: &Scope) -> bool {
        *scope == Scope::Trusted && !self.config.trust.public_keys.is_empty()
    }
}
