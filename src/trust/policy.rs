//! From the facts and the configuration to what a run may read and write: the table of `docs/security.md`.

use std::fmt;
use std::path::PathBuf;

use super::facts::{RunFacts, RunKind};
use super::system::{System, TokenSource};
use super::warning::TrustWarning;
use crate::config::{TrustConfig, TrustPolicy};
use crate::git_ref::GitRef;
use crate::scope::{Scope, ScopeName};
use crate::sign::SigningKey;

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
    /// What to warn the user of, once a run.
    pub warnings: Vec<TrustWarning>,
}

impl Access {
    /// What the user must know; a run that isn't meant to store needs no key.
    pub fn warnings_for(&self, stores: bool) -> impl Iterator<Item = &TrustWarning> {
        let said = move |warning: &&TrustWarning| stores || !warning.is_about_storing();
        self.warnings.iter().filter(said)
    }
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

/// Decides what this run may read and write.
///
/// It writes to the trusted scope only if it holds a signing key that is listed, or may be of a listed identity, and is
/// either known to be the push of a listed branch or tag, or wanted to be trusted by the environment without being known to
/// be anything less. It reads unsigned entries only from a scope of its own, which few kinds of run have.
pub fn decide(trust: &TrustConfig, run: &RunFacts) -> Access {
    if trust.policy == TrustPolicy::Shared {
        return shared(trust, run);
    }
    let key = usable_key(trust).filter(|_| may_be_trusted(trust, run));
    let certify = token_source(trust, run).filter(|_| key.is_none() && may_be_certified(trust, run));
    let trusted = key.is_some() || certify.is_some();
    let own = if trusted { None } else { own_scope(trust, run) };
    let warnings = warnings(trust, run, trusted, own.as_ref());
    let mut reads = vec![ReadScope {
        scope: Scope::Trusted,
        verified: true,
    }];
    reads.extend(own.clone().map(|scope| ReadScope {
        scope,
        verified: false,
    }));
    let writes = if trusted { Some(Scope::Trusted) } else { own };
    let standing = match (key, &certify) {
        (Some(key), _) => format!("trusted, with the key {}", key.name()),
        (None, Some(_)) => "trusted, if its identity token says so".to_owned(),
        (None, None) => "not trusted".to_owned(),
    };
    Access {
        why: why(&standing, run, &reads, writes.as_ref()),
        reads,
        writes,
        sign: key.is_some(),
        certify: certify.cloned(),
        kept_keys: run.own_cache.clone(),
        warnings,
    }
}

/// Without keys every run reads and writes the same, and nothing is verified.
fn shared(trust: &TrustConfig, run: &RunFacts) -> Access {
    let reads = vec![ReadScope {
        scope: Scope::Trusted,
        verified: false,
    }];
    let mut warnings = key_warnings(trust, run, false);
    if run.system != System::Developer {
        warnings.insert(0, TrustWarning::Shared);
    }
    Access {
        why: format!(
            "signatures off ({}); reads and writes the trusted scope (t)",
            run.reason
        ),
        reads,
        writes: Some(Scope::Trusted),
        sign: false,
        certify: None,
        kept_keys: None,
        warnings,
    }
}

/// The signing key, if others would believe it.
fn usable_key(trust: &TrustConfig) -> Option<&SigningKey> {
    let key = trust.signing_key.as_deref()?;
    trust.public_keys.contains(&key.public_key()).then_some(key)
}

/// Who gives this run a token, if its system runs a listed identity.
fn token_source<'a>(trust: &TrustConfig, run: &'a RunFacts) -> Option<&'a TokenSource> {
    run.tokens.as_ref().filter(|_| has_identity(trust, run))
}

/// Whether runs of a listed identity take place in this run's system.
fn has_identity(trust: &TrustConfig, run: &RunFacts) -> bool {
    trust
        .rules
        .identities
        .iter()
        .any(|identity| run.system.runs(identity))
}

/// Whether a run with a token is trusted, as far as it can tell; its token decides.
fn may_be_certified(trust: &TrustConfig, run: &RunFacts) -> bool {
    let listed = || {
        run.event
            .as_ref()
            .is_some_and(|event| trust.rules.events.contains(event))
    };
    let other = || matches!(&run.kind, RunKind::Other(git_ref) if trust.scope.is_none() && trust.lists(git_ref) && listed());
    may_be_trusted(trust, run) || other()
}

/// Whether a run with the key is trusted.
fn may_be_trusted(trust: &TrustConfig, run: &RunFacts) -> bool {
    let asked = trust.scope == Some(Scope::Trusted);
    match &run.kind {
        RunKind::Push(git_ref) => trust.lists(git_ref) && (asked || trust.scope.is_none()),
        RunKind::Other(git_ref) => trust.lists(git_ref) && asked,
        RunKind::Unknown | RunKind::Developer => asked,
        RunKind::Unprotected(_)
        | RunKind::PullRequest(_)
        | RunKind::BranchWithRequest(..)
        | RunKind::Outside
        | RunKind::Daemon => false,
    }
}

