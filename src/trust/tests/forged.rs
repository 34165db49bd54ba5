//! Environments that contradict themselves or are made up.

use std::fs;

use proptest::prelude::*;

use super::*;
use crate::config::environment::Environment;
use crate::scope::{Scope, ScopeName};

/// Larger than what a careless limit would read.
const LARGE: usize = 2 << 20;

#[test]
fn two_systems_at_once_are_none_and_a_request_in_either_stays_one() {
    let github = [
        ("GITHUB_ACTIONS", "true"),
        ("GITHUB_EVENT_NAME", "push"),
        ("GITHUB_REF", "refs/heads/main"),
    ];
    let with = |others: &[(&'static str, &'static str)]| {
        let all = github.iter().chain(others).copied();
        detect(&all.collect(), true)
    };
    assert_eq!(with(&[]).kind, RunKind::Push(branch("main")));
    let both = with(&[("GITLAB_CI", "true")]);
    assert_eq!(both.system, System::UnknownCi);
    assert_eq!(
        with(&[
            ("CIRCLECI", "true"),
            ("CIRCLE_BRANCH", "main"),
            ("CIRCLE_REPOSITORY_URL", "git@github.com:o/r.git"),
        ])
        .kind,
        RunKind::Unknown
    );
    assert_eq!(
        with(&[("CIRCLECI", "true"), ("CIRCLE_BRANCH", "pull/1")]).kind,
        RunKind::Outside
    );
}

#[test]
fn a_ci_system_is_one_even_if_nobody_calls_it_so() {
    let push = [
        ("GITHUB_ACTIONS", "true"),
        ("GITHUB_EVENT_NAME", "push"),
        ("GITHUB_REF", "refs/heads/main"),
    ];
    assert_eq!(detect(&push.into(), false).kind, RunKind::Push(branch("main")));
    assert_eq!(detect(&Environment::default(), true).kind, RunKind::Unknown);
    let machine = detect(&[("USER", "ada")].into(), false);
    assert_eq!(
        (machine.system, machine.kind),
        (System::Developer, RunKind::Developer)
    );
}

#[test]
fn an_events_name_is_shown_without_what_a_terminal_would_obey() {
    for (name, shown) in [
        ("issue_comment", "issue_comment"),
        ("x\u{1b}[2J y-z\n1", "x2Jyz1"),
    ] {
        let environment = [("GITHUB_ACTIONS", "true"), ("GITHUB_EVENT_NAME", name)];
        assert_eq!(
            detect(&environment.into(), true).reason,
            format!("GitHub Actions, the event {shown}, which others can cause")
        );
    }
}

#[test]
fn a_large_payload_of_an_event_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("event.json");
    let payload = format!(r#"{{"padding": "{}", "pull_request": {{}}}}"#, "x".repeat(LARGE));
    fs::write(&path, payload).unwrap();
    let environment = Environment::from([
        ("GITHUB_ACTIONS", "true"),
        ("GITHUB_EVENT_NAME", "push"),
        ("GITHUB_REF", "refs/heads/main"),
        ("GITHUB_EVENT_PATH", path.to_str().unwrap()),
    ]);
    assert_eq!(detect(&environment, true).kind, RunKind::PullRequest(None));
}

#[test]
fn large_parameters_of_a_build_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let (build, configuration) = (folder.path().join("build"), folder.path().join("configuration"));
    let leads_to = configuration.to_str().unwrap().replace('\\', "\\\\");
    fs::write(
        &build,
        format!("teamcity.configuration.properties.file={leads_to}\n"),
    )
    .unwrap();
    let padding = format!("padding={}\n", "x".repeat(LARGE));
    fs::write(
        &configuration,
        padding + "teamcity.build.vcs.branch.shop=refs/heads/main\n",
    )
    .unwrap();
    let environment = Environment::from([
        ("TEAMCITY_VERSION", "2026.1"),
        ("TEAMCITY_BUILD_PROPERTIES_FILE", build.to_str().unwrap()),
    ]);
    assert_eq!(detect(&environment, true).kind, RunKind::Push(branch("main")));
}

