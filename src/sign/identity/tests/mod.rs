//! What verification refuses: a row for each way to forge or misuse a certificate.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value as Json, json};

use super::*;
use crate::git_ref::RefPattern;
use crate::scope::Scope;
use crate::sign::{SignatureError, Statement, Verifier};

mod keys;
mod systems;
#[path = "../../../../tests/it/support/tokens.rs"]
#[allow(dead_code, reason = "the integration tests use the rest")]
pub(crate) mod tokens;

use tokens::{IssuerKey, encode, key_set, push_claims};

const ISSUER: &str = "https://token.actions.githubusercontent.com";
const NAMESPACE: &str = "team/web";
const NOW: u64 = 1_800_000_000;

/// A run that pushed main of `acme/shop`.
pub(crate) struct Run {
    pub key: Arc<CertifiedKey>,
    pub issued: u64,
    issuer: IssuerKey,
}

impl Run {
    /// With a key that is certified for this namespace.
    pub(crate) fn push(namespace: &str) -> Self {
        let issuer = IssuerKey::new("1");
        let key = CertifiedKey::generate(namespace).unwrap();
        let token = issuer.token(&push_claims(ISSUER, key.audience(), NOW));
        Self {
            key: Arc::new(key.certify(&token).unwrap()),
            issued: NOW,
            issuer,
        }
    }
}

/// Believes `run`.
pub(crate) fn vouching(run: &Run) -> Verifier {
    let sets = Fixed(keys(ISSUER, &[&run.issuer]), Arc::default());
    Verifier::new(Arc::default(), rules(&["github:acme/shop"]), Arc::new(sets))
}

/// One key set, and how often it was asked for.
struct Fixed(KeySet, Arc<AtomicUsize>);

impl KeySets for Fixed {
    fn key_set(&self, _: &Issuer, _: &str) -> Result<Arc<KeySet>, String> {
        self.1.fetch_add(1, Ordering::Relaxed);
        Ok(Arc::new(self.0.clone()))
    }
}

fn rules(identities: &[&str]) -> Rules {
    Rules {
        identities: identities
            .iter()
            .map(|name| Identity::parse(name).unwrap())
            .collect(),
        branches: vec![RefPattern::parse("main").unwrap()],
        events: vec!["push".to_owned()],
        environment: None,
    }
}

/// A run's key, and what its certificate would be with the token that `token` makes for its audience.
fn certificate(token: impl FnOnce(&str) -> String) -> Certificate {
    let key = CertifiedKey::generate(NAMESPACE).unwrap();
    let token = token(key.audience());
    Certificate::parse(key.certify(&token).unwrap().certificate_bytes()).unwrap()
}

fn keys(issuer: &str, keys: &[&IssuerKey]) -> KeySet {
    KeySet::parse(issuer, key_set(keys).to_string().as_bytes()).unwrap()
}

/// What becomes of a push of main whose claims were changed like this, then signed by the issuer.
fn with_claims(
    rules: &Rules,
    issuer: &str,
    change: impl FnOnce(&mut Json),
) -> Result<Vouched, IdentityError> {
    let key = IssuerKey::new("1");
    let certificate = certificate(|audience| {
        let mut claims = push_claims(issuer, audience, NOW);
        change(&mut claims);
        key.token(&claims)
    });
    verify(&certificate, &keys(issuer, &[&key]), rules, NAMESPACE)
}

fn refused(claim: &str, value: Json) -> IdentityError {
    let rules = Rules {
        environment: Some("release".to_owned()),
        ..rules(&["github:acme/shop#724198237"])
    };
    let verified = with_claims(&rules, ISSUER, |claims| {
        claims["environment"] = json!("release");
        claims[claim] = value;
    });
    verified.unwrap_err()
}

#[test]
fn a_push_of_a_listed_branch_is_vouched_for_and_says_where_it_comes_from() {
    let vouched = with_claims(&rules(&["github:Acme/Shop"]), ISSUER, |_| ()).unwrap();
    assert_eq!(vouched.identity.to_string(), "github:Acme/Shop");
    assert_eq!(
        serde_json::to_value(&vouched.provenance).unwrap(),
        json!({
            "commit": "9f3182061f1e2cca4702c368cbc039b7dc9d4485",
            "ref": "refs/heads/main",
            "event": "push",
            "workflow": ".github/workflows/ci.yml",
            "run": "1001",
            "runUrl": "https://github.com/acme/shop/actions/runs/1001/attempts/2",
            "actor": "octocat",
        })
    );
}

