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
    use super::super::testing::check;

    #[test]
    fn tells_what_kind_of_run_this_is() {
        check(
            "GITLAB_CI=true",
            "CI_",
            "
            PIPELINE_SOURCE=push COMMIT_BRANCH=main COMMIT_REF_PROTECTED=true => push of branch main
            PIPELINE_SOURCE=push COMMIT_TAG=v1 COMMIT_REF_PROTECTED=true => push of tag v1
            PIPELINE_SOURCE=push COMMIT_BRANCH=main COMMIT_REF_PROTECTED=false => unprotected of branch main
            PIPELINE_SOURCE=push COMMIT_BRANCH=main => unprotected of branch main
            PIPELINE_SOURCE=schedule COMMIT_BRANCH=main COMMIT_REF_PROTECTED=true => other of branch main
            PIPELINE_SOURCE=web COMMIT_BRANCH=main COMMIT_REF_PROTECTED=true => other of branch main
            PIPELINE_SOURCE=parent_pipeline COMMIT_BRANCH=main COMMIT_REF_PROTECTED=true => other of branch main
            COMMIT_BRANCH=main COMMIT_REF_PROTECTED=true => other of branch main
            PIPELINE_SOURCE=api COMMIT_BRANCH=feat COMMIT_REF_PROTECTED=false => unprotected of branch feat
            PIPELINE_SOURCE=push COMMIT_BRANCH=main COMMIT_TAG=v1 COMMIT_REF_PROTECTED=true => unknown
            PIPELINE_SOURCE=push COMMIT_REF_NAME=main COMMIT_REF_PROTECTED=true => unknown",
        );
    }

    #[test]
    fn a_merge_request_is_one_whatever_else_is_set() {
        check(
            "GITLAB_CI=true",
            "CI_",
            "
            PIPELINE_SOURCE=merge_request_event MERGE_REQUEST_IID=5 COMMIT_REF_PROTECTED=true => request 5
            # The child of a request's pipeline, and a forged source.
            PIPELINE_SOURCE=parent_pipeline MERGE_REQUEST_IID=5 COMMIT_BRANCH=main COMMIT_REF_PROTECTED=true => request 5
            PIPELINE_SOURCE=push MERGE_REQUEST_IID=5 COMMIT_BRANCH=main COMMIT_REF_PROTECTED=true => request 5
            PIPELINE_SOURCE=merge_request_event MERGE_REQUEST_IID=5 MERGE_REQUEST_EVENT_TYPE=merge_train => request
            PIPELINE_SOURCE=external_pull_request_event EXTERNAL_PULL_REQUEST_IID=5 => request external-5
            PIPELINE_SOURCE=merge_request_event COMMIT_BRANCH=main COMMIT_REF_PROTECTED=true => request",
        );
    }
}
