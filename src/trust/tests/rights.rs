//! The table, row by row.

use super::*;
use crate::scope::{Scope, ScopeName};

const OWN_PR: &str = "t (verified) u/pr-12 > u/pr-12";
const OWN_FEAT: &str = "t (verified) u/branch-feat > u/branch-feat";
const TRUSTED: &str = "t (verified) > t signed";
const READS: &str = "t (verified) > -";

/// Every kind of run, and what it may do under `isolated` with and without the key.
fn table() -> Vec<(RunKind, &'static str, &'static str)> {
    vec![
        (RunKind::Push(branch("main")), TRUSTED, READS),
        (RunKind::Push(branch("release/1.x")), TRUSTED, READS),
        (RunKind::Push(tag("v1.0")), TRUSTED, READS),
        // Listed are the branch main and tags beginning with v.
        (RunKind::Push(tag("main")), READS, READS),
        (RunKind::Push(branch("feat")), OWN_FEAT, OWN_FEAT),
        (RunKind::Unprotected(branch("feat")), OWN_FEAT, OWN_FEAT),
        (RunKind::Unprotected(branch("main")), READS, READS),
        (RunKind::Unprotected(tag("feat")), READS, READS),
        (RunKind::Other(branch("main")), READS, READS),
        (RunKind::Other(branch("feat")), READS, READS),
        (RunKind::Other(tag("v1.0")), READS, READS),
        (request(), OWN_PR, OWN_PR),
        (RunKind::PullRequest(None), READS, READS),
        (
            RunKind::BranchWithRequest(branch("feat"), "12".into()),
            OWN_PR,
            OWN_PR,
        ),
        // A request from main to another branch: such a run may deploy main.
        (
            RunKind::BranchWithRequest(branch("main"), "12".into()),
            READS,
            READS,
        ),
        (RunKind::Outside, READS, READS),
        (RunKind::Unknown, READS, READS),
        (RunKind::Developer, READS, READS),
    ]
}

#[test]
fn isolated_runs_follow_the_table() {
    for (kind, with_key, without) in table() {
        for (has_key, expected) in [(true, with_key), (false, without)] {
            let access = decide(&config(TrustPolicy::Isolated, has_key), &run(kind.clone()));
            assert_eq!(rights(&access), expected, "{kind:?}, key: {has_key}");
        }
    }
}

#[test]
fn trunk_only_runs_that_are_not_trusted_write_nothing_and_read_only_what_is_signed() {
    for (kind, with_key, _) in table() {
        let access = decide(&config(TrustPolicy::TrunkOnly, true), &run(kind.clone()));
        let expected = if with_key == TRUSTED { TRUSTED } else { READS };
        assert_eq!(rights(&access), expected, "{kind:?}");
        assert_eq!(
            rights(&decide(&config(TrustPolicy::TrunkOnly, false), &run(kind))),
            READS
        );
    }
}

#[test]
fn shared_runs_all_do_the_same_and_ci_is_warned_what_that_means() {
    let config = TrustConfig::default();
    for (kind, ..) in table() {
        let access = decide(&config, &run(kind.clone()));
        assert_eq!(rights(&access), "t > t", "{kind:?}");
        let in_ci = kind != RunKind::Developer;
        assert_eq!(access.warnings.contains(&TrustWarning::Shared), in_ci, "{kind:?}");
    }
    let message = TrustWarning::Shared.body().join("\n");
    assert!(
        message.contains("nx g @nx/s3-cache:trust") && message.contains("CVE-2025-36852"),
        "{message}"
    );
}

#[test]
fn a_key_that_is_not_listed_is_no_key() {
    for name in ["main-2026", "main-2025"] {
        let config = TrustConfig {
            signing_key: Some(key(name)),
            ..config(TrustPolicy::Isolated, false)
        };
        let access = decide(&config, &run(RunKind::Push(branch("main"))));
        assert_eq!(rights(&access), READS);
        assert_eq!(
            access.warnings,
            [TrustWarning::KeyNotListed(KeyName::parse(name).unwrap())]
        );
    }
}

fn with_scope(scope: Scope, has_key: bool) -> TrustConfig {
    TrustConfig {
        scope: Some(scope),
        ..config(TrustPolicy::Isolated, has_key)
    }
}

#[test]
fn the_environment_can_ask_for_trust_where_nothing_is_known_to_speak_against_it() {
    for kind in [
        RunKind::Push(branch("main")),
        RunKind::Other(branch("main")),
        RunKind::Unknown,
        RunKind::Developer,
    ] {
        let access = decide(&with_scope(Scope::Trusted, true), &run(kind.clone()));
        assert_eq!(
            (rights(&access).as_str(), access.warnings.len()),
            (TRUSTED, 0),
            "{kind:?}"
        );
        let without = decide(&with_scope(Scope::Trusted, false), &run(kind.clone()));
        assert!(
            without.writes != Some(Scope::Trusted) && without.warnings.len() == 1,
            "{kind:?}"
        );
    }
}

#[test]
fn the_environment_can_not_make_trusted_what_is_known_not_to_be() {
    for kind in [
        request(),
        RunKind::PullRequest(None),
        RunKind::BranchWithRequest(branch("main"), "12".into()),
        RunKind::Outside,
        RunKind::Unprotected(branch("main")),
        RunKind::Push(branch("feat")),
        RunKind::Other(branch("feat")),
    ] {
        let access = decide(&with_scope(Scope::Trusted, true), &run(kind.clone()));
        assert!(access.writes != Some(Scope::Trusted) && !access.sign, "{kind:?}");
        let refused = access
            .warnings
            .iter()
            .any(|warning| matches!(warning, TrustWarning::ScopeRefused(_)));
        assert!(refused, "{kind:?}");
    }
}

