//! Trust: what kind of run this is, and what it may therefore read and write.
//!
//! [`detect`] finds the facts in what the CI system tells, [`decide`] draws the conclusion. Both fail closed: what
//! isn't positively known to be trusted is not. A forged environment gains nothing, since only the signing key
//! makes entries that others believe.

mod ci;
mod facts;
mod policy;
mod system;
#[cfg(test)]
mod tests;
mod warning;

pub use ci::detect;
pub use facts::{RunFacts, RunKind};
pub use policy::{Access, ReadScope, decide};
pub use system::{System, TokenSource};
pub use warning::TrustWarning;
