//! Signatures of entries with a key that nx.json names, and the signature block that carries them.
//!
//! | offset | bytes | what |
//! |---|---|---|
//! | 0 | 1 | version of the block: 1 |
//! | 1 | 1 | length *n* of the signer's name, 1 to 64 |
//! | 2 | *n* | the signer's name |
//! | 2 + *n* | 2 | the task's exit code, signed, little-endian |
//! | 4 + *n* | 64 | the Ed25519 signature |
//!
//! The exit code is in the manifest too, but that may be sealed and is only parsed once the signature holds.

use ed25519_dalek::Signer;

use super::identity::IdentityError;
use super::key::{KeyName, PublicKey, PublicKeys, SigningKey};
use crate::scope::Scope;

/// The first byte of these blocks; those of [`super::certified`] have another.
const VERSION: u8 = 1;
/// Bytes of an Ed25519 signature.
pub(super) const SIGNATURE_LEN: usize = 64;
/// Bytes of the longest block.
pub const MAX_BLOCK: usize = 2 + KeyName::MAX_LEN + 2 + SIGNATURE_LEN;
/// Separates these signatures from others that the same key may make.
const DOMAIN: &[u8] = b"nx-s3-cache v1 entry";

/// Why an entry's signature is not accepted. For the build each is a miss.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// There is no signature.
    #[error("not signed")]
    Unsigned,
    /// The signature block is malformed.
    #[error("malformed signature block")]
    Malformed,
    /// Signed with a key that is not trusted.
    #[error("signed with the key {0}, which is not among trust.publicKeys")]
    UnknownSigner(KeyName),
    /// Not what the key's owner signed: other content, another task, scope or namespace, or a forgery.
    #[error("the signature with the key {0} is not about this content in this place")]
    BadSignature(KeyName),
    /// Signed by a CI run that can't show that it is trusted.
    #[error("signed by a CI run, but {0}")]
    Identity(#[from] IdentityError),
    /// Not what the run of this identity signed.
    #[error("the signature by a run of {0} is not about this content in this place")]
    BadRunSignature(String),
}

impl SignatureError {
    /// Whether it can't be told if the signature is good, since its issuer's keys can't be had.
    pub fn is_unverifiable(&self) -> bool {
        matches!(self, Self::Identity(IdentityError::Unavailable { .. }))
    }
}

/// What is signed: where an entry is, what it stands for and all its bytes but the signature block.
#[derive(Clone, Copy, Debug)]
pub struct Statement<'a> {
    /// The namespace: the configured key prefix.
    pub namespace: &'a str,
    /// The scope of the entry.
    pub scope: &'a Scope,
    /// The task hash or the archive name that it stands for.
    pub subject: &'a str,
    /// The object's header, which precedes the signature block and says which of the two it is.
    pub header: &'a [u8],
    /// Everything that follows the signature block, as it is in the bucket: sealed when there is a key.
    pub body: &'a [u8],
}

impl Statement<'_> {
    /// The bytes that are signed: every field after its length in 8 bytes, so that no two statements share them.
    ///
    /// The signer's name and the exit code are the rest of the signature block: they are covered too.
    pub(super) fn encode(&self, signer: &KeyName, code: i16) -> Vec<u8> {
        self.encode_with(&[DOMAIN, signer.as_str().as_bytes()], code)
    }

    /// The bytes that are signed, after `first`: the domain, and who signs.
    pub(super) fn encode_with(&self, first: &[&[u8]], code: i16) -> Vec<u8> {
        let scope = self.scope.to_string();
        let digest = blake3::hash(self.body);
        let code = code.to_le_bytes();
        let fields: [&[u8]; 6] = [
            self.namespace.as_bytes(),
            scope.as_bytes(),
            self.subject.as_bytes(),
            &code,
            self.header,
            digest.as_bytes(),
        ];
        let mut message = Vec::with_capacity(256 + self.namespace.len());
        for field in first.iter().chain(&fields) {
            message.extend_from_slice(&(field.len() as u64).to_le_bytes());
            message.extend_from_slice(field);
        }
        message
    }
}

impl SigningKey {
    /// Signs `statement` about a task that ended with `code`.
    pub fn sign(&self, statement: &Statement<'_>, code: i16) -> Signature {
        let message = statement.encode(&self.name, code);
        Signature {
            signer: self.name.clone(),
            code,
            bytes: self.key.sign(&message).to_bytes(),
        }
    }
}

/// What a valid signature with a key says about an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// The name of the key it was signed with.
    pub signer: KeyName,
    /// The task's exit code.
    pub code: i16,
}

