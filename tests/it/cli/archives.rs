//! `rebuild` keeps directories under a name, and `restore` puts them back.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, SystemTime};

use nx_s3_cache::sign::{KeyName, SigningKey};
use serde_json::json;
use tempfile::TempDir;

use super::setup::{Ran, Setup};
use crate::support::machine::{noise, write};

const NAME: &str = "acme/shop/modules";
const KEY: &str = "v1/t/n/acme/shop/modules";

/// A machine with a `node_modules` of a few files, a program, a link and something large.
fn machine() -> TempDir {
    let root = tempfile::tempdir().unwrap();
    write(root.path(), "node_modules/a/index.js", "a");
    write(root.path(), "node_modules/a/bin/run", "#!/bin/sh\n");
    write(root.path(), "node_modules/large.bin", noise(6_000_000, 1));
    let program = root.path().join("node_modules/a/bin/run");
    fs::set_permissions(program, fs::Permissions::from_mode(0o755)).unwrap();
    fs::create_dir(root.path().join("node_modules/.bin")).unwrap();
    symlink("../a/bin/run", root.path().join("node_modules/.bin/run")).unwrap();
    root
}

async fn rebuild(setup: &Setup, at: &Path) -> Ran {
    let ran = setup
        .run_at(at, &["rebuild", NAME, "--mount", "node_modules", "--json"])
        .await;
    assert_eq!(ran.code, 0, "{}", ran.text());
    ran
}

/// What `restore` says on this machine.
async fn restore(setup: &Setup, at: &Path) -> String {
    let ran = setup.run_at(at, &["restore", NAME]).await;
    assert_eq!(ran.code, 0, "{}", ran.text());
    ran.stdout
}

fn read(root: &TempDir, name: &str) -> String {
    fs::read_to_string(root.path().join(name)).unwrap_or_default()
}