/// Variables that CI systems set, and values that make sense for one of them.
fn any_environment() -> impl Strategy<Value = Vec<(&'static str, String)>> {
    let names = [
        "GITHUB_ACTIONS",
        "GITHUB_EVENT_NAME",
        "GITHUB_REF",
        "GITHUB_HEAD_REF",
        "GITHUB_EVENT_PATH",
        "GITHUB_REF_TYPE",
        "GITLAB_CI",
        "CI_PIPELINE_SOURCE",
        "CI_COMMIT_BRANCH",
        "CI_COMMIT_TAG",
        "CI_COMMIT_REF_PROTECTED",
        "CI_MERGE_REQUEST_IID",
        "CI_EXTERNAL_PULL_REQUEST_IID",
        "CIRCLECI",
        "CIRCLE_BRANCH",
        "CIRCLE_TAG",
        "CIRCLE_PULL_REQUEST",
        "CIRCLE_REPOSITORY_URL",
        "JENKINS_URL",
        "BRANCH_NAME",
        "TAG_NAME",
        "CHANGE_ID",
        "TF_BUILD",
        "BUILD_REASON",
        "BUILD_SOURCEBRANCH",
        "SYSTEM_PULLREQUEST_PULLREQUESTID",
        "BITBUCKET_BUILD_NUMBER",
        "BITBUCKET_BRANCH",
        "BITBUCKET_PR_ID",
        "BUILDKITE",
        "BUILDKITE_BRANCH",
        "BUILDKITE_SOURCE",
        "BUILDKITE_PULL_REQUEST",
        "TEAMCITY_VERSION",
        "TEAMCITY_BUILD_PROPERTIES_FILE",
        "TRAVIS",
        "TRAVIS_EVENT_TYPE",
        "TRAVIS_PULL_REQUEST",
        "TRAVIS_BRANCH",
        "USER",
    ];
    let value = prop_oneof![
        3 => proptest::sample::select(vec![
            "true", "false", "push", "webhook", "main", "refs/heads/main", "refs/tags/v1", "refs/pull/5/merge", "5",
            "branch", "pull_request", "workflow_dispatch", "schedule", "IndividualCI", "/", "",
        ]).prop_map(str::to_owned),
        1 => ".*",
    ];
    prop::collection::vec((proptest::sample::select(names.to_vec()), value), 0..12)
}

fn any_scope() -> impl Strategy<Value = Option<Scope>> {
    prop_oneof![
        Just(None),
        Just(Some(Scope::Trusted)),
        Just(Some(Scope::Untrusted(ScopeName::pull_request("1"))))
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn no_environment_without_the_key_writes_to_the_trusted_scope(
        variables in any_environment(), scope in any_scope(), ci: bool, trunk_only: bool,
    ) {
        let policy = if trunk_only { TrustPolicy::TrunkOnly } else { TrustPolicy::Isolated };
        let trust = TrustConfig { scope, ..config(policy, false) };
        let environment = variables.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let access = decide(&trust, &detect(&environment, ci));
        prop_assert_ne!(&access.writes, &Some(Scope::Trusted));
        prop_assert!(!access.sign && !access.why.contains('\n'));
        // And whoever reads the trusted scope verifies it; nobody reads what somebody else writes.
        for read in &access.reads {
            prop_assert!(read.verified == (read.scope == Scope::Trusted));
            prop_assert!(read.verified || access.writes.as_ref() == Some(&read.scope));
            // What is not named by the job is never that of a listed branch, or of a tag.
            let name = read.scope.to_string();
            prop_assert!(name != "u/branch-main" && !name.starts_with("u/tag-"), "{}", name);
        }
    }

    #[test]
    fn a_request_does_not_write_to_the_trusted_scope_whatever_else_is_set_and_asked_for(
        variables in any_environment(), scope in any_scope(),
        request in proptest::sample::select(vec![
            ("GITHUB_ACTIONS", "GITHUB_HEAD_REF"), ("GITLAB_CI", "CI_MERGE_REQUEST_IID"),
            ("CIRCLECI", "CIRCLE_PR_NUMBER"), ("JENKINS_URL", "CHANGE_ID"),
            ("TF_BUILD", "SYSTEM_PULLREQUEST_PULLREQUESTID"), ("BITBUCKET_BUILD_NUMBER", "BITBUCKET_PR_ID"),
        ]),
    ) {
        let trust = TrustConfig { scope, ..config(TrustPolicy::Isolated, true) };
        let all = variables.iter().map(|(name, value)| (*name, value.as_str()));
        let environment = all.chain([(request.0, "true"), (request.1, "5"), ("GITHUB_EVENT_NAME", "push")]);
        let access = decide(&trust, &detect(&environment.collect(), true));
        prop_assert_ne!(&access.writes, &Some(Scope::Trusted));
    }
}
