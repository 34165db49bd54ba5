//! Certificates: what says that a run of an identity holds a key.
//!
//! | offset | bytes | what |
//! |---|---|---|
//! | 0 | 1 | version of the certificate: 1 |
//! | 1 | 32 | the Ed25519 public key |
//! | 33 | 1 to 8192 | the token: a JSON Web Token, to the end |
//!
//! The token's audience is [`audience`] of the public key and the namespace. So it says nothing about another key, and
//! nothing in another cache.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::VerifyingKey;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

const VERSION: u8 = 1;
/// Bytes of an Ed25519 public key.
const KEY_LEN: usize = 32;
const HEAD_LEN: usize = 1 + KEY_LEN;
/// Bytes of the longest token. Those of GitHub have about 1,500.
pub const MAX_TOKEN: usize = 8192;
/// Bytes of the longest certificate.
pub const MAX_CERTIFICATE: usize = HEAD_LEN + MAX_TOKEN;
/// What an audience begins with.
const AUDIENCE: &str = "nx-s3-cache:";
/// Separates the commitment from other hashes; names the format's version.
const DOMAIN: &[u8] = b"nx-s3-cache v1 identity";

/// A token and the public key it commits to. Nothing in it is to be believed before it is verified.
#[derive(Clone, PartialEq, Eq)]
pub struct Certificate {
    pub(super) key: [u8; KEY_LEN],
    pub(super) token: String,
}

impl Certificate {
    /// Parses the encoding; `None` where it is none.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let (&[version], rest) = bytes.split_first_chunk::<1>()?;
        let (key, token) = rest.split_first_chunk::<KEY_LEN>()?;
        let fits = version == VERSION && (1..=MAX_TOKEN).contains(&token.len()) && token.is_ascii();
        let token = std::str::from_utf8(token).ok().filter(|_| fits)?;
        Some(Self {
            key: *key,
            token: token.to_owned(),
        })
    }

    /// The encoding.
    pub fn to_bytes(&self) -> Vec<u8> {
        [&[VERSION], &self.key[..], self.token.as_bytes()].concat()
    }

    /// The public key; `None` where it is none, or one of small order, whose signatures anybody can make.
    pub(crate) fn key(&self) -> Option<VerifyingKey> {
        VerifyingKey::from_bytes(&self.key)
            .ok()
            .filter(|key| !key.is_weak())
    }
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Certificate(***)")
    }
}

/// The audience of tokens for the run that holds the secret half of `key`.
pub(super) fn audience(namespace: &str, key: &[u8; KEY_LEN]) -> String {
    let mut hash = Sha256::new();
    for field in [DOMAIN, namespace.as_bytes(), key] {
        hash.update((field.len() as u64).to_le_bytes());
        hash.update(field);
    }
    format!("{AUDIENCE}{}", URL_SAFE_NO_PAD.encode(hash.finalize()))
}

/// A key pair that exists in this process only, and the certificate of its public half.
#[derive(Clone)]
pub struct CertifiedKey {
    pub(crate) key: ed25519_dalek::SigningKey,
    pub(crate) certificate: Vec<u8>,
}

/// A new key pair, before there is a token for it.
pub struct Uncertified {
    key: ed25519_dalek::SigningKey,
    audience: String,
}

impl CertifiedKey {
    /// Makes a key pair for `namespace`; `None` where the system gives no random bytes.
    pub fn generate(namespace: &str) -> Option<Uncertified> {
        let mut seed = Zeroizing::new([0; 32]);
        getrandom::fill(seed.as_mut_slice()).ok()?;
        let key = ed25519_dalek::SigningKey::from_bytes(&seed);
        let audience = audience(namespace, key.verifying_key().as_bytes());
        Some(Uncertified { key, audience })
    }

    /// The certificate's encoding.
    pub fn certificate_bytes(&self) -> &[u8] {
        &self.certificate
    }
}

impl Uncertified {
    /// The audience that the token must have.
    pub fn audience(&self) -> &str {
        &self.audience
    }

    /// With its token; `None` where that is too long, or no token.
    pub fn certify(self, token: &str) -> Option<CertifiedKey> {
        let certificate = Certificate {
            key: self.key.verifying_key().to_bytes(),
            token: token.to_owned(),
        };
        let certificate = Certificate::parse(&certificate.to_bytes())?.to_bytes();
        Some(CertifiedKey {
            key: self.key,
            certificate,
        })
    }
}

impl fmt::Debug for CertifiedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CertifiedKey(***)")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn certificate(token: &str) -> Certificate {
        Certificate {
            key: [7; 32],
            token: token.to_owned(),
        }
    }

    #[test]
    fn certificates_round_trip_at_the_limits_of_a_token() {
        for token in ["a", &"a".repeat(MAX_TOKEN)] {
            let bytes = certificate(token).to_bytes();
            assert_eq!(Certificate::parse(&bytes), Some(certificate(token)));
        }
        assert_eq!(
            certificate(&"a".repeat(MAX_TOKEN)).to_bytes().len(),
            MAX_CERTIFICATE
        );
    }

    #[test]
    fn other_lengths_versions_and_letters_are_no_certificate() {
        for bytes in [
            certificate("").to_bytes(),
            certificate(&"a".repeat(MAX_TOKEN + 1)).to_bytes(),
            certificate("é").to_bytes(),
            certificate("a").to_bytes()[..HEAD_LEN - 1].to_vec(),
            [&[2], &certificate("a").to_bytes()[1..]].concat(),
            Vec::new(),
        ] {
            assert_eq!(Certificate::parse(&bytes), None, "{bytes:?}");
        }
    }

    #[test]
    fn an_audience_commits_to_the_key_and_to_the_namespace() {
        let one = audience("web", &[7; 32]);
        assert_eq!(one, "nx-s3-cache:hynAQoz-Ek81EfPyEA8Yv0VlqMSPUdjQF5R5cGMIahU");
        assert_ne!(one, audience("web", &[8; 32]));
        assert_ne!(one, audience("we", &[7; 32]));
        assert_ne!(one, audience("", &[7; 32]));
    }

    #[test]
    fn a_certificate_and_its_key_show_nothing_of_themselves() {
        let key = CertifiedKey::generate("").unwrap().certify("hush").unwrap();
        let shown = format!("{key:?} {:?}", Certificate::parse(key.certificate_bytes()));
        assert!(!shown.contains("hush"), "{shown}");
    }

    proptest! {
        #[test]
        fn whatever_is_parsed_is_encoded_as_it_was(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
            if let Some(certificate) = Certificate::parse(&bytes) {
                prop_assert_eq!(certificate.to_bytes(), bytes);
            }
        }
    }
}