#[test]
fn claims_of_any_other_run_are_refused() {
    let subject = |about: &str| IdentityError::Subject(about.to_owned());
    let of = |name: &str| IdentityError::Ref(name.to_owned());
    let event = |name: &str| IdentityError::Event(name.to_owned());
    let environment = || IdentityError::Environment("release".to_owned());
    for (claim, value, expected) in [
        (
            "repository",
            json!("acme/shop-fork"),
            subject("acme/shop-fork#724198237"),
        ),
        ("repository", json!("eve/shop"), subject("eve/shop#724198237")),
        (
            "repository",
            json!("acme/shop\u{1b}[2J"),
            subject("acme/shop\\u{1b}[2J#724198237"),
        ),
        ("repository", Json::Null, subject("724198237")),
        // Renamed, and registered again by somebody else.
        ("repository_id", json!("5"), subject("acme/shop#5")),
        ("repository_id", Json::Null, subject("acme/shop")),
        ("ref", json!("refs/heads/feat"), of("refs/heads/feat")),
        ("ref", json!("refs/tags/main"), of("refs/tags/main")),
        ("ref", json!("refs/pull/5/merge"), of("refs/pull/5/merge")),
        ("ref", json!("main"), of("main")),
        ("ref", Json::Null, of("none")),
        // These run on main, with code or for reasons that others choose.
        ("event_name", json!("pull_request"), event("pull_request")),
        (
            "event_name",
            json!("pull_request_target"),
            event("pull_request_target"),
        ),
        ("event_name", json!("workflow_run"), event("workflow_run")),
        ("event_name", json!("issue_comment"), event("issue_comment")),
        (
            "event_name",
            json!("workflow_dispatch"),
            event("workflow_dispatch"),
        ),
        ("event_name", json!("PUSH"), event("PUSH")),
        ("event_name", Json::Null, event("none")),
        ("environment", json!("staging"), environment()),
        ("environment", Json::Null, environment()),
        (
            "iss",
            json!("https://evil.example"),
            IdentityError::Issuer("https://evil.example".into()),
        ),
        (
            "iss",
            json!(format!("{ISSUER}/")),
            IdentityError::Issuer(format!("{ISSUER}/")),
        ),
        ("aud", json!("nx-s3-cache:"), IdentityError::Audience),
        ("aud", json!("sts.amazonaws.com"), IdentityError::Audience),
        ("aud", json!([]), IdentityError::Audience),
        ("repository", json!(["acme/shop"]), IdentityError::Malformed),
        ("iat", json!("now"), IdentityError::Malformed),
    ] {
        assert_eq!(refused(claim, value.clone()), expected, "{claim}: {value}");
    }
}

#[test]
fn a_listed_ref_that_is_not_protected_vouches_for_nothing_without_an_environment() {
    let with = |rules: &Rules, value: &Json| {
        let verified = with_claims(rules, ISSUER, |claims| {
            claims["environment"] = json!("release");
            claims["ref_protected"] = value.clone();
        });
        verified.map(drop)
    };
    let plain = rules(&["github:acme/shop"]);
    let gated = Rules {
        environment: Some("release".to_owned()),
        ..plain.clone()
    };
    assert_eq!(with(&plain, &json!("true")), Ok(()));
    for value in [json!("false"), json!("True"), json!(""), Json::Null] {
        let refused = Err(IdentityError::Unprotected("refs/heads/main".to_owned()));
        assert_eq!(with(&plain, &value), refused, "{value}");
        // Its own protection decides which refs have it.
        assert_eq!(with(&gated, &value), Ok(()), "{value}");
    }
    assert_eq!(with(&gated, &json!(true)), Err(IdentityError::Malformed));
}

#[test]
fn an_audience_must_be_ours_alone() {
    let rules = rules(&["github:acme/shop"]);
    let with = |audience: fn(&Json) -> Json| {
        with_claims(&rules, ISSUER, |claims| claims["aud"] = audience(&claims["aud"])).map(drop)
    };
    assert_eq!(with(|ours| json!([ours])), Ok(()));
    assert_eq!(
        with(|ours| json!([ours, "sts.amazonaws.com"])),
        Err(IdentityError::Audience)
    );
}

#[test]
fn an_expired_token_still_tells_who_held_the_key() {
    let rules = rules(&["github:acme/shop"]);
    let expired = with_claims(&rules, ISSUER, |claims| {
        claims["exp"] = json!(1);
        claims["nbf"] = json!(u32::MAX);
    });
    assert!(expired.is_ok());
}

#[test]
fn a_replayed_token_is_of_no_use_with_another_key_or_in_another_cache() {
    let (issuer, rules) = (IssuerKey::new("1"), rules(&["github:acme/shop"]));
    let ours = certificate(|audience| issuer.token(&push_claims(ISSUER, audience, NOW)));
    let keys = keys(ISSUER, &[&issuer]);
    assert!(verify(&ours, &keys, &rules, NAMESPACE).is_ok());
    assert_eq!(
        verify(&ours, &keys, &rules, "team/app"),
        Err(IdentityError::Audience)
    );
    let theirs = certificate(|_| ours.token.clone());
    assert_eq!(
        verify(&theirs, &keys, &rules, NAMESPACE),
        Err(IdentityError::Audience)
    );
}

