//! Entries of CI runs that have an identity: where they come from is shown, and chosen by.

use serde_json::json;

use super::inventory::Inventory;
use super::setup::{Ran, Setup};
use crate::support::issuer::{Issuer, REQUEST_TOKEN};

const FILES: [(&str, &[u8]); 1] = [("dist/app.js", b"app")];

/// A push to main of `acme/shop`, which may ask this issuer for a token.
async fn push(issuer: &Issuer) -> Setup {
    let [(_, url), (_, bearer)] = issuer.variables();
    Setup::new()
        .await
        .option(
            "trust",
            json!({ "identities": [issuer.identity()], "branches": ["main"] }),
        )
        .variable("GITHUB_ACTIONS", "true")
        .variable("GITHUB_EVENT_NAME", "push")
        .variable("GITHUB_REF", "refs/heads/main")
        .variable("ACTIONS_ID_TOKEN_REQUEST_URL", url)
        .variable("ACTIONS_ID_TOKEN_REQUEST_TOKEN", bearer)
}

/// What was printed, which must hold no secret.
fn text(ran: &Ran) -> String {
    let text = ran.text();
    assert!(!text.contains(REQUEST_TOKEN) && !text.contains("eyJ"), "{text}");
    text
}

#[tokio::test]
async fn inspect_shows_what_the_issuer_vouches_for() {
    let issuer = Issuer::start();
    let setup = push(&issuer).await;
    setup.store("123", &FILES, "").await;
    let ran = setup.run(&["inspect", "123"]).await;
    let host = issuer
        .identity()
        .split(['/', ':'])
        .skip(1)
        .take(2)
        .collect::<Vec<_>>()
        .join(":");
    for line in [
        format!("  signature   good, by a run of {}\n", issuer.identity()),
        "  commit      9f3182061f1e2cca4702c368cbc039b7dc9d4485\n".into(),
        "  branch      main\n".into(),
        "  event       push\n".into(),
        "  workflow    .github/workflows/ci.yml\n".into(),
        format!("  CI run      1001, https://{host}/acme/shop/actions/runs/1001/attempts/2\n"),
        "  started by  octocat\n".into(),
        format!("  vouched by  the issuer of {}\n", issuer.identity()),
        "✓ a run would restore it".into(),
    ] {
        assert!(text(&ran).contains(&line), "{line}: {}", ran.text());
    }
    let document = &setup.run(&["inspect", "123", "--json"]).await.json()[0];
    let (provenance, signature) = (&document["provenance"], &document["signature"]);
    assert_eq!(provenance["vouchedBy"], issuer.identity());
    assert_eq!(provenance["claims"]["run"], "1001");
    assert_eq!(signature["signer"], issuer.identity());
}

#[tokio::test]
async fn entries_are_listed_counted_and_purged_by_what_the_issuer_says_and_not_by_what_they_claim() {
    let issuer = Issuer::start();
    let setup = push(&issuer).await;
    // The producer of these entries claims to be run 4711.
    setup.store("1", &FILES, "").await;
    issuer.claim(json!({ "run_id": "2002", "sha": "abcdef0123", "workflow_ref": "acme/shop/.github/workflows/nightly.yml@x" }));
    setup.store("2", &FILES, "").await;
    let listed = setup.run(&["ls", "--long"]).await;
    assert!(
        text(&listed).contains(" 9f318206 ") && listed.stdout.contains(" abcdef01 "),
        "{}",
        listed.stdout
    );
    let lines = setup.run(&["ls", "--long", "--json"]).await.json_lines();
    assert!(
        lines
            .iter()
            .all(|line| line["provenance"]["vouchedBy"] == issuer.identity())
    );
    let workflows = setup.run(&["stats", "--json"]).await.json()["content"]["workflows"].clone();
    let names: Vec<_> = workflows
        .as_array()
        .unwrap()
        .iter()
        .map(|band| &band["name"])
        .collect();
    assert!(
        names.len() == 2 && names.contains(&&json!(".github/workflows/nightly.yml")),
        "{workflows}"
    );

    let claimed = setup.run(&["purge", "--run", "4711", "--dry-run"]).await;
    assert!(text(&claimed).contains("Nothing to delete"), "{}", claimed.text());
    let ran = setup
        .run(&[
            "purge", "--run", "2002", "--commit", "abcdef0", "--since", "1h", "--json",
        ])
        .await;
    assert_eq!(
        (ran.code, &ran.json()["keys"]),
        (0, &json!(["v1/t/e/2"])),
        "{}",
        ran.text()
    );
    assert!(setup.has("v1/t/e/1") && !setup.has("v1/t/e/2"));
    let ran = setup.run(&["purge", "--workflow", "ci.yml"]).await;
    assert_eq!((ran.code, setup.has("v1/t/e/1")), (0, false), "{}", ran.text());
}

#[tokio::test]
async fn what_a_run_signed_and_another_key_seals_may_need_any_chunk() {
    let issuer = Issuer::start();
    let setup = push(&issuer).await.option("encryptionKey", "the right key");
    setup.store("1", &FILES, "").await;
    let chunk = Inventory::trusted(&setup).chunk("a", 40);
    let setup = setup.option("encryptionKey", "the wrong key");
    let ran = setup.run(&["flush", "--age", "14d"]).await;
    assert_eq!((ran.code, setup.has(&chunk)), (1, true), "{}", ran.text());
    assert!(
        ran.stdout
            .contains("! Chunks were kept, since 1 entry of their scope can't be read"),
        "{}",
        ran.stdout
    );
    let setup = setup.option("encryptionKey", "the right key");
    let ran = setup.run(&["flush", "--age", "14d"]).await;
    assert_eq!((ran.code, setup.has(&chunk)), (0, false), "{}", ran.text());
}