#[tokio::test]
async fn what_was_kept_comes_back_on_another_machine() {
    let (setup, one, other) = (Setup::new().await, machine(), tempfile::tempdir().unwrap());
    rebuild(&setup, one.path()).await;
    assert!(setup.has(KEY));
    let output = restore(&setup, other.path()).await;
    assert!(
        output.starts_with("Restored acme/shop/modules from t: 3 files, 6.0 MB, kept "),
        "{output}"
    );
    assert_eq!(read(&other, "node_modules/a/index.js"), "a");
    assert_eq!(read(&other, "node_modules/.bin/run"), "#!/bin/sh\n");
    let program = fs::metadata(other.path().join("node_modules/a/bin/run")).unwrap();
    assert_eq!(program.permissions().mode() & 0o777, 0o755);
    assert!(fs::read(other.path().join("node_modules/large.bin")).unwrap() == noise(6_000_000, 1));
    let names: Vec<_> = fs::read_dir(other.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(names.len(), 2, "nx.json and node_modules: {names:?}");
}

#[tokio::test]
async fn what_has_not_changed_is_not_sent_again() {
    let (setup, machine) = (Setup::new().await, machine());
    let first = rebuild(&setup, machine.path()).await.json();
    assert_eq!(first["chunks"], first["chunksSent"]);
    assert!(first["bytesSent"].as_u64().unwrap() > 6_000_000);
    let received = || setup.server.options.traffic.received.load(Relaxed);
    let (before, sent) = (setup.server.requests().len(), received());
    let again = rebuild(&setup, machine.path()).await.json();
    assert_eq!(again["chunksSent"], 0);
    assert!(again["bytesSent"].as_u64().unwrap() < 5_000, "{again}");
    // What the server saw: a question for each chunk, and the entry.
    let requests = setup.server.requests().split_off(before);
    let puts = requests.iter().filter(|request| request.starts_with("PUT"));
    assert_eq!(puts.collect::<Vec<_>>(), [&format!("PUT /tbucket/{KEY} 200")]);
    let heads = requests.iter().filter(|request| request.starts_with("HEAD"));
    assert_eq!(heads.count() as u64, again["chunks"].as_u64().unwrap());
    let sent = received() - sent;
    assert!(sent < 20_000, "{sent} bytes on the wire for {}", again["bytes"]);
    write(machine.path(), "node_modules/z/new.js", "new");
    let changed = rebuild(&setup, machine.path()).await.json();
    assert!(changed["chunksSent"].as_u64().unwrap() <= 2, "{changed}");
}

#[tokio::test]
async fn restoring_replaces_files_and_links_and_leaves_the_rest_alone() {
    let (setup, one, other) = (Setup::new().await, machine(), tempfile::tempdir().unwrap());
    rebuild(&setup, one.path()).await;
    write(other.path(), "precious.txt", "precious");
    write(other.path(), "node_modules/a/own.js", "own");
    write(other.path(), "node_modules/a/bin/run", "old");
    symlink("../../precious.txt", other.path().join("node_modules/a/index.js")).unwrap();
    restore(&setup, other.path()).await;
    assert_eq!(read(&other, "node_modules/a/bin/run"), "#!/bin/sh\n");
    assert_eq!(read(&other, "node_modules/a/index.js"), "a");
    assert_eq!(read(&other, "node_modules/a/own.js"), "own");
    assert_eq!(read(&other, "precious.txt"), "precious", "a link was followed");
}

#[tokio::test]
async fn where_a_directory_or_a_link_to_one_is_in_the_way_nothing_changes() {
    let (setup, one) = (Setup::new().await, machine());
    rebuild(&setup, one.path()).await;
    let (blocked, linked) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    write(blocked.path(), "node_modules/a/index.js/x", "x");
    fs::create_dir(linked.path().join("elsewhere")).unwrap();
    symlink("elsewhere", linked.path().join("node_modules")).unwrap();
    for (machine, conflict) in [(&blocked, "node_modules/a/index.js"), (&linked, "node_modules")] {
        let output = restore(&setup, machine.path()).await;
        assert!(
            output.contains("nothing was changed") && output.contains(conflict),
            "{output}"
        );
    }
    assert!(!blocked.path().join("node_modules/large.bin").exists());
    assert_eq!(fs::read_dir(linked.path().join("elsewhere")).unwrap().count(), 0);
}

#[tokio::test]
async fn a_miss_is_a_line_and_no_failure() {
    let (setup, machine) = (Setup::new().await, tempfile::tempdir().unwrap());
    let output = restore(&setup, machine.path()).await;
    assert_eq!(
        output,
        "acme/shop/modules was not restored: not there: looked in t\n"
    );
}

#[tokio::test]
async fn a_damaged_archive_changes_nothing_and_a_fresh_rebuild_mends_it() {
    let (setup, one, other) = (Setup::new().await, machine(), tempfile::tempdir().unwrap());
    rebuild(&setup, one.path()).await;
    let chunks: Vec<_> = setup
        .objects()
        .into_iter()
        .filter(|path| path.to_string_lossy().contains("/c/"))
        .collect();
    for chunk in &chunks {
        let mut bytes = fs::read(chunk).unwrap();
        *bytes.last_mut().unwrap() ^= 1;
        fs::write(chunk, bytes).unwrap();
    }
    let output = restore(&setup, other.path()).await;
    assert!(output.contains("was not restored"), "{output}");
    assert!(!other.path().join("node_modules").exists());
    let fresh = ["rebuild", NAME, "--mount", "node_modules", "--fresh"];
    assert_eq!(setup.run_at(one.path(), &fresh).await.code, 0);
    assert!(restore(&setup, other.path()).await.starts_with("Restored"));
}

#[tokio::test]
async fn mounts_keep_their_names_or_their_paths() {
    let (setup, one) = (Setup::new().await, tempfile::tempdir().unwrap());
    write(one.path(), "foo/test1/a", "1");
    write(one.path(), "bar/test1/a", "2");
    write(one.path(), "bar/file", "3");
    let mounts = [
        "--mount",
        "foo/test1",
        "--mount",
        "bar/test1",
        "--mount",
        "./bar/file",
    ];
    let ran = setup
        .run_at(one.path(), &[&["rebuild", NAME][..], &mounts].concat())
        .await;
    assert!(
        ran.code == 2 && ran.stderr.contains("would both be restored to test1"),
        "{}",
        ran.text()
    );
    let ran = setup
        .run_at(
            one.path(),
            &[&["rebuild", NAME, "--preserve-path"][..], &mounts].concat(),
        )
        .await;
    assert_eq!(ran.code, 0, "{}", ran.text());
    let other = tempfile::tempdir().unwrap();
    restore(&setup, other.path()).await;
    assert_eq!(
        [
            read(&other, "foo/test1/a"),
            read(&other, "bar/test1/a"),
            read(&other, "bar/file")
        ],
        ["1", "2", "3"]
    );

    let ran = setup
        .run_at(
            one.path(),
            &["rebuild", NAME, "--mount", "foo/test1", "--mount", "bar/file"],
        )
        .await;
    assert_eq!(ran.code, 0, "{}", ran.text());
    let other = tempfile::tempdir().unwrap();
    restore(&setup, other.path()).await;
    assert_eq!([read(&other, "test1/a"), read(&other, "file")], ["1", "3"]);
    let ran = setup
        .run_at(one.path(), &["rebuild", NAME, "--mount", "nowhere"])
        .await;
    assert!(
        ran.code == 2 && ran.stderr.contains("nowhere: no such file or directory"),
        "{}",
        ran.text()
    );
}

#[tokio::test]
async fn an_untrusted_run_never_changes_what_trusted_runs_restore() {
    let key = SigningKey::generate(KeyName::parse("main").unwrap()).unwrap();
    let new = || async {
        Setup::new()
            .await
            .option("trust", json!({ "publicKeys": [key.public_key().to_string()] }))
    };
    // One server: the bucket is the same for the pull request and for main.
    let setup = new()
        .await
        .variable("GITHUB_ACTIONS", "true")
        .variable("CI", "true");
    let setup = setup
        .variable("GITHUB_EVENT_NAME", "pull_request")
        .variable("GITHUB_REF", "refs/pull/12/merge");
    let (theirs, ours) = (machine(), machine());
    write(theirs.path(), "node_modules/a/index.js", "poison");
    rebuild(&setup, theirs.path()).await;
    assert!(setup.has("v1/u/pr-12/n/acme/shop/modules") && !setup.has(KEY));
    // Whoever can write to the bucket can copy it: it isn't signed.
    fs::create_dir_all(setup.file(KEY).parent().unwrap()).unwrap();
    fs::copy(setup.file("v1/u/pr-12/n/acme/shop/modules"), setup.file(KEY)).unwrap();

    let main = setup
        .variable("GITHUB_EVENT_NAME", "push")
        .variable("GITHUB_REF", "refs/heads/main")
        .variable("GITHUB_REF_NAME", "main")
        .variable("GITHUB_REF_TYPE", "branch")
        .variable("NX_S3_CACHE_SIGNING_KEY", key.to_text().expose());
    let victim = tempfile::tempdir().unwrap();
    let output = restore(&main, victim.path()).await;
    assert!(output.contains("not signed"), "{output}");
    assert!(!victim.path().join("node_modules").exists());
    rebuild(&main, ours.path()).await;
    restore(&main, victim.path()).await;
    assert_eq!(read(&victim, "node_modules/a/index.js"), "a");
}

/// Makes everything in the bucket eight days old.
fn age(setup: &Setup) {
    for object in setup.objects() {
        let file = fs::File::options().write(true).open(object).unwrap();
        file.set_modified(SystemTime::now() - Duration::from_secs(8 * 86_400))
            .unwrap();
    }
}

/// Whether everything in the bucket was written since `began`.
fn all_new(setup: &Setup, began: SystemTime) -> bool {
    let mut objects = setup.objects().into_iter();
    objects.all(|object| fs::metadata(object).unwrap().modified().unwrap() >= began)
}

#[tokio::test]
async fn what_is_used_and_old_becomes_new() {
    let (setup, one, other) = (Setup::new().await, machine(), tempfile::tempdir().unwrap());
    rebuild(&setup, one.path()).await;
    let began = SystemTime::now();
    age(&setup);
    restore(&setup, other.path()).await;
    assert!(!all_new(&setup, began), "not without the option");
    let setup = setup.option("touchAfter", "7d");
    restore(&setup, other.path()).await;
    assert!(all_new(&setup, began));
    age(&setup);
    rebuild(&setup, one.path()).await;
    assert!(all_new(&setup, began));
    assert!(
        restore(&setup, other.path()).await.starts_with("Restored"),
        "still whole"
    );
}
