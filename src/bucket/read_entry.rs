//! Reads an entry whoever signed it: what is wrong with it is an answer, too.

use std::sync::Arc;

use super::namespace::{Name, Namespace, Namespaces};
use super::requests::Requests;
use crate::entry::{self, Entry, MAX_ENTRY_OBJECT};
use crate::error::Error;
use crate::object_store;
use crate::scope::Scope;
use crate::sign::KeyName;

/// An entry object and all that can be told of it.
pub struct ReadEntry {
    /// What it stands for.
    pub name: Name,
    /// Where it is; its objects can be decoded whoever signed them.
    pub namespace: Arc<Namespace>,
    /// Its key.
    pub key: String,
    /// Bytes of the object.
    pub object_size: u64,
    /// The key that signed it, or why none of `trust.publicKeys` did.
    pub signer: Result<KeyName, entry::Error>,
    /// Its content, as far as it can be read: whoever signed it.
    pub entry: Result<Arc<Entry>, entry::Error>,
    /// Whether runs want it signed.
    pub signature_needed: bool,
}

impl ReadEntry {
    /// Fetches and reads the entry of `name` in `scope`, where runs may want it signed; `None` where there is none.
    pub async fn fetch(
        requests: &Requests,
        namespaces: &Namespaces,
        scope: &Scope,
        name: Name,
        signature_needed: bool,
    ) -> Result<Option<Self>, Error> {
        let (namespace, subject) = (Arc::new(namespaces.of(scope)), name.subject());
        let key = namespace.keys.of(subject);
        let (object_size, signer, entry) = match requests.get(&key, MAX_ENTRY_OBJECT, &Arc::default()).await {
            Ok(None) => return Ok(None),
            Ok(Some(object)) => {
                let (object, keys) = (object.body, namespaces.public_keys.clone());
                let verified = namespace.codec.verify_entry(subject, &object, &keys);
                // What was signed must agree with the manifest, too.
                let codec = namespace.codec.clone().trusting(verified.is_ok().then_some(keys));
                let entry = codec.decode_entry(subject, &object).map(Arc::new);
                (
                    object.len() as u64,
                    verified.map(|verified| verified.signer),
                    entry,
                )
            }
            // Nobody writes such an entry: it is one more that can't be read.
            Err(Error::Object {
                source: object_store::Error::TooLarge { size, .. },
                ..
            }) => (
                size,
                Err(entry::Error::WrongLength),
                Err(entry::Error::WrongLength),
            ),
            Err(error) => return Err(error),
        };
        Ok(Some(Self {
            name,
            namespace,
            key,
            object_size,
            signer,
            entry,
            signature_needed,
        }))
    }

    /// Why a run would not restore it; `None` where it would.
    pub fn refusal(&self) -> Option<&entry::Error> {
        let unsigned = self.signer.as_ref().err().filter(|_| self.signature_needed);
        unsigned.or(self.entry.as_ref().err())
    }
}
