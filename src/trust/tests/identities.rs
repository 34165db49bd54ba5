//! What runs may do that have no key but an identity.

use super::*;
use crate::environment::Environment;
use crate::scope::Scope;

/// A configuration with an identity and no key.
fn keyless(identity: &str) -> TrustConfig {
    TrustConfig {
        rules: rules(&[identity]),
        policy: TrustPolicy::Isolated,
        ..TrustConfig::default()
    }
}

/// A run in GitHub Actions, which may ask for a token.
fn github(variables: &str) -> RunFacts {
    let token = "ACTIONS_ID_TOKEN_REQUEST_URL=https://token.example ACTIONS_ID_TOKEN_REQUEST_TOKEN=hush";
    detected(&format!("GITHUB_ACTIONS=true {token} {variables}"))
}

fn detected(variables: &str) -> RunFacts {
    let pairs = variables.split(' ').filter_map(|pair| pair.split_once('='));
    detect(&pairs.collect::<Environment>(), true)
}

const PUSH: &str = "GITHUB_EVENT_NAME=push GITHUB_REF=refs/heads/main";

#[test]
fn a_push_of_a_listed_branch_has_its_key_certified() {
    let access = decide(&keyless("github:acme/shop"), &github(PUSH));
    assert_eq!(
        (&*rights(&access), access.warnings.len()),
        ("t (verified) > t certified", 0)
    );
    assert!(matches!(access.certify, Some(TokenSource::GitHub { .. })));
    assert!(!format!("{access:?}").contains("hush"));
    let buildkite =
        "BUILDKITE=true BUILDKITE_PULL_REQUEST=false BUILDKITE_SOURCE=webhook BUILDKITE_BRANCH=main";
    let access = decide(&keyless("buildkite:acme/shop"), &detected(buildkite));
    assert_eq!(access.certify, Some(TokenSource::Buildkite));
}

#[test]
fn a_key_comes_before_an_identity() {
    let both = TrustConfig {
        rules: rules(&["github:acme/shop"]),
        ..config(TrustPolicy::Isolated, true)
    };
    assert_eq!(rights(&decide(&both, &github(PUSH))), "t (verified) > t signed");
    let without = TrustConfig {
        signing_key: None,
        ..both
    };
    assert_eq!(
        rights(&decide(&without, &github(PUSH))),
        "t (verified) > t certified"
    );
}

#[test]
fn pull_requests_and_everything_else_never_ask_for_a_token() {
    let keyless = keyless("github:acme/shop");
    for (variables, expected) in [
        (
            "GITHUB_EVENT_NAME=pull_request GITHUB_REF=refs/pull/5/merge",
            "t (verified) u/pr-5 > u/pr-5",
        ),
        (
            "GITHUB_EVENT_NAME=pull_request_target GITHUB_REF=refs/heads/main",
            "t (verified) > -",
        ),
        (
            "GITHUB_EVENT_NAME=workflow_run GITHUB_REF=refs/heads/main",
            "t (verified) > -",
        ),
        (
            "GITHUB_EVENT_NAME=push GITHUB_REF=refs/heads/feat",
            "t (verified) u/branch-feat > u/branch-feat",
        ),
        (
            "GITHUB_EVENT_NAME=schedule GITHUB_REF=refs/heads/main",
            "t (verified) > -",
        ),
    ] {
        let access = decide(&keyless, &github(variables));
        assert!(
            rights(&access).starts_with(expected) && access.certify.is_none(),
            "{variables}: {}",
            rights(&access)
        );
    }
    let developer = decide(&keyless, &run(RunKind::Developer));
    assert_eq!(
        (&*rights(&developer), developer.warnings.len()),
        ("t (verified) > -", 0)
    );
}

#[test]
fn other_events_are_trusted_where_they_are_listed() {
    let schedule = github("GITHUB_EVENT_NAME=schedule GITHUB_REF=refs/heads/main");
    let mut trust = keyless("github:acme/shop");
    assert_eq!(rights(&decide(&trust, &schedule)), "t (verified) > -");
    trust.rules.events = vec!["push".into(), "schedule".into()];
    assert_eq!(rights(&decide(&trust, &schedule)), "t (verified) > t certified");
    let elsewhere = github("GITHUB_EVENT_NAME=schedule GITHUB_REF=refs/heads/feat");
    assert!(decide(&trust, &elsewhere).certify.is_none());
}

#[test]
fn a_push_that_gets_no_token_stores_nothing_and_the_missing_permission_is_named() {
    let without = detected(&format!("GITHUB_ACTIONS=true {PUSH}"));
    let access = decide(&keyless("github:acme/shop"), &without);
    assert_eq!(rights(&access), "t (verified) > -");
    assert_eq!(access.warnings, [TrustWarning::TokenMissing(branch("main"))]);
    let message = access.warnings[0].body().join(" ");
    assert!(
        message.contains("permissions: { id-token: write, contents: read }"),
        "{message}"
    );
}

#[test]
fn a_push_in_a_system_of_which_no_identity_is_listed_is_warned() {
    for (variables, system) in [
        (
            "GITLAB_CI=true CI_PIPELINE_SOURCE=push CI_COMMIT_BRANCH=main CI_COMMIT_REF_PROTECTED=true",
            System::GitLab,
        ),
        (
            "BUILDKITE=true BUILDKITE_PULL_REQUEST=false BUILDKITE_SOURCE=webhook BUILDKITE_BRANCH=main",
            System::Buildkite,
        ),
    ] {
        let access = decide(&keyless("github:acme/shop"), &detected(variables));
        let warning = TrustWarning::IdentityMissing(branch("main"), system);
        assert_eq!(
            (rights(&access).as_str(), access.warnings),
            ("t (verified) > -", vec![warning]),
            "{variables}"
        );
    }
}

#[test]
fn asking_for_trust_needs_a_token_as_well() {
    let asked = TrustConfig {
        scope: Some(Scope::Trusted),
        ..keyless("github:acme/shop")
    };
    let schedule = "GITHUB_EVENT_NAME=schedule GITHUB_REF=refs/heads/main";
    assert_eq!(
        rights(&decide(&asked, &github(schedule))),
        "t (verified) > t certified"
    );
    let without = decide(&asked, &detected(&format!("GITHUB_ACTIONS=true {schedule}")));
    assert_eq!(rights(&without), "t (verified) > -");
    assert_eq!(without.warnings, [TrustWarning::KeyMissingForScope]);
}
