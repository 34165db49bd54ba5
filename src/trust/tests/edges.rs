//! Edge cases: runs without a warning, large files of CI systems, and hostile names of events.

use std::collections::HashSet;
use std::fs;

use super::*;
use crate::config::environment::Environment;
use crate::scope::{Scope, ScopeName};

/// Larger than what a careless limit would read.
const LARGE: usize = 2 << 20;

#[test]
fn runs_that_lack_nothing_are_not_warned() {
    let without_key = |policy| config(policy, false);
    let isolated = without_key(TrustPolicy::Isolated);
    let quiet = |trust: &TrustConfig, kind| assert_eq!(decide(trust, &run(kind)).warnings, []);
    quiet(&isolated, RunKind::Push(branch("feat")));
    quiet(&isolated, RunKind::Push(tag("main")));
    // A scope of its own would store nothing either.
    quiet(&without_key(TrustPolicy::TrunkOnly), RunKind::Unknown);
    let named = TrustConfig {
        scope: Some(Scope::Untrusted(ScopeName::pull_request("12"))),
        ..isolated
    };
    quiet(&named, RunKind::Unknown);
    quiet(&named, RunKind::Push(branch("feat")));
}

#[test]
fn every_warning_has_a_title_of_its_own_that_names_what_it_is_about() {
    let name = || KeyName::parse("main-2026").unwrap();
    let named = [
        (TrustWarning::KeyExposed("a release".into()), "a release"),
        (TrustWarning::KeyNotListed(name()), "main-2026"),
        (TrustWarning::KeyUnused(name()), "main-2026"),
        (TrustWarning::KeyMissing(branch("main")), "branch main"),
        (TrustWarning::KeyFileReadable("/keys/main".into()), "/keys/main"),
        (TrustWarning::KeyMissingForScope, "NX_S3_CACHE_TRUST_SCOPE"),
        (TrustWarning::ScopeRefused("x".into()), "NX_S3_CACHE_TRUST_SCOPE"),
        (
            TrustWarning::ScopeNameRefused("x".into()),
            "NX_S3_CACHE_TRUST_SCOPE",
        ),
        (TrustWarning::Shared, "poison"),
        (TrustWarning::NotRecognized("x".into()), "signing key"),
        (TrustWarning::ScopeMissing("x".into()), "not recognized"),
    ];
    for (warning, part) in &named {
        assert!(warning.title().contains(part), "{}", warning.title());
    }
    let titles: HashSet<String> = named.iter().map(|(warning, _)| warning.title()).collect();
    assert_eq!(titles.len(), named.len());
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
