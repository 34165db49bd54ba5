//! `flush` deletes what is old or too much, and nothing that is needed.

use nx_s3_cache::entry::MAX_ENTRY_OBJECT;
use nx_s3_cache::sign::{KeyName, SigningKey};
use serde_json::json;

use super::inventory::{CHUNK, DAY, Inventory};
use super::setup::Setup;
use crate::support::scripted::{Seen, error};

/// Which of these keys are left.
fn left<'a>(setup: &Setup, keys: &[&'a String]) -> Vec<&'a String> {
    keys.iter().copied().filter(|key| setup.has(key)).collect()
}

#[tokio::test]
async fn ten_thousand_objects_cost_the_listing_and_a_request_for_each_thousand_deleted() {
    let setup = Setup::new().await;
    let scope = Inventory::trusted(&setup);
    for n in 0..10_000 {
        scope.entry(&n.to_string(), &[], if n < 5_000 { 20 } else { 1 });
    }
    let ran = setup.run(&["flush", "--age", "14d", "--json"]).await;
    assert_eq!(ran.code, 0, "{}", ran.text());
    assert_eq!(ran.json()["deleted"]["entries"], 5_000);
    assert_eq!(setup.objects().len(), 5_000);
    let requests = setup.server.requests();
    let count = |method: &str| {
        requests
            .iter()
            .filter(|request| request.starts_with(method))
            .count()
    };
    assert_eq!(
        (count("GET"), count("POST"), requests.len()),
        (10, 5, 15),
        "{requests:?}"
    );
}

#[tokio::test]
async fn a_chunk_stays_as_long_as_one_entry_needs_it() {
    let setup = Setup::new().await;
    let scope = Inventory::trusted(&setup);
    let (shared, single, orphan) = (
        scope.chunk("shared", 40),
        scope.chunk("single", 40),
        scope.chunk("orphan", 40),
    );
    let young = scope.chunk("young", 0);
    let (old, new) = (
        scope.entry("1", &["shared", "single"], 20),
        scope.archive("acme/shop/modules", &["shared"], 1),
    );
    let ran = setup.run(&["flush", "--age", "14d"]).await;
    assert_eq!(ran.code, 0, "{}", ran.text());
    let all = [&shared, &single, &orphan, &young, &old, &new];
    assert_eq!(left(&setup, &all), [&shared, &young, &new], "{}", ran.text());
    assert!(
        ran.stdout.contains("1 entry and 2 chunks deleted: 2.0 MB freed"),
        "{}",
        ran.stdout
    );

    let ran = setup.run(&["flush", "--age", "0d", "--grace", "0d"]).await;
    assert_eq!((ran.code, left(&setup, &all).len()), (0, 0), "{}", ran.text());
}

#[tokio::test]
async fn what_can_not_be_read_may_need_any_chunk_of_its_scope() {
    let setup = Setup::new().await;
    let (trusted, other) = (Inventory::trusted(&setup), Inventory::pull_request(&setup, "7"));
    let (kept, gone) = (trusted.chunk("a", 40), other.chunk("a", 40));
    let damaged = trusted.damaged("1", 1);
    let ran = setup.run(&["flush", "--age", "14d"]).await;
    assert_eq!(ran.code, 1, "{}", ran.text());
    assert_eq!(left(&setup, &[&kept, &gone, &damaged]), [&kept, &damaged]);
    assert!(
        ran.stdout
            .contains("! Chunks were kept, since 1 entry of their scope can't be read")
            && ran.stdout.contains("v1/t/e/1: not an nx-s3-cache object"),
        "{}",
        ran.stdout
    );
    // Once it has gone for its age, its scope is like any other.
    let ran = setup.run(&["flush", "--age", "0d"]).await;
    assert_eq!((ran.code, setup.objects().len()), (0, 0), "{}", ran.text());
}

/// With a key that others trust; returns it, too.
async fn with_keys() -> (Setup, SigningKey) {
    let key = SigningKey::generate(KeyName::parse("main").unwrap()).unwrap();
    let keys = json!({ "publicKeys": [key.public_key().to_string()] });
    (Setup::new().await.option("trust", keys), key)
}