#[test]
fn a_swapped_payload_and_a_foreign_or_retired_key_are_refused() {
    let (issuer, attacker) = (IssuerKey::new("1"), IssuerKey::new("1"));
    let retired = IssuerKey::new("0");
    let (rules, keys) = (rules(&["github:acme/shop"]), keys(ISSUER, &[&issuer]));
    let check =
        |token: &dyn Fn(&str) -> String| verify(&certificate(token), &keys, &rules, NAMESPACE).unwrap_err();
    let swapped = |audience: &str| {
        let mut claims = push_claims(ISSUER, audience, NOW);
        claims["ref"] = json!("refs/pull/5/merge");
        let token = issuer.token(&claims);
        let parts: Vec<&str> = token.split('.').collect();
        let forged = encode(push_claims(ISSUER, audience, NOW).to_string());
        format!("{}.{forged}.{}", parts[0], parts[2])
    };
    assert_eq!(check(&swapped), IdentityError::Signature);
    let foreign = |audience: &str| attacker.token(&push_claims(ISSUER, audience, NOW));
    assert_eq!(check(&foreign), IdentityError::Signature);
    let old = |audience: &str| retired.token(&push_claims(ISSUER, audience, NOW));
    assert_eq!(check(&old), IdentityError::UnknownKey(ISSUER.to_owned()));
}

#[test]
fn the_key_set_of_one_issuer_says_nothing_about_another() {
    let (issuer, rules) = (
        IssuerKey::new("1"),
        rules(&["github:acme/shop", "buildkite:acme/shop"]),
    );
    let certificate = certificate(|audience| issuer.token(&push_claims(ISSUER, audience, NOW)));
    let keys = keys("https://agent.buildkite.com", &[&issuer]);
    assert_eq!(
        verify(&certificate, &keys, &rules, NAMESPACE),
        Err(IdentityError::Issuer(ISSUER.to_owned()))
    );
    let (asked, kid) = certificate.issuer(&rules).unwrap();
    assert_eq!((&*asked.url, &*kid), (ISSUER, "1"));
    let none = certificate.issuer(&Rules::default());
    assert_eq!(none.unwrap_err(), IdentityError::Issuer(ISSUER.to_owned()));
}

#[test]
fn an_entry_is_made_within_a_day_of_its_token_whatever_the_clocks() {
    let vouched = with_claims(&rules(&["github:acme/shop"]), ISSUER, |_| ()).unwrap();
    for made in [NOW - MAX_SKEW, NOW - 3600, NOW, NOW + 3600, NOW + MAX_SKEW] {
        assert_eq!(vouched.check_time(made), Ok(()));
    }
    for made in [0, NOW - MAX_SKEW - 1, NOW + MAX_SKEW + 1, u64::MAX] {
        assert_eq!(vouched.check_time(made), Err(IdentityError::Age));
    }
}

#[test]
fn a_run_learns_from_its_own_token_whether_others_will_believe_it() {
    let (issuer, rules) = (IssuerKey::new("1"), rules(&["github:acme/shop"]));
    let mut claims = push_claims(ISSUER, "any", NOW);
    assert!(accepts(&issuer.token(&claims), &rules).is_ok());
    claims["event_name"] = json!("schedule");
    let refused = accepts(&issuer.token(&claims), &rules);
    assert_eq!(refused, Err(IdentityError::Event("schedule".into())));
    assert_eq!(accepts("no token", &rules), Err(IdentityError::Malformed));
}

#[test]
fn ten_thousand_entries_of_two_hundred_runs_cost_two_hundred_checks_of_certificates() {
    let (issuer, asked) = (IssuerKey::new("1"), Arc::<AtomicUsize>::default());
    let run = || {
        let key = CertifiedKey::generate(NAMESPACE).unwrap();
        let token = issuer.token(&push_claims(ISSUER, key.audience(), NOW));
        key.certify(&token).unwrap()
    };
    let runs: Vec<_> = std::iter::repeat_with(run).take(200).collect();
    let sets = Fixed(keys(ISSUER, &[&issuer]), asked.clone());
    let verifier = Verifier::new(Arc::default(), rules(&["github:acme/shop"]), Arc::new(sets));
    for task in 0..10_000 {
        let key = &runs[task % runs.len()];
        let subject = task.to_string();
        let statement = Statement {
            namespace: NAMESPACE,
            scope: &Scope::Trusted,
            subject: &subject,
            header: b"header",
            body: b"body",
        };
        let certificate = key.certificate_bytes().to_vec();
        let block = key.sign(&statement, NOW, 0, certificate).to_bytes();
        let attested = verifier
            .clone()
            .verify::<SignatureError>(&block, &statement, Ok)
            .unwrap();
        assert_eq!(attested.by.to_string(), "a run of github:acme/shop");
    }
    assert_eq!(asked.load(Ordering::Relaxed), 200);
}
