//! GitLab: `CI_PIPELINE_SOURCE`, the requests' numbers, and `CI_COMMIT_REF_PROTECTED`, without which anybody who may push
//! may have written what runs.
//! <https://docs.gitlab.com/ci/variables/predefined_variables/>

use super::super::facts::{Found, RunKind, branch_or_tag, first};
use crate::config::environment::Environment;

/// Only pipelines of requests have these.
const REQUEST: [&str; 5] = [
    "CI_MERGE_REQUEST_IID",
    "CI_MERGE_REQUEST_ID",
    "CI_MERGE_REQUEST_EVENT_TYPE",
    "CI_EXTERNAL_PULL_REQUEST_IID",
    "CI_EXTERNAL_PULL_REQUEST_SOURCE_REPOSITORY",
];

pub(super) fn facts(environment: &Environment) -> Found {
    let source = environment.get("CI_PIPELINE_SOURCE").unwrap_or_default();
    if source.contains("request_event") || first(environment, &REQUEST).is_some() {
        return request(environment);
    }
    let branch = environment.get("CI_COMMIT_BRANCH");
    let git_ref = branch_or_tag(branch, environment.get("CI_COMMIT_TAG"));
    match (environment.get("CI_COMMIT_REF_PROTECTED"), source) {
        (Some("true"), "push") => RunKind::on(git_ref, RunKind::Push, "a push"),
        // A child pipeline doesn't tell what its parent was started by.
        (Some("true"), _) => RunKind::on(git_ref, RunKind::Other, "a pipeline that no push has started"),
        _ => RunKind::on(git_ref, RunKind::Unprotected, "not protected"),
    }
}

/// Requests from other hosts have numbers of their own kind, so that none shares with a request. A merge train has none:
/// it decides what is merged, so what requests stored must not get there.
fn request(environment: &Environment) -> Found {
    if environment.get("CI_MERGE_REQUEST_EVENT_TYPE") == Some("merge_train") {
        return RunKind::PullRequest(None).because("a merge train");
    }
    let Some(number) = environment.get("CI_EXTERNAL_PULL_REQUEST_IID") else {
        return RunKind::pull_request(environment.get("CI_MERGE_REQUEST_IID"));
    };
    let found = RunKind::pull_request(Some(number));
    match found.kind {
        RunKind::PullRequest(number) => {
            RunKind::PullRequest(number.map(|number| format!("external-{number}"))).because(found.reason)
        }
        other => other.because(found.reason),
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{branch, kind, request, tag};
    use super::*;

    #[test]
    fn tells_what_kind_of_run_this_is() {
        for (variables, expected) in [
            (
                "CI_PIPELINE_SOURCE=push CI_COMMIT_BRANCH=main CI_COMMIT_REF_PROTECTED=true",
                RunKind::Push(branch("main")),
            ),
            (
                "CI_PIPELINE_SOURCE=push CI_COMMIT_TAG=v1 CI_COMMIT_REF_PROTECTED=true",
                RunKind::Push(tag("v1")),
            ),
            (
                "CI_PIPELINE_SOURCE=push CI_COMMIT_BRANCH=main CI_COMMIT_REF_PROTECTED=false",
                RunKind::Unprotected(branch("main")),
            ),
            (
                "CI_PIPELINE_SOURCE=push CI_COMMIT_BRANCH=main",
                RunKind::Unprotected(branch("main")),
            ),
            (
                "CI_PIPELINE_SOURCE=schedule CI_COMMIT_BRANCH=main CI_COMMIT_REF_PROTECTED=true",
                RunKind::Other(branch("main")),
            ),
            (
                "CI_PIPELINE_SOURCE=web CI_COMMIT_BRANCH=main CI_COMMIT_REF_PROTECTED=true",
                RunKind::Other(branch("main")),
            ),
            (
                "CI_PIPELINE_SOURCE=parent_pipeline CI_COMMIT_BRANCH=main CI_COMMIT_REF_PROTECTED=true",
                RunKind::Other(branch("main")),
            ),
            (
                "CI_COMMIT_BRANCH=main CI_COMMIT_REF_PROTECTED=true",
                RunKind::Other(branch("main")),
            ),
            (
                "CI_PIPELINE_SOURCE=api CI_COMMIT_BRANCH=feat CI_COMMIT_REF_PROTECTED=false",
                RunKind::Unprotected(branch("feat")),
            ),
            (
                "CI_PIPELINE_SOURCE=push CI_COMMIT_BRANCH=main CI_COMMIT_TAG=v1 CI_COMMIT_REF_PROTECTED=true",
                RunKind::Unknown,
            ),
            (
                "CI_PIPELINE_SOURCE=push CI_COMMIT_REF_NAME=main CI_COMMIT_REF_PROTECTED=true",
                RunKind::Unknown,
            ),
        ] {
            assert_eq!(kind("GITLAB_CI=true", variables), expected, "{variables}");
        }
    }

    #[test]
    fn a_merge_request_is_one_whatever_else_is_set() {
        for (variables, expected) in [
            (
                "CI_PIPELINE_SOURCE=merge_request_event CI_MERGE_REQUEST_IID=5 CI_COMMIT_REF_PROTECTED=true",
                request("5"),
            ),
            // The child of a request's pipeline, and a forged source.
            (
                "CI_PIPELINE_SOURCE=parent_pipeline CI_MERGE_REQUEST_IID=5 CI_COMMIT_BRANCH=main CI_COMMIT_REF_PROTECTED=true",
                request("5"),
            ),
            (
                "CI_PIPELINE_SOURCE=push CI_MERGE_REQUEST_IID=5 CI_COMMIT_BRANCH=main CI_COMMIT_REF_PROTECTED=true",
                request("5"),
            ),
            (
                "CI_PIPELINE_SOURCE=merge_request_event CI_MERGE_REQUEST_IID=5 CI_MERGE_REQUEST_EVENT_TYPE=merge_train",
                RunKind::PullRequest(None),
            ),
            (
                "CI_PIPELINE_SOURCE=external_pull_request_event CI_EXTERNAL_PULL_REQUEST_IID=5",
                request("external-5"),
            ),
            (
                "CI_PIPELINE_SOURCE=merge_request_event CI_COMMIT_BRANCH=main CI_COMMIT_REF_PROTECTED=true",
                RunKind::PullRequest(None),
            ),
        ] {
            assert_eq!(kind("GITLAB_CI=true", variables), expected, "{variables}");
        }
    }
}
