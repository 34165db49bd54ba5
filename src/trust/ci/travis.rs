//! Travis CI: `TRAVIS_EVENT_TYPE`, `TRAVIS_PULL_REQUEST` (a number or `false`), `TRAVIS_BRANCH` (of a request, the branch it is
//! for), `TRAVIS_TAG`.
//! <https://docs.travis-ci.com/user/environment-variables/>

use super::super::facts::{Found, RunKind, tag_or_branch};
use crate::config::environment::Environment;

pub(super) fn facts(environment: &Environment) -> Found {
    let event = environment.get("TRAVIS_EVENT_TYPE").unwrap_or_default();
    match environment.get("TRAVIS_PULL_REQUEST") {
        Some("false") if event != "pull_request" => {}
        None if event != "pull_request" => return RunKind::Unknown.because("TRAVIS_PULL_REQUEST is missing"),
        number => return RunKind::pull_request(number),
    }
    let branch = environment.get("TRAVIS_BRANCH");
    let git_ref = tag_or_branch(environment.get("TRAVIS_TAG"), branch);
    match event {
        "push" => RunKind::on(git_ref, RunKind::Push, "a push"),
        "cron" => RunKind::on(git_ref, RunKind::Other, "a scheduled build"),
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
            "TRAVIS=true",
            "TRAVIS_",
            "
            EVENT_TYPE=push PULL_REQUEST=false BRANCH=main => push of branch main
            EVENT_TYPE=push PULL_REQUEST=false BRANCH=v1 TAG=v1 => push of tag v1
            EVENT_TYPE=cron PULL_REQUEST=false BRANCH=main => other of branch main
            # The branch of a request is the one it is for.
            EVENT_TYPE=pull_request PULL_REQUEST=5 BRANCH=main => request 5
            EVENT_TYPE=push PULL_REQUEST=5 BRANCH=main => request 5
            EVENT_TYPE=pull_request PULL_REQUEST=false BRANCH=main => request
            EVENT_TYPE=pull_request BRANCH=main => request
            EVENT_TYPE=api PULL_REQUEST=false BRANCH=main => unknown
            EVENT_TYPE=push BRANCH=main => unknown
            PULL_REQUEST=false BRANCH=main => unknown
            EVENT_TYPE=push PULL_REQUEST=false BRANCH=main TAG=v1 => unknown",
        );
    }
}
