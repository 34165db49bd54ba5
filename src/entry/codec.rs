//! Encodes objects, and decodes them from what the bucket has; sealed when there is a key.

use std::borrow::Cow;
use std::ops::RangeInclusive;
use std::sync::Arc;

use super::error::Error;
use super::header::{HEADER_LEN, Header, Kind};
use super::keys::Subject;
use super::manifest::{ChunkRef, Manifest};
use crate::chunk::ChunkId;
use crate::compress;
use crate::scope::Scope;
use crate::seal::{MasterKey, OVERHEAD, SALT_LEN};
use crate::sign::{KeyName, MAX_BLOCK, PublicKeys, Signature, SigningKey, Statement, Verified};

/// The offset of an entry's signature or, without one, its body: after the header and the signature's length.
const BODY: usize = HEADER_LEN + 2;

/// Encodes and decodes the objects of one namespace and scope.
#[derive(Clone)]
pub struct Codec {
    namespace: String,
    scope: Scope,
    key: Option<Arc<MasterKey>>,
    signer: Option<Arc<SigningKey>>,
    trusted: Option<Arc<PublicKeys>>,
}

/// A decoded entry: verified to stand for its subject.
#[derive(Debug)]
pub struct Entry {
    /// What the artifact consists of.
    pub manifest: Manifest,
    /// The frames of all chunks, concatenated, if the manifest says inline.
    pub payload: Vec<u8>,
}

impl Codec {
    /// A codec for what is stored under `namespace` (the key prefix) in `scope`, sealed when there is a `key`.
    pub fn new(namespace: String, scope: Scope, key: Option<Arc<MasterKey>>) -> Self {
        Self {
            namespace,
            scope,
            key,
            signer: None,
            trusted: None,
        }
    }

    /// The same codec, which also signs the entries it encodes.
    pub fn signing_with(self, signer: Option<Arc<SigningKey>>) -> Self {
        Self { signer, ..self }
    }

    /// The same codec, which also refuses entries that none of these keys signed.
    pub fn trusting(self, trusted: Option<Arc<PublicKeys>>) -> Self {
        Self { trusted, ..self }
    }

    /// The id of a chunk.
    pub fn chunk_id(&self, plain: &[u8]) -> ChunkId {
        ChunkId::of(plain, self.key.as_ref().map(|key| key.chunk_id_key()))
    }

    /// The object of a chunk whose compressed form is `frame`.
    pub fn encode_chunk(&self, id: &ChunkId, frame: &[u8]) -> Result<Vec<u8>, Error> {
        let header = self.header(Kind::Chunk);
        let mut object = Vec::with_capacity(HEADER_LEN + OVERHEAD + frame.len());
        object.extend_from_slice(&header.to_bytes());
        object.extend_from_slice(self.salt_room());
        object.extend_from_slice(frame);
        self.seal(&mut object, HEADER_LEN, &self.context(header, id.as_bytes()))?;
        Ok(object)
    }

    /// The bytes of the frame in a chunk object of `size` bytes.
    pub fn frame_len(&self, size: u64) -> u32 {
        let len = size.saturating_sub(self.chunk_overhead() as u64);
        u32::try_from(len).unwrap_or(u32::MAX)
    }

    /// How large the object of a chunk of `plain` bytes may be, whatever its content and its compression.
    pub fn chunk_object_sizes(&self, plain: u32) -> RangeInclusive<u64> {
        let (frames, overhead) = (compress::frame_sizes(plain as usize), self.chunk_overhead());
        (frames.start() + overhead) as u64..=(frames.end() + overhead) as u64
    }

    /// What a chunk object has beside its frame.
    fn chunk_overhead(&self) -> usize {
        HEADER_LEN + if self.key.is_some() { OVERHEAD } else { 0 }
    }

    /// The plain bytes of the chunk `chunk` refers to, verified against its id.
    pub fn decode_chunk(&self, chunk: &ChunkRef, object: &[u8]) -> Result<Vec<u8>, Error> {
        let (header, body) = Header::split(object, Kind::Chunk)?;
        let context = self.context(header, chunk.id.as_bytes());
        let frame = self.open_body(header, &context, body)?;
        self.decode_frame(chunk, &frame)
    }

