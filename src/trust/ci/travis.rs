//! Travis CI: `TRAVIS_EVENT_TYPE`, `TRAVIS_PULL_REQUEST` (a number or `false`), `TRAVIS_BRANCH` (of a request, the branch it is
//! for), `TRAVIS_TAG`.
//! <https://docs.travis-ci.com/user/environment-variables/>

use super::super::facts::{Found, RunKind};
use crate::config::environment::Environment;
use crate::git_ref::GitRef;

pub(super) fn facts(environment: &Environment) -> Found {
    let event = environment.get("TRAVIS_EVENT_TYPE").unwrap_or_default();
    match environment.get("TRAVIS_PULL_REQUEST") {
        Some("false") if event != "pull_request" => {}
        None if event != "pull_request" => return RunKind::Unknown.because("TRAVIS_PULL_REQUEST is missing"),
        number => return RunKind::pull_request(number),
    }
    // For a tag, both variables have its name.
    let branch = environment.get("TRAVIS_BRANCH");
    let git_ref = match environment.get("TRAVIS_TAG") {
        Some(tag) => GitRef::tag(tag).filter(|_| branch.is_none_or(|branch| branch == tag)),
        None => branch.and_then(GitRef::branch),
    };
    match event {
        "push" => RunKind::on(git_ref, RunKind::Push, "a push"),
        "cron" => RunKind::on(git_ref, RunKind::Other, "a scheduled build"),
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
                "TRAVIS_EVENT_TYPE=push TRAVIS_PULL_REQUEST=false TRAVIS_BRANCH=main",
                RunKind::Push(branch("main")),
            ),
            (
                "TRAVIS_EVENT_TYPE=push TRAVIS_PULL_REQUEST=false TRAVIS_BRANCH=v1 TRAVIS_TAG=v1",
                RunKind::Push(tag("v1")),
            ),
            (
                "TRAVIS_EVENT_TYPE=cron TRAVIS_PULL_REQUEST=false TRAVIS_BRANCH=main",
                RunKind::Other(branch("main")),
            ),
            // The branch of a request is the one it is for.
            (
                "TRAVIS_EVENT_TYPE=pull_request TRAVIS_PULL_REQUEST=5 TRAVIS_BRANCH=main",
                request("5"),
            ),
            (
                "TRAVIS_EVENT_TYPE=push TRAVIS_PULL_REQUEST=5 TRAVIS_BRANCH=main",
                request("5"),
            ),
            (
                "TRAVIS_EVENT_TYPE=pull_request TRAVIS_PULL_REQUEST=false TRAVIS_BRANCH=main",
                RunKind::PullRequest(None),
            ),
            (
                "TRAVIS_EVENT_TYPE=pull_request TRAVIS_BRANCH=main",
                RunKind::PullRequest(None),
            ),
            (
                "TRAVIS_EVENT_TYPE=api TRAVIS_PULL_REQUEST=false TRAVIS_BRANCH=main",
                RunKind::Unknown,
            ),
            ("TRAVIS_EVENT_TYPE=push TRAVIS_BRANCH=main", RunKind::Unknown),
            ("TRAVIS_PULL_REQUEST=false TRAVIS_BRANCH=main", RunKind::Unknown),
            (
                "TRAVIS_EVENT_TYPE=push TRAVIS_PULL_REQUEST=false TRAVIS_BRANCH=main TRAVIS_TAG=v1",
                RunKind::Unknown,
            ),
        ] {
            assert_eq!(kind("TRAVIS=true", variables), expected, "{variables}");
        }
    }
}
