//! Bodies, which the second way into Nx stores, are entries like others to whoever looks after a bucket.

use serde_json::json;

use super::setup::Setup;
use crate::support::machine::noise;

/// A small body, a large one, and an entry of the direct way with the same hash as the small one.
async fn bodies() -> Setup {
    let setup = Setup::new().await;
    setup.store_body("123", &noise(1000, 1)).await;
    setup.store_body("456", &noise(6 << 20, 2)).await;
    setup.store("123", &[("a.js", b"1")], "built\n").await;
    setup
}

#[tokio::test]
async fn bodies_are_listed_as_such() {
    let setup = bodies().await;
    let ran = setup.run(&["ls"]).await;
    let names: Vec<_> = ran
        .stdout
        .lines()
        .skip(1)
        .map(|line| line.split("  ").next().unwrap())
        .collect();
    assert_eq!(names, ["123", "123 (body)", "456 (body)"], "{}", ran.text());
    for scope in ["t", "*"] {
        let listed = setup.run(&["ls", "--scope", scope, "--json"]).await.json_lines();
        assert_eq!(listed.len(), 3, "{scope}");
    }
    let long = setup.run(&["ls", "--long"]).await;
    assert_eq!(
        long.stdout.matches("Nx 24.0.6, linux x86_64").count(),
        3,
        "{}",
        long.text()
    );
}

#[tokio::test]
async fn bodies_are_shown_without_a_look_inside() {
    let setup = bodies().await;
    let ran = setup.run(&["inspect", "456"]).await;
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    assert!(ran.stdout.starts_with("v1/t/b/456\n"), "{}", ran.stdout);
    assert!(
        ran.stdout.contains("a body: 6.3 MB as Nx packed it, "),
        "{}",
        ran.stdout
    );
    assert!(
        ran.stdout.ends_with("\n✓ a run would restore it\n"),
        "{}",
        ran.stdout
    );
    let both = setup.run(&["inspect", "123", "--json"]).await.json();
    assert_eq!(
        (&both[0]["key"], &both[1]["key"]),
        (&json!("v1/t/e/123"), &json!("v1/t/b/123"))
    );
    assert_eq!(
        (&both[1]["files"], &both[1]["restorable"]),
        (&json!(null), &json!(true))
    );
    let everywhere = setup
        .run(&["inspect", "123", "--scope", "*", "--json"])
        .await
        .json();
    assert_eq!(everywhere, both);
    assert_eq!(setup.run(&["cat", "123"]).await.stdout, "built\n");
    let ran = setup.run(&["cat", "456"]).await;
    assert_eq!((ran.code, ran.stdout.as_str()), (1, ""));
    assert!(ran.stderr.contains("v1/t/b/456 is a body"), "{}", ran.stderr);
}

#[tokio::test]
async fn why_says_which_way_restores_them() {
    let setup = bodies().await;
    setup.last_run(&[("web:build", "456"), ("web:test", "789")]);
    let ran = setup.run(&["why", "web:build"]).await;
    assert_eq!(ran.code, 0, "{}", ran.text());
    assert!(
        ran.stdout
            .contains("✓ in t, as a body: a run on the second way would restore it"),
        "{}",
        ran.stdout
    );
    let ran = setup.run(&["why", "web:test"]).await;
    assert!(
        ran.stdout.contains("None of the newest 1 entries"),
        "{}",
        ran.text()
    );
}

#[tokio::test]
async fn bodies_are_verified_to_their_last_chunk() {
    let setup = bodies().await;
    let ran = setup.run(&["verify", "--all"]).await;
    assert_eq!(ran.code, 0, "{}", ran.text());
    assert!(
        ran.stdout.starts_with("3 entries checked (6.3 MB), none bad"),
        "{}",
        ran.stdout
    );
    let checked = setup.run(&["verify", "123", "--json"]).await.json();
    assert_eq!(checked["checked"], 2);
    let is_chunk = |path: &std::path::PathBuf| path.iter().any(|part| part == "c");
    let chunk = setup.objects().into_iter().find(is_chunk).unwrap();
    std::fs::remove_file(chunk).unwrap();
    let found = setup.run(&["verify", "--all", "--json"]).await;
    assert_eq!(
        (found.code, &found.json()["bad"][0]["key"]),
        (1, &json!("v1/t/b/456"))
    );
    assert_eq!(setup.run(&["inspect", "456"]).await.code, 1);
}

#[tokio::test]
async fn bodies_count_in_statistics_and_doctor_tries_them() {
    let setup = bodies().await;
    let report = setup.run(&["stats", "--json"]).await.json();
    assert_eq!(report["scopes"][0]["entries"]["objects"], 3);
    assert_eq!(
        (&report["content"]["read"], &report["content"]["of"]),
        (&json!(3), &json!(3)),
        "{report}"
    );
    let doctor = setup.run(&["doctor"]).await;
    assert!(
        doctor.stdout.contains("the newest 3 in t can be restored"),
        "{}",
        doctor.text()
    );
}

#[tokio::test]
async fn a_flush_keeps_the_chunks_of_bodies_that_stay_and_deletes_those_that_go() {
    let setup = bodies().await;
    let before = setup.objects().len();
    let ran = setup
        .run(&["flush", "--max-size", "1GB", "--grace", "0d", "--yes"])
        .await;
    assert_eq!((ran.code, setup.objects().len()), (0, before), "{}", ran.text());
    let ran = setup
        .run(&["flush", "--age", "0d", "--grace", "0d", "--yes"])
        .await;
    assert!(
        ran.code == 0 && ran.stdout.contains("3 entries"),
        "{}",
        ran.text()
    );
    assert!(setup.objects().is_empty(), "{:?}", setup.objects());
}
