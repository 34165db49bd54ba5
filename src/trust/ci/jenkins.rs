//! Jenkins, of which only multibranch jobs tell enough: `CHANGE_ID`, `BRANCH_NAME`, `TAG_NAME`. Plugins that build requests in
//! other jobs are known by their variables.
//! <https://www.jenkins.io/doc/book/pipeline/multibranch/>

use super::super::facts::{Found, RunKind, first, tag_or_branch};
use crate::config::environment::Environment;

/// Where requests have their number: multibranch jobs, then the plugin for GitHub.
const NUMBERS: [&str; 2] = ["CHANGE_ID", "ghprbPullId"];
/// Only requests have these. The plugins for GitLab, Bitbucket and Gerrit also build what was merged, where the number must
/// not count.
const REQUEST: [&str; 7] = [
    "CHANGE_TARGET",
    "CHANGE_FORK",
    "ghprbSourceBranch",
    "gitlabMergeRequestIid",
    "gitlabMergeRequestId",
    "BITBUCKET_PULL_REQUEST_ID",
    "GERRIT_CHANGE_NUMBER",
];

pub(super) fn facts(environment: &Environment) -> Found {
    let number = first(environment, &NUMBERS);
    let branch = environment.get("BRANCH_NAME");
    if number.is_some() || first(environment, &REQUEST).is_some() || branch.is_some_and(names_request) {
        return RunKind::pull_request(number);
    }
    let git_ref = tag_or_branch(environment.get("TAG_NAME"), branch);
    RunKind::on(git_ref, RunKind::Push, "a build")
}

/// Whether a job's name is one that requests get: `PR-5`, `PR-5-head`, `MR-5-merge`.
fn names_request(branch: &str) -> bool {
    let number = branch.strip_prefix("PR-").or_else(|| branch.strip_prefix("MR-"));
    number.is_some_and(|number| number.starts_with(|c: char| c.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::super::testing::check;

    #[test]
    fn tells_what_kind_of_run_this_is() {
        check(
            "JENKINS_URL=https://ci.example.com/",
            "",
            "
            BRANCH_NAME=main => push of branch main
            BRANCH_NAME=v1 TAG_NAME=v1 => push of tag v1
            BRANCH_NAME=PR-5 CHANGE_ID=5 CHANGE_TARGET=main => request 5
            BRANCH_NAME=main CHANGE_ID=5 => request 5
            BRANCH_NAME=PR-5-head => request
            BRANCH_NAME=main CHANGE_TARGET=main => request
            BRANCH_NAME=main CHANGE_FORK=eve => request
            GIT_BRANCH=origin/main ghprbPullId=5 => request 5
            BRANCH_NAME=main gitlabMergeRequestIid=5 => request
            BRANCH_NAME=main GERRIT_CHANGE_NUMBER=5 => request
            BRANCH_NAME=main TAG_NAME=v1 => unknown
            # A job that isn't multibranch builds whatever its parameters say.
            GIT_BRANCH=origin/main => unknown",
        );
    }
}
