//! Runs that sign by the identity of their CI system, with an issuer on this machine.

use std::fs;
use std::sync::Arc;

use nx_s3_cache::cache::RemoteCache;
use nx_s3_cache::config::environment::Environment;
use nx_s3_cache::config::{Mode, OnBadSignature};
use nx_s3_cache::object_store::memory::MemoryStore;
use serde_json::json;
use tempfile::TempDir;

use super::support::*;
use super::trust::{Who, key, restored, store};
use crate::support::issuer::{Issuer, REQUEST_TOKEN};

const REFUSED: &str = "An S3 cache entry without a valid signature was refused";
const UNVERIFIABLE: &str = "S3 cache entries can't be verified: the issuer's keys can't be had";
const NO_IDENTITY: &str = "This run stores nothing in the S3 cache: it has no identity";

const PUSH: [(&str, &str); 3] = [
    ("GITHUB_ACTIONS", "true"),
    ("GITHUB_EVENT_NAME", "push"),
    ("GITHUB_REF", "refs/heads/main"),
];

/// A run that trusts `acme/shop` of this issuer.
fn trusting(issuer: &Issuer, environment: Environment) -> Who {
    Who {
        config: config(&format!(
            r#""trust":{{"identities":["{}"],"branches":["main"]}}"#,
            issuer.identity()
        )),
        environment,
    }
}

/// A push to main that may ask for a token.
fn push(issuer: &Issuer) -> Who {
    trusting(issuer, issuer.job(&PUSH))
}

/// The same where it only stores, and so never asks for the issuer's keys.
fn storing(issuer: &Issuer) -> Who {
    let mut who = push(issuer);
    who.config.mode = Mode::WriteOnly;
    who
}

/// A developer's machine, which keeps keys in this directory.
fn developer(issuer: &Issuer, home: &TempDir) -> Who {
    let caches = home.path().to_str().unwrap();
    trusting(
        issuer,
        [
            ("XDG_CACHE_HOME", caches),
            ("HOME", caches),
            ("LOCALAPPDATA", caches),
        ]
        .into(),
    )
}

/// A run elsewhere, which keeps nothing.
fn elsewhere(issuer: &Issuer) -> Who {
    trusting(issuer, Environment::default())
}

/// What a run says in warnings and events, which must never hold a secret.
fn said(cache: &RemoteCache) -> String {
    let warnings = cache.take_warnings();
    let warnings = warnings
        .into_iter()
        .map(|warning| format!("{}\n{}", warning.title, warning.body.join("\n")));
    let said = warnings.chain(cache.take_events()).collect::<Vec<_>>().join("\n");
    assert!(!said.contains(REQUEST_TOKEN) && !said.contains("eyJ"), "{said}");
    said
}

/// Tries to store something, and returns what is said of it; nothing may be stored.
async fn not_stored(issuer: &Issuer, who: Who) -> String {
    let bucket = bucket();
    let (machine, cache) = (Machine::new(), who.run(&bucket));
    machine.output("dist/app.js", "x").store(&cache).await;
    assert!(bucket.keys().is_empty(), "{:?}", bucket.keys());
    assert!(issuer.tokens() <= 1, "asked for a token again");
    said(&cache)
}

#[tokio::test]
async fn a_push_needs_no_secret_and_everybody_restores_what_it_stored() {
    let (issuer, bucket) = (Issuer::start(), bucket());
    let (machine, cache) = (Machine::new(), push(&issuer).run(&bucket));
    for task in 0..20 {
        let machine = Machine::of(&format!("1{task}"));
        machine.output("dist/app.js", "good").store(&cache).await;
    }
    machine.output("dist/app.js", "good").store(&cache).await;
    assert_eq!((cache.summary().stored, issuer.tokens()), (21, 1));
    assert!(!said(&cache).contains("not stored"));
    let home = TempDir::new().unwrap();
    let pull_request = [
        PUSH[0],
        ("GITHUB_EVENT_NAME", "pull_request"),
        ("GITHUB_REF", "refs/pull/1/merge"),
    ];
    for who in [
        push(&issuer),
        developer(&issuer, &home),
        trusting(&issuer, issuer.job(&pull_request)),
    ] {
        let (found, cache) = restored(&bucket, who).await;
        assert_eq!(found.as_deref(), Some("good"), "{}", said(&cache));
        assert_eq!(titles(cache.take_warnings()), [""; 0]);
    }
    assert_eq!(
        issuer.tokens(),
        1,
        "only runs that store something ask for a token"
    );
}

