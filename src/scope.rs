//! Scopes: who may read what a run wrote.

use std::fmt;

/// The part of the bucket a run reads or writes. Every object key and every sealed object is bound to one.
///
/// Only the trusted scope exists so far; `u/<name>` is reserved for untrusted runs.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Scope {
    /// `t`: what trusted runs write and everybody reads.
    Trusted,
}

impl fmt::Display for Scope {
    /// The scope as it stands in object keys.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Trusted => f.write_str("t"),
        }
    }
}
