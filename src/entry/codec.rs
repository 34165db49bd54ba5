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
use crate::sign::{
    Attested, CertifiedKey, CertifiedSignature, Claimed, KeyName, MAX_BLOCK, Signer, Statement, Verifier,
    claimed_key, claimed_run,
};

/// The offset of an entry's signature or, without one, its body: after the header and the signature's length.
const BODY: usize = HEADER_LEN + 2;
/// What a sealed certificate is bound to in place of an object's identity. It is neither a task hash nor a chunk's id, and
/// archives have a header of their own.
const CERTIFICATE: &[u8] = b"certificate of a run";

/// Encodes and decodes the objects of one namespace and scope.
#[derive(Clone)]
pub struct Codec {
    namespace: String,
    scope: Scope,
    key: Option<Arc<MasterKey>>,
    signer: Option<Signer>,
    verifier: Option<Verifier>,
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
            verifier: None,
        }
    }

    /// The same codec, which also signs the entries it encodes.
    pub fn signing_with(self, signer: Option<impl Into<Signer>>) -> Self {
        let signer = signer.map(Into::into);
        Self { signer, ..self }
    }

    /// The same codec, which also refuses entries that nobody signed whom `verifier` believes.
    pub fn trusting(self, verifier: Option<impl Into<Verifier>>) -> Self {
        let verifier = verifier.map(Into::into);
        Self { verifier, ..self }
    }

    /// The id of a chunk.
    pub fn chunk_id(&self, plain: &[u8]) -> ChunkId {
        ChunkId::of(plain, self.key.as_ref().map(|key| key.chunk_id_key()))
    }

    /// The object of a chunk whose compressed form is `frame`.
    pub fn encode_chunk(&self, id: &ChunkId, frame: &[u8]) -> Result<Vec<u8>, Error> {
        let mut object = Vec::with_capacity(self.chunk_overhead() + frame.len());
        self.begin_chunk(&mut object);
        object.extend_from_slice(frame);
        self.finish_chunk(id, &mut object)?;
        Ok(object)
    }

    /// Makes `object` the beginning of a chunk's object, for its frame to be appended.
    pub fn begin_chunk(&self, object: &mut Vec<u8>) {
        object.clear();
        object.extend_from_slice(&self.header(Kind::Chunk).to_bytes());
        object.extend_from_slice(self.salt_room());
    }

    /// Makes what began with [`Codec::begin_chunk`] and has its frame now the object of the chunk `id`.
    pub fn finish_chunk(&self, id: &ChunkId, object: &mut Vec<u8>) -> Result<(), Error> {
        let context = self.context(self.header(Kind::Chunk), id.as_bytes());
        self.seal(object, HEADER_LEN, &context)
    }

    /// The bytes of the frame in a chunk object of `size` bytes.
    pub fn frame_len(&self, size: u64) -> u32 {
        let len = size.saturating_sub(self.chunk_overhead() as u64);
        u32::try_from(len).unwrap_or(u32::MAX)
    }

    /// The bytes of a chunk object with a frame of `frame` bytes.
    pub fn chunk_object_len(&self, frame: u32) -> u64 {
        u64::from(frame) + self.chunk_overhead() as u64
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
        if header.sealed && self.key.is_none() {
            // The entry that names it could be read without a key.
            return Err(Error::WrongChunk);
        }
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
        let head_len: usize = head.iter().map(|part| part.len()).sum();
        object.reserve_exact(head_len + OVERHEAD + self.block_len());
        object.splice(..0, head.concat());
        self.seal(
            &mut object,
            BODY,
            &self.context(header, subject.as_str().as_bytes()),
        )?;
        if let Some(signer) = &self.signer {
            let statement = self.statement(subject, &object[..HEADER_LEN], &object[BODY..]);
            let block = match signer {
                Signer::Key(key) => key.sign(&statement, manifest.code).to_bytes(),
                Signer::Run(key) => {
                    let stored = self.stored_certificate(header, key)?;
                    key.sign(&statement, manifest.created, manifest.code, stored)
                        .to_bytes()
                }
            };
            let len = u16::try_from(block.len()).map_err(|_| Error::WrongLength)?;
            object[HEADER_LEN..BODY].copy_from_slice(&len.to_le_bytes());
            object.splice(BODY..BODY, block);
        }
        Ok(object)
    }

    /// Decodes the entry object under the key of `subject`. Its signature, where one is required, is verified before
    /// anything else is looked at.
    pub fn decode_entry<'a>(&self, subject: impl Into<Subject<'a>>, object: &[u8]) -> Result<Entry, Error> {
        let subject = subject.into();
        let attested = self
            .verifier
            .as_ref()
            .map(|verifier| self.verify_entry(subject, object, verifier))
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
        attested.map_or(Ok(()), |attested| agree(&attested, &manifest))?;
        Ok(Entry {
            manifest,
            payload: payload.to_vec(),
        })
    }

    /// Who signed the entry object under the key of `subject`, if `verifier` believes them. Nothing else of it is looked
    /// at: it may still be damaged.
    pub fn verify_entry<'a>(
        &self,
        subject: impl Into<Subject<'a>>,
        object: &[u8],
        verifier: &Verifier,
    ) -> Result<Attested, Error> {
        let subject = subject.into();
        let (header, block, body) = split_entry(object, subject)?;
        let statement_header = header.to_bytes();
        let statement = self.statement(subject, &statement_header, body);
        verifier.verify(block, &statement, |stored| {
            self.open_certificate(header, &stored)
                .map_err(|error| Error::Certificate(Box::new(error)))
        })
    }

    /// What the entry object claims of the run that signed it, if it has a run's certificate. Nothing of that is verified.
    pub fn claimed_run<'a>(
        &self,
        subject: impl Into<Subject<'a>>,
        object: &[u8],
    ) -> Option<Result<Claimed, Error>> {
        let (header, block, _) = split_entry(object, subject.into()).ok()?;
        claimed_run(block, |stored| self.open_certificate(header, &stored))
    }

    fn open_certificate(&self, header: Header, stored: &[u8]) -> Result<Vec<u8>, Error> {
        let context = self.context(header, CERTIFICATE);
        Ok(self.open_body(header, &context, stored)?.into_owned())
    }

    /// A certificate as entries carry it: sealed where they are, since its token tells of the run.
    fn stored_certificate(&self, header: Header, key: &CertifiedKey) -> Result<Vec<u8>, Error> {
        let mut stored = [self.salt_room(), key.certificate_bytes()].concat();
        self.seal(&mut stored, 0, &self.context(header, CERTIFICATE))?;
        Ok(stored)
    }

    /// Room for the signature block.
    fn block_len(&self) -> usize {
        match &self.signer {
            None => 0,
            Some(Signer::Key(_)) => MAX_BLOCK,
            Some(Signer::Run(key)) => CertifiedSignature::block_len(key.certificate_bytes().len() + OVERHEAD),
        }
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

/// Checks that a manifest says what was signed.
fn agree(attested: &Attested, manifest: &Manifest) -> Result<(), Error> {
    if attested.code != manifest.code {
        return Err(Error::Manifest("its exit code is not the signed one".into()));
    }
    if attested.made.is_some_and(|made| made != manifest.created) {
        return Err(Error::Manifest("its time is not the signed one".into()));
    }
    Ok(())
}

/// With whose key an entry object claims to be signed, if any. Nothing of that is verified.
pub fn claimed_signer<'a>(subject: impl Into<Subject<'a>>, object: &[u8]) -> Option<KeyName> {
    let (_, block, _) = split_entry(object, subject.into()).ok()?;
    claimed_key(block)
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