    /// The plain bytes of a frame, verified against the id of its chunk.
    pub fn decode_frame(&self, chunk: &ChunkRef, frame: &[u8]) -> Result<Vec<u8>, Error> {
        let plain = compress::decompress(frame, chunk.size as usize)?;
        if self.chunk_id(&plain) != chunk.id {
            return Err(Error::WrongChunk);
        }
        Ok(plain)
    }

    /// The object of an entry. `payload` holds the frames of an inline artifact and is empty otherwise; its
    /// memory becomes the object's.
    pub fn encode_entry<'a>(
        &self,
        subject: impl Into<Subject<'a>>,
        manifest: &Manifest,
        payload: Vec<u8>,
    ) -> Result<Vec<u8>, Error> {
        let subject = subject.into();
        let header = self.header(kind(subject));
        let json = manifest.to_json()?;
        let json_len = u32::try_from(json.len()).map_err(|_| Error::WrongLength)?;
        let head = [
            &header.to_bytes()[..],
            &[0; 2],
            self.salt_room(),
            &json_len.to_le_bytes(),
            &json,
        ];
        let mut object = payload;
        // With room for the signature block, inserting it doesn't move the object to other memory.
        object.reserve_exact(head.iter().map(|part| part.len()).sum::<usize>() + OVERHEAD + MAX_BLOCK);
        object.splice(..0, head.concat());
        self.seal(
            &mut object,
            BODY,
            &self.context(header, subject.as_str().as_bytes()),
        )?;
        if let Some(signer) = &self.signer {
            let statement = self.statement(subject, &object[..HEADER_LEN], &object[BODY..]);
            let signature = signer.sign(&statement, manifest.code).to_bytes();
            let len = u16::try_from(signature.len()).map_err(|_| Error::WrongLength)?;
            object[HEADER_LEN..BODY].copy_from_slice(&len.to_le_bytes());
            object.splice(BODY..BODY, signature);
        }
        Ok(object)
    }

    /// Decodes the entry object under the key of `subject`. Its signature, where one is required, is verified before
    /// anything else is looked at.
    pub fn decode_entry<'a>(&self, subject: impl Into<Subject<'a>>, object: &[u8]) -> Result<Entry, Error> {
        let subject = subject.into();
        let verified = self
            .trusted
            .as_ref()
            .map(|trusted| self.verify_entry(subject, object, trusted))
            .transpose()?;
        let (header, _, body) = split_entry(object, subject)?;

        let context = self.context(header, subject.as_str().as_bytes());
        let body = self.open_body(header, &context, body)?;
        let (json_len, rest) = body.split_first_chunk::<4>().ok_or(Error::WrongLength)?;
        let (json, payload) = rest
            .split_at_checked(u32::from_le_bytes(*json_len) as usize)
            .ok_or(Error::WrongLength)?;
        let manifest = Manifest::parse(json)?;
        self.check(subject, &manifest, payload)?;
        if verified.is_some_and(|verified| verified.code != manifest.code) {
            return Err(Error::Manifest("its exit code is not the signed one".into()));
        }
        Ok(Entry {
            manifest,
            payload: payload.to_vec(),
        })
    }

    /// Who signed the entry object under the key of `subject`, if it is one of `keys`. Nothing else of it is looked at: it
    /// may still be damaged.
    pub fn verify_entry<'a>(
        &self,
        subject: impl Into<Subject<'a>>,
        object: &[u8],
        keys: &PublicKeys,
    ) -> Result<Verified, Error> {
        let subject = subject.into();
        let (header, signature, body) = split_entry(object, subject)?;
        Ok(keys.verify(signature, &self.statement(subject, &header.to_bytes(), body))?)
    }

    fn statement<'a>(&'a self, subject: Subject<'a>, header: &'a [u8], body: &'a [u8]) -> Statement<'a> {
        Statement {
            namespace: &self.namespace,
            scope: &self.scope,
            subject: subject.as_str(),
            header,
            body,
        }
    }

    /// Checks that a manifest is that of `subject`.
    fn check(&self, subject: Subject<'_>, manifest: &Manifest, payload: &[u8]) -> Result<(), Error> {
        if manifest.hash != subject.as_str() || manifest.scope != self.scope.to_string() {
            return Err(Error::Manifest(format!(
                "it is about {:?} in {:?}",
                manifest.hash, manifest.scope
            )));
        }
        let expected = if manifest.inline { manifest.stored_size } else { 0 };
        if payload.len() as u64 != expected {
            return Err(Error::WrongLength);
        }
        Ok(())
    }

    fn header(&self, kind: Kind) -> Header {
        Header {
            kind,
            sealed: self.key.is_some(),
        }
    }

    /// The beginning of a body that is to be sealed.
    fn salt_room(&self) -> &'static [u8] {
        if self.key.is_some() { &[0; SALT_LEN] } else { &[] }
    }

    /// Seals the body that begins at `start`, if there is a key.
    fn seal(&self, object: &mut Vec<u8>, start: usize, context: &[u8]) -> Result<(), Error> {
        match &self.key {
            Some(key) => Ok(key.seal(context, object, start)?),
            None => Ok(()),
        }
    }

    fn open_body<'a>(&self, header: Header, context: &[u8], body: &'a [u8]) -> Result<Cow<'a, [u8]>, Error> {
        match (&self.key, header.sealed) {
            (Some(key), true) => Ok(Cow::Owned(key.open(context, body)?)),
            (None, false) => Ok(Cow::Borrowed(body)),
            (None, true) => Err(Error::KeyMissing),
            (Some(_), false) => Err(Error::NotSealed),
        }
    }

    /// What a sealed body is bound to, so that no object passes for another: the header, the namespace, the
    /// scope and the object's identity, each after its length.
    fn context(&self, header: Header, identity: &[u8]) -> Vec<u8> {
        let mut context = header.to_bytes().to_vec();
        let scope = self.scope.to_string();
        for field in [self.namespace.as_bytes(), scope.as_bytes(), identity] {
            context.extend_from_slice(&(field.len() as u64).to_le_bytes());
            context.extend_from_slice(field);
        }
        context
    }
}

