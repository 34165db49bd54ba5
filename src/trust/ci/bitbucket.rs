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
    use super::super::testing::check;

    #[test]
    fn tells_what_kind_of_run_this_is() {
        check(
            "BITBUCKET_BUILD_NUMBER=7",
            "BITBUCKET_",
            "
            BRANCH=main => push of branch main
            TAG=v1 => push of tag v1
            # The branch of a request is its source, which may be called main in a fork.
            BRANCH=main PR_ID=5 PR_DESTINATION_BRANCH=main => request 5
            BRANCH=main PR_DESTINATION_BRANCH=main => request
            BRANCH=main TAG=v1 => unknown
            COMMIT=0123456 => unknown",
        );
    }
}