#[tokio::test]
async fn a_run_whose_token_nobody_would_believe_stores_nothing_and_says_which_rule_refuses_it() {
    for (claims, expected) in [
        (
            json!({ "event_name": "pull_request_target" }),
            "caused by pull_request_target, which trust.events doesn't list",
        ),
        (
            json!({ "repository": "acme/fork" }),
            "not about one of trust.identities, but about acme/fork#724198237",
        ),
        (
            json!({ "ref": "refs/heads/feat" }),
            "is of refs/heads/feat, which trust.branches doesn't list",
        ),
        (
            json!({ "ref_protected": "false" }),
            "is of refs/heads/main, which is not protected",
        ),
    ] {
        let issuer = Issuer::start();
        issuer.claim(claims);
        let said = not_stored(&issuer, push(&issuer)).await;
        assert!(said.contains(NO_IDENTITY) && said.contains(expected), "{said}");
    }
}

#[tokio::test]
async fn a_job_without_the_permission_is_warned_of_it() {
    let issuer = Issuer::start();
    let said = not_stored(&issuer, trusting(&issuer, PUSH.into())).await;
    assert!(
        said.contains("permissions: { id-token: write, contents: read }"),
        "{said}"
    );
    let mut environment = issuer.job(&PUSH);
    environment.set("ACTIONS_ID_TOKEN_REQUEST_TOKEN".into(), "another".into());
    let said = not_stored(&issuer, trusting(&issuer, environment)).await;
    assert!(
        said.contains("answers 401, so the job may not have one") && said.contains("id-token: write"),
        "{said}"
    );
}

#[tokio::test]
async fn what_the_run_of_another_repository_or_issuer_stored_is_refused() {
    let (issuer, other) = (Issuer::start(), Issuer::start());
    let foreign = Who {
        config: config(&format!(
            r#""trust":{{"identities":["{}"],"branches":["main"]}}"#,
            issuer.identity().replace("shop", "fork")
        )),
        environment: issuer.job(&PUSH),
    };
    issuer.claim(json!({ "repository": "acme/fork" }));
    for (who, expected) in [
        (
            foreign,
            "its token is not about one of trust.identities, but about acme/fork",
        ),
        (push(&other), "which issues for none of trust.identities"),
    ] {
        let bucket = bucket();
        store(&bucket, who, "poison").await;
        assert_eq!(bucket.keys(), [ENTRY]);
        let (found, cache) = restored(&bucket, elsewhere(&issuer)).await;
        let said = said(&cache);
        assert!(
            found.is_none() && said.contains(REFUSED) && said.contains(expected),
            "{said}"
        );
    }
}

#[tokio::test]
async fn the_issuer_may_be_down_for_a_day_and_costs_one_warning_then() {
    let (issuer, bucket, home) = (Issuer::start(), bucket(), TempDir::new().unwrap());
    store(&bucket, storing(&issuer), "good").await;
    assert_eq!(
        restored(&bucket, developer(&issuer, &home)).await.0.as_deref(),
        Some("good")
    );
    let asked = issuer.key_sets();
    issuer.set_down(true);
    let (found, cache) = restored(&bucket, developer(&issuer, &home)).await;
    assert_eq!(
        (found.as_deref(), issuer.key_sets()),
        (Some("good"), asked),
        "{}",
        said(&cache)
    );

    let directory = home.path().join(if cfg!(target_os = "macos") {
        "Library/Caches"
    } else {
        ""
    });
    let kept: Vec<_> = fs::read_dir(directory.join("nx-s3-cache")).unwrap().collect();
    let file = kept.into_iter().next().unwrap().unwrap().path();
    let mut document: serde_json::Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
    document["fetched"] = json!(document["fetched"].as_u64().unwrap() - 86_401);
    fs::write(&file, document.to_string()).unwrap();
    let cache = developer(&issuer, &home).run(&bucket);
    for _ in 0..3 {
        assert!(Machine::new().retrieve(&cache).await.is_none());
    }
    let said = said(&cache);
    assert_eq!(said.matches(UNVERIFIABLE).count(), 1, "{said}");
    assert!(
        said.contains("the server answers 503") && !said.contains(REFUSED),
        "{said}"
    );
    assert!(cache.summary().errors.contains_key("issuer-unreachable"));

    // What can't be verified may be good: nobody replaces it.
    let cache = push(&issuer).run(&bucket);
    assert!(Machine::new().retrieve(&cache).await.is_none());
    issuer.set_down(false);
    Machine::new().output("dist/app.js", "other").store(&cache).await;
    assert_eq!(
        restored(&bucket, elsewhere(&issuer)).await.0.as_deref(),
        Some("good")
    );
}

#[tokio::test]
async fn an_issuer_that_is_down_fails_no_build_that_bad_signatures_would() {
    let (issuer, bucket) = (Issuer::start(), bucket());
    store(&bucket, storing(&issuer), "good").await;
    issuer.set_down(true);
    let mut who = elsewhere(&issuer);
    who.config.trust.on_bad_signature = OnBadSignature::Fail;
    let (found, cache) = restored(&bucket, who).await;
    let said = said(&cache);
    assert!(found.is_none() && said.contains(UNVERIFIABLE), "{said}");
}