fn kind(subject: Subject<'_>) -> Kind {
    match subject {
        Subject::Task(_) => Kind::Entry,
        Subject::Archive(_) => Kind::Archive,
        Subject::Body(_) => Kind::Body,
    }
}

/// Whose signature an entry object claims to bear, if any. Nothing of that is verified.
pub fn claimed_signer<'a>(subject: impl Into<Subject<'a>>, object: &[u8]) -> Option<KeyName> {
    let (_, signature, _) = split_entry(object, subject.into()).ok()?;
    Signature::parse(signature).ok().map(Signature::into_signer)
}

/// The parts of an entry object: header, signature block and body.
fn split_entry<'a>(object: &'a [u8], subject: Subject<'_>) -> Result<(Header, &'a [u8], &'a [u8]), Error> {
    let (header, rest) = Header::split(object, kind(subject))?;
    let (signature_len, rest) = rest.split_first_chunk::<2>().ok_or(Error::WrongLength)?;
    let (signature, body) = rest
        .split_at_checked(u16::from_le_bytes(*signature_len).into())
        .ok_or(Error::WrongLength)?;
    Ok((header, signature, body))
}

impl Entry {
    /// The chunks of an inline artifact with their frames, in order.
    pub fn inline_frames(&self) -> impl Iterator<Item = (&ChunkRef, &[u8])> {
        let mut rest = self.payload.as_slice();
        self.manifest.chunks.iter().map(move |chunk| {
            // The sizes were checked against the payload when the entry was decoded.
            let (frame, after) = rest.split_at(chunk.stored as usize);
            rest = after;
            (chunk, frame)
        })
    }
}

#[cfg(test)]
mod tests;
