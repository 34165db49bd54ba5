//! An issuer's key, and the tokens it signs: ES256, whose keys are made in no time.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::{Value as Json, json};

pub struct IssuerKey {
    pub kid: String,
    key: EcdsaKeyPair,
}

impl IssuerKey {
    pub fn new(kid: &str) -> Self {
        let random = SystemRandom::new();
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
        let key =
            EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.as_ref(), &random).unwrap();
        Self {
            kid: kid.to_owned(),
            key,
        }
    }

    /// The public half, as a key set has it.
    pub fn jwk(&self) -> Json {
        let (x, y) = self.key.public_key().as_ref()[1..].split_at(32);
        json!({ "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": self.kid, "x": encode(x), "y": encode(y) })
    }

    /// A token with these claims.
    pub fn token(&self, claims: &Json) -> String {
        self.token_with(&json!({ "alg": "ES256", "typ": "JWT", "kid": self.kid }), claims)
    }

    /// The same with another header.
    pub fn token_with(&self, header: &Json, claims: &Json) -> String {
        let message = format!("{}.{}", encode(header.to_string()), encode(claims.to_string()));
        let signature = self.key.sign(&SystemRandom::new(), message.as_bytes()).unwrap();
        format!("{message}.{}", encode(signature))
    }
}

/// The document with the public halves of these keys.
pub fn key_set(keys: &[&IssuerKey]) -> Json {
    json!({ "keys": keys.iter().map(|key| key.jwk()).collect::<Vec<_>>() })
}

/// What GitHub claims of a push to main of `acme/shop`.
pub fn push_claims(issuer: &str, audience: &str, issued: u64) -> Json {
    json!({
        "iss": issuer,
        "aud": audience,
        "iat": issued,
        "exp": issued + 300,
        "sub": "repo:acme/shop:ref:refs/heads/main",
        "repository": "acme/shop",
        "repository_id": "724198237",
        "ref": "refs/heads/main",
        "ref_protected": "true",
        "event_name": "push",
        "sha": "9f3182061f1e2cca4702c368cbc039b7dc9d4485",
        "workflow_ref": "acme/shop/.github/workflows/ci.yml@refs/heads/main",
        "run_id": "1001",
        "run_attempt": "2",
        "actor": "octocat",
    })
}

pub fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}