impl PublicKeys {
    /// Verifies that the owner of one of these keys signed `statement`. `block` is the entry's signature block.
    ///
    /// Strict in the sense of RFC 8032 and beyond: no second signature can be made from a valid one.
    pub fn verify(&self, block: &[u8], statement: &Statement<'_>) -> Result<Verified, SignatureError> {
        let Signature { signer, code, bytes } = Signature::parse(block)?;
        let Some(PublicKey { key, .. }) = self.iter().find(|key| key.name == signer) else {
            return Err(SignatureError::UnknownSigner(signer));
        };
        let message = statement.encode(&signer, code);
        match key.verify_strict(&message, &ed25519_dalek::Signature::from_bytes(&bytes)) {
            Ok(()) => Ok(Verified { signer, code }),
            Err(_) => Err(SignatureError::BadSignature(signer)),
        }
    }
}

/// A signature as it travels in an entry. Nothing in it is to be believed before it is verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    pub(super) signer: KeyName,
    code: i16,
    bytes: [u8; SIGNATURE_LEN],
}

impl Signature {
    /// The block's bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let name = self.signer.as_str().as_bytes();
        let mut block = Vec::with_capacity(MAX_BLOCK);
        // A name has at most 64 bytes.
        block.extend_from_slice(&[VERSION, name.len() as u8]);
        block.extend_from_slice(name);
        block.extend_from_slice(&self.code.to_le_bytes());
        block.extend_from_slice(&self.bytes);
        block
    }

    /// The name of the key that it claims to be made with.
    pub fn into_signer(self) -> KeyName {
        self.signer
    }

    /// Parses a block; an empty one is that of an unsigned entry.
    pub fn parse(block: &[u8]) -> Result<Self, SignatureError> {
        if block.is_empty() {
            return Err(SignatureError::Unsigned);
        }
        Self::read(block).ok_or(SignatureError::Malformed)
    }

    fn read(block: &[u8]) -> Option<Self> {
        let (&[version, name_len], rest) = block.split_first_chunk::<2>()?;
        let (name, rest) = rest.split_at_checked(name_len.into())?;
        let (code, signature) = rest.split_first_chunk::<2>()?;
        if version != VERSION {
            return None;
        }
        Some(Self {
            signer: KeyName::parse(std::str::from_utf8(name).ok()?).ok()?,
            code: i16::from_le_bytes(*code),
            bytes: signature.try_into().ok()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn signature(name: &str, code: i16) -> Signature {
        Signature {
            signer: KeyName::parse(name).unwrap(),
            code,
            bytes: [7; SIGNATURE_LEN],
        }
    }

    #[test]
    fn blocks_round_trip_at_the_limits_of_every_field() {
        for name in ["a", &"a".repeat(64)] {
            for code in [i16::MIN, -1, 0, 1, i16::MAX] {
                let signature = signature(name, code);
                let block = signature.to_bytes();
                assert_eq!(block.len(), 68 + name.len());
                assert_eq!(Signature::parse(&block), Ok(signature));
            }
        }
    }

    #[test]
    fn the_longest_name_makes_the_longest_block() {
        assert_eq!(signature(&"a".repeat(64), 0).to_bytes().len(), MAX_BLOCK);
    }

    #[test]
    fn an_empty_block_is_unsigned_and_one_of_another_length_malformed() {
        assert_eq!(Signature::parse(&[]), Err(SignatureError::Unsigned));
        let block = signature("main", 0).to_bytes();
        for end in 1..block.len() {
            let parsed = Signature::parse(&block[..end]);
            assert_eq!(parsed, Err(SignatureError::Malformed), "{end}");
        }
        let padded = [&block[..], &[0]].concat();
        assert_eq!(Signature::parse(&padded), Err(SignatureError::Malformed));
    }

    #[test]
    fn another_version_and_names_that_are_none_are_malformed() {
        let block = signature("main", 0).to_bytes();
        let version_and_name = [
            (0, 0),
            (0, 2),
            (1, 0),
            (1, 3),
            (1, 5),
            (1, 255),
            (2, b'/'),
            (2, 0xff),
        ];
        for (at, value) in version_and_name {
            let mut changed = block.clone();
            changed[at] = value;
            let parsed = Signature::parse(&changed);
            assert_eq!(parsed, Err(SignatureError::Malformed), "{at}={value}");
        }
        let long = [&[VERSION, 65][..], &[b'a'; 65], &[0; 66]].concat();
        assert_eq!(Signature::parse(&long), Err(SignatureError::Malformed));
    }

    #[test]
    fn bytes_that_move_from_one_field_to_the_next_make_another_message() {
        let message = |signer, namespace, subject| {
            let statement = Statement {
                namespace,
                scope: &Scope::Trusted,
                subject,
                header: b"header",
                body: b"body",
            };
            statement.encode(&KeyName::parse(signer).unwrap(), 0)
        };
        assert_ne!(message("main", "web", "12"), message("main", "web1", "2"));
        assert_ne!(message("main", "web", "12"), message("mainw", "eb", "12"));
    }

    proptest! {
        #[test]
        fn whatever_is_parsed_is_encoded_as_it_was(block in prop::collection::vec(any::<u8>(), 0..200)) {
            if let Ok(signature) = Signature::parse(&block) {
                prop_assert_eq!(signature.to_bytes(), block);
            }
        }
    }
}
