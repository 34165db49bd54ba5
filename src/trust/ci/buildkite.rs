//! Buildkite: `BUILDKITE_PULL_REQUEST` (a number or `false`), `BUILDKITE_SOURCE`, `BUILDKITE_BRANCH`, `BUILDKITE_TAG`.
//! <https://buildkite.com/docs/pipelines/configure/environment-variables>

use super::super::facts::{Found, RunKind, tag_or_branch};
use crate::config::environment::Environment;

pub(super) fn facts(environment: &Environment) -> Found {
    let branch = environment.get("BUILDKITE_BRANCH");
    match environment.get("BUILDKITE_PULL_REQUEST") {
        Some("false") => {}
        // Of a fork, only the number tells: its branch may be called main. So may that of a request to another branch.
        Some(number) => return RunKind::request_or_push(Some(number), branch),
        None => return RunKind::Unknown.because("BUILDKITE_PULL_REQUEST is missing"),
    }
    let git_ref = tag_or_branch(environment.get("BUILDKITE_TAG"), branch);
    match environment.get("BUILDKITE_SOURCE") {
        Some("webhook") => RunKind::on(git_ref, RunKind::Push, "a push"),
        Some("schedule") => RunKind::on(git_ref, RunKind::Other, "a scheduled build"),
        // Whoever starts these names branch and commit, which need not belong together.
        _ => RunKind::Unknown.because("a build whose commit need not be on its branch"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::check;

    #[test]
    fn tells_what_kind_of_run_this_is() {
        check(
            "BUILDKITE=true",
            "BUILDKITE_",
            "
            PULL_REQUEST=false SOURCE=webhook BRANCH=main => push of branch main
            PULL_REQUEST=false SOURCE=webhook BRANCH=v1 TAG=v1 => push of tag v1
            PULL_REQUEST=false SOURCE=schedule BRANCH=main => other of branch main
            PULL_REQUEST=5 SOURCE=webhook BRANCH=main => branch main with request 5
            PULL_REQUEST=5 SOURCE=webhook => request 5
            PULL_REQUEST=true SOURCE=webhook BRANCH=main => request
            PULL_REQUEST=false SOURCE=api BRANCH=main => unknown
            PULL_REQUEST=false SOURCE=ui BRANCH=main => unknown
            PULL_REQUEST=false SOURCE=trigger_job BRANCH=main => unknown
            PULL_REQUEST=false BRANCH=main => unknown
            SOURCE=webhook BRANCH=main => unknown
            PULL_REQUEST=false SOURCE=webhook BRANCH=main TAG=v1 => unknown
            PULL_REQUEST=false SOURCE=webhook => unknown",
        );
    }
}
