//! Signing entries with Ed25519 (RFC 8032), and verifying them with the keys and the identities that nx.json trusts.
//!
//! A [`SigningKey`] signs a [`Statement`]: which entry this is and every byte of it. The signature precedes the body in
//! the entry object, so that it is verified before any foreign byte is parsed. `docs/format.md` describes both encodings;
//! `tests/vectors/signature.json` freezes them.

mod certified;
pub mod identity;
mod key;
mod signature;
#[cfg(test)]
mod tests;
mod verifier;

pub use certified::CertifiedSignature;
pub use identity::{
    CertifiedKey, Claimed, Identity, IdentityError, KeySet, KeySets, Provenance, Rules, Vouched,
};
pub use key::{DuplicateKeyName, KeyError, KeyName, PublicKey, PublicKeys, SigningKey};
pub use signature::{MAX_BLOCK, Signature, SignatureError, Statement, Verified};
pub use verifier::{Attested, SignedBy, Signer, Verifier, claimed_key, claimed_run};
