//! Namespaces: prefix, scope, keys and codec in one. The only place that assembles them.

use std::sync::Arc;

use crate::archive_name::ArchiveName;
use crate::config::Config;
use crate::entry::{Codec, Keys, Subject};
use crate::scope::Scope;
use crate::seal::MasterKey;
use crate::sign::PublicKeys;
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
}

/// Where a run reads and where it writes.
pub struct Namespaces {
    /// In order of preference.
    pub reads: Vec<Arc<Namespace>>,
    /// None where the run stores nothing.
    pub writes: Option<Arc<Namespace>>,
    /// The keys that trusted entries are signed with.
    pub public_keys: Arc<PublicKeys>,
    prefix: String,
    key: Option<Arc<MasterKey>>,
}

impl Namespaces {
    /// The namespaces that `access` allows; objects are sealed with `key`.
    pub fn new(config: &Config, access: &Access, key: Option<MasterKey>) -> Self {
        let mut namespaces = Self {
            reads: Vec::new(),
            writes: None,
            public_keys: Arc::new(config.trust.public_keys.clone()),
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
        let trusted = |verified: bool| verified.then(|| namespaces.public_keys.clone());
        let reads = access.reads.iter();
        let reads = reads.map(|from| open(&from.scope, trusted(from.verified), None));
        let signer = config.trust.signing_key.clone().filter(|_| access.sign);
        let writes = access.writes.as_ref().map(|scope| open(scope, None, signer));
        (namespaces.reads, namespaces.writes) = (reads.collect(), writes);
        namespaces
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
