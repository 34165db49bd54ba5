//! What each CI system tells about a run; a file for each.

mod azure;
mod bitbucket;
mod buildkite;
mod circleci;
mod github;
mod gitlab;
mod jenkins;
mod teamcity;
mod travis;

use super::facts::Found;
use super::system::System;
use crate::config::environment::Environment;
use crate::git_ref::GitRef;

/// How a system tells what kind of run this is.
type Facts = fn(&Environment) -> Found;

/// Every system that is known, with the variable that only it sets.
pub(super) const SYSTEMS: [(System, &str, Facts); 9] = [
    (System::Azure, "TF_BUILD", azure::facts),
    (System::Bitbucket, "BITBUCKET_BUILD_NUMBER", bitbucket::facts),
    (System::Buildkite, "BUILDKITE", buildkite::facts),
    (System::CircleCi, "CIRCLECI", circleci::facts),
    (System::GitHub, "GITHUB_ACTIONS", github::facts),
    (System::GitLab, "GITLAB_CI", gitlab::facts),
    (System::Jenkins, "JENKINS_URL", jenkins::facts),
    (System::TeamCity, "TEAMCITY_VERSION", teamcity::facts),
    (System::Travis, "TRAVIS", travis::facts),
];

/// The branch or the tag that one of two variables names; none if both do.
fn branch_or_tag(branch: Option<&str>, tag: Option<&str>) -> Option<GitRef> {
    match (branch, tag) {
        (Some(branch), None) => GitRef::branch(branch),
        (None, Some(tag)) => GitRef::tag(tag),
        _ => None,
    }
}

/// The first of these variables that has a value.
fn first<'a>(environment: &'a Environment, names: &[&str]) -> Option<&'a str> {
    names.iter().find_map(|name| environment.get(name))
}

#[cfg(test)]
mod testing {
    use super::super::facts::{RunKind, detect};
    use crate::git_ref::GitRef;

    /// The kind of run with the marker and these variables, written `NAME=value NAME=value`.
    pub(super) fn kind(marker: &str, variables: &str) -> RunKind {
        let pairs = variables
            .split(' ')
            .chain([marker])
            .filter_map(|pair| pair.split_once('='));
        detect(&pairs.collect(), true).kind
    }

    pub(super) fn branch(name: &str) -> GitRef {
        GitRef::branch(name).unwrap()
    }

    pub(super) fn tag(name: &str) -> GitRef {
        GitRef::tag(name).unwrap()
    }

    pub(super) fn request(number: &str) -> RunKind {
        RunKind::PullRequest(Some(number.to_owned()))
    }
}
