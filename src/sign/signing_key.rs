//! The secret key of trusted runs.

use std::fmt;

use ed25519_dalek::Signer;
use zeroize::Zeroizing;

use super::block::Signature;
use super::error::KeyError;
use super::name::KeyName;
use super::public_key::PublicKey;
use super::statement::Statement;
use super::text;
use crate::secret::Secret;

/// A named secret key; as text `name:base64` of its seed and its public key, 32 bytes each. It is wiped when
/// dropped, and `Debug` shows its name only.
#[derive(Clone)]
pub struct SigningKey {
    name: KeyName,
    key: ed25519_dalek::SigningKey,
}

impl SigningKey {
    /// Makes a new key.
    pub fn generate(name: KeyName) -> Result<Self, KeyError> {
        let mut seed = Zeroizing::new([0; 32]);
        getrandom::fill(seed.as_mut_slice()).map_err(|_| KeyError::Random)?;
        let key = ed25519_dalek::SigningKey::from_bytes(&seed);
        Ok(Self { name, key })
    }

    /// Reads a key's text. A seed alone is refused: it has the form of a public key, and a public key taken for
    /// a seed would be a secret that everybody knows.
    pub fn parse(text: &Secret) -> Result<Self, KeyError> {
        let (name, bytes) = text::read(text.expose())?;
        let halves: &[u8; 64] = match bytes.len() {
            32 => return Err(KeyError::IsPublic),
            length => bytes
                .as_slice()
                .try_into()
                .map_err(|_| KeyError::Length(length))?,
        };
        let key = ed25519_dalek::SigningKey::from_keypair_bytes(halves).map_err(|_| KeyError::Damaged)?;
        Ok(Self { name, key })
    }

    /// The key's text, which [`SigningKey::parse`] and Nix read.
    pub fn to_text(&self) -> Secret {
        let halves = Zeroizing::new(self.key.to_keypair_bytes());
        Secret::new(text::write(&self.name, halves.as_slice()))
    }

    /// The key's name.
    pub fn name(&self) -> &KeyName {
        &self.name
    }

    /// The public half, for nx.json.
    pub fn public_key(&self) -> PublicKey {
        PublicKey {
            name: self.name.clone(),
            key: self.key.verifying_key(),
        }
    }

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

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({}, ***)", self.name)
    }
}