/// What a run with and without the key may do when the environment names the scope `u/branch-main`.
fn when_named(kind: &RunKind) -> [Access; 2] {
    let scope = Scope::Untrusted(ScopeName::parse("branch-main").unwrap());
    [true, false].map(|has_key| decide(&with_scope(scope.clone(), has_key), &run(kind.clone())))
}

#[test]
fn the_environment_names_the_scope_of_a_run_that_has_one_or_is_not_recognized() {
    for kind in [
        request(),
        RunKind::BranchWithRequest(branch("feat"), "12".into()),
        RunKind::Push(branch("feat")),
        RunKind::Unprotected(branch("feat")),
        RunKind::Unknown,
    ] {
        for access in when_named(&kind) {
            let expected = "t (verified) u/branch-main > u/branch-main";
            assert_eq!(rights(&access), expected, "{kind:?}");
            let refused = |warning: &TrustWarning| matches!(warning, TrustWarning::ScopeNameRefused(_));
            assert!(!access.warnings.iter().any(refused), "{kind:?}");
        }
    }
}

/// Nor does it choose which poison such a run would restore: anybody may have written it there.
#[test]
fn the_environment_gives_no_scope_to_a_run_that_has_none() {
    for kind in [
        RunKind::Push(branch("main")),
        RunKind::Push(tag("v1.0")),
        RunKind::Push(tag("feat")),
        RunKind::Other(branch("main")),
        RunKind::Other(branch("feat")),
        RunKind::Unprotected(branch("main")),
        RunKind::PullRequest(None),
        RunKind::BranchWithRequest(branch("main"), "12".into()),
        RunKind::Outside,
        RunKind::Developer,
    ] {
        for access in when_named(&kind) {
            assert_eq!(rights(&access), READS, "{kind:?}");
            let refused = TrustWarning::ScopeNameRefused("This is a run.".into());
            assert!(
                access.warnings.contains(&refused),
                "{kind:?}: {:?}",
                access.warnings
            );
        }
    }
}

#[test]
fn the_environment_gives_no_scope_where_only_the_trunk_stores() {
    let trunk_only = TrustConfig {
        policy: TrustPolicy::TrunkOnly,
        ..with_scope(Scope::Untrusted(ScopeName::pull_request("12")), false)
    };
    for kind in [RunKind::Unknown, request()] {
        let access = decide(&trunk_only, &run(kind));
        assert_eq!(rights(&access), READS);
        let [TrustWarning::ScopeNameRefused(why)] = &access.warnings[..] else {
            panic!("{:?}", access.warnings)
        };
        assert!(why.contains("trunk-only"), "{why}");
    }
}

const PUSH: [(&str, &str); 5] = [
    ("GITHUB_ACTIONS", "true"),
    ("GITHUB_EVENT_NAME", "push"),
    ("GITHUB_REF", "refs/heads/main"),
    ("ACTIONS_ID_TOKEN_REQUEST_URL", "https://issuer.test"),
    ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "secret"),
];

/// Served by Nx's daemon: its facts may be those of another run.
fn served(kind: RunKind) -> RunFacts {
    run(kind).of_daemon()
}

#[test]
fn a_run_of_the_daemon_never_signs_or_certifies_writes_nothing_and_reads_only_what_is_verified() {
    let of_identity = TrustConfig {
        rules: rules(&["github:acme/shop"]),
        ..TrustConfig::default()
    };
    let named = Scope::Untrusted(ScopeName::pull_request("12"));
    for trust in [
        config(TrustPolicy::Isolated, true),
        config(TrustPolicy::Isolated, false),
        config(TrustPolicy::TrunkOnly, true),
        with_scope(Scope::Trusted, true),
        with_scope(named, true),
        TrustConfig {
            policy: TrustPolicy::Isolated,
            ..of_identity
        },
    ] {
        for facts in [
            detect(&PUSH.into(), true).of_daemon(),
            served(request()),
            served(RunKind::Push(branch("feat"))),
            served(RunKind::Unknown),
            served(RunKind::Developer),
        ] {
            assert_eq!(rights(&decide(&trust, &facts)), READS, "{facts:?}");
        }
    }
}

#[test]
fn a_run_of_the_daemon_in_ci_is_warned_once_with_the_remedy_and_a_developer_is_not() {
    let trust = config(TrustPolicy::Isolated, true);
    for facts in [detect(&PUSH.into(), true).of_daemon(), served(request())] {
        assert_eq!(decide(&trust, &facts).warnings, [TrustWarning::Daemon]);
    }
    let message = TrustWarning::Daemon.body().join("\n");
    assert!(message.contains("NX_DAEMON=false"), "{message}");
    let without = config(TrustPolicy::Isolated, false);
    assert_eq!(decide(&without, &served(RunKind::Developer)).warnings, []);
    let asked = decide(&with_scope(Scope::Trusted, true), &served(RunKind::Developer));
    assert_eq!(asked.warnings, [TrustWarning::Daemon]);
}

#[test]
fn without_keys_the_daemon_makes_no_difference() {
    let facts = served(RunKind::Developer);
    assert_eq!(rights(&decide(&TrustConfig::default(), &facts)), "t > t");
}
