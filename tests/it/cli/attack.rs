//! `doctor --attack` shows that poison gets through without keys, and that it doesn't with them.

use nx_s3_cache::sign::{KeyName, SigningKey};
use serde_json::{Value, json};

use super::setup::{SECRET, Setup};

fn key() -> SigningKey {
    SigningKey::generate(KeyName::parse("main-2026").unwrap()).unwrap()
}

fn trust(key: &SigningKey) -> Value {
    json!({ "publicKeys": [key.public_key().to_string()] })
}

/// What the client did with each kind of poison.
fn clients(findings: &Value) -> Vec<(&str, &str)> {
    let attempts = findings["attempts"].as_array().unwrap().iter();
    attempts
        .filter_map(|attempt| Some((attempt["kind"].as_str()?, attempt["client"]["state"].as_str()?)))
        .collect()
}

/// The runs that restored something, from where, and what that means.
fn restored(findings: &Value) -> Vec<(&str, &str, &str)> {
    let runs = findings["runs"].as_array().unwrap().iter();
    runs.filter_map(|run| {
        Some((
            run["run"].as_str()?,
            run["restored"].as_str()?,
            run["verdict"].as_str()?,
        ))
    })
    .collect()
}

#[tokio::test]
async fn without_keys_poison_gets_through() {
    let setup = Setup::new().await;
    let ran = setup.run(&["doctor", "--attack"]).await;
    assert_eq!(ran.code, 1, "{}", ran.text());
    assert!(
        ran.stdout.contains("ACCEPTED") && ran.stdout.contains("nx g @nx/s3-cache:trust"),
        "{}",
        ran.stdout
    );
    let findings = setup.run(&["doctor", "--attack", "--json"]).await.json();
    assert_eq!(findings["protected"], false);
    assert_eq!(
        clients(&findings),
        [
            ("unsigned", "accepted"),
            ("foreign", "accepted"),
            ("copied", "refused")
        ]
    );
    let restored = restored(&findings);
    assert!(
        restored
            .iter()
            .all(|(_, from, verdict)| (*from, *verdict) == ("t", "poisoned"))
    );
    assert_eq!(restored.len(), 15, "{restored:?}");
    assert!(setup.objects().is_empty(), "{:?}", setup.objects());
}

#[tokio::test]
async fn with_keys_all_poison_is_refused_though_the_bucket_lets_it_in() {
    let setup = Setup::new().await.option("trust", trust(&key()));
    let ran = setup.run(&["doctor", "--attack"]).await;
    assert_eq!(ran.code, 0, "{}", ran.text());
    assert!(!ran.stdout.contains("ACCEPTED"), "{}", ran.stdout);
    let findings = setup.run(&["doctor", "--attack", "--json"]).await.json();
    assert_eq!(
        (&findings["lock1"], &findings["lock2"]),
        (&json!("holds"), &json!("open"))
    );
    let refused = ["unsigned", "foreign", "forged", "copied"].map(|kind| (kind, "refused"));
    assert_eq!(clients(&findings), refused);
    let own = [
        ("pull request", "u/pr-1", "ownScope"),
        ("unlisted branch", "u/branch-feature", "ownScope"),
    ];
    assert_eq!(restored(&findings), own);
    assert!(setup.objects().is_empty(), "{:?}", setup.objects());
}

#[tokio::test]
async fn the_same_holds_in_an_encrypted_cache_whose_key_the_attacker_has() {
    let setup = Setup::new()
        .await
        .option("trust", trust(&key()))
        .option("cacheKeyPrefix", "team/web")
        .variable("NX_S3_CACHE_ENCRYPTION_KEY", "a passphrase that nobody knows");
    let ran = setup.run(&["doctor", "--attack"]).await;
    assert_eq!(ran.code, 0, "{}", ran.text());
    assert!(!ran.text().contains("a passphrase"));
}

#[tokio::test]
async fn a_trusted_run_s_own_key_makes_no_poison_good_and_is_not_shown() {
    let key = key();
    let secret = key.to_text().expose().to_owned();
    let setup = Setup::new()
        .await
        .option("trust", trust(&key))
        .variable("NX_S3_CACHE_SIGNING_KEY", &secret)
        .variable("GITHUB_ACTIONS", "true")
        .variable("GITHUB_EVENT_NAME", "push")
        .variable("GITHUB_REF", "refs/heads/main");
    let ran = setup.run(&["doctor", "--attack"]).await;
    assert_eq!(ran.code, 0, "{}", ran.text());
    assert!(ran.stdout.contains("This run is trusted"), "{}", ran.stdout);
    assert!(!ran.text().contains(&secret) && !ran.text().contains(SECRET));
}

#[tokio::test]
async fn a_stranger_to_the_bucket_proves_nothing() {
    let setup = Setup::new()
        .await
        .option("trust", trust(&key()))
        .variable("AWS_SECRET_ACCESS_KEY", "wrong-secret");
    let ran = setup.run(&["doctor", "--attack"]).await;
    assert_eq!((ran.code, ran.stdout.as_str()), (2, ""));
    assert!(ran.stderr.contains("could not be tried"), "{}", ran.stderr);
}

#[tokio::test]
async fn nothing_but_scratch_objects_is_touched() {
    let setup = Setup::new().await;
    setup.run(&["doctor", "--attack"]).await;
    for request in setup.server.requests() {
        let listing = request == "GET /tbucket 200" || request == "GET /tbucket/ 200";
        assert!(listing || request.contains("/doctor-"), "{request}");
    }
}

#[tokio::test]
async fn a_pull_request_may_be_poisoned_by_others_and_the_scope_is_named() {
    let setup = Setup::new()
        .await
        .option("trust", trust(&key()))
        .variable("GITHUB_ACTIONS", "true")
        .variable("GITHUB_EVENT_NAME", "pull_request")
        .variable("GITHUB_REF", "refs/pull/12/merge");
    let ran = setup.run(&["doctor", "--attack"]).await;
    assert_eq!(ran.code, 0, "{}", ran.text());
    let runs = ran
        .stdout
        .lines()
        .filter(|line| line.contains("u/pr-12: may be poisoned by other"));
    let runs: Vec<_> = runs.map(|line| line.split("  ").next().unwrap()).collect();
    assert_eq!(runs, ["this run", "pull request"], "{}", ran.stdout);
    assert!(setup.objects().is_empty(), "{:?}", setup.objects());
}
