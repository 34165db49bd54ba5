//! The table, row by row.

use super::*;
use crate::scope::{Scope, ScopeName};

const OWN_PR: &str = "t (verified) u/pr-12 > u/pr-12";
const OWN_MAIN: &str = "t (verified) u/branch-main > u/branch-main";
const OWN_FEAT: &str = "t (verified) u/branch-feat > u/branch-feat";
const TRUSTED: &str = "t (verified) > t signed";
const READS: &str = "t (verified) > -";

/// Every kind of run, and what it may do under `isolated` with and without the key.
fn table() -> Vec<(RunKind, &'static str, &'static str)> {
    vec![
        (RunKind::Push(branch("main")), TRUSTED, OWN_MAIN),
        (
            RunKind::Push(branch("release/1.x")),
            TRUSTED,
            "t (verified) u/branch-release-1.x_ > same",
        ),
        (
            RunKind::Push(tag("v1.0")),
            TRUSTED,
            "t (verified) u/tag-v1.0 > u/tag-v1.0",
        ),
        (RunKind::Push(branch("feat")), OWN_FEAT, OWN_FEAT),
        (
            RunKind::Push(tag("main")),
            "t (verified) u/tag-main > u/tag-main",
            "t (verified) u/tag-main > u/tag-main",
        ),
        (RunKind::Other(branch("main")), OWN_MAIN, OWN_MAIN),
        (RunKind::Unprotected(branch("main")), OWN_MAIN, OWN_MAIN),
        (request(), OWN_PR, OWN_PR),
        (RunKind::PullRequest(None), READS, READS),
        (RunKind::Outside, READS, READS),
        (RunKind::Unknown, READS, READS),
        (RunKind::Developer(Some("ada".into())), READS, READS),
        (RunKind::Developer(None), READS, READS),
    ]
}

#[test]
fn isolated_runs_follow_the_table() {
    for (kind, with_key, without) in table() {
        for (has_key, expected) in [(true, with_key), (false, without)] {
            let access = decide(&config(TrustPolicy::Isolated, has_key), &run(kind.clone()));
            let found = rights(&access);
            match expected.strip_suffix(" > same") {
                Some(start) => assert!(found.starts_with(start), "{kind:?}: {found}"),
                None => assert_eq!(found, expected, "{kind:?}, key: {has_key}"),
            }
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
fn shared_runs_all_do_the_same_and_ci_is_told_what_that_means() {
    let config = TrustConfig::default();
    for (kind, ..) in table() {
        let access = decide(&config, &run(kind.clone()));
        assert_eq!(rights(&access), "t > t", "{kind:?}");
        let in_ci = !matches!(kind, RunKind::Developer(_));
        assert_eq!(access.warnings.contains(&TrustWarning::Shared), in_ci, "{kind:?}");
    }
    let told = TrustWarning::Shared.body().join("\n");
    assert!(
        told.contains("nx g @nx/s3-cache:trust") && told.contains("CVE-2025-36852"),
        "{told}"
    );
}

#[test]
fn developers_write_when_asked_each_to_a_scope_of_their_own() {
    let config = TrustConfig {
        dev_writes: true,
        ..config(TrustPolicy::Isolated, false)
    };
    let rights_of = |user: Option<&str>| {
        let kind = RunKind::Developer(user.map(str::to_owned));
        rights(&decide(&config, &run(kind)))
    };
    assert_eq!(rights_of(Some("ada")), "t (verified) u/dev-ada > u/dev-ada");
    // Two without a name would share.
    assert_eq!(rights_of(None), READS);
    // It is no licence for anybody else.
    assert_eq!(rights(&decide(&config, &run(RunKind::Unknown))), READS);
}

#[test]
fn a_key_that_is_not_listed_is_no_key() {
    for name in ["main-2026", "main-2025"] {
        let config = TrustConfig {
            signing_key: Some(key(name)),
            ..config(TrustPolicy::Isolated, false)
        };
        let access = decide(&config, &run(RunKind::Push(branch("main"))));
        assert_eq!(rights(&access), OWN_MAIN);
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
        RunKind::Developer(None),
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

#[test]
fn the_environment_can_choose_any_scope_that_is_not_trusted() {
    let scope = Scope::Untrusted(ScopeName::parse("team-x").unwrap());
    for kind in [
        RunKind::Unknown,
        RunKind::Push(branch("main")),
        request(),
        RunKind::Developer(None),
    ] {
        let access = decide(&with_scope(scope.clone(), true), &run(kind.clone()));
        assert_eq!(rights(&access), "t (verified) u/team-x > u/team-x", "{kind:?}");
    }
    let trunk_only = TrustConfig {
        policy: TrustPolicy::TrunkOnly,
        ..with_scope(scope, false)
    };
    assert_eq!(rights(&decide(&trunk_only, &run(RunKind::Unknown))), READS);
}
