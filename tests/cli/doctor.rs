//! `doctor` finds what is wrong and says what to do.

use serde_json::Value;

use crate::setup::{Ran, SECRET, Setup};

/// The state of the last step of this name.
fn state<'a>(report: &'a Value, name: &str) -> &'a str {
    let steps = report["steps"].as_array().unwrap();
    let step = steps.iter().rfind(|step| step["name"] == name);
    step.map_or("", |step| step["state"].as_str().unwrap())
}

/// Runs the doctor on a set-up that is broken, and checks that it says so and what to do.
async fn finds(setup: &Setup, cause: &str, remedy: &str) -> Ran {
    let ran = setup.run(&["doctor"]).await;
    let text = ran.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(ran.code, 1, "{}", ran.text());
    assert!(
        text.contains('✗') && text.contains(cause) && text.contains(remedy),
        "{}",
        ran.text()
    );
    assert!(!text.contains(SECRET));
    ran
}

#[tokio::test]
async fn a_good_set_up_is_all_well_and_no_object_stays() {
    let setup = Setup::new().await;
    let ran = setup.run(&["doctor"]).await;
    assert_eq!(ran.code, 0, "{}", ran.text());
    assert!(ran.stdout.ends_with("All is well.\n"), "{}", ran.stdout);
    assert!(!ran.stdout.contains(['✗', '!', '\u{1b}']), "{}", ran.stdout);
    assert!(ran.stdout.contains("credentials: from environment"));
    assert!(ran.stdout.contains("developer's machine"), "{}", ran.stdout);
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
    for step in [
        "configuration",
        "scope",
        "region",
        "credentials",
        "bucket",
        "write",
        "read",
        "head",
        "conditional write",
        "list",
        "delete",
    ] {
        assert_eq!(state(&report, step), "good", "{step}: {report:#}");
    }
    let options = report["configuration"].as_array().unwrap();
    let option = |name: &str| options.iter().find(|option| option["name"] == name).unwrap();
    assert_eq!(option("cacheKeyPrefix")["value"], "\"team/web\"");
    assert_eq!(option("cacheKeyPrefix")["origin"], "nx.json");
    assert_eq!(option("encryptionKey")["origin"], "NX_S3_CACHE_ENCRYPTION_KEY");
    assert!(!ran.text().contains(passphrase) && !ran.text().contains(SECRET));
    let wrote = setup
        .server
        .requests()
        .into_iter()
        .find(|request| request.starts_with("PUT"))
        .unwrap();
    assert!(wrote.contains("/team/web/v1/t/scratch/doctor-"), "{wrote}");
}

#[tokio::test]
async fn a_wrong_secret_is_told_from_a_missing_permission() {
    let setup = Setup::new()
        .await
        .variable("AWS_SECRET_ACCESS_KEY", "wrong-secret");
    let ran = finds(&setup, "SignatureDoesNotMatch", "the secret isn't its secret").await;
    assert!(!ran.text().contains("wrong-secret"));
}

#[tokio::test]
async fn a_bucket_that_does_not_exist_is_found() {
    let setup = Setup::new().await.option("bucket", "other-bucket");
    finds(&setup, "no such bucket", "create the bucket").await;
}

#[tokio::test]
async fn an_endpoint_where_nothing_answers_is_found() {
    let setup = Setup::new().await.option("endpoint", "http://127.0.0.1:1");
    finds(&setup, "unreachable", "Check `endpoint`, the network").await;
}

#[tokio::test]
async fn missing_credentials_are_found_with_all_that_was_asked() {
    let setup = Setup::new()
        .await
        .variable("AWS_ACCESS_KEY_ID", "")
        .variable("AWS_SECRET_ACCESS_KEY", "");
    finds(&setup, "no AWS credentials were found", "Set AWS_ACCESS_KEY_ID").await;
}

#[tokio::test]
async fn a_wrong_option_is_found_with_the_nearest_right_one() {
    let setup = Setup::new().await.option("regoin", "eu-central-1");
    finds(&setup, "regoin", "region").await;
}

#[tokio::test]
async fn a_run_that_stores_nothing_writes_nothing() {
    let setup = Setup::new().await.variable("NX_S3_CACHE_MODE", "read-only");
    let ran = setup.run(&["doctor"]).await;
    assert_eq!(ran.code, 0, "{}", ran.text());
    assert!(ran.stdout.contains("this run stores nothing"));
    assert!(
        !setup
            .server
            .requests()
            .iter()
            .any(|request| request.starts_with("PUT"))
    );
}

#[tokio::test]
async fn in_ci_without_keys_it_says_that_the_cache_can_be_poisoned() {
    let setup = Setup::new().await.variable("CI", "true");
    let ran = setup.run(&["doctor"]).await;
    assert_eq!(ran.code, 0, "{}", ran.text());
    assert!(
        ran.stdout
            .contains("! trust: any pull request can poison this cache"),
        "{}",
        ran.stdout
    );
}
