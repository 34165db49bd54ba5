//! Identities: whom a CI system's token speaks for, so that a trusted run needs no secret.
//!
//! The run makes a key pair and asks its CI system for an OpenID Connect token whose audience commits to the public key and
//! to the namespace. Token and public key are the [`Certificate`] of every entry that the run signs. [`verify`] checks one
//! against the issuer's key set and the [`Rules`] of nx.json. The idea is OpenPubkey's; `docs/format.md` has the encoding.

mod certificate;
mod claims;
mod key_set;
mod name;
#[cfg(test)]
pub(crate) mod tests;
mod token;
mod verify;

pub use certificate::{Certificate, CertifiedKey, MAX_CERTIFICATE, MAX_TOKEN, Uncertified};
pub use claims::Provenance;
pub use key_set::{KeySet, KeySets, MAX_KEY_SET};
pub use name::{Identity, InvalidIdentity, Issuer};
pub use token::claims;
pub use verify::{Claimed, IdentityError, MAX_SKEW, Rules, Vouched, accepts, verify};
