//! The kinds of run that a repository may have, and the scopes in which somebody who knows the names would plant poison.

use std::sync::Arc;

use crate::config::TrustConfig;
use crate::git_ref::GitRef;
use crate::scope::{Scope, ScopeName};
use crate::sign::{KeyError, KeyName, PublicKeys, SigningKey};
use crate::trust::{self, Access, RunFacts, RunKind, System};

/// Tags of releases that aren't listed.
const TAG: &str = "v1.0.0";
/// Branches, at least one of which nobody lists.
const BRANCHES: [&str; 3] = ["feature", "feature/x", "feature/x/y/z"];
/// The pull request, where this run isn't one.
const NUMBER: &str = "1";

/// A kind of run.
pub(super) struct Run {
    /// In words.
    pub name: &'static str,
    /// What the policy says about each of its kind.
    pub accesses: Vec<Access>,
    /// Whether it may restore what isn't signed, from a scope of its own.
    pub may_own: bool,
}

/// Every kind of run, this one first.
pub(super) fn all(trust: &TrustConfig, this: &RunFacts) -> Result<Vec<Run>, KeyError> {
    let with_key = with_key(trust)?;
    let elsewhere = TrustConfig {
        scope: None,
        signing_key: None,
        ..trust.clone()
    };
    let kinds = kinds(trust, this);
    let others = kinds.into_iter().map(|(name, has_key, kinds)| {
        let trust = if has_key { &with_key } else { &elsewhere };
        let decide = |kind| trust::decide(trust, &facts(kind));
        Run {
            name,
            may_own: kinds.iter().all(|kind| may_own(trust, kind)),
            accesses: kinds.into_iter().map(decide).collect(),
        }
    });
    let this = Run {
        name: "this run",
        accesses: vec![trust::decide(trust, this)],
        may_own: may_own(trust, &this.kind),
    };
    Ok([this].into_iter().chain(others).collect())
}

/// What a trusted run has: a key that is listed. This one signs nothing, and no entry is believed for its sake.
fn with_key(trust: &TrustConfig) -> Result<TrustConfig, KeyError> {
    let key = SigningKey::generate(KeyName::parse("doctor-attack")?)?;
    // A single name can't be there twice.
    let public_keys = PublicKeys::new(vec![key.public_key()]).unwrap_or_default();
    Ok(TrustConfig {
        public_keys,
        scope: None,
        signing_key: Some(Arc::new(key)),
        ..trust.clone()
    })
}

/// The kinds of run by name; whether they hold the key; and what CI tells of them.
fn kinds(trust: &TrustConfig, this: &RunFacts) -> Vec<(&'static str, bool, Vec<RunKind>)> {
    let listed: Vec<_> = trust
        .rules
        .branches
        .iter()
        .filter_map(|pattern| pattern.example())
        .collect();
    let is_branch = |git_ref: &&GitRef| matches!(git_ref, GitRef::Branch(_));
    let of = |kind: fn(GitRef) -> RunKind| listed.iter().filter(is_branch).cloned().map(kind).collect();
    let tags = |kind: fn(GitRef) -> RunKind| {
        let tags = listed.iter().filter(|git_ref| !is_branch(git_ref)).cloned();
        tags.chain(GitRef::tag(TAG)).map(kind).collect()
    };
    let queue = GitRef::branch("gh-readonly-queue/main/pr-1-0").into_iter();
    let number = match &this.kind {
        RunKind::PullRequest(Some(number)) | RunKind::BranchWithRequest(_, number) => number.clone(),
        _ => NUMBER.to_owned(),
    };
    vec![
        ("push to a listed branch, with the key", true, of(RunKind::Push)),
        (
            "push to a listed branch, without the key",
            false,
            of(RunKind::Push),
        ),
        ("schedule, with the key", true, of(RunKind::Other)),
        ("schedule, without the key", false, of(RunKind::Other)),
        ("manual run", false, of(RunKind::Other)),
        (
            "listed branch that its host doesn't protect",
            false,
            of(RunKind::Unprotected),
        ),
        ("merge queue", false, queue.map(RunKind::Other).collect()),
        ("tag", false, tags(RunKind::Push)),
        ("release", false, tags(RunKind::Other)),
        (
            "event that others can cause",
            false,
            vec![RunKind::Outside, RunKind::PullRequest(None)],
        ),
        ("CI run that isn't recognized", false, vec![RunKind::Unknown]),
        ("developer's machine", false, vec![RunKind::Developer]),
        ("pull request", false, vec![RunKind::PullRequest(Some(number))]),
        (
            "unlisted branch",
            false,
            unlisted(trust, this).map(RunKind::Push).into_iter().collect(),
        ),
    ]
}