#[tokio::test]
async fn purge_believes_no_claim_of_an_entry_whose_certificate_cannot_be_verified() {
    let issuer = Issuer::start();
    let setup = push(&issuer).await;
    // The producer of these entries claims to be run 4711.
    setup.store("1", &FILES, "").await;
    issuer.claim(json!({ "run_id": "2002" }));
    setup.store("2", &FILES, "").await;
    // The key that signed their tokens is gone.
    issuer.rotate("2", false);

    for run in ["4711", "99"] {
        let ran = setup.run(&["purge", "--run", run, "--json"]).await;
        let found = ran.json();
        assert_eq!((ran.code, &found["keys"]), (1, &json!([])), "{}", text(&ran));
        let unreadable = found["unreadable"].as_array().unwrap();
        assert_eq!(unreadable.len(), 2, "{found}");
        assert!(
            unreadable
                .iter()
                .all(|one| one["why"].as_str().unwrap().contains("retired, or forged")),
            "{found}"
        );
    }
    // Whatever claims to be of the run goes.
    let ran = setup.run(&["purge", "--run", "2002", "--json"]).await;
    let found = ran.json();
    assert_eq!(
        (ran.code, &found["keys"]),
        (1, &json!(["v1/t/e/2"])),
        "{}",
        text(&ran)
    );
    assert_eq!(found["unreadable"][0]["key"], "v1/t/e/1");
    assert!(setup.has("v1/t/e/1") && !setup.has("v1/t/e/2"));
    // Others are selected by what is known of every entry.
    let ran = setup
        .run(&["purge", "--run", "99", "--since", "1h", "--producer", "os=none"])
        .await;
    assert_eq!(ran.code, 0, "{}", text(&ran));
}

#[tokio::test]
async fn doctor_shows_what_this_run_s_token_claims_and_which_rule_accepts_or_refuses_it() {
    let issuer = Issuer::start();
    let setup = push(&issuer).await;
    let ran = setup.run(&["doctor"]).await;
    let said = text(&ran).split_whitespace().collect::<Vec<_>>().join(" ");
    for part in [
        "can be had",
        &format!("accepted as {}", issuer.identity()),
        "repository acme/shop",
        "ref refs/heads/main",
        "event_name push",
    ] {
        assert!(said.contains(part), "{part}: {}", ran.text());
    }
    issuer.claim(json!({ "event_name": "workflow_dispatch" }));
    let ran = setup.run(&["doctor"]).await;
    let said = text(&ran).split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        said.contains("caused by workflow_dispatch, which trust.events doesn't list"),
        "{}",
        ran.text()
    );
    issuer.claim(json!({ "ref_protected": "false" }));
    let ran = setup.run(&["doctor"]).await;
    let said = text(&ran).split_whitespace().collect::<Vec<_>>().join(" ");
    for part in [
        "is of refs/heads/main, which is not protected",
        "ref_protected false",
        "by a ruleset or a branch protection rule",
    ] {
        assert!(said.contains(part), "{part}: {}", ran.text());
    }
    issuer.set_down(true);
    let ran = setup.run(&["doctor"]).await;
    let said = text(&ran).split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        said.contains("can't be had: the server answers 503") && said.contains("jwksFile"),
        "{}",
        ran.text()
    );
}

#[tokio::test]
async fn an_attack_forges_certificates_and_none_gets_through() {
    let issuer = Issuer::start();
    let setup = push(&issuer)
        .await
        .variable("GITHUB_EVENT_NAME", "pull_request")
        .variable("GITHUB_REF", "refs/pull/1/merge");
    let ran = setup.run(&["doctor", "--attack", "--json"]).await;
    assert_eq!(ran.code, 0, "{}", text(&ran));
    let found = ran.json();
    for kind in [
        "other-repository",
        "other-ref",
        "unprotected-ref",
        "other-event",
        "replayed-token",
        "other-issuer",
    ] {
        let attempts = found["attempts"].as_array().unwrap();
        let attempt = attempts.iter().find(|attempt| attempt["kind"] == kind).unwrap();
        assert_eq!(
            (&attempt["bucket"]["state"], &attempt["client"]["state"]),
            (&json!("allowed"), &json!("refused")),
            "{attempt}"
        );
    }
}

#[tokio::test]
async fn archives_are_kept_and_restored_without_a_key_too() {
    let issuer = Issuer::start();
    let setup = push(&issuer).await;
    let directory = tempfile::tempdir().unwrap();
    std::fs::create_dir(directory.path().join("modules")).unwrap();
    std::fs::write(directory.path().join("modules/a.js"), "a").unwrap();
    let kept = setup
        .run_at(
            directory.path(),
            &["rebuild", "acme/modules", "--mount", "modules"],
        )
        .await;
    assert_eq!(kept.code, 0, "{}", text(&kept));
    assert!(setup.has("v1/t/n/acme/modules"));
    let other = tempfile::tempdir().unwrap();
    let restored = setup.run_at(other.path(), &["restore", "acme/modules"]).await;
    assert_eq!(restored.code, 0, "{}", text(&restored));
    assert!(other.path().join("modules/a.js").exists());
    issuer.claim(json!({ "event_name": "schedule" }));
    let refused = setup
        .run_at(directory.path(), &["rebuild", "acme/other", "--mount", "modules"])
        .await;
    assert!(
        text(&refused).contains("trust.events") && !setup.has("v1/t/n/acme/other"),
        "{}",
        refused.text()
    );
}
