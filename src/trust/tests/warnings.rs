//! What the user is warned of.

use std::collections::HashSet;
use std::path::PathBuf;

use super::*;
use crate::config::environment::Environment;
use crate::scope::{Scope, ScopeName};

/// The warnings of a run that holds the key.
fn warnings(kind: RunKind) -> Vec<TrustWarning> {
    decide(&config(TrustPolicy::Isolated, true), &run(kind)).warnings
}

#[test]
fn a_key_where_it_does_not_belong_is_a_loud_warning() {
    for kind in [
        request(),
        RunKind::PullRequest(None),
        RunKind::BranchWithRequest(branch("main"), "12".into()),
        RunKind::Outside,
        RunKind::Push(branch("feat")),
        RunKind::Unprotected(branch("main")),
        RunKind::Developer,
    ] {
        assert_eq!(
            warnings(kind.clone()),
            [TrustWarning::KeyExposed("a run".into())],
            "{kind:?}"
        );
    }
    assert_eq!(
        warnings(RunKind::Unknown),
        [TrustWarning::NotRecognized("This is a run.".into())]
    );
    // One whose job says that it is not to be trusted.
    let named = TrustConfig {
        scope: Some(Scope::Untrusted(ScopeName::pull_request("12"))),
        ..config(TrustPolicy::Isolated, true)
    };
    assert_eq!(
        decide(&named, &run(RunKind::Unknown)).warnings,
        [TrustWarning::KeyExposed("a run".into())]
    );
    // Scheduled runs of the trunk may hold it, though they don't use it.
    for kind in [RunKind::Push(branch("main")), RunKind::Other(branch("main"))] {
        assert_eq!(warnings(kind), []);
    }
}

#[test]
fn a_missing_key_an_unused_key_and_a_readable_file_are_reported() {
    let without = config(TrustPolicy::Isolated, false);
    let push = run(RunKind::Push(branch("main")));
    assert_eq!(
        decide(&without, &push).warnings,
        [TrustWarning::KeyMissing(branch("main"))]
    );
    assert_eq!(decide(&without, &run(request())).warnings, []);
    assert_eq!(
        decide(&without, &run(RunKind::Unknown)).warnings,
        [TrustWarning::ScopeMissing("This is a run.".into())]
    );
    let unused = TrustConfig {
        signing_key: Some(key("main")),
        ..TrustConfig::default()
    };
    let message = decide(&unused, &run(request())).warnings;
    let exposed = TrustWarning::KeyExposed("a run".into());
    let name = KeyName::parse("main").unwrap();
    assert_eq!(
        message,
        [TrustWarning::Shared, exposed, TrustWarning::KeyUnused(name)]
    );
    let path = PathBuf::from("/keys/main");
    let readable = TrustConfig {
        readable_key_file: Some(path.clone()),
        ..config(TrustPolicy::Isolated, true)
    };
    assert_eq!(
        decide(&readable, &push).warnings,
        [TrustWarning::KeyFileReadable(path)]
    );
}

#[test]
fn whoever_needs_no_key_or_has_a_scope_is_not_asked_to_set_one() {
    let isolated = config(TrustPolicy::Isolated, false);
    let named = TrustConfig {
        scope: Some(Scope::Untrusted(ScopeName::pull_request("12"))),
        ..isolated.clone()
    };
    // A scope of its own would store nothing either.
    let trunk_only = config(TrustPolicy::TrunkOnly, false);
    let feature = || RunKind::Push(branch("feat"));
    for (trust, kind) in [
        (&isolated, feature()),
        (&isolated, RunKind::Push(tag("main"))),
        (&isolated, RunKind::Developer),
        (&named, RunKind::Unknown),
        (&named, feature()),
        (&trunk_only, RunKind::Unknown),
    ] {
        assert_eq!(decide(trust, &run(kind.clone())).warnings, [], "{kind:?}");
    }
}

#[test]
fn one_line_says_what_this_run_may_do_and_why() {
    let trust = config(TrustPolicy::Isolated, true);
    let push = [
        ("GITHUB_ACTIONS", "true"),
        ("GITHUB_EVENT_NAME", "push"),
        ("GITHUB_REF", "refs/heads/main"),
    ];
    assert_eq!(
        decide(&trust, &detect(&push.into(), true)).why,
        "trusted, with the key main-2026 (GitHub Actions, a push, branch main): reads t (verified), writes t"
    );
    let request = [("CIRCLECI", "true"), ("CIRCLE_BRANCH", "pull/12")];
    assert_eq!(
        decide(&trust, &detect(&request.into(), true)).why,
        "not trusted (CircleCI, pull request 12): reads t (verified) and u/pr-12, writes u/pr-12"
    );
    assert_eq!(
        decide(&trust, &detect(&Environment::default(), false)).why,
        "not trusted (a developer's machine): reads t (verified), writes nothing"
    );
}

#[test]
fn whoever_stores_nothing_is_warned() {
    let only = "So its results are not stored for others; it restores signed results only.";
    for warning in [
        TrustWarning::NotRecognized("x".into()),
        TrustWarning::ScopeMissing("x".into()),
        TrustWarning::KeyMissing(branch("main")),
        TrustWarning::KeyMissingForScope,
        TrustWarning::ScopeNameRefused("x".into()),
        TrustWarning::Daemon,
    ] {
        assert!(warning.body().contains(&only.to_owned()), "{warning:?}");
    }
}

#[test]
fn every_warning_says_in_a_line_of_its_own_what_happened_and_then_what_to_do() {
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
        (TrustWarning::Daemon, "daemon"),
    ];
    for (warning, part) in &named {
        let title = warning.title();
        assert!(
            title.contains(part) && title.contains(' ') && !title.contains('\n'),
            "{title}"
        );
        assert!(!warning.body().is_empty(), "{title}");
    }
    let titles: HashSet<String> = named.iter().map(|(warning, _)| warning.title()).collect();
    assert_eq!(titles.len(), named.len());
}
