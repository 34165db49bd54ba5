//! What kind of run this is.

use std::path::PathBuf;

use super::ci;
use super::system::System;
use super::token_source::TokenSource;
use crate::config::environment::Environment;
use crate::git_ref::GitRef;

/// What is known about this run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunFacts {
    /// Where it runs.
    pub system: System,
    /// Whose code it runs, and why.
    pub kind: RunKind,
    /// The same in words, such as `GitHub Actions, pull request 12`.
    pub reason: String,
    /// What caused it, in the words of its identity token, where it can have one.
    pub event: Option<String>,
    /// Who gives it an identity token; `None` where nobody does.
    pub tokens: Option<TokenSource>,
    /// Where the user of a machine keeps what can be had again; `None` in CI, where others have been before.
    pub own_cache: Option<PathBuf>,
}

/// Whose code a run runs, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RunKind {
    /// A push to this branch or tag: the only kind that can be trusted by itself.
    Push(GitRef),
    /// The code of this branch or tag, for another reason than a push: a schedule, a button, a merge queue.
    Other(GitRef),
    /// The code of this branch or tag, which its host doesn't protect.
    Unprotected(GitRef),
    /// The code of a pull or merge request, by its number where that is known.
    PullRequest(Option<String>),
    /// A push to the branch of the open pull request of this number, where the CI system makes no difference between
    /// the two: such a run may deploy the branch.
    BranchWithRequest(GitRef, String),
    /// Caused by an event that outsiders can cause, or running code that an event's author chose.
    Outside,
    /// It can't be told.
    Unknown,
    /// A person at a machine.
    Developer,
}

/// What a CI system tells: the kind of run, and in words what it is.
pub(super) struct Found {
    pub kind: RunKind,
    pub reason: String,
}

impl RunKind {
    /// With the reason in words.
    pub(super) fn because(self, reason: impl Into<String>) -> Found {
        Found {
            kind: self,
            reason: reason.into(),
        }
    }

    /// A pull or merge request. What isn't a number is left out.
    pub(super) fn pull_request(number: Option<&str>) -> Found {
        let is_number = |text: &&str| text.len() <= 20 && text.bytes().all(|byte| byte.is_ascii_digit());
        match number.filter(|text| !text.is_empty()).filter(is_number) {
            Some(number) => {
                Self::PullRequest(Some(number.to_owned())).because(format!("pull request {number}"))
            }
            None => Self::PullRequest(None).because("a pull request of unknown number"),
        }
    }

    /// A pull or merge request, in a system that builds its branch once, for the request and for the push.
    pub(super) fn request_or_push(number: Option<&str>, branch: Option<&str>) -> Found {
        let found = Self::pull_request(number);
        match (found.kind, branch.and_then(GitRef::branch)) {
            (Self::PullRequest(Some(number)), Some(branch)) => {
                let reason = format!("{branch}, which has the open {}", found.reason);
                Self::BranchWithRequest(branch, number).because(reason)
            }
            (kind, _) => kind.because(found.reason),
        }
    }

    /// The run of a branch or a tag, of which `kind` is made; unknown when there is none.
    pub(super) fn on(git_ref: Option<GitRef>, kind: fn(GitRef) -> Self, event: &str) -> Found {
        match git_ref {
            Some(git_ref) => {
                let reason = format!("{event}, {git_ref}");
                kind(git_ref).because(reason)
            }
            None => Self::Unknown.because(format!("{event}, but of no branch or tag")),
        }
    }
}

/// Finds out what kind of run this is. `ci` says whether this is known to be a CI system; where the environment has
/// one's variables, it is one whatever `ci` says.
pub fn detect(environment: &Environment, ci: bool) -> RunFacts {
    let mut systems = ci::SYSTEMS
        .iter()
        .filter(|(_, marker, _)| environment.get(marker).is_some());
    let (system, found) = match (systems.next(), systems.next()) {
        (Some(&(system, _, facts)), None) => (system, facts(environment)),
        (Some((one, ..)), Some((other, ..))) => (System::UnknownCi, contradiction(environment, *one, *other)),
        (None, _) if ci => (
            System::UnknownCi,
            RunKind::Unknown.because("it doesn't tell what kind of run this is"),
        ),
        (None, _) => (
            System::Developer,
            RunKind::Developer.because("a developer's machine"),
        ),
    };
    let reason = match system {
        System::Developer => found.reason,
        _ => format!("{system}, {}", found.reason),
    };
    RunFacts {
        system,
        kind: found.kind,
        reason,
        event: system.event(environment),
        tokens: TokenSource::detect(system, environment),
        own_cache: environment.user_cache().filter(|_| system == System::Developer),
    }
}

/// The facts where two systems claim to be this one: nothing is known, except that one of them may tell of danger.
fn contradiction(environment: &Environment, one: System, other: System) -> Found {
    let dangerous = ci::SYSTEMS
        .iter()
        .filter(|(_, marker, _)| environment.get(marker).is_some())
        .any(|(.., facts)| {
            matches!(
                facts(environment).kind,
                RunKind::PullRequest(_)
                    | RunKind::BranchWithRequest(..)
                    | RunKind::Outside
                    | RunKind::Unprotected(_)
            )
        });
    let kind = if dangerous {
        RunKind::Outside
    } else {
        RunKind::Unknown
    };
    kind.because(format!("since the variables of {one} and {other} are set"))
}
