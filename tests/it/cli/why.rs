//! `why` finds out why a task was not restored.

use serde_json::json;

use super::setup::Setup;

const FILES: [(&str, &[u8]); 1] = [("dist/main.js", b"console.log(1)\n")];

#[tokio::test]
async fn a_task_whose_hash_is_there_would_be_restored() {
    let setup = Setup::new().await;
    setup.store_task("web:build", "123", &FILES, "").await;
    setup.last_run(&[("web:build", "123")]);
    let ran = setup.run(&["why", "web:build"]).await;
    assert_eq!(ran.code, 0, "{}", ran.text());
    assert!(
        ran.stdout
            .contains("hash 123 in the last run of Nx here: nx run-many -t build,test"),
        "{}",
        ran.stdout
    );
    assert!(
        ran.stdout.contains("✓ in t: a run would restore it"),
        "{}",
        ran.stdout
    );
}

#[tokio::test]
async fn a_task_whose_hash_is_not_there_is_shown_with_its_other_entries() {
    let setup = Setup::new().await;
    for (task, hash) in [
        ("web:build", "1"),
        ("web:build", "2"),
        ("web:test", "3"),
        ("api:build", "4"),
    ] {
        setup.store_task(task, hash, &FILES, "").await;
    }
    setup.store("5", &FILES, "").await;
    setup.last_run(&[("web:build", "9"), ("api:test", "8")]);
    let ran = setup.run(&["why", "web:build"]).await;
    assert_eq!(ran.code, 1, "{}", ran.text());
    assert!(
        ran.stdout.contains("✗ there is no entry of 9 in t under v1/"),
        "{}",
        ran.stdout
    );
    assert!(
        ran.stdout
            .contains("Of the newest 5 entries, these are of this task:"),
        "{}",
        ran.stdout
    );
    let json = setup.run(&["why", "web:build", "--json"]).await.json();
    let mut others: Vec<_> = json["others"]
        .as_array()
        .unwrap()
        .iter()
        .map(|other| other["hash"].clone())
        .collect();
    others.sort_by_key(ToString::to_string);
    assert_eq!(others, [json!("1"), json!("2")]);
    assert_eq!(
        (&json["read"], &json["others"][0]["producer"]["run"]),
        (&json!(5), &json!("4711"))
    );
    let none = setup.run(&["why", "api:test"]).await;
    assert!(
        none.code == 1
            && none
                .stdout
                .contains("None of the newest 5 entries is of this task"),
        "{}",
        none.text()
    );
}

#[tokio::test]
async fn an_entry_that_no_run_would_restore_is_reported_with_the_reason() {
    let setup = Setup::new().await;
    setup.store_task("web:build", "123", &FILES, "").await;
    setup.last_run(&[("web:build", "123")]);
    let sealed = setup.variable("NX_S3_CACHE_ENCRYPTION_KEY", "a passphrase");
    let ran = sealed.run(&["why", "web:build"]).await;
    assert_eq!(ran.code, 1, "{}", ran.text());
    assert!(
        ran.stdout.contains("✗ in t, and no run would restore it: "),
        "{}",
        ran.stdout
    );
}

#[tokio::test]
async fn a_task_can_be_named_where_a_hash_is_asked_for() {
    let setup = Setup::new().await;
    setup.store_task("web:build:ci", "123", &FILES, "built\n").await;
    setup.last_run(&[("web:build:ci", "123")]);
    let shown = setup.run(&["inspect", "web:build"]).await;
    assert!(
        shown.code == 0 && shown.stdout.contains("  task        web:build:ci\n"),
        "{}",
        shown.text()
    );
    assert_eq!(setup.run(&["cat", "web:build:ci"]).await.stdout, "built\n");
    let listed = setup.run(&["ls", "--long"]).await;
    assert!(listed.stdout.contains("web:build:ci"), "{}", listed.stdout);
}

#[tokio::test]
async fn a_task_that_the_last_run_did_not_have_has_to_be_run_first() {
    let setup = Setup::new().await;
    let never = setup.run(&["why", "web:build"]).await;
    assert!(
        never.code == 2 && never.stderr.contains("run.json"),
        "{}",
        never.text()
    );
    setup.last_run(&[("web:test", "1")]);
    let other = setup.run(&["inspect", "web:build"]).await;
    assert!(
        other.code == 2 && other.stderr.contains("had no task web:build, but web:test."),
        "{}",
        other.text()
    );
    assert!(other.stderr.contains("Run the task first"), "{}", other.text());
    let elsewhere = tempfile::tempdir().unwrap();
    let variable = elsewhere.path().to_str().unwrap().to_owned();
    std::fs::write(
        elsewhere.path().join("run.json"),
        r#"{"run":{"command":"nx"},"tasks":[{"taskId":"web:build","hash":"7"}]}"#,
    )
    .unwrap();
    let moved = setup
        .variable("NX_CACHE_DIRECTORY", variable)
        .run(&["why", "web:build"])
        .await;
    assert!(moved.stdout.contains("no entry of 7"), "{}", moved.text());
}
