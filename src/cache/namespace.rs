//! Namespaces: prefix, scope, keys and codec, for each scope that a run reads or writes.

use std::sync::Arc;

use crate::config::Config;
use crate::entry::{Codec, Keys};
use crate::scope::Scope;
use crate::seal::MasterKey;
use crate::trust::{Access, ReadScope};

/// One scope of the bucket: its keys, and how its objects are encoded.
pub struct Namespace {
    /// The scope.
    pub scope: Scope,
    /// The keys of its objects.
    pub keys: Keys,
    /// Encodes and decodes its objects; refuses entries that aren't signed where they must be.
    pub codec: Codec,
}

/// Where a run reads and where it writes.
pub struct Namespaces {
    /// In order of preference.
    pub reads: Vec<Arc<Namespace>>,
    /// None where the run stores nothing.
    pub writes: Option<Arc<Namespace>>,
}

impl Namespaces {
    /// The namespaces that `access` allows; objects are sealed with `key`.
    pub fn new(config: &Config, access: &Access, key: Option<Arc<MasterKey>>) -> Self {
        let namespace = |scope: &Scope, trusted, signer| {
            let codec = Codec::new(config.cache_key_prefix.clone(), scope.clone(), key.clone());
            Arc::new(Namespace {
                scope: scope.clone(),
                keys: Keys::new(&config.cache_key_prefix, scope),
                codec: codec.trusting(trusted).signing_with(signer),
            })
        };
        let public_keys = Arc::new(config.trust.public_keys.clone());
        let read =
            |from: &ReadScope| namespace(&from.scope, from.verified.then(|| public_keys.clone()), None);
        let signer = config.trust.signing_key.clone().filter(|_| access.sign);
        let write = |scope| namespace(scope, None, signer.clone());
        Self {
            reads: access.reads.iter().map(read).collect(),
            writes: access.writes.as_ref().map(write),
        }
    }
}
