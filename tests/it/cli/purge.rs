//! `purge` deletes what its arguments select, and says what it could not decide.

use nx_s3_cache::entry::Producer;
use nx_s3_cache::sign::{KeyName, Provenance, SigningKey};

use super::inventory::Inventory;
use super::setup::Setup;

fn made_by(run: &str) -> Producer {
    Producer {
        claimed: Provenance {
            run: Some(run.into()),
            commit: Some("1a2b3c4d5e".into()),
            workflow: Some(".github/workflows/ci.yml".into()),
            ..Provenance::default()
        },
        ..Producer::default()
    }
}

#[tokio::test]
async fn named_entries_go_in_every_scope_or_in_one() {
    let setup = Setup::new().await;
    let (trusted, other) = (Inventory::trusted(&setup), Inventory::pull_request(&setup, "7"));
    let (one, its_twin, two) = (
        trusted.entry("1", &[], 1),
        other.entry("1", &[], 1),
        trusted.entry("2", &[], 1),
    );
    let archive = trusted.archive("acme/shop/modules", &[], 1);

    let ran = setup.run(&["purge", "1", "--scope", "u/pr-7"]).await;
    assert_eq!(
        (ran.code, setup.has(&one), setup.has(&its_twin)),
        (0, true, false),
        "{}",
        ran.text()
    );
    let ran = setup.run(&["purge", "1", "acme/shop/modules"]).await;
    assert_eq!(
        (ran.code, setup.has(&one), setup.has(&archive), setup.has(&two)),
        (0, false, false, true)
    );
    assert!(
        ran.stdout.contains("1 entry and 1 archive deleted"),
        "{}",
        ran.stdout
    );
}

#[tokio::test]
async fn a_name_that_is_not_there_is_reported_and_the_others_go() {
    let setup = Setup::new().await;
    let one = Inventory::trusted(&setup).entry("1", &[], 1);
    let ran = setup.run(&["purge", "1", "99"]).await;
    assert_eq!((ran.code, setup.has(&one)), (1, false));
    assert!(ran.stdout.contains("✗ 99: not in these scopes"), "{}", ran.stdout);
}

#[tokio::test]
async fn what_one_run_or_commit_made_goes() {
    let setup = Setup::new().await;
    let mut scope = Inventory::trusted(&setup);
    scope.producer = made_by("100");
    let suspect = scope.entry("1", &[], 1);
    scope.producer = made_by("200");
    let good = scope.entry("2", &[], 1);
    let dry = setup.run(&["purge", "--run", "100", "--dry-run"]).await;
    assert!(
        dry.stdout.contains(&suspect) && !dry.stdout.contains(&good),
        "{}",
        dry.stdout
    );
    assert!(setup.has(&suspect), "a dry run changes nothing");

    let ran = setup
        .run(&[
            "purge",
            "--run",
            "100",
            "--commit",
            "1a2b3c4",
            "--workflow",
            "ci.yml",
        ])
        .await;
    assert_eq!(
        (ran.code, setup.has(&suspect), setup.has(&good)),
        (0, false, true),
        "{}",
        ran.text()
    );
    let ran = setup.run(&["purge", "--commit", "1a2b3c4"]).await;
    assert_eq!((ran.code, setup.has(&good)), (0, false));
}

#[tokio::test]
async fn what_was_made_in_a_span_of_time_goes() {
    let setup = Setup::new().await;
    let mut scope = Inventory::trusted(&setup);
    // 2027-01-15, 08:00 UTC.
    scope.created = 1_800_000_000;
    let early = scope.entry("1", &[], 1);
    scope.created += 3600;
    let late = scope.entry("2", &[], 1);
    let span = [
        "purge",
        "--since",
        "2027-01-15T08:30:00Z",
        "--until",
        "2027-01-16",
    ];
    let ran = setup.run(&span).await;
    assert_eq!(
        (ran.code, setup.has(&early), setup.has(&late)),
        (0, true, false),
        "{}",
        ran.text()
    );
    // A year before, and written now.
    scope.created -= 365 * 24 * 3600 + 3600;
    let past = scope.entry("3", &[], 0);
    let ran = setup.run(&["purge", "--until", "2026-01-15T08:00:00Z"]).await;
    assert_eq!((ran.code, setup.has(&past)), (0, true), "{}", ran.text());
    let ran = setup.run(&["purge", "--until", "2026-01-15T08:00:01Z"]).await;
    assert_eq!((ran.code, setup.has(&past)), (0, false), "{}", ran.text());
}

#[tokio::test]
async fn no_entry_escapes_a_span_of_time_by_the_time_that_it_claims() {
    let setup = Setup::new().await;
    let mut scope = Inventory::trusted(&setup);
    // Both were written a day ago.
    scope.created = 0;
    let of_1970 = scope.entry("1", &[], 1);
    scope.created = 4_000_000_000;
    let of_2096 = scope.entry("2", &[], 1);
    let ran = setup
        .run(&["purge", "--since", "2h", "--until", "2d", "--dry-run"])
        .await;
    assert!(ran.stdout.contains("Nothing to delete"), "{}", ran.text());
    let ran = setup.run(&["purge", "--since", "2d", "--until", "1h"]).await;
    assert_eq!(
        (ran.code, setup.has(&of_1970), setup.has(&of_2096)),
        (0, false, false),
        "{}",
        ran.text()
    );
}

#[tokio::test]
async fn what_bears_the_name_of_a_key_goes_and_needs_no_encryption_key_for_that() {
    let setup = Setup::new().await;
    let mut scope = Inventory::trusted(&setup);
    let unsigned = scope.entry("1", &[], 1);
    scope.signer = Some(SigningKey::generate(KeyName::parse("main-2025").unwrap()).unwrap());
    let stolen = scope.entry("2", &[], 1);
    scope.signer = Some(SigningKey::generate(KeyName::parse("main-2026").unwrap()).unwrap());
    let good = scope.entry("3", &[], 1);
    let setup = setup.variable("NX_S3_CACHE_ENCRYPTION_KEY", "another passphrase");
    let ran = setup.run(&["purge", "--key", "main-2025", "--json"]).await;
    assert_eq!((ran.code, &ran.json()["keys"]), (0, &serde_json::json!([stolen])));
    assert_eq!(
        [&unsigned, &stolen, &good].map(|key| setup.has(key)),
        [true, false, true]
    );
}

#[tokio::test]
async fn entries_that_nobody_can_judge_stay_and_are_reported() {
    let setup = Setup::new().await;
    let scope = Inventory::trusted(&setup);
    let damaged = scope.damaged("1", 1);
    let ran = setup.run(&["purge", "--run", "100"]).await;
    assert_eq!((ran.code, setup.has(&damaged)), (1, true));
    assert!(
        ran.stdout.contains("! v1/t/e/1: not an nx-s3-cache object"),
        "{}",
        ran.stdout
    );
}

#[tokio::test]
async fn nothing_is_purged_without_a_selection() {
    let setup = Setup::new().await;
    for args in [
        &["purge"][..],
        &["purge", "--scope", "u/*"],
        &["purge", "1", "--key", "x"],
        &["purge", "--producer", "x"],
        &["purge", "--commit", "main"],
        &["purge", "--since", "yesterday"],
        &["purge", "1", "--run", "100"],
    ] {
        let ran = setup.run(args).await;
        assert_eq!(ran.code, 2, "{args:?}: {}", ran.text());
    }
    assert_eq!(setup.server.requests(), [""; 0]);
}
