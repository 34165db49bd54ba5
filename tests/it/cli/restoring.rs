//! What `restore` refuses, whoever made the archive, and where it looks first.

use std::fs;
use std::path::Path;

use nx_s3_cache::archive;
use nx_s3_cache::archive_name::ArchiveName;
use nx_s3_cache::chunk::ChunkId;
use nx_s3_cache::compress::Compressor;
use nx_s3_cache::config::Compression;
use nx_s3_cache::entry::{ChunkRef, Codec, Keys, Manifest, Producer};
use nx_s3_cache::scope::{Scope, ScopeName};
use nx_s3_cache::sign::{KeyName, SigningKey};
use serde_json::json;
use tempfile::TempDir;

use super::setup::{Ran, Setup};
use crate::support::machine::directory_of;

const NAME: &str = "acme/shop/modules";

fn key() -> SigningKey {
    SigningKey::generate(KeyName::parse("main").unwrap()).unwrap()
}

/// A run for a pull request where `key` is trusted.
async fn pull_request(key: &SigningKey) -> Setup {
    Setup::new()
        .await
        .option("trust", json!({ "publicKeys": [key.public_key().to_string()] }))
        .variable("GITHUB_ACTIONS", "true")
        .variable("CI", "true")
        .variable("GITHUB_EVENT_NAME", "pull_request")
        .variable("GITHUB_REF", "refs/pull/12/merge")
}

/// Puts an archive of `tree` into `scope` as somebody does who doesn't ask `rebuild`.
fn forge(setup: &Setup, scope: &Scope, signer: Option<&SigningKey>, tree: &Path) {
    let (name, mut tar, mut frame) = (ArchiveName::parse(NAME).unwrap(), Vec::new(), Vec::new());
    let packed = archive::pack(tree, "", &mut tar).unwrap();
    Compressor::new(Compression::None)
        .unwrap()
        .frame(&tar, &mut frame)
        .unwrap();
    let chunk = ChunkRef {
        id: ChunkId::of(&tar, None),
        size: tar.len() as u32,
        stored: frame.len() as u32,
    };
    let manifest = Manifest {
        hash: NAME.into(),
        scope: scope.to_string(),
        code: 0,
        files: packed.files,
        size: chunk.size.into(),
        stored_size: chunk.stored.into(),
        inline: false,
        chunks: vec![chunk],
        level: None,
        producer: Producer::default(),
        created: 0,
    };
    let signer = signer.cloned().map(std::sync::Arc::new);
    let codec = Codec::new(String::new(), scope.clone(), None).signing_with(signer);
    let keys = Keys::new("", scope);
    let place = |key: &str, object: Vec<u8>| setup.place(key, &object, Default::default());
    place(
        &keys.chunk(&chunk.id),
        codec.encode_chunk(&chunk.id, &frame).unwrap(),
    );
    place(
        &keys.archive(&name),
        codec.encode_entry(&name, &manifest, Vec::new()).unwrap(),
    );
}

async fn restore(setup: &Setup, at: &TempDir, options: &[&str]) -> Ran {
    setup
        .run_at(at.path(), &[&["restore", NAME][..], options].concat())
        .await
}

/// What is in the directory besides nx.json.
fn names(directory: &Path) -> Vec<String> {
    let names = fs::read_dir(directory).unwrap();
    let mut names: Vec<String> = names
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name != "nx.json")
        .collect();
    names.sort();
    names
}

#[tokio::test]
async fn what_trusted_runs_kept_wins_over_what_the_pull_request_kept() {
    let (key, machine) = (key(), directory_of(&[]));
    let setup = pull_request(&key).await;
    let own = Scope::Untrusted(ScopeName::pull_request("12"));
    forge(&setup, &own, None, directory_of(&[("file", "own")]).path());
    let ran = restore(&setup, &machine, &[]).await;
    assert!(
        ran.stdout.contains("from u/pr-12"),
        "t has none yet: {}",
        ran.text()
    );

    forge(
        &setup,
        &Scope::Trusted,
        Some(&key),
        directory_of(&[("file", "trusted")]).path(),
    );
    let ran = restore(&setup, &machine, &[]).await;
    assert!(
        ran.stdout.starts_with("Restored acme/shop/modules from t:"),
        "{}",
        ran.text()
    );
    assert_eq!(
        fs::read_to_string(machine.path().join("file")).unwrap(),
        "trusted"
    );
}

#[tokio::test]
async fn no_archive_writes_into_a_repository_not_even_a_signed_one() {
    let key = key();
    for path in [
        ".git/hooks/post-checkout",
        "node_modules/a/.git",
        "node_modules/.GIT/config",
        "git~1/hooks/x",
        #[cfg(not(windows))] // where no such name can be made
        ".git. /x",
        ".g\u{200c}it/x",
    ] {
        let setup = pull_request(&key).await;
        let poison = directory_of(&[("node_modules/a.js", "a"), (path, "poison")]);
        forge(&setup, &Scope::Trusted, Some(&key), poison.path());
        let machine = directory_of(&[(".git/hooks/pre-commit", "mine")]);
        let ran = restore(&setup, &machine, &[]).await;
        let first = path.split_inclusive('/').next().unwrap().trim_end_matches('/');
        assert!(
            ran.code == 0
                && ran
                    .stdout
                    .contains("was not restored: from t: the archive is refused"),
            "{}",
            ran.text()
        );
        assert!(
            path.contains('\u{200c}') || ran.stdout.contains(first),
            "{}",
            ran.stdout
        );
        assert_eq!(names(machine.path()), [".git"]);
        assert_eq!(names(&machine.path().join(".git/hooks")), ["pre-commit"]);
    }
}

