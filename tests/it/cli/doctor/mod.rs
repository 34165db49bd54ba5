//! `doctor` finds what is wrong and says what to do.

mod rights;
mod server;

use std::path::Path;
use std::sync::Arc;

use nx_s3_cache::config::Config;
use nx_s3_cache::config::environment::Environment;
use nx_s3_cache::entry::Producer;
use nx_s3_cache::sign::{KeyName, SigningKey};
use serde_json::{Value, json};

use super::setup::{Ran, SECRET, Setup, run_in};
use crate::support::bucket;
use crate::support::machine::{Machine, open};
use crate::support::scripted::{Reply, Scripted, Seen, error};

/// The state of the last step of this name.
fn state<'a>(report: &'a Value, name: &str) -> &'a str {
    let steps = report["steps"].as_array().unwrap();
    let step = steps.iter().rfind(|step| step["name"] == name);
    step.map_or("", |step| step["state"].as_str().unwrap())
}

/// The output on one line, however it was wrapped.
fn flat(ran: &Ran) -> String {
    ran.stdout.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Checks that the doctor shows `step` with this mark, the cause behind it, and behind that the remedy.
async fn shows(setup: &Setup, mark: char, step: &str, cause: &str, remedy: &str) -> Ran {
    let ran = setup.run(&["doctor"]).await;
    let text = flat(&ran);
    let parts = [format!("{mark} {step} "), cause.to_owned(), format!("→ {remedy}")];
    let mut rest = text.as_str();
    for part in &parts {
        let at = rest.find(part.trim_end_matches("→ "));
        let at = at.unwrap_or_else(|| panic!("no {part:?} behind what comes before:\n{}", ran.text()));
        rest = &rest[at..];
    }
    assert!(!ran.text().contains(SECRET));
    ran
}

/// The same for what is wrong, which the exit code tells, too.
async fn finds(setup: &Setup, step: &str, cause: &str, remedy: &str) -> Ran {
    let ran = shows(setup, '✗', step, cause, remedy).await;
    assert_eq!(ran.code, 1, "{}", ran.text());
    ran
}

/// The same for what is worth knowing: the cache works.
async fn notes(setup: &Setup, mark: char, step: &str, cause: &str, remedy: &str) {
    let ran = shows(setup, mark, step, cause, remedy).await;
    assert_eq!(ran.code, 0, "{}", ran.text());
}

/// A set-up whose requests pass a proxy, which answers those itself that the rule has an answer for.
async fn gated(rule: impl Fn(&Seen) -> Option<Reply> + Send + Sync + 'static) -> Setup {
    Setup::new().await.intercepted(rule).await
}

fn denied() -> Reply {
    error("403 Forbidden", "AccessDenied", "Access Denied")
}

/// A set-up whose server answers everything like this.
async fn answered(reply: Reply) -> (Scripted, Setup) {
    let server = Scripted::start([reply]).await;
    let setup = Setup::new().await.option("endpoint", server.endpoint());
    (server, setup)
}

#[tokio::test]
async fn a_good_set_up_is_all_well_and_no_object_stays() {
    let setup = Setup::new().await;
    let ran = setup.run(&["doctor"]).await;
    assert_eq!(ran.code, 0, "{}", ran.text());
    assert!(ran.stdout.ends_with("All is well.\n"), "{}", ran.stdout);
    assert!(!ran.stdout.contains(['✗', '!', '\u{1b}']), "{}", ran.stdout);
    let text = flat(&ran);
    for line in [
        "– nx not looked at",
        "✓ credentials from environment, access key t…t",
        "✓ scope signatures off (a developer's machine)",
        "✓ mode read-write (localMode, outside CI: default)",
        "(path style)",
        "✓ entries none in t yet",
    ] {
        assert!(text.contains(line), "{line}: {}", ran.stdout);
    }
    assert!(
        ran.stdout.lines().all(|line| line.chars().count() <= 100),
        "{}",
        ran.stdout
    );
    assert_eq!(setup.objects(), [""; 0].map(std::path::PathBuf::from));
}

#[tokio::test]
async fn json_has_every_step_and_option_and_no_secret() {
    let passphrase = "a passphrase that nobody knows";
    let setup = Setup::new()
        .await
        .variable("NX_S3_CACHE_ENCRYPTION_KEY", passphrase)
        .option("cacheKeyPrefix", "team/web");
    let ran = setup.run(&["doctor", "--json"]).await;
    let report = ran.json();
    assert_eq!((ran.code, &report["ok"]), (0, &Value::Bool(true)));
    let steps = "configuration, mode, scope, region, credentials, address, transport, clock, bucket, missing objects, \
                 write, read, head, conditional write, copy, list, throughput, delete, checksums, latency, entries";
    for step in steps.split(", ") {
        assert_eq!(state(&report, step), "good", "{step}: {report:#}");
    }
    let options = report["configuration"].as_array().unwrap();
    let option = |name: &str| options.iter().find(|option| option["name"] == name).unwrap();
    assert_eq!(option("cacheKeyPrefix")["value"], "\"team/web\"");
    assert_eq!(option("cacheKeyPrefix")["origin"], "nx.json");
    assert_eq!(option("encryptionKey")["origin"], "NX_S3_CACHE_ENCRYPTION_KEY");
    assert!(!ran.text().contains(passphrase) && !ran.text().contains(SECRET));
    let requests = setup.server.requests();
    let wrote = requests
        .iter()
        .find(|request| request.starts_with("PUT"))
        .unwrap();
    assert!(wrote.contains("/team/web/v1/t/scratch/doctor-"), "{wrote}");
}

#[tokio::test]
async fn configurations_that_can_not_work_are_found() {
    for (setup, cause, remedy) in [
        (
            Setup::new().await.variable("NX_S3_CACHE_RETRIES", "many"),
            "NX_S3_CACHE_RETRIES",
            "from 0 to 10",
        ),
        (
            Setup::new().await.option("encriptionKey", "correct horse"),
            "encriptionKey",
            "Did you mean \"encryptionKey\"?",
        ),
        (
            Setup::new().await.option("caBundle", "no.pem"),
            "caBundle (nx.json)",
            "can't be read",
        ),
        (
            Setup::new().await.option("accelerate", true),
            "accelerate",
            "endpoint",
        ),
    ] {
        let ran = setup.run(&["doctor"]).await;
        let text = flat(&ran);
        assert_eq!(ran.code, 1, "{}", ran.text());
        assert!(
            text.contains("✗ configuration") && text.contains(cause) && text.contains(remedy),
            "{text}"
        );
    }
}

#[tokio::test]
async fn values_of_a_preset_are_shown_with_its_name() {
    let setup = Setup::new().await;
    let directory = tempfile::tempdir().unwrap();
    let preset = json!({ "s3": setup.section() });
    std::fs::write(directory.path().join("company.json"), preset.to_string()).unwrap();
    std::fs::write(
        directory.path().join("nx.json"),
        r#"{"extends":"./company.json"}"#,
    )
    .unwrap();
    let ran = run_in(directory.path(), &["doctor"], setup.variables()).await;
    assert!(
        ran.stdout.contains("\"tbucket\" (./company.json)"),
        "{}",
        ran.text()
    );
}

#[tokio::test]
async fn names_that_are_no_options_are_noted_and_ignored() {
    let in_nx_json = Setup::new().await.option("regoin", "eu");
    let nearest = "ignored: regoin (nx.json): there is no such option in nx.json. Did you mean \"region\"?";
    notes(&in_nx_json, '!', "configuration", nearest, "").await;
    let variable = Setup::new().await.variable("NX_S3_CACHE_BUCKT", "b");
    notes(
        &variable,
        '!',
        "configuration",
        "Did you mean NX_S3_CACHE_BUCKET?",
        "",
    )
    .await;
    let listed = in_nx_json.run(&["ls"]).await;
    assert_eq!(listed.code, 0, "{}", listed.text());
    assert!(
        listed.text().contains("nx-s3-cache: ignored: regoin (nx.json)"),
        "{}",
        listed.text()
    );
}

#[tokio::test]
async fn a_run_that_stores_nothing_writes_nothing() {
    let setup = Setup::new().await.variable("NX_S3_CACHE_MODE", "read-only");
    notes(&setup, '–', "write", "this run stores nothing", "").await;
    let wrote = setup
        .server
        .requests()
        .into_iter()
        .any(|request| request.starts_with("PUT"));
    assert!(!wrote);
    let off = Setup::new().await.option("localMode", "no-cache");
    notes(
        &off,
        '!',
        "mode",
        "no-cache (localMode, outside CI: nx.json)",
        "The remote cache is switched off",
    )
    .await;
}

#[tokio::test]
async fn trust_that_is_missing_or_does_not_fit_is_reported() {
    let open = Setup::new().await.variable("CI", "true");
    notes(&open, '!', "trust", "any pull request can poison this cache", "").await;
    let key = |name: &str| SigningKey::generate(KeyName::parse(name).unwrap()).unwrap();
    let (listed, held) = (key("main-2026"), key("other"));
    let setup = Setup::new()
        .await
        .option(
            "trust",
            json!({ "publicKeys": [listed.public_key().to_string()] }),
        )
        .variable("NX_S3_CACHE_SIGNING_KEY", held.to_text().expose());
    shows(
        &setup,
        '!',
        "trust",
        "the signing key other is not among trust.publicKeys",
        "",
    )
    .await;
}

/// Stores the result of a task as a run with this encryption key does.
async fn store(setup: &Setup, key: &str) {
    let environment = Environment::from([("NX_S3_CACHE_ENCRYPTION_KEY", key)]);
    let section = r#"{"bucket":"tbucket","backgroundUploads":false}"#;
    let config = Config::load(Some(section), &environment, false, Path::new("/")).unwrap();
    let bucket = Arc::new(bucket::of(&setup.server));
    let cache = open(config, &environment, bucket, Producer::default());
    assert!(Machine::new().store(&cache).await);
}

#[tokio::test]
async fn keys_that_do_not_fit_are_found_by_looking_at_what_is_stored() {
    let setup = Setup::new().await;
    store(&setup, "the right passphrase").await;
    let cause = "1 of the newest 1 in t can't be restored: encrypted, but no encryptionKey is set";
    finds(&setup, "entries", cause, "Set NX_S3_CACHE_ENCRYPTION_KEY").await;
    let wrong = setup.variable("NX_S3_CACHE_ENCRYPTION_KEY", "a wrong passphrase");
    finds(
        &wrong,
        "entries",
        "sealed with another",
        "This run has another `encryptionKey`",
    )
    .await;
    let right = wrong.variable("NX_S3_CACHE_ENCRYPTION_KEY", "the right passphrase");
    assert_eq!(right.run(&["doctor"]).await.code, 0);
}
