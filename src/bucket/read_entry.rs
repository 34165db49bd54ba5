//! Reads an entry whoever signed it: what is wrong with it is an answer, too.

use std::sync::Arc;

use super::namespace::{Name, Namespace, Namespaces};
use super::requests::Requests;
use crate::entry::{self, Entry, MAX_ENTRY_OBJECT, claimed_signer};
use crate::error::Error;
use crate::object_store::{self, Fetch};
use crate::scope::Scope;
use crate::sign::{Claimed, Identity, KeyName, Provenance, SignedBy, Verifier};

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
    /// Who signed it, or why nobody did whom `trust` names.
    pub signer: Result<SignedBy, entry::Error>,
    /// The key that it claims to be signed with, if any. Nothing of that is verified.
    pub claimed_key: Option<KeyName>,
    /// What the certificate claims that it bears, if any, or why that can't be read. Nothing of that is verified.
    pub claimed_run: Option<Result<Claimed, entry::Error>>,
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
        let namespace = Arc::new(namespaces.of(scope));
        let mut read = Self {
            key: namespace.keys.of(name.subject()),
            name,
            namespace,
            object_size: 0,
            signer: Err(entry::Error::WrongLength),
            claimed_key: None,
            claimed_run: None,
            entry: Err(entry::Error::WrongLength),
            signature_needed,
        };
        let object = match requests.get_one(&Fetch::new(&read.key, MAX_ENTRY_OBJECT)).await {
            Ok(None) => return Ok(None),
            Ok(Some(object)) => object.body,
            // Nobody writes such an entry: it is one more that can't be read.
            Err(Error::Object {
                source: object_store::Error::TooLarge { size, .. },
                ..
            }) => {
                read.object_size = size;
                return Ok(Some(read));
            }
            Err(error) => return Err(error),
        };
        read.decode(&object, namespaces.verifier.clone());
        Ok(Some(read))
    }

    /// Takes over what `object` says.
    fn decode(&mut self, object: &[u8], verifier: Verifier) {
        let (codec, subject) = (&self.namespace.codec, self.name.subject());
        let attested = codec.verify_entry(subject, object, &verifier);
        // What was signed must agree with the manifest, too.
        let trusting = codec.clone().trusting(attested.is_ok().then_some(verifier));
        let entry = trusting.decode_entry(subject, object).map(Arc::new);
        let claimed_key = claimed_signer(subject, object);
        let claimed_run = codec.claimed_run(subject, object);
        self.object_size = object.len() as u64;
        self.signer = attested.map(|attested| attested.by);
        self.claimed_key = claimed_key;
        self.claimed_run = claimed_run;
        self.entry = entry;
    }

    /// Where it comes from, and who vouches for that: without anybody, it is what whoever signed it claims.
    pub fn provenance(&self) -> Option<(&Provenance, Option<&Identity>)> {
        match (&self.signer, &self.entry) {
            (Ok(SignedBy::Run(run)), _) => Some((&run.provenance, Some(&run.identity))),
            (_, Ok(entry)) => Some((&entry.manifest.producer.claimed, None)),
            (_, Err(_)) => None,
        }
    }

    /// Why a run would not restore it; `None` where it would.
    pub fn refusal(&self) -> Option<&entry::Error> {
        let unsigned = self.signer.as_ref().err().filter(|_| self.signature_needed);
        unsigned.or(self.entry.as_ref().err())
    }
}
