//! CircleCI: `CIRCLE_BRANCH` or `CIRCLE_TAG`; requests are told by several variables, those of forks by the branch
//! `pull/<number>` too. Projects of the GitHub App, of GitLab and of self-hosted Bitbucket don't have all of these
//! variables. They have no `CIRCLE_REPOSITORY_URL` either: without it, what looks like a push may be a request.
//! <https://circleci.com/docs/reference/variables/>

use super::super::facts::{Found, RunKind, branch_or_tag, first};
use crate::config::environment::Environment;

const REQUEST: [&str; 5] = [
    "CIRCLE_PR_NUMBER",
    "CIRCLE_PULL_REQUEST",
    "CIRCLE_PULL_REQUESTS",
    "CIRCLE_PR_USERNAME",
    "CIRCLE_PR_REPONAME",
];

pub(super) fn facts(environment: &Environment) -> Found {
    let branch = environment.get("CIRCLE_BRANCH");
    let fork = branch.and_then(|branch| branch.strip_prefix("pull/"));
    if first(environment, &REQUEST).is_some() || fork.is_some() {
        let address = environment.get("CIRCLE_PULL_REQUEST");
        let of_address = address.and_then(|address| address.rsplit('/').next());
        let number = environment.get("CIRCLE_PR_NUMBER").or(of_address).or(fork);
        return match fork {
            Some(_) => RunKind::pull_request(number),
            None => RunKind::request_or_push(number, branch),
        };
    }
    if environment.get("CIRCLE_REPOSITORY_URL").is_none() {
        return RunKind::Unknown
            .because("without CIRCLE_REPOSITORY_URL, so that a push can't be told from a pull request");
    }
    let git_ref = branch_or_tag(branch, environment.get("CIRCLE_TAG"));
    RunKind::on(git_ref, RunKind::Push, "a push")
}

#[cfg(test)]
mod tests {
    use super::super::testing::check;

    #[test]
    fn tells_what_kind_of_run_this_is() {
        check(
            "CIRCLECI=true",
            "CIRCLE_",
            "
            # Only projects of GitHub OAuth and Bitbucket Cloud have its URL.
            BRANCH=main REPOSITORY_URL=git@github.com:o/r.git => push of branch main
            TAG=v1 REPOSITORY_URL=git@github.com:o/r.git => push of tag v1
            # A push and a request at once.
            BRANCH=feat PULL_REQUEST=https://github.com/o/r/pull/5 => branch feat with request 5
            # As a project of the GitHub App has it for requests too, whose branch in a fork may be called main.
            BRANCH=main => unknown
            TAG=v1 => unknown
            # A fork's, with and without the other variables.
            BRANCH=pull/5 PR_NUMBER=5 PR_USERNAME=eve PR_REPONAME=r => request 5
            BRANCH=pull/5 => request 5
            BRANCH=pull/5/head => request
            BRANCH=main PR_USERNAME=eve => request
            BRANCH=main PULL_REQUESTS=https://github.com/o/r/pull/5,https://github.com/o/r/pull/6 => request
            BRANCH=main TAG=v1 REPOSITORY_URL=git@github.com:o/r.git => unknown
            SHA1=0123456 REPOSITORY_URL=git@github.com:o/r.git => unknown",
        );
    }
}
