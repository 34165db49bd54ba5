//! Keys: a name and a half of an Ed25519 key pair; as text Nix's `name:base64`.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::VerifyingKey;
use zeroize::Zeroizing;

use crate::secret::Secret;

/// Why a text is not the key it should be. No message contains any of the text: it may be a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// There is no colon.
    #[error("this is not a key of the form name:base64")]
    Form,
    /// What precedes the colon can't be a name.
    #[error("the key's name, before the colon, must have 1 to 64 letters, digits, '.', '_' or '-'")]
    Name,
    /// What follows the colon is not base64.
    #[error("what follows the key's name is not base64, or not all of it")]
    Base64,
    /// The base64 encodes too many or too few bytes.
    #[error("the key has {0} bytes: a public key has 32, a secret key 64")]
    Length(usize),
    /// A secret key in place of a public one.
    #[error(
        "this is a secret key, and its place is public. Put its public half here. If others could see it, \
         it is no secret any more: make a new key pair"
    )]
    IsSecret,
    /// A public key in place of a secret one.
    #[error("this is a public key. The secret key has twice its length")]
    IsPublic,
    /// The bytes are not a point of the curve, or one of small order, which verifies forged signatures.
    #[error("this is no Ed25519 public key")]
    NotOnCurve,
    /// The two halves of a secret key contradict each other.
    #[error("the secret key is damaged: its two halves don't belong together")]
    Damaged,
    /// The system gives no random bytes.
    #[error("no key could be made: the system gives no random bytes")]
    Random,
}

/// A key's name: 1 to 64 ASCII letters, digits, `.`, `_` or `-`, so that it is safe in any message.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct KeyName(String);

impl KeyName {
    /// The longest name, in bytes.
    pub const MAX_LEN: usize = 64;

    /// Checks `name`.
    pub fn parse(name: &str) -> Result<Self, KeyError> {
        let safe = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        let fits = (1..=Self::MAX_LEN).contains(&name.len()) && name.bytes().all(safe);
        fits.then(|| Self(name.to_owned())).ok_or(KeyError::Name)
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for KeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A named public key; as text `name:base64` of its 32 bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey {
    pub(super) name: KeyName,
    pub(super) key: VerifyingKey,
}

impl PublicKey {
    /// Parses a key's text.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let (name, bytes) = decode(text)?;
        let bytes = sized(&bytes, (64, KeyError::IsSecret))?;
        let key = VerifyingKey::from_bytes(bytes).map_err(|_| KeyError::NotOnCurve)?;
        // Anybody can make signatures of a key of small order.
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
        f.write_str(&encode(&self.name, self.key.as_bytes()))
    }
}

/// The trusted keys, each with a name of its own. Empty when nothing is signed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PublicKeys(Vec<PublicKey>);

/// Two keys have this name, so that it wouldn't say which of them signed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("two keys have the name {0}")]
pub struct DuplicateKeyName(KeyName);

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
}

/// The secret key of trusted runs; as text `name:base64` of its seed and its public key, 32 bytes each. It is wiped when
/// dropped, and `Debug` shows its name only.
#[derive(Clone)]
pub struct SigningKey {
    pub(super) name: KeyName,
    pub(super) key: ed25519_dalek::SigningKey,
}

impl SigningKey {
    /// Makes a new key.
    pub fn generate(name: KeyName) -> Result<Self, KeyError> {
        let mut seed = Zeroizing::new([0; 32]);
        getrandom::fill(seed.as_mut_slice()).map_err(|_| KeyError::Random)?;
        let key = ed25519_dalek::SigningKey::from_bytes(&seed);
        Ok(Self { name, key })
    }

    /// Parses a key's text. A seed alone is refused: it has the form of a public key, and a public key taken for a seed
    /// would be a secret that everybody knows.
    pub fn parse(text: &Secret) -> Result<Self, KeyError> {
        let (name, bytes) = decode(text.expose())?;
        let halves = sized(&bytes, (32, KeyError::IsPublic))?;
        let key = ed25519_dalek::SigningKey::from_keypair_bytes(halves).map_err(|_| KeyError::Damaged)?;
        Ok(Self { name, key })
    }

    /// The key's text, which [`SigningKey::parse`] and Nix accept.
    pub fn to_text(&self) -> Secret {
        let halves = Zeroizing::new(self.key.to_keypair_bytes());
        Secret::new(encode(&self.name, halves.as_slice()))
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
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({}, ***)", self.name)
    }
}

/// Splits a key's text into its name and its bytes, which may be secret.
fn decode(text: &str) -> Result<(KeyName, Zeroizing<Vec<u8>>), KeyError> {
    let (name, base64) = text.trim().split_once(':').ok_or(KeyError::Form)?;
    let name = KeyName::parse(name)?;
    let bytes = STANDARD.decode(base64).map_err(|_| KeyError::Base64)?;
    Ok((name, Zeroizing::new(bytes)))
}

/// Checks the length of a key. `other` is the length of the other half of a key pair, and the error for it.
fn sized<const N: usize>(bytes: &[u8], other: (usize, KeyError)) -> Result<&[u8; N], KeyError> {
    bytes.try_into().map_err(|_| match bytes.len() {
        length if length == other.0 => other.1,
        length => KeyError::Length(length),
    })
}

/// The text of a key, written without leaving copies in memory.
fn encode(name: &KeyName, bytes: &[u8]) -> String {
    let mut text = String::with_capacity(KeyName::MAX_LEN + 1 + bytes.len().div_ceil(3) * 4);
    text.push_str(name.as_str());
    text.push(':');
    STANDARD.encode_string(bytes, &mut text);
    text
}