/// The scope of a run that isn't trusted: what it writes, and what it reads unverified beside the trusted one.
///
/// Names of scopes can be guessed, and whoever may write below `u/` may write under any of them. So only runs of code
/// that is nobody's release have one: pull requests, and branches that aren't listed. A run that isn't recognized has
/// one if its job names it.
fn own_scope(trust: &TrustConfig, run: &RunFacts) -> Option<Scope> {
    if trust.policy == TrustPolicy::TrunkOnly {
        return None;
    }
    let derived = match &run.kind {
        RunKind::PullRequest(Some(number)) => Some(ScopeName::pull_request(number)),
        RunKind::BranchWithRequest(branch, number) if !trust.lists(branch) => {
            Some(ScopeName::pull_request(number))
        }
        RunKind::Push(git_ref @ GitRef::Branch(name))
        | RunKind::Unprotected(git_ref @ GitRef::Branch(name))
            if !trust.lists(git_ref) =>
        {
            Some(ScopeName::branch(name))
        }
        RunKind::Unknown => None,
        RunKind::Push(_)
        | RunKind::Other(_)
        | RunKind::Unprotected(_)
        | RunKind::PullRequest(None)
        | RunKind::BranchWithRequest(..)
        | RunKind::Outside
        | RunKind::Developer
        | RunKind::Daemon => return None,
    };
    match &trust.scope {
        Some(Scope::Untrusted(name)) => Some(name.clone()),
        _ => derived,
    }
    .map(Scope::Untrusted)
}

fn warnings(trust: &TrustConfig, run: &RunFacts, trusted: bool, own: Option<&Scope>) -> Vec<TrustWarning> {
    let mut warnings = key_warnings(trust, run, trusted);
    let asked = trust.scope == Some(Scope::Trusted);
    let named = matches!(trust.scope, Some(Scope::Untrusted(_)));
    if hidden_by_daemon(trust, run) {
        warnings.push(TrustWarning::Daemon);
    } else if named && own.is_none() {
        warnings.push(TrustWarning::ScopeNameRefused(no_scope(trust, run)));
    } else if asked && !may_be_trusted(trust, run) {
        warnings.push(TrustWarning::ScopeRefused(sentence(&run.reason)));
    } else if trust.signing_key.is_none() {
        match &run.kind {
            _ if trusted => {}
            RunKind::Push(git_ref) if may_be_trusted(trust, run) => {
                warnings.push(signer_missing(trust, run, git_ref));
            }
            _ if asked => warnings.push(TrustWarning::KeyMissingForScope),
            RunKind::Unknown if !named && trust.policy == TrustPolicy::Isolated => {
                warnings.push(TrustWarning::ScopeMissing(sentence(&run.reason)));
            }
            _ => {}
        }
    }
    warnings
}

/// Whether this run might be more than a developer's, and only the daemon keeps that from being known.
fn hidden_by_daemon(trust: &TrustConfig, run: &RunFacts) -> bool {
    run.kind == RunKind::Daemon && (run.system != System::Developer || trust.scope.is_some())
}

/// What the push of a listed ref lacks.
fn signer_missing(trust: &TrustConfig, run: &RunFacts, git_ref: &GitRef) -> TrustWarning {
    let git_ref = git_ref.clone();
    if has_identity(trust, run) {
        TrustWarning::TokenMissing(git_ref)
    } else if trust.public_keys.is_empty() {
        TrustWarning::IdentityMissing(git_ref, run.system)
    } else {
        TrustWarning::KeyMissing(git_ref)
    }
}

/// What there is to say about the signing key that this run holds.
fn key_warnings(trust: &TrustConfig, run: &RunFacts, trusted: bool) -> Vec<TrustWarning> {
    let Some(key) = &trust.signing_key else {
        return Vec::new();
    };
    let mut warnings = Vec::new();
    match &run.kind {
        _ if trusted => {}
        // The key has its place on these branches, whatever this run may do with it.
        RunKind::Push(git_ref) | RunKind::Other(git_ref) if trust.lists(git_ref) => {}
        RunKind::Daemon if hidden_by_daemon(trust, run) => {}
        RunKind::Unknown if !matches!(trust.scope, Some(Scope::Untrusted(_))) => {
            warnings.push(TrustWarning::NotRecognized(sentence(&run.reason)));
        }
        _ => warnings.push(TrustWarning::KeyExposed(run.reason.clone())),
    }
    if trust.public_keys.is_empty() {
        warnings.push(TrustWarning::KeyUnused(key.name().clone()));
    } else if usable_key(trust).is_none() {
        warnings.push(TrustWarning::KeyNotListed(key.name().clone()));
    }
    warnings.extend(trust.readable_key_file.clone().map(TrustWarning::KeyFileReadable));
    warnings
}

/// Why a run has no scope of its own.
fn no_scope(trust: &TrustConfig, run: &RunFacts) -> String {
    match trust.policy {
        TrustPolicy::TrunkOnly => {
            "With the trust.policy \"trunk-only\" only trusted runs store anything.".to_owned()
        }
        TrustPolicy::Isolated | TrustPolicy::Shared => sentence(&run.reason),
    }
}

fn sentence(reason: &str) -> String {
    format!("This is {reason}.")
}

/// The line that the verbose summary and `doctor` show.
fn why(standing: &str, run: &RunFacts, reads: &[ReadScope], writes: Option<&Scope>) -> String {
    let reads: Vec<String> = reads.iter().map(ToString::to_string).collect();
    let writes = writes.map_or_else(|| "nothing".to_owned(), ToString::to_string);
    format!(
        "{standing} ({}): reads {}, writes {writes}",
        run.reason,
        reads.join(" and ")
    )
}
