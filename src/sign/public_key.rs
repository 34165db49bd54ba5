//! Public keys, and verifying with them.

use std::fmt;

use ed25519_dalek::VerifyingKey;

use super::block::Signature;
use super::error::{KeyError, SignatureError};
use super::name::KeyName;
use super::statement::Statement;
use super::text;

/// A named public key; as text `name:base64` of its 32 bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey {
    pub(super) name: KeyName,
    pub(super) key: VerifyingKey,
}

impl PublicKey {
    /// Reads a key's text.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let (name, bytes) = text::read(text)?;
        let bytes: &[u8; 32] = match bytes.len() {
            64 => return Err(KeyError::IsSecret),
            length => bytes
                .as_slice()
                .try_into()
                .map_err(|_| KeyError::Length(length))?,
        };
        let key = VerifyingKey::from_bytes(bytes).map_err(|_| KeyError::NotOnCurve)?;
        // Of a key of small order, anybody can make signatures.
        if key.is_weak() {
            return Err(KeyError::NotOnCurve);
        }
        Ok(Self { name, key })
    }

    /// The key's name.
    pub fn name(&self) -> &KeyName {
        &self.name
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&text::write(&self.name, self.key.as_bytes()))
    }
}

/// The keys that are trusted, each with a name of its own. Empty when nothing is signed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PublicKeys(Vec<PublicKey>);

/// Two keys have this name, so that it would not say which of them signed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("two keys have the name {0}")]
pub struct DuplicateKeyName(KeyName);

/// What a good signature tells about an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// The name of the key it was signed with.
    pub signer: KeyName,
    /// The task's exit code.
    pub code: i16,
}

impl PublicKeys {
    /// Trusts these keys.
    pub fn new(keys: Vec<PublicKey>) -> Result<Self, DuplicateKeyName> {
        for (at, key) in keys.iter().enumerate() {
            if keys[..at].iter().any(|other| other.name == key.name) {
                return Err(DuplicateKeyName(key.name.clone()));
            }
        }
        Ok(Self(keys))
    }

    /// Whether no key is trusted.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The keys, in the order they were given.
    pub fn iter(&self) -> impl Iterator<Item = &PublicKey> {
        self.0.iter()
    }

    /// Whether `key` is one of these, under the same name.
    pub fn contains(&self, key: &PublicKey) -> bool {
        self.0.contains(key)
    }

    /// Verifies that the owner of one of these keys signed `statement`. `block` is the entry's signature block.
    ///
    /// Strict in the sense of RFC 8032 and beyond: no second signature can be made of a good one.
    pub fn verify(&self, block: &[u8], statement: &Statement<'_>) -> Result<Verified, SignatureError> {
        let Signature { signer, code, bytes } = Signature::parse(block)?;
        let Some(PublicKey { key, .. }) = self.0.iter().find(|key| key.name == signer) else {
            return Err(SignatureError::UnknownSigner(signer));
        };
        let message = statement.encode(&signer, code);
        match key.verify_strict(&message, &ed25519_dalek::Signature::from_bytes(&bytes)) {
            Ok(()) => Ok(Verified { signer, code }),
            Err(_) => Err(SignatureError::BadSignature(signer)),
        }
    }
}
