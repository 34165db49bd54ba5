//! Namespaces: prefix, scope, keys and codec in one. The only place that assembles them.

use std::sync::Arc;

use crate::archive_name::ArchiveName;
use crate::config::Config;
use crate::entry::{Codec, Keys, Subject};
use crate::issuer::IssuerKeySets;
use crate::scope::Scope;
use crate::seal::MasterKey;
use crate::sign::{CertifiedKey, Identity, Signer, Verifier};
use crate::task_hash::TaskHash;
use crate::trust::Access;

/// One scope of the bucket: its keys, and how its objects are encoded.
pub struct Namespace {
    /// The scope.
    pub scope: Scope,
    /// The keys of its objects.
    pub keys: Keys,
    /// Encodes and decodes its objects; refuses entries that aren't signed where they must be.
    pub codec: Codec,
    /// Whether objects are refreshed on use: where this run may write.
    pub refreshes: bool,
}

/// What an entry stands for, as a [`Subject`] that owns its name.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Name {
    /// The artifact of a task.
    Task(TaskHash),
    /// A named archive.
    Archive(ArchiveName),
    /// The artifact of a task as Nx's own HTTP client packs it.
    Body(TaskHash),
}

impl Name {
    /// The same, borrowed.
    pub fn subject(&self) -> Subject<'_> {
        match self {
            Self::Task(hash) => hash.into(),
            Self::Archive(name) => name.into(),
            Self::Body(hash) => Subject::Body(hash),
        }
    }

    /// Whether it is a body, whose inside means something to Nx only.
    pub fn is_body(&self) -> bool {
        matches!(self, Self::Body(_))
    }
}

/// Where a run reads and where it writes.
pub struct Namespaces {
    /// In order of preference.
    pub reads: Vec<Arc<Namespace>>,
    /// None where the run stores nothing. One whose run has to be certified first signs nothing.
    pub(super) writes: Option<Arc<Namespace>>,
    /// Who signs trusted entries.
    pub verifier: Verifier,
    prefix: String,
    key: Option<Arc<MasterKey>>,
}

impl Namespaces {
    /// The namespaces that `access` allows; objects are sealed with `key`.
    pub fn new(config: &Config, access: &Access, key: Option<MasterKey>) -> Self {
        let mut namespaces = Self {
            reads: Vec::new(),
            writes: None,
            verifier: verifier(config, access),
            prefix: config.cache_key_prefix.clone(),
            key: key.map(Arc::new),
        };
        let own = access.writes.as_ref().filter(|_| config.mode.writes());
        let open = |scope: &Scope, trusted, signer| {
            let namespace = namespaces.of(scope);
            Arc::new(Namespace {
                codec: namespace.codec.trusting(trusted).signing_with(signer),
                refreshes: own == Some(scope),
                ..namespace
            })
        };
        let trusted = |verified: bool| verified.then(|| namespaces.verifier.clone());
        let reads = access.reads.iter();
        let reads = reads.map(|from| open(&from.scope, trusted(from.verified), None));
        let signer = config
            .trust
            .signing_key
            .clone()
            .filter(|_| access.sign)
            .map(Signer::from);
        let writes = access.writes.as_ref().map(|scope| open(scope, None, signer));
        (namespaces.reads, namespaces.writes) = (reads.collect(), writes);
        namespaces
    }

    /// Where this run writes, signing with a key that is certified.
    pub(super) fn certified(&self, key: CertifiedKey) -> Option<Arc<Namespace>> {
        let namespace = self.writes.as_ref()?;
        Some(Arc::new(Namespace {
            codec: namespace.codec.clone().signing_with(Some(Arc::new(key))),
            scope: namespace.scope.clone(),
            keys: namespace.keys.clone(),
            refreshes: namespace.refreshes,
        }))
    }

    /// Any scope, to look at: whoever signed its entries, they can be decoded.
    pub fn of(&self, scope: &Scope) -> Namespace {
        Namespace {
            scope: scope.clone(),
            keys: Keys::new(&self.prefix, scope),
            codec: Codec::new(self.prefix.clone(), scope.clone(), self.key.clone()),
            refreshes: false,
        }
    }
}

/// Who signs trusted entries. The key sets of issuers are fetched in the background where entries will be read.
fn verifier(config: &Config, access: &Access) -> Verifier {
    let (trust, keys) = (&config.trust, Arc::new(config.trust.public_keys.clone()));
    if trust.rules.identities.is_empty() {
        return keys.into();
    }
    let sets = IssuerKeySets::new(trust.key_set.clone(), access.kept_keys.clone());
    let sets = Arc::new(sets);
    if config.mode.reads() && access.reads.iter().any(|from| from.verified) {
        sets.prefetch(trust.rules.identities.iter().map(Identity::issuer).collect());
    }
    Verifier::new(keys, trust.rules.clone(), sets)
}