/// Stores under each of `hashes`, sealed with a key that others don't have.
async fn store_sealed(bucket: &Arc<MemoryStore>, issuer: &Issuer, hashes: &[&str]) {
    let mut who = storing(issuer);
    let trust = format!(
        r#""trust":{{"identities":["{}"],"branches":["main"]}},"encryptionKey":"a key of theirs""#,
        issuer.identity()
    );
    (who.config, who.config.mode) = (config(&trust), Mode::WriteOnly);
    let cache = who.run(bucket);
    for hash in hashes {
        Machine::of(hash)
            .output("dist/app.js", "sealed")
            .store(&cache)
            .await;
    }
    assert_eq!(cache.summary().stored, hashes.len() as u64);
}

#[tokio::test]
async fn one_entry_that_looks_sealed_ends_no_storing_and_is_replaced_where_others_can_be_read() {
    let (issuer, bucket) = (Issuer::start(), bucket());
    store_sealed(&bucket, &issuer, &["1"]).await;
    let cache = push(&issuer).run(&bucket);
    let [planted, other] = ["1", "2"].map(Machine::of);
    assert!(planted.retrieve(&cache).await.is_none());
    for machine in [&planted, &other] {
        machine.output("dist/app.js", "plain").store(&cache).await;
    }
    assert_eq!(
        (cache.summary().stored, cache.summary().already_there),
        (1, 1),
        "{}",
        said(&cache)
    );

    let cache = push(&issuer).run(&bucket);
    let [planted, other] = ["1", "2"].map(Machine::of);
    assert!(other.retrieve(&cache).await.is_some() && planted.retrieve(&cache).await.is_none());
    planted.output("dist/app.js", "plain").store(&cache).await;
    assert_eq!(cache.summary().stored, 1, "{}", said(&cache));
    let cache = elsewhere(&issuer).run(&bucket);
    assert!(
        Machine::of("1").retrieve(&cache).await.is_some(),
        "{}",
        said(&cache)
    );
}

#[tokio::test]
async fn where_everything_is_sealed_a_run_without_the_key_stores_nothing() {
    let (issuer, bucket) = (Issuer::start(), bucket());
    let hashes = ["1", "2", "3", "4", "5"];
    store_sealed(&bucket, &issuer, &hashes).await;
    let cache = push(&issuer).run(&bucket);
    for hash in hashes {
        assert!(Machine::of(hash).retrieve(&cache).await.is_none());
    }
    Machine::of("6")
        .output("dist/app.js", "plain")
        .store(&cache)
        .await;
    assert_eq!(
        (cache.summary().stored, bucket.keys().len()),
        (0, 5),
        "{}",
        said(&cache)
    );
}

#[cfg(unix)]
#[tokio::test]
async fn keys_are_kept_where_only_the_user_can_write_and_ci_keeps_none() {
    use std::os::unix::fs::PermissionsExt;
    let (issuer, bucket, home) = (Issuer::start(), bucket(), TempDir::new().unwrap());
    store(&bucket, storing(&issuer), "good").await;
    let directory = home.path().join("nx-s3-cache");
    let mut ci = issuer.job(&PUSH);
    ci.set("XDG_CACHE_HOME".into(), home.path().to_str().unwrap().into());
    assert!(restored(&bucket, trusting(&issuer, ci)).await.0.is_some() && !directory.exists());
    assert!(restored(&bucket, developer(&issuer, &home)).await.0.is_some());
    let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let file = fs::read_dir(&directory).unwrap().next().unwrap().unwrap().path();
    assert_eq!((mode(&directory), mode(&file)), (0o700, 0o600));
    // Others could have written what is in it.
    fs::set_permissions(&directory, fs::Permissions::from_mode(0o770)).unwrap();
    let asked = issuer.key_sets();
    assert!(restored(&bucket, developer(&issuer, &home)).await.0.is_some() && issuer.key_sets() > asked);
}

/// Two buckets, stored into before and after the issuer has a new key; a developer's machine knows the old one only.
async fn before_and_after_a_new_key(issuer: &Issuer, home: &TempDir) -> [Arc<MemoryStore>; 2] {
    let [old, new] = [bucket(), bucket()];
    store(&old, storing(issuer), "old").await;
    assert!(restored(&old, developer(issuer, home)).await.0.is_some());
    issuer.rotate("2", true);
    store(&new, storing(issuer), "new").await;
    [old, new]
}