#[cfg(unix)]
#[tokio::test]
async fn no_link_leads_into_a_repository() {
    let setup = Setup::new().await;
    let poison = directory_of(&[(".git/x", ""), ("dist", "")]);
    fs::remove_file(poison.path().join("dist")).unwrap();
    std::os::unix::fs::symlink(".git", poison.path().join("dist")).unwrap();
    fs::remove_dir_all(poison.path().join(".git")).unwrap();
    forge(&setup, &Scope::Trusted, None, poison.path());
    let machine = directory_of(&[(".git/hooks/pre-commit", "mine")]);
    let ran = restore(&setup, &machine, &[]).await;
    assert!(
        ran.stdout.contains("\"outputs/dist\" is a repository's .git"),
        "{}",
        ran.text()
    );
    assert_eq!(names(machine.path()), [".git"]);
}

#[tokio::test]
async fn an_archive_with_anything_outside_of_the_named_paths_is_refused_as_a_whole() {
    let setup = Setup::new().await;
    let kept = directory_of(&[
        ("apps/web/.next/cache/x", "x"),
        ("node_modules/a.js", "a"),
        ("package.json", "{}"),
    ]);
    forge(&setup, &Scope::Trusted, None, kept.path());
    for (only, foreign) in [
        (&["node_modules"][..], "outputs/apps"),
        (&["apps/web/.next"], "outputs/node_modules"),
        (&["node_modules", "apps/web"], "outputs/package.json"),
        (
            &["node_modules/a", "apps", "package.json"],
            "outputs/node_modules/a.js",
        ),
    ] {
        let machine = directory_of(&[]);
        let options: Vec<&str> = only.iter().flat_map(|path| ["--only", path]).collect();
        let ran = restore(&setup, &machine, &options).await;
        let expected = format!("{foreign:?} is not among the paths that may be written");
        assert!(
            ran.code == 0 && ran.stdout.contains(&expected),
            "{only:?}: {}",
            ran.text()
        );
        assert_eq!(names(machine.path()), [""; 0], "{only:?}");
    }
    let machine = directory_of(&[]);
    let only = [
        "--only",
        "./apps/web/.next/",
        "--only",
        "node_modules",
        "--only=package.json",
    ];
    let ran = restore(&setup, &machine, &only).await;
    assert!(ran.stdout.starts_with("Restored"), "{}", ran.text());
    assert_eq!(names(machine.path()), ["apps", "node_modules", "package.json"]);
}

#[tokio::test]
async fn paths_that_name_nothing_below_the_working_directory_are_refused_before_the_bucket_is_asked() {
    let (setup, machine) = (Setup::new().await, directory_of(&[]));
    for (path, expected) in [
        ("..", "--only: \"..\" is not a path below"),
        ("/etc", "--only: \"/etc\" is not a path below"),
        (".", "--only: \".\" is not a path below"),
        ("", "a value is required for '--only <PATH>'"),
    ] {
        let ran = restore(&setup, &machine, &["--only", path]).await;
        assert!(ran.code == 2 && ran.stderr.contains(expected), "{}", ran.text());
    }
    assert_eq!(setup.server.requests(), [""; 0]);
}

#[tokio::test]
async fn a_repository_is_not_kept_since_it_could_not_be_restored() {
    let setup = Setup::new().await;
    let machine = directory_of(&[("vendor/lib/.git/config", ""), ("vendor/lib/index.js", "")]);
    let ran = setup
        .run_at(machine.path(), &["rebuild", NAME, "--mount", "vendor"])
        .await;
    let git = Path::new("vendor").join("lib").join(".git");
    assert!(
        ran.code == 2
            && ran
                .stderr
                .contains(&format!("{} is a repository's .git", git.display())),
        "{}",
        ran.text()
    );
    assert!(!setup.has("v1/t/n/acme/shop/modules"));
}

#[tokio::test]
async fn who_restores_or_keeps_without_keys_in_ci_is_warned() {
    let (setup, machine) = (Setup::new().await, directory_of(&[("node_modules/a", "a")]));
    let commands = [
        &["rebuild", NAME, "--mount", "node_modules"][..],
        &["restore", NAME],
    ];
    for command in commands {
        let ran = setup.run_at(machine.path(), command).await;
        assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "a developer's machine");
    }
    let setup = setup.variable("CI", "true").variable("GITHUB_ACTIONS", "true");
    for command in commands {
        let ran = setup.run_at(machine.path(), command).await;
        assert!(
            ran.code == 0
                && ran
                    .stderr
                    .contains("nx-s3-cache: any pull request can poison this cache\n")
                && ran.stderr.contains("npx nx g @nx/s3-cache:trust"),
            "{}",
            ran.text()
        );
    }
}
