//! `verify` finds what no run would restore.

use std::path::PathBuf;

use serde_json::json;

use super::setup::Setup;
use crate::support::machine::noise;
use crate::support::scripted::{Seen, error};

/// One entry with its chunks, one that has everything inside.
async fn two() -> Setup {
    let setup = Setup::new().await;
    setup.store("111", &[("big", &noise(6 << 20, 3))], "").await;
    setup.store("222", &[("small", b"x")], "").await;
    setup
}

/// Changes the last byte of an object.
fn damage(setup: &Setup, object: &PathBuf) {
    let mut bytes = std::fs::read(object).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    setup.replace(object, &bytes);
}

#[tokio::test]
async fn good_entries_are_good_and_nothing_is_written() {
    let setup = two().await;
    let before = setup.objects().len();
    let ran = setup.run(&["verify", "--all"]).await;
    assert_eq!(
        (ran.code, ran.stdout.as_str()),
        (0, "2 entries checked (6.3 MB), none bad\n"),
        "{}",
        ran.stderr
    );
    assert_eq!(setup.objects().len(), before);
    assert!(
        !setup
            .server
            .requests()
            .iter()
            .skip_while(|r| r.starts_with("PUT"))
            .any(|r| r.starts_with("DELETE"))
    );
    let one = setup.run(&["verify", "222"]).await;
    assert_eq!(
        (one.code, one.stdout.as_str()),
        (0, "1 entry checked (2.6 kB), none bad\n")
    );
}

#[tokio::test]
async fn a_damaged_chunk_and_a_missing_one_are_named() {
    let setup = two().await;
    let chunks: Vec<_> = setup
        .objects()
        .into_iter()
        .filter(|path| path.iter().any(|part| part == "c"))
        .collect();
    damage(&setup, &chunks[0]);
    let ran = setup.run(&["verify", "--all"]).await;
    assert_eq!(ran.code, 1, "{}", ran.text());
    let id = chunks[0].file_name().unwrap().to_str().unwrap();
    assert!(
        ran.stdout.starts_with("✗ v1/t/e/111: v1/t/c/") && ran.stdout.contains(id),
        "{}",
        ran.stdout
    );
    assert!(
        ran.stdout.ends_with("2 entries checked (6.3 MB), 1 bad\n"),
        "{}",
        ran.stdout
    );

    std::fs::remove_file(&chunks[0]).unwrap();
    let ran = setup.run(&["verify", "--all", "--json"]).await;
    let found = ran.json();
    assert_eq!(
        (ran.code, &found["checked"], &found["bad"][0]["key"]),
        (1, &json!(2), &json!("v1/t/e/111"))
    );
    assert!(
        found["bad"][0]["problem"]
            .as_str()
            .unwrap()
            .contains("no such chunk"),
        "{found}"
    );
}

#[tokio::test]
async fn a_damaged_entry_and_one_in_a_wrong_place_are_named() {
    let setup = two().await;
    let entry = setup.bucket().join("v1/t/e/222");
    let bytes = std::fs::read(&entry).unwrap();
    setup.replace(&setup.bucket().join("v1/t/e/333"), &bytes);
    damage(&setup, &entry);
    let ran = setup.run(&["verify", "--all"]).await;
    assert_eq!(ran.code, 1);
    assert!(
        ran.stdout.contains("✗ v1/t/e/222: ")
            && ran.stdout.contains("✗ v1/t/e/333: damaged manifest: it is about")
    );
    assert!(
        ran.stdout.ends_with("3 entries checked (6.3 MB), 2 bad\n"),
        "{}",
        ran.stdout
    );
}

#[tokio::test]
async fn an_archived_entry_is_named_and_the_others_are_still_checked() {
    let setup = two().await;
    let archived = |seen: &Seen| {
        seen.is("GET", "/t/e/111").then(|| {
            let message = "The operation is not valid for the object's storage class";
            error("403 Forbidden", "InvalidObjectState", message)
        })
    };
    let setup = setup.intercepted(archived).await;
    let ran = setup.run(&["verify", "--all"]).await;
    assert_eq!(ran.code, 1, "{}", ran.text());
    assert!(
        ran.stdout.starts_with("✗ v1/t/e/111: ") && ran.stdout.contains("can't be read: InvalidObjectState"),
        "{}",
        ran.stdout
    );
    assert!(
        ran.stdout.ends_with("2 entries checked (2.6 kB), 1 bad\n"),
        "{}",
        ran.stdout
    );
}

#[tokio::test]
async fn an_empty_bucket_proves_nothing() {
    let setup = Setup::new().await;
    let ran = setup.run(&["verify", "--all"]).await;
    assert_eq!((ran.code, ran.stdout.as_str()), (1, ""));
    assert!(ran.stderr.contains("no entries to check"), "{}", ran.stderr);
}
