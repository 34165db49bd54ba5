//! CircleCI: `CIRCLE_BRANCH` or `CIRCLE_TAG`; requests are told by several variables, those of forks by the branch
//! `pull/<number>` too.
//! <https://circleci.com/docs/variables/>

use super::super::facts::{Found, RunKind};
use super::{branch_or_tag, first};
use crate::config::environment::Environment;

const REQUEST: [&str; 5] = [
    "CIRCLE_PR_NUMBER",
    "CIRCLE_PULL_REQUEST",
    "CIRCLE_PULL_REQUESTS",
    "CIRCLE_PR_USERNAME",
    "CIRCLE_PR_REPONAME",
];

pub(super) fn facts(environment: &Environment) -> Found {
    let branch = environment.get("CIRCLE_BRANCH");
    let fork = branch.and_then(|branch| branch.strip_prefix("pull/"));
    if first(environment, &REQUEST).is_some() || fork.is_some() {
        let address = environment.get("CIRCLE_PULL_REQUEST");
        let of_address = address.and_then(|address| address.rsplit('/').next());
        let number = environment.get("CIRCLE_PR_NUMBER").or(of_address).or(fork);
        return RunKind::pull_request(number);
    }
    let git_ref = branch_or_tag(branch, environment.get("CIRCLE_TAG"));
    RunKind::on(git_ref, RunKind::Push, "a push")
}

#[cfg(test)]
mod tests {
    use super::super::testing::{branch, kind, request, tag};
    use super::*;

    #[test]
    fn tells_what_kind_of_run_this_is() {
        for (variables, expected) in [
            ("CIRCLE_BRANCH=main", RunKind::Push(branch("main"))),
            ("CIRCLE_TAG=v1", RunKind::Push(tag("v1"))),
            (
                "CIRCLE_BRANCH=feat CIRCLE_PULL_REQUEST=https://github.com/o/r/pull/5",
                request("5"),
            ),
            // A fork's, with and without the other variables.
            (
                "CIRCLE_BRANCH=pull/5 CIRCLE_PR_NUMBER=5 CIRCLE_PR_USERNAME=eve CIRCLE_PR_REPONAME=r",
                request("5"),
            ),
            ("CIRCLE_BRANCH=pull/5", request("5")),
            ("CIRCLE_BRANCH=pull/5/head", RunKind::PullRequest(None)),
            (
                "CIRCLE_BRANCH=main CIRCLE_PR_USERNAME=eve",
                RunKind::PullRequest(None),
            ),
            (
                "CIRCLE_BRANCH=main CIRCLE_PULL_REQUESTS=https://github.com/o/r/pull/5,https://github.com/o/r/pull/6",
                RunKind::PullRequest(None),
            ),
            ("CIRCLE_BRANCH=main CIRCLE_TAG=v1", RunKind::Unknown),
            ("CIRCLE_SHA1=0123456", RunKind::Unknown),
        ] {
            assert_eq!(kind("CIRCLECI=true", variables), expected, "{variables}");
        }
    }
}
