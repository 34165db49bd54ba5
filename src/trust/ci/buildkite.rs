//! Buildkite: `BUILDKITE_PULL_REQUEST` (a number or `false`), `BUILDKITE_SOURCE`, `BUILDKITE_BRANCH`, `BUILDKITE_TAG`.
//! <https://buildkite.com/docs/pipelines/configure/environment-variables>

use super::super::facts::{Found, RunKind};
use crate::config::environment::Environment;
use crate::git_ref::GitRef;

pub(super) fn facts(environment: &Environment) -> Found {
    let branch = environment.get("BUILDKITE_BRANCH");
    match environment.get("BUILDKITE_PULL_REQUEST") {
        Some("false") => {}
        // Of a fork, only the number tells: its branch may be called main. So may that of a request to another branch.
        Some(number) => return RunKind::request_or_push(Some(number), branch),
        None => return RunKind::Unknown.because("BUILDKITE_PULL_REQUEST is missing"),
    }
    // For a tag, both variables have its name.
    let git_ref = match environment.get("BUILDKITE_TAG") {
        Some(tag) => GitRef::tag(tag).filter(|_| branch.is_none_or(|branch| branch == tag)),
        None => branch.and_then(GitRef::branch),
    };
    match environment.get("BUILDKITE_SOURCE") {
        Some("webhook") => RunKind::on(git_ref, RunKind::Push, "a push"),
        Some("schedule") => RunKind::on(git_ref, RunKind::Other, "a scheduled build"),
        // Whoever starts these names branch and commit, which need not belong together.
        _ => RunKind::Unknown.because("a build whose commit need not be on its branch"),
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
                "BUILDKITE_PULL_REQUEST=false BUILDKITE_SOURCE=webhook BUILDKITE_BRANCH=main",
                RunKind::Push(branch("main")),
            ),
            (
                "BUILDKITE_PULL_REQUEST=false BUILDKITE_SOURCE=webhook BUILDKITE_BRANCH=v1 BUILDKITE_TAG=v1",
                RunKind::Push(tag("v1")),
            ),
            (
                "BUILDKITE_PULL_REQUEST=false BUILDKITE_SOURCE=schedule BUILDKITE_BRANCH=main",
                RunKind::Other(branch("main")),
            ),
            (
                "BUILDKITE_PULL_REQUEST=5 BUILDKITE_SOURCE=webhook BUILDKITE_BRANCH=main",
                RunKind::BranchWithRequest(branch("main"), "5".into()),
            ),
            ("BUILDKITE_PULL_REQUEST=5 BUILDKITE_SOURCE=webhook", request("5")),
            (
                "BUILDKITE_PULL_REQUEST=true BUILDKITE_SOURCE=webhook BUILDKITE_BRANCH=main",
                RunKind::PullRequest(None),
            ),
            (
                "BUILDKITE_PULL_REQUEST=false BUILDKITE_SOURCE=api BUILDKITE_BRANCH=main",
                RunKind::Unknown,
            ),
            (
                "BUILDKITE_PULL_REQUEST=false BUILDKITE_SOURCE=ui BUILDKITE_BRANCH=main",
                RunKind::Unknown,
            ),
            (
                "BUILDKITE_PULL_REQUEST=false BUILDKITE_SOURCE=trigger_job BUILDKITE_BRANCH=main",
                RunKind::Unknown,
            ),
            (
                "BUILDKITE_PULL_REQUEST=false BUILDKITE_BRANCH=main",
                RunKind::Unknown,
            ),
            ("BUILDKITE_SOURCE=webhook BUILDKITE_BRANCH=main", RunKind::Unknown),
            (
                "BUILDKITE_PULL_REQUEST=false BUILDKITE_SOURCE=webhook BUILDKITE_BRANCH=main BUILDKITE_TAG=v1",
                RunKind::Unknown,
            ),
            (
                "BUILDKITE_PULL_REQUEST=false BUILDKITE_SOURCE=webhook",
                RunKind::Unknown,
            ),
        ] {
            assert_eq!(kind("BUILDKITE=true", variables), expected, "{variables}");
        }
    }
}