#[tokio::test]
async fn garbage_that_no_trusted_key_signed_stops_nothing() {
    let (setup, key) = with_keys().await;
    let mut scope = Inventory::trusted(&setup);
    let (needed, unneeded) = (scope.chunk("needed", 40), scope.chunk("unneeded", 40));
    let (young, old) = (scope.damaged("1", 1), scope.damaged("2", 20));
    let large = scope.damaged("3", 1);
    setup.place(&large, &vec![0; MAX_ENTRY_OBJECT as usize + 1], DAY);
    scope.signer = Some(key);
    let entry = scope.entry("4", &["needed"], 1);
    let all = [&needed, &unneeded, &young, &old, &large, &entry];
    let dry = setup.run(&["flush", "--age", "14d", "--dry-run", "--json"]).await;
    assert_eq!(
        dry.json()["ignored"].as_array().unwrap().len(),
        2,
        "{}",
        dry.text()
    );
    let ran = setup.run(&["flush", "--age", "14d"]).await;
    assert_eq!(ran.code, 0, "{}", ran.text());
    assert_eq!(left(&setup, &all), [&needed, &young, &large, &entry]);
    assert!(
        ran.stdout
            .contains("! No chunk was kept for 2 entries without a trusted signature")
            && ran.stdout.contains("v1/t/e/1: not an nx-s3-cache object"),
        "{}",
        ran.stdout
    );
    let ran = setup.run(&["purge", "1"]).await;
    assert!(ran.code == 0 && !setup.has(&young), "{}", ran.text());
}

/// A signed entry, which the bucket refuses with `code` and `message`, and a chunk that only it names.
async fn refused_entry(code: &'static str, message: &'static str) -> (Setup, String) {
    let (setup, key) = with_keys().await;
    let mut scope = Inventory::trusted(&setup);
    let chunk = scope.chunk("a", 40);
    scope.signer = Some(key);
    scope.entry("1", &["a"], 1);
    let refusal = move |seen: &Seen| {
        seen.is("GET", "/t/e/1")
            .then(|| error("403 Forbidden", code, message))
    };
    (setup.intercepted(refusal).await, chunk)
}

/// An entry that can't be read keeps the chunk.
async fn assert_kept(setup: &Setup, chunk: &str) {
    let ran = setup.run(&["flush", "--age", "14d"]).await;
    assert_eq!((ran.code, setup.has(chunk)), (1, true), "{}", ran.text());
    assert!(
        ran.stdout
            .contains("! Chunks were kept, since 1 entry of their scope can't be read"),
        "{}",
        ran.stdout
    );
}

#[tokio::test]
async fn an_archived_entry_which_nobody_can_read_keeps_no_chunks() {
    let (setup, chunk) = refused_entry("InvalidObjectState", "The object is archived.").await;
    let ran = setup.run(&["flush", "--age", "14d"]).await;
    assert_eq!((ran.code, setup.has(&chunk)), (0, false), "{}", ran.text());
    assert!(
        ran.stdout
            .contains("! No chunk was kept for 1 entry without a trusted signature")
            && ran.stdout.contains("InvalidObjectState"),
        "{}",
        ran.stdout
    );
}

#[tokio::test]
async fn an_entry_that_only_this_caller_can_not_read_may_need_any_chunk() {
    for message in ["not authorized to perform: kms:Decrypt", "Access Denied"] {
        let (setup, chunk) = refused_entry("AccessDenied", message).await;
        assert_kept(&setup, &chunk).await;
    }
}

#[tokio::test]
async fn what_a_trusted_key_signed_and_can_not_be_read_may_need_any_chunk() {
    let (setup, key) = with_keys().await;
    let mut scope = Inventory::trusted(&setup);
    let chunk = scope.chunk("a", 40);
    scope.signer = Some(key);
    // It isn't sealed, as all has to be for who reads it with a key.
    scope.entry("1", &["a"], 1);
    let setup = setup.option("encryptionKey", "another passphrase");
    assert_kept(&setup, &chunk).await;
}

