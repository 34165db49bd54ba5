//! Signing entries with Ed25519 (RFC 8032), and verifying them with the keys that nx.json trusts.
//!
//! A [`SigningKey`] signs a [`Statement`]: which entry this is and every byte of it. The signature travels in the
//! entry's signature block, in front of the body, so that it is verified before any foreign byte is parsed.
//! `docs/format.md` describes both encodings; `tests/vectors/signature.json` freezes them.

mod block;
mod error;
mod name;
mod public_key;
mod signing_key;
mod statement;
#[cfg(test)]
mod tests;
mod text;

pub use block::{MAX_BLOCK, Signature};
pub use error::{KeyError, SignatureError};
pub use name::KeyName;
pub use public_key::{DuplicateKeyName, PublicKey, PublicKeys, Verified};
pub use signing_key::SigningKey;
pub use statement::Statement;
