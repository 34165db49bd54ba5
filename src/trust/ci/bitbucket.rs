//! Bitbucket Pipelines: `BITBUCKET_PR_ID`, `BITBUCKET_BRANCH`, `BITBUCKET_TAG`. It tells nothing about schedules and manual
//! runs, but those too run the code of their branch.
//! <https://support.atlassian.com/bitbucket-cloud/docs/variables-and-secrets/>

use super::super::facts::{Found, RunKind, branch_or_tag, first};
use crate::config::environment::Environment;

pub(super) fn facts(environment: &Environment) -> Found {
    let request = ["BITBUCKET_PR_ID", "BITBUCKET_PR_DESTINATION_BRANCH"];
    if first(environment, &request).is_some() {
        return RunKind::pull_request(environment.get("BITBUCKET_PR_ID"));
    }
    let branch = environment.get("BITBUCKET_BRANCH");
    let git_ref = branch_or_tag(branch, environment.get("BITBUCKET_TAG"));
    RunKind::on(git_ref, RunKind::Push, "a push")
}

#[cfg(test)]
mod tests {
    use super::super::testing::{branch, kind, request, tag};
    use super::*;

    #[test]
    fn tells_what_kind_of_run_this_is() {
        for (variables, expected) in [
            ("BITBUCKET_BRANCH=main", RunKind::Push(branch("main"))),
            ("BITBUCKET_TAG=v1", RunKind::Push(tag("v1"))),
            // The branch of a request is its source, which may be called main in a fork.
            (
                "BITBUCKET_BRANCH=main BITBUCKET_PR_ID=5 BITBUCKET_PR_DESTINATION_BRANCH=main",
                request("5"),
            ),
            (
                "BITBUCKET_BRANCH=main BITBUCKET_PR_DESTINATION_BRANCH=main",
                RunKind::PullRequest(None),
            ),
            ("BITBUCKET_BRANCH=main BITBUCKET_TAG=v1", RunKind::Unknown),
            ("BITBUCKET_COMMIT=0123456", RunKind::Unknown),
        ] {
            assert_eq!(
                kind("BITBUCKET_BUILD_NUMBER=7", variables),
                expected,
                "{variables}"
            );
        }
    }
}
