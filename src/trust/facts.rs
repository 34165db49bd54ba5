//! What kind of run this is.

use std::fs::File;
use std::io::{Read, Take};
use std::path::PathBuf;

use super::system::{System, TokenSource};
use crate::environment::Environment;
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
    /// Served by Nx's daemon, whose environment may be that of another run.
    Daemon,
}

impl RunFacts {
    /// The same where they come from the environment of Nx's daemon, which serves the runs of whoever connects: what this
    /// one is can't be told, and no token can be its own.
    pub fn of_daemon(self) -> Self {
        Self {
            kind: RunKind::Daemon,
            reason: format!("{}, by the environment of Nx's daemon", self.reason),
            event: None,
            tokens: None,
            ..self
        }
    }
}

/// What a CI system tells: the kind of run, and in words what it is.
pub(super) struct Found {
    pub kind: RunKind,
    pub reason: String,
}

/// The branch or the tag that one of two variables names; none if both do.
pub(super) fn branch_or_tag(branch: Option<&str>, tag: Option<&str>) -> Option<GitRef> {
    match (branch, tag) {
        (Some(branch), None) => GitRef::branch(branch),
        (None, Some(tag)) => GitRef::tag(tag),
        _ => None,
    }
}

/// The same of a system where both variables have the name of a tag.
pub(super) fn tag_or_branch(tag: Option<&str>, branch: Option<&str>) -> Option<GitRef> {
    match tag {
        Some(tag) => GitRef::tag(tag).filter(|_| branch.is_none_or(|branch| branch == tag)),
        None => branch.and_then(GitRef::branch),
    }
}

/// The first of these variables that has a value.
pub(super) fn first<'a>(environment: &'a Environment, names: &[&str]) -> Option<&'a str> {
    names.iter().find_map(|name| environment.get(name))
}

/// Opens a file of the CI system, of which no more than `limit` bytes are read; nothing if it is none.
pub(super) fn open_file(path: &str, limit: u64) -> Option<Take<File>> {
    // Whether it is a file comes first: opening a pipe would wait for its other end.
    let is_file = std::fs::metadata(path).ok()?.is_file();
    is_file
        .then(|| File::open(path))
        .and_then(Result::ok)
        .map(|file| file.take(limit))
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
