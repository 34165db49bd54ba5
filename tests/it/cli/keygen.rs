//! `keygen` makes keys that fit, and keeps the secret one to itself.

use nx_s3_cache::secret::Secret;
use nx_s3_cache::sign::{PublicKey, SigningKey};
use tempfile::TempDir;

use super::setup::{Ran, run_in};

async fn keygen(directory: &TempDir, args: &[&str]) -> Ran {
    let args = [&["keygen", "--name", "main-2026"], args].concat();
    run_in(directory.path(), &args, &[]).await
}

/// The keys in a text, by their length in base64.
fn keys(text: &str, length: usize) -> Vec<&str> {
    text.split(|c: char| c.is_whitespace() || c == '"')
        .filter(|word| word.starts_with("main-2026:") && word.len() == "main-2026:".len() + length)
        .collect()
}

fn read(secret: &str) -> SigningKey {
    SigningKey::parse(&Secret::new(secret.trim().into())).unwrap()
}

#[tokio::test]
async fn the_printed_halves_belong_together() {
    let directory = tempfile::tempdir().unwrap();
    let ran = keygen(&directory, &[]).await;
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    let ([public], [secret]) = (&keys(&ran.stdout, 44)[..], &keys(&ran.stdout, 88)[..]) else {
        panic!("{}", ran.stdout)
    };
    assert_eq!(read(secret).public_key(), PublicKey::parse(public).unwrap());
    assert!(ran.stdout.contains("NX_S3_CACHE_SIGNING_KEY"));
    let as_json = keygen(&directory, &["--json"]).await.json();
    let secret = read(as_json["secretKey"].as_str().unwrap());
    assert_eq!(as_json["publicKey"], secret.public_key().to_string());
}

#[tokio::test]
async fn a_secret_that_goes_to_a_file_is_its_owner_s_alone_and_not_printed() {
    let directory = tempfile::tempdir().unwrap();
    for (file, extra) in [("a.key", None), ("b.key", Some("--json"))] {
        let args: Vec<_> = ["--secret-file", file].into_iter().chain(extra).collect();
        let ran = keygen(&directory, &args).await;
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        let path = directory.path().join(file);
        let secret = std::fs::read_to_string(&path).unwrap();
        assert!(!ran.text().contains(secret.trim()));
        assert!(ran.stdout.contains(&read(&secret).public_key().to_string()));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        }
    }
}

#[tokio::test]
async fn no_file_is_ever_overwritten() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("main.key");
    std::fs::write(&path, "the old key").unwrap();
    let ran = keygen(&directory, &["--secret-file", "main.key"]).await;
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("main.key exists"), "{}", ran.stderr);
    assert_eq!(std::fs::read_to_string(path).unwrap(), "the old key");
    assert_eq!(ran.stdout, "");
}

#[tokio::test]
async fn a_name_that_is_none_is_refused_with_what_is_allowed() {
    let directory = tempfile::tempdir().unwrap();
    let ran = run_in(directory.path(), &["keygen", "--name", "a b"], &[]).await;
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("1 to 64 letters"), "{}", ran.stderr);
}

#[tokio::test]
async fn help_has_examples_and_no_colours_where_nobody_sees_them() {
    let directory = tempfile::tempdir().unwrap();
    for command in ["keygen", "doctor"] {
        let ran = run_in(directory.path(), &[command, "--help"], &[]).await;
        assert_eq!(ran.code, 0);
        assert!(
            ran.stdout
                .contains(&format!("Examples:\n  nx-s3-cache {command}"))
        );
        assert!(!ran.stdout.contains('\u{1b}'));
    }
}