/// A branch that isn't listed: this run's, if it is of one.
fn unlisted(trust: &TrustConfig, this: &RunFacts) -> Option<GitRef> {
    let own = match &this.kind {
        RunKind::Push(branch @ GitRef::Branch(_)) | RunKind::Unprotected(branch @ GitRef::Branch(_)) => {
            Some(branch.clone())
        }
        _ => None,
    };
    let others = BRANCHES.iter().filter_map(|name| GitRef::branch(name));
    own.into_iter().chain(others).find(|branch| !trust.lists(branch))
}

/// Whether what such a run restores unsigned stays with a pull request, or a branch that nobody trusts.
fn may_own(trust: &TrustConfig, kind: &RunKind) -> bool {
    match kind {
        RunKind::PullRequest(Some(_)) => true,
        RunKind::Push(branch) | RunKind::Unprotected(branch) | RunKind::BranchWithRequest(branch, _) => {
            matches!(branch, GitRef::Branch(_)) && !trust.lists(branch)
        }
        // Its job has to say so.
        RunKind::Unknown => trust.scope.is_some(),
        RunKind::Other(_)
        | RunKind::PullRequest(None)
        | RunKind::Outside
        | RunKind::Developer
        | RunKind::Daemon => false,
    }
}

fn facts(kind: RunKind) -> RunFacts {
    RunFacts {
        system: match kind {
            RunKind::Developer => System::Developer,
            _ => System::UnknownCi,
        },
        kind,
        reason: String::new(),
        event: None,
        tokens: None,
        own_cache: None,
    }
}

/// Where poison is planted: `t`, all that these runs read, and what scopes of such runs are or once were called.
pub(super) fn scopes(trust: &TrustConfig, this: &RunFacts, runs: &[Run], user: Option<&str>) -> Vec<Scope> {
    let accesses = runs.iter().flat_map(|run| &run.accesses);
    let read = accesses
        .flat_map(|access| &access.reads)
        .map(|read| read.scope.clone());
    let own = match &this.kind {
        RunKind::Push(git_ref)
        | RunKind::Other(git_ref)
        | RunKind::Unprotected(git_ref)
        | RunKind::BranchWithRequest(git_ref, _) => Some(git_ref.clone()),
        RunKind::PullRequest(_)
        | RunKind::Outside
        | RunKind::Unknown
        | RunKind::Developer
        | RunKind::Daemon => None,
    };
    let listed = trust
        .rules
        .branches
        .iter()
        .filter_map(|pattern| pattern.example());
    let refs = own.into_iter().chain(listed).chain(GitRef::tag(TAG));
    let of_refs = refs.filter_map(|git_ref| match git_ref {
        GitRef::Branch(name) => Some(ScopeName::branch(&name)),
        GitRef::Tag(name) => ScopeName::parse(&format!("tag-{name}")).ok(),
    });
    let of_user = user.and_then(|user| ScopeName::parse(&format!("dev-{user}")).ok());
    let mut scopes = vec![Scope::Trusted];
    for scope in read.chain(of_refs.chain(of_user).map(Scope::Untrusted)) {
        if !scopes.contains(&scope) {
            scopes.push(scope);
        }
    }
    scopes
}
