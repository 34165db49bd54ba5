//! What kind of run this is, by what its CI system tells; a file for each.

mod azure;
mod bitbucket;
mod buildkite;
mod circleci;
mod github;
mod gitlab;
mod jenkins;
mod teamcity;
mod travis;

use super::facts::{Found, RunFacts, RunKind};
use super::system::{System, TokenSource};
use crate::environment::Environment;

/// How a system tells what kind of run this is.
type Facts = fn(&Environment) -> Found;

/// Every system that is known, with the variable that only it sets.
const SYSTEMS: [(System, &str, Facts); 9] = [
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

/// Finds out what kind of run this is. `ci` says whether this is known to be a CI system; where the environment has
/// one's variables, it is one whatever `ci` says.
pub fn detect(environment: &Environment, ci: bool) -> RunFacts {
    let mut systems = SYSTEMS
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
    let dangerous = SYSTEMS
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

#[cfg(test)]
mod testing {
    use super::super::facts::RunKind;
    use super::detect;
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

    /// Holds `NAME=value NAME=value => kind`, a line each, whose names lack the `prefix`.
    pub(super) fn check(marker: &str, prefix: &str, table: &str) {
        for (variables, expected) in rows(table) {
            let variables: Vec<_> = variables
                .split_whitespace()
                .map(|one| format!("{prefix}{one}"))
                .collect();
            assert_eq!(
                text(&kind(marker, &variables.join(" "))),
                expected,
                "{variables:?}"
            );
        }
    }

    /// The lines of a table but for comments, and what each expects.
    pub(super) fn rows(table: &str) -> impl Iterator<Item = (&str, &str)> {
        let lines = table.lines().map(str::trim);
        let rows = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
        rows.map(|row| row.split_once("=> ").unwrap())
    }

    /// A kind of run as tables have it.
    pub(super) fn text(kind: &RunKind) -> String {
        match kind {
            RunKind::Push(git_ref) => format!("push of {git_ref}"),
            RunKind::Other(git_ref) => format!("other of {git_ref}"),
            RunKind::Unprotected(git_ref) => format!("unprotected of {git_ref}"),
            RunKind::BranchWithRequest(git_ref, number) => format!("{git_ref} with request {number}"),
            RunKind::PullRequest(Some(number)) => format!("request {number}"),
            RunKind::PullRequest(None) => "request".to_owned(),
            RunKind::Outside => "outside".to_owned(),
            RunKind::Unknown => "unknown".to_owned(),
            RunKind::Developer | RunKind::Daemon => unreachable!("{kind:?}"),
        }
    }
}
