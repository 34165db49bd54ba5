//! Runs that Nx's daemon serves: their facts may be those of another run.

use super::*;
use crate::scope::{Scope, ScopeName};

const READS: &str = "t (verified) > -";

const PUSH: [(&str, &str); 5] = [
    ("GITHUB_ACTIONS", "true"),
    ("GITHUB_EVENT_NAME", "push"),
    ("GITHUB_REF", "refs/heads/main"),
    ("ACTIONS_ID_TOKEN_REQUEST_URL", "https://issuer.test"),
    ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "secret"),
];

fn served(kind: RunKind) -> RunFacts {
    run(kind).of_daemon()
}

fn asking(scope: Scope) -> TrustConfig {
    TrustConfig {
        scope: Some(scope),
        ..config(TrustPolicy::Isolated, true)
    }
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
        asking(Scope::Trusted),
        asking(named),
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
fn a_run_of_the_daemon_in_ci_is_told_the_remedy_once_and_a_developer_is_not() {
    let trust = config(TrustPolicy::Isolated, true);
    for facts in [detect(&PUSH.into(), true).of_daemon(), served(request())] {
        assert_eq!(decide(&trust, &facts).warnings, [TrustWarning::Daemon]);
    }
    let message = TrustWarning::Daemon.body().join("\n");
    assert!(message.contains("NX_DAEMON=false"), "{message}");
    let without = config(TrustPolicy::Isolated, false);
    assert_eq!(decide(&without, &served(RunKind::Developer)).warnings, []);
    let asked = decide(&asking(Scope::Trusted), &served(RunKind::Developer));
    assert_eq!(asked.warnings, [TrustWarning::Daemon]);
}

#[test]
fn without_keys_the_daemon_makes_no_difference() {
    let facts = served(RunKind::Developer);
    assert_eq!(rights(&decide(&TrustConfig::default(), &facts)), "t > t");
}
