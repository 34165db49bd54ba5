//! `inspect` tells all there is to tell of an entry, and believes none of it.

use nx_s3_cache::sign::{KeyName, SigningKey};
use serde_json::json;

use super::setup::Setup;
use crate::support::machine::noise;

const FILES: [(&str, &[u8]); 2] = [("dist/main.js", b"console.log(1)\n"), ("dist/deep/x.map", b"{}")];

#[tokio::test]
async fn everything_an_entry_has_is_shown() {
    let setup = Setup::new().await;
    setup.store("123", &FILES, "built\n").await;
    let ran = setup.run(&["inspect", "123"]).await;
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    let shown = regex_lite::Regex::new(r"object      \d+ B").unwrap();
    let content = regex_lite::Regex::new(r"[\d.]+ k?B stored inside").unwrap();
    let text = shown.replace(&ran.steady(), "object      <size>").into_owned();
    let text = content.replace(&text, "<size> stored inside").into_owned();
    assert_eq!(
        text,
        "v1/t/e/123
  object      <size>
  signature   not signed (not needed here)
  stored      <time> (<age> ago)
  made by     nx-s3-cache 1.0.0, Nx 24.0.6, linux x86_64
  exit code   0
  content     2 files, 5.1 kB as an archive, <size> stored inside the entry
  CI run      4711
  vouched by  nobody: these are claims of who wrote it
  -rw-r--r--       6 B  (terminal output)
  drwxr-xr-x       0 B  dist/
  drwxr-xr-x       0 B  dist/deep/
  -rw-r--r--       2 B  dist/deep/x.map
  -rw-r--r--      15 B  dist/main.js
✓ a run would restore it
"
    );
}

#[tokio::test]
async fn json_has_the_manifest_and_the_files() {
    let setup = Setup::new().await;
    setup
        .store("123", &[("big", &noise(12 << 20, 1))], "built\n")
        .await;
    let ran = setup.run(&["inspect", "123", "--json"]).await;
    let entry = &ran.json()[0];
    assert_eq!((ran.code, &entry["restorable"]), (0, &json!(true)));
    assert!(entry["manifest"]["chunks"].as_array().unwrap().len() > 1);
    assert_eq!(
        entry["files"][1],
        json!({ "kind": "file", "path": "big", "mode": "644", "size": 12 << 20 })
    );
}

#[tokio::test]
async fn a_hash_that_is_not_there_is_said_to_be_nowhere() {
    let setup = Setup::new().await;
    setup.store("123", &FILES, "").await;
    for command in ["inspect", "cat", "verify"] {
        let ran = setup.run(&[command, "124"]).await;
        assert_eq!((ran.code, ran.stdout.as_str()), (1, ""), "{command}");
        let said = "there is no entry of 124 in t under v1/. Runs with this environment look nowhere else; \
                    --scope '*' looks everywhere.";
        assert!(ran.stderr.contains(said), "{}", ran.stderr);
    }
}

#[tokio::test]
async fn who_signed_is_printed_and_whether_it_is_trusted() {
    let key = SigningKey::generate(KeyName::parse("main-2026").unwrap()).unwrap();
    let trusted = || {
        let keys = json!({ "publicKeys": [key.public_key().to_string()] });
        async { Setup::new().await.option("trust", keys) }
    };
    let signing = trusted()
        .await
        .variable("NX_S3_CACHE_SIGNING_KEY", key.to_text().expose())
        .variable("GITHUB_ACTIONS", "true")
        .variable("GITHUB_EVENT_NAME", "push")
        .variable("GITHUB_REF", "refs/heads/main");
    signing.store("123", &FILES, "").await;
    let ran = signing.run(&["inspect", "123"]).await;
    assert_eq!(ran.code, 0, "{}", ran.text());
    assert!(
        ran.stdout.contains("  signature   good, by the key main-2026\n"),
        "{}",
        ran.stdout
    );

    let unsigned = Setup::new().await;
    unsigned.store("123", &FILES, "").await;
    let wary = unsigned.option("trust", json!({ "publicKeys": [key.public_key().to_string()] }));
    for args in [&["inspect", "123"][..], &["verify", "123"], &["verify", "--all"]] {
        let ran = wary.run(args).await;
        assert_eq!(ran.code, 1, "{args:?}");
        assert!(
            ran.stdout.contains("not signed") && ran.stdout.contains('✗'),
            "{}",
            ran.stdout
        );
    }
}

#[tokio::test]
async fn without_the_key_what_is_knowable_is_printed() {
    let setup = Setup::new()
        .await
        .variable("NX_S3_CACHE_ENCRYPTION_KEY", "a passphrase");
    setup.store("123", &FILES, "").await;
    let locked = setup.variable("NX_S3_CACHE_ENCRYPTION_KEY", "");
    let ran = locked.run(&["inspect", "123"]).await;
    assert_eq!(ran.code, 2);
    assert!(
        ran.stdout.contains(
            "  signature   not signed (not needed here)\n  content     encrypted, and no encryptionKey"
        ),
        "{}",
        ran.stdout
    );
    let ran = locked.run(&["verify", "--all"]).await;
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("1 are encrypted"), "{}", ran.stderr);
    assert_eq!(locked.run(&["ls"]).await.code, 0);
    let opened = locked.variable("NX_S3_CACHE_ENCRYPTION_KEY", "a passphrase");
    assert_eq!(opened.run(&["verify", "--all"]).await.code, 0);
}

#[cfg(unix)]
#[tokio::test]
async fn names_from_the_bucket_give_the_terminal_no_orders() {
    let setup = Setup::new().await;
    setup.store("123", &[("a\u{1b}[2J\r.js", b"x")], "").await;
    let ran = setup.run(&["inspect", "123"]).await;
    assert!(ran.stdout.contains("a\\u{1b}[2J\\r.js"), "{}", ran.stdout);
    assert!(!ran.stdout.contains(['\u{1b}', '\r']));
}

#[cfg(unix)]
#[tokio::test]
async fn json_gives_the_terminal_no_orders_and_keeps_what_they_are() {
    let setup = Setup::new().await;
    let name = "exe\u{202e}gpj\u{9b}31m.js";
    setup.store("123", &[(name, b"x")], "").await;
    let ran = setup.run(&["inspect", "123", "--json"]).await;
    assert!(
        ran.stdout.contains("exe\\u202egpj\\u009b31m.js"),
        "{}",
        ran.stdout
    );
    assert!(!ran.stdout.contains(['\u{202e}', '\u{9b}']));
    let found = ran.json();
    let mut files = found[0]["files"].as_array().unwrap().iter();
    assert!(
        files.any(|file| file["path"].as_str().unwrap().ends_with(name)),
        "{found}"
    );
}