#[tokio::test]
async fn a_new_key_of_the_issuer_is_found_and_a_retired_one_believed_no_more() {
    let (issuer, home) = (Issuer::start(), TempDir::new().unwrap());
    let [old, new] = before_and_after_a_new_key(&issuer, &home).await;
    // The key set on disk doesn't have it.
    assert_eq!(
        restored(&new, developer(&issuer, &home)).await.0.as_deref(),
        Some("new")
    );
    assert_eq!(
        restored(&old, developer(&issuer, &home)).await.0.as_deref(),
        Some("old")
    );
    issuer.rotate("3", false);
    let (found, cache) = restored(&old, elsewhere(&issuer)).await;
    let said = said(&cache);
    assert!(
        found.is_none() && said.contains("a key that") && said.contains("retired, or forged"),
        "{said}"
    );
}

#[tokio::test]
async fn a_new_key_that_the_issuer_can_not_be_asked_for_is_not_taken_for_a_forged_one() {
    let (issuer, home) = (Issuer::start(), TempDir::new().unwrap());
    let [old, new] = before_and_after_a_new_key(&issuer, &home).await;
    issuer.set_down(true);
    let (found, cache) = restored(&new, developer(&issuer, &home)).await;
    let said = said(&cache);
    assert!(
        found.is_none() && said.contains(UNVERIFIABLE) && !said.contains(REFUSED),
        "{said}"
    );
    // What the keys on disk have is restored nevertheless.
    let (found, _) = restored(&old, developer(&issuer, &home)).await;
    assert_eq!(found.as_deref(), Some("old"));
}

#[tokio::test]
async fn clocks_may_differ_by_an_hour_and_not_by_two_days() {
    for (ahead, hit) in [
        (-3600, true),
        (3600, true),
        (-2 * 86_400, false),
        (2 * 86_400, false),
    ] {
        let (issuer, bucket) = (Issuer::start(), bucket());
        issuer.set_clock_ahead(ahead);
        store(&bucket, storing(&issuer), "good").await;
        let (found, cache) = restored(&bucket, elsewhere(&issuer)).await;
        assert_eq!(found.is_some(), hit, "{ahead}: {}", said(&cache));
    }
}

#[tokio::test]
async fn keys_and_identities_vouch_side_by_side() {
    let (issuer, key) = (Issuer::start(), key("main"));
    let trust = format!(
        r#""trust":{{"identities":["{}"],"branches":["main"],"publicKeys":["{}"]}}"#,
        issuer.identity(),
        key.public_key()
    );
    let both = |environment: Environment| Who {
        config: config(&trust),
        environment,
    };
    let mut with_key = both(PUSH.into());
    with_key.config.trust.signing_key = Some(key.clone());
    for signer in [both(issuer.job(&PUSH)), with_key] {
        let bucket = bucket();
        store(&bucket, signer, "good").await;
        assert_eq!(
            restored(&bucket, both(Environment::default())).await.0.as_deref(),
            Some("good")
        );
    }
    assert_eq!(issuer.tokens(), 1, "a run that holds a key asks for no token");
}

#[tokio::test]
async fn keys_in_a_file_need_no_issuer() {
    let (issuer, bucket, home) = (Issuer::start(), bucket(), TempDir::new().unwrap());
    store(&bucket, storing(&issuer), "good").await;
    let file = home.path().join("jwks.json");
    fs::write(&file, issuer.key_set().to_string()).unwrap();
    issuer.set_down(true);
    let trust = format!(
        r#""trust":{{"identities":["{}"],"branches":["main"],"jwksFile":{file:?}}}"#,
        issuer.identity(),
    );
    let who = Who {
        config: config(&trust),
        environment: Environment::default(),
    };
    let asked = issuer.key_sets();
    assert_eq!(restored(&bucket, who).await.0.as_deref(), Some("good"));
    assert_eq!(issuer.key_sets(), asked);
}

#[cfg(unix)]
#[tokio::test]
async fn the_agents_of_buildkite_and_circleci_are_asked_for_the_audience() {
    // Their commands are looked for on the PATH of this process, where there are none.
    let buildkite = [
        ("BUILDKITE", "true"),
        ("BUILDKITE_PULL_REQUEST", "false"),
        ("BUILDKITE_SOURCE", "webhook"),
        ("BUILDKITE_BRANCH", "main"),
    ];
    let who = Who {
        config: config(r#""trust":{"identities":["buildkite:acme/shop"],"branches":["main"]}"#),
        environment: buildkite.into(),
    };
    let (machine, bucket) = (Machine::new(), bucket());
    let cache = who.run(&bucket);
    machine.output("dist/app.js", "x").store(&cache).await;
    let said = said(&cache);
    assert!(
        bucket.keys().is_empty() && said.contains("`buildkite-agent` can't be started"),
        "{said}"
    );
}
