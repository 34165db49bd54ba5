//! Azure Pipelines: `BUILD_REASON` and the full name in `BUILD_SOURCEBRANCH`.
//! <https://learn.microsoft.com/azure/devops/pipelines/build/variables>

use super::super::facts::{Found, RunKind, first};
use crate::config::environment::Environment;
use crate::git_ref::GitRef;

/// The number is that of repositories on GitHub, where the id is another one.
const REQUEST: [&str; 2] = [
    "SYSTEM_PULLREQUEST_PULLREQUESTNUMBER",
    "SYSTEM_PULLREQUEST_PULLREQUESTID",
];

pub(super) fn facts(environment: &Environment) -> Found {
    let number = first(environment, &REQUEST);
    let full = environment.get("BUILD_SOURCEBRANCH").unwrap_or_default();
    let reason = environment.get("BUILD_REASON").unwrap_or_default();
    if number.is_some() || full.starts_with("refs/pull/") || reason == "PullRequest" {
        return RunKind::pull_request(number.or_else(|| full.strip_prefix("refs/pull/")?.split('/').next()));
    }
    let git_ref = GitRef::parse(full);
    match reason {
        "IndividualCI" | "BatchedCI" => RunKind::on(git_ref, RunKind::Push, "a push"),
        "Manual" => RunKind::on(git_ref, RunKind::Other, "a manual run"),
        "Schedule" => RunKind::on(git_ref, RunKind::Other, "a scheduled run"),
        "" => RunKind::Unknown.because("BUILD_REASON is missing"),
        // Another pipeline's end, which may have been that of a pull request; shelved changes; what is new.
        _ => RunKind::Outside.because("a run with a reason that others can cause"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::check;

    #[test]
    fn tells_what_kind_of_run_this_is() {
        check(
            "TF_BUILD=True",
            "",
            "
            BUILD_REASON=IndividualCI BUILD_SOURCEBRANCH=refs/heads/main => push of branch main
            BUILD_REASON=BatchedCI BUILD_SOURCEBRANCH=refs/tags/v1 => push of tag v1
            BUILD_REASON=Manual BUILD_SOURCEBRANCH=refs/heads/main => other of branch main
            BUILD_REASON=Schedule BUILD_SOURCEBRANCH=refs/heads/main => other of branch main
            BUILD_REASON=PullRequest BUILD_SOURCEBRANCH=refs/pull/5/merge SYSTEM_PULLREQUEST_PULLREQUESTID=5 => request 5
            BUILD_REASON=PullRequest BUILD_SOURCEBRANCH=refs/pull/5/merge SYSTEM_PULLREQUEST_PULLREQUESTID=987654 SYSTEM_PULLREQUEST_PULLREQUESTNUMBER=5 => request 5
            # A request that is run by hand, and one whose reason is forged.
            BUILD_REASON=Manual BUILD_SOURCEBRANCH=refs/pull/5/merge => request 5
            BUILD_REASON=IndividualCI BUILD_SOURCEBRANCH=refs/heads/main SYSTEM_PULLREQUEST_PULLREQUESTID=5 => request 5
            BUILD_REASON=PullRequest BUILD_SOURCEBRANCH=refs/heads/main => request
            BUILD_REASON=ResourceTrigger BUILD_SOURCEBRANCH=refs/heads/main => outside
            BUILD_REASON=BuildCompletion BUILD_SOURCEBRANCH=refs/heads/main => outside
            BUILD_REASON=ValidateShelveset BUILD_SOURCEBRANCH=refs/heads/main => outside
            BUILD_REASON=IndividualCI BUILD_SOURCEBRANCH=main => unknown
            BUILD_REASON=IndividualCI => unknown
            BUILD_SOURCEBRANCH=refs/heads/main => unknown",
        );
    }
}
