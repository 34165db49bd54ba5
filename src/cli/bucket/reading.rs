//! Reading entries and chunks: what is wrong with them is an answer, too.

use std::sync::Arc;

use bytes::Bytes;

use super::{Bucket, Found, PERMISSION};
use crate::cli::ui::Ending;
use crate::entry::{self, ChunkRef, Entry, MAX_CHUNK_OBJECT, MAX_ENTRY_OBJECT, Subject};
use crate::error::Error;
use crate::object_store;
use crate::scope::Scope;
use crate::sign::KeyName;

/// An entry object and all that can be told of it.
#[derive(Debug)]
pub(in crate::cli) struct ReadEntry {
    /// Its key.
    pub key: String,
    /// Bytes of the object.
    pub object_size: u64,
    /// The key that signed it, or why none of `trust.publicKeys` did.
    pub signer: Result<KeyName, entry::Error>,
    /// Its content, as far as it can be read: whoever signed it.
    pub entry: Result<Entry, entry::Error>,
    /// Whether runs want it signed.
    pub signature_needed: bool,
}

impl ReadEntry {
    /// Why a run would not restore it; `None` where it would.
    pub(in crate::cli) fn refusal(&self) -> Option<&entry::Error> {
        let unsigned = self.signer.as_ref().err().filter(|_| self.signature_needed);
        unsigned.or(self.entry.as_ref().err())
    }
}

impl Bucket {
    /// Fetches and reads an entry; `None` where there is none.
    pub(in crate::cli) async fn entry<'a>(
        &self,
        scope: &Scope,
        subject: impl Into<Subject<'a>>,
    ) -> Result<Option<ReadEntry>, Ending> {
        let read = self.read_entry(scope, subject.into()).await;
        read.map_err(|error| Ending::of_bucket(&error, PERMISSION))
    }

    /// The same with the error of the object store.
    pub(in crate::cli) async fn read_entry(
        &self,
        scope: &Scope,
        subject: Subject<'_>,
    ) -> Result<Option<ReadEntry>, object_store::Error> {
        let key = self.keys(scope).of(subject);
        match self.store.get(&key, MAX_ENTRY_OBJECT).await {
            Ok(object) => Ok(object.map(|object| self.read(key, scope, subject, &object))),
            // Nobody writes such an entry: it is one more that can't be read.
            Err(object_store::Error::TooLarge { size, .. }) => Ok(Some(ReadEntry {
                key,
                object_size: size,
                signer: Err(entry::Error::WrongLength),
                entry: Err(entry::Error::WrongLength),
                signature_needed: self.wants_signatures(scope),
            })),
            Err(error) => Err(error),
        }
    }

    /// Fetches and reads an entry that was listed; `None` where it is none, or gone since.
    pub(in crate::cli) async fn listed_entry(&self, found: &Found) -> Result<Option<ReadEntry>, Ending> {
        match found.at.object.subject() {
            Some(subject) => self.entry(&found.at.scope, subject).await,
            None => Ok(None),
        }
    }

    fn read(&self, key: String, scope: &Scope, subject: Subject<'_>, object: &Bytes) -> ReadEntry {
        let (codec, keys) = (self.codec(scope), Arc::new(self.config.trust.public_keys.clone()));
        let verified = codec.verify_entry(subject, object, &keys);
        // What was signed must agree with the manifest, too.
        let entry = codec
            .trusting(verified.is_ok().then_some(keys))
            .decode_entry(subject, object);
        ReadEntry {
            key,
            object_size: object.len() as u64,
            signer: verified.map(|verified| verified.signer),
            entry,
            signature_needed: self.wants_signatures(scope),
        }
    }

    /// Fetches a chunk that an entry of `scope` needs, and returns its plain bytes, verified.
    pub(in crate::cli) async fn chunk(&self, scope: &Scope, chunk: ChunkRef) -> Result<Vec<u8>, Error> {
        let key = self.keys(scope).chunk(&chunk.id);
        let object = self.store.get(&key, MAX_CHUNK_OBJECT).await?;
        let object = object.ok_or_else(|| Error::ChunkMissing { key: key.clone() })?;
        let plain = self.codec(scope).decode_chunk(&chunk, &object);
        plain.map_err(|source| Error::Entry { key, source })
    }
}
