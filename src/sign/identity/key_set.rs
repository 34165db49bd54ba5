//! The keys that an issuer signs with: a JSON Web Key Set (RFC 7517).

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{self, RsaPublicKeyComponents, UnparsedPublicKey};
use serde::Deserialize;
use serde_json::Value as Json;

use super::name::Issuer;
use super::token::Token;

/// The largest document that is read, in bytes.
pub const MAX_KEY_SET: usize = 256 * 1024;
/// The most keys that are looked at.
const MAX_KEYS: usize = 100;

/// The keys of one issuer.
#[derive(Clone, Debug)]
pub struct KeySet {
    issuer: String,
    keys: Vec<Key>,
}

/// A key, which is of use for one algorithm only.
#[derive(Clone, Debug)]
struct Key {
    kid: String,
    material: Material,
}

#[derive(Clone, Debug)]
enum Material {
    /// RS256: modulus and exponent.
    Rsa { n: Vec<u8>, e: Vec<u8> },
    /// ES256: the point, uncompressed.
    P256(Vec<u8>),
}

/// Where key sets come from.
pub trait KeySets: Send + Sync {
    /// The key set of `issuer`, which should have the key `kid`; or why there is none. May block for a bounded time.
    fn key_set(&self, issuer: &Issuer, kid: &str) -> Result<Arc<KeySet>, String>;
}

#[derive(Deserialize)]
struct Document {
    keys: Vec<Json>,
}

#[derive(Deserialize)]
struct Jwk {
    kid: String,
    kty: String,
    alg: Option<String>,
    #[serde(rename = "use")]
    used_for: Option<String>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

impl KeySet {
    /// Reads the key set of the issuer with this `iss`; `None` where the document is none. Keys for other algorithms or
    /// other uses are passed over.
    pub fn parse(issuer: &str, document: &[u8]) -> Option<Self> {
        if document.len() > MAX_KEY_SET {
            return None;
        }
        let document: Document = serde_json::from_slice(document).ok()?;
        let keys = document.keys.into_iter().take(MAX_KEYS).filter_map(|key| {
            let key: Jwk = serde_json::from_value(key).ok()?;
            Some(Key {
                material: material(&key)?,
                kid: key.kid,
            })
        });
        Some(Self {
            issuer: issuer.to_owned(),
            keys: keys.collect(),
        })
    }

    /// The `iss` of the tokens that it is for.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Whether it has the key of this id.
    pub fn has(&self, kid: &str) -> bool {
        self.keys.iter().any(|key| key.kid == kid)
    }

    /// Checks the signature of a token with the key that its header names. The key's type decides the algorithm; the header
    /// has to agree.
    pub(super) fn check(&self, token: &Token<'_>) -> Result<(), KeyProblem> {
        let mut keys = self
            .keys
            .iter()
            .filter(|key| key.kid == token.header.kid)
            .peekable();
        keys.peek().ok_or(KeyProblem::Unknown)?;
        let mut fitting = keys
            .filter(|key| key.material.algorithm() == token.header.alg)
            .peekable();
        fitting.peek().ok_or(KeyProblem::Algorithm)?;
        let (message, signature) = (token.message.as_bytes(), &token.signature);
        if fitting.any(|key| key.material.verifies(message, signature)) {
            Ok(())
        } else {
            Err(KeyProblem::Signature)
        }
    }
}

/// What is wrong with the signature of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum KeyProblem {
    Unknown,
    Algorithm,
    Signature,
}

impl Material {
    fn algorithm(&self) -> &'static str {
        match self {
            Self::Rsa { .. } => "RS256",
            Self::P256(_) => "ES256",
        }
    }

    fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        match self {
            Self::Rsa { n, e } => {
                let parameters = &signature::RSA_PKCS1_2048_8192_SHA256;
                RsaPublicKeyComponents { n, e }
                    .verify(parameters, message, signature)
                    .is_ok()
            }
            Self::P256(point) => {
                let key = UnparsedPublicKey::new(&signature::ECDSA_P256_SHA256_FIXED, point);
                key.verify(message, signature).is_ok()
            }
        }
    }
}

fn material(key: &Jwk) -> Option<Material> {
    if key.used_for.as_deref().is_some_and(|used_for| used_for != "sig") {
        return None;
    }
    let bytes = |text: &Option<String>| URL_SAFE_NO_PAD.decode(text.as_ref()?).ok();
    let material = match (key.kty.as_str(), key.crv.as_deref()) {
        ("RSA", _) => Material::Rsa {
            n: without_zeros(bytes(&key.n)?),
            e: without_zeros(bytes(&key.e)?),
        },
        ("EC", Some("P-256")) => Material::P256([vec![4], bytes(&key.x)?, bytes(&key.y)?].concat()),
        _ => return None,
    };
    let named = key.alg.as_deref().is_none_or(|alg| alg == material.algorithm());
    named.then_some(material)
}

/// Some issuers write a zero before a number, which ring doesn't take.
fn without_zeros(mut number: Vec<u8>) -> Vec<u8> {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    number.drain(..zeros);
    number
}
