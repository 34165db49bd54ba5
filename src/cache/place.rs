//! The parts of the bucket a run reads and writes.

use std::sync::Arc;

use crate::config::Config;
use crate::entry::{Codec, Keys};
use crate::scope::Scope;
use crate::seal::MasterKey;
use crate::sign::{PublicKeys, SigningKey};

/// What a run may read and write, and how it tells good entries from bad ones.
#[derive(Clone, Default)]
pub struct Access {
    /// The scopes to read, in order of preference; where there are keys, one of them must have signed an entry.
    pub reads: Vec<(Scope, Option<Arc<PublicKeys>>)>,
    /// The scope to write; none where the run stores nothing.
    pub writes: Option<Scope>,
    /// Signs what is written.
    pub signer: Option<Arc<SigningKey>>,
}

impl Access {
    /// Everybody reads and writes the trusted scope, and nothing is signed: as long as no keys are configured.
    pub fn shared() -> Self {
        Self {
            reads: vec![(Scope::Trusted, None)],
            writes: Some(Scope::Trusted),
            signer: None,
        }
    }
}

/// One scope of the bucket: its keys, and how its objects are encoded.
pub struct Place {
    /// The scope.
    pub scope: Scope,
    /// The keys of its objects.
    pub keys: Keys,
    /// Encodes and decodes its objects; refuses entries that aren't signed where they must be.
    pub codec: Codec,
}

/// Where a run reads and where it writes.
pub struct Places {
    /// In order of preference.
    pub reads: Vec<Arc<Place>>,
    /// None where the run stores nothing.
    pub writes: Option<Arc<Place>>,
}

impl Places {
    /// The places that `access` allows, sealed with `key`.
    pub fn new(config: &Config, access: &Access, key: Option<Arc<MasterKey>>) -> Self {
        let place = |scope: &Scope, trusted, signer| {
            let codec = Codec::new(config.cache_key_prefix.clone(), scope.clone(), key.clone());
            Arc::new(Place {
                scope: scope.clone(),
                keys: Keys::new(&config.cache_key_prefix, scope),
                codec: codec.trusting(trusted).signing_with(signer),
            })
        };
        let reads = access
            .reads
            .iter()
            .map(|(scope, trusted)| place(scope, trusted.clone(), None));
        let writes = access
            .writes
            .as_ref()
            .map(|scope| place(scope, None, access.signer.clone()));
        Self {
            reads: reads.collect(),
            writes,
        }
    }
}
