//! What a run may read and write.

use std::fmt;
use std::path::PathBuf;

use super::system::TokenSource;
use super::warning::TrustWarning;
use crate::scope::Scope;

/// What a run may read and write, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Access {
    /// Where entries are looked for, the best place first.
    pub reads: Vec<ReadScope>,
    /// Where entries are stored; nowhere when `None`.
    pub writes: Option<Scope>,
    /// Whether what is written must be signed with the configuration's signing key.
    pub sign: bool,
    /// Who certifies the key of this run that everything written must be signed with; `None` where it isn't.
    pub certify: Option<TokenSource>,
    /// Where issuers' keys are kept from run to run; nowhere in CI, where a pull request may have written to it.
    pub kept_keys: Option<PathBuf>,
    /// One line for people: what this run is, and what follows from it.
    pub why: String,
    /// What the user must know, to be told once a run.
    pub warnings: Vec<TrustWarning>,
}

/// A scope that a run reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadScope {
    /// The scope.
    pub scope: Scope,
    /// Whether only entries with a good signature count.
    pub verified: bool,
}

impl fmt::Display for ReadScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verified = if self.verified { " (verified)" } else { "" };
        write!(f, "{}{verified}", self.scope)
    }
}