#[tokio::test]
async fn the_oldest_go_until_the_rest_fits() {
    let setup = Setup::new().await;
    let scope = Inventory::trusted(&setup);
    let chunks: Vec<String> = ["a", "b", "c", "d"].map(|name| scope.chunk(name, 40)).into();
    let oldest = scope.entry("1", &["a", "b"], 9);
    let older = scope.entry("2", &["b", "c"], 8);
    let newest = scope.entry("3", &["d"], 7);
    // Without the oldest, b is still needed.
    let most = (3 * CHUNK + 5_000).to_string() + "B";
    let ran = setup.run(&["flush", "--max-size", &most]).await;
    assert_eq!(ran.code, 0, "{}", ran.text());
    assert_eq!(
        left(&setup, &[&oldest, &older, &newest]),
        [&older, &newest],
        "{}",
        ran.text()
    );
    assert_eq!(
        left(&setup, &chunks.iter().collect::<Vec<_>>()),
        [&chunks[1], &chunks[2], &chunks[3]]
    );

    let ran = setup.run(&["flush", "--max-size", &most]).await;
    assert!(
        ran.stdout.starts_with("Nothing to delete; 3.0 MB in 1 scope."),
        "{}",
        ran.text()
    );
}

#[tokio::test]
async fn a_dry_run_tells_the_same_and_changes_nothing() {
    let setup = Setup::new().await;
    let (trusted, other) = (Inventory::trusted(&setup), Inventory::pull_request(&setup, "7"));
    trusted.entry("1", &["a"], 20);
    trusted.chunk("a", 40);
    other.entry("1", &[], 20);
    let before = setup.objects();
    let dry = setup
        .run(&["flush", "--age", "14d", "--dry-run", "--json"])
        .await
        .json();
    assert_eq!(setup.objects(), before);
    let planned = setup.run(&["flush", "--age", "14d", "--dry-run"]).await;
    assert!(
        planned.stdout.contains("2 entries and 1 chunk would be deleted")
            && planned
                .stdout
                .ends_with("Nothing was changed: this was a dry run.\n"),
        "{}",
        planned.stdout
    );
    let real = setup.run(&["flush", "--age", "14d", "--json"]).await.json();
    for member in ["deleted", "left", "scopes", "unreadable"] {
        assert_eq!(dry[member], real[member], "{member}");
    }
    assert!(setup.objects().is_empty());
}

#[tokio::test]
async fn other_scopes_and_what_is_not_ours_are_left_alone() {
    let setup = Setup::new().await;
    let (trusted, other) = (Inventory::trusted(&setup), Inventory::pull_request(&setup, "7"));
    let (kept, gone) = (trusted.entry("1", &[], 20), other.entry("1", &[], 20));
    setup.place("elsewhere/file", b"x", DAY * 20);
    setup.place("v1/t/later-version/x", b"x", DAY * 20);
    setup.place("v1/u/pr-7/scratch/doctor-1", b"x", DAY * 20);
    let ran = setup.run(&["flush", "--age", "14d", "--scope", "u/*"]).await;
    assert_eq!(ran.code, 0, "{}", ran.text());
    assert_eq!(left(&setup, &[&kept, &gone]), [&kept]);
    assert!(
        ran.stdout.contains("1 entry and 1 scratch object deleted"),
        "{}",
        ran.stdout
    );
    setup.run(&["flush", "--age", "14d"]).await;
    assert!(setup.has("elsewhere/file") && setup.has("v1/t/later-version/x"));
    assert_eq!(setup.objects().len(), 2);
}

#[tokio::test]
async fn bad_arguments_are_refused_before_anything_is_asked() {
    let setup = Setup::new().await;
    for (args, expected) in [
        (&["flush"][..], "--age"),
        (&["flush", "--age", "14"], "14d (days)"),
        (&["flush", "--age", "14x"], "14d (days)"),
        (&["flush", "--age", "-1d"], "-1"),
        (&["flush", "--max-size", "50"], "50GB"),
        (&["flush", "--age", "14d", "--scope", "pr-7"], "u/pr-123"),
    ] {
        let ran = setup.run(args).await;
        assert!(
            ran.code == 2 && ran.stderr.contains(expected),
            "{args:?}: {}",
            ran.text()
        );
    }
    assert_eq!(setup.server.requests(), [""; 0]);
}

#[tokio::test]
async fn an_empty_bucket_has_nothing_to_delete() {
    let setup = Setup::new().await;
    let ran = setup.run(&["flush", "--age", "14d"]).await;
    assert_eq!(
        (ran.code, ran.stdout.as_str()),
        (0, "Nothing to delete; 0 B in 0 scopes.\n")
    );
}
