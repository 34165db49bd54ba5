//! The issuer of a CI system's identity tokens: asks it for a token for this run, and for the keys that it signs with.

mod command;
mod key_sets;
mod token;

pub use key_sets::IssuerKeySets;
pub use token::{GITHUB, NoCertificate, certify, preview};
