//! `vela` takes the parameters of Vela's s3-cache plugin: the samples of `docs/vela.md` run as they stand.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use super::inventory::Inventory;
use super::setup::{Ran, SECRET, Setup, run_in};
use crate::support::machine::write;

/// The variables that Vela makes of the sample with this number.
fn sample(number: usize) -> Vec<(String, String)> {
    let page = fs::read_to_string("docs/vela.md").unwrap();
    let block = page.split("```yaml\nparameters:\n").nth(number + 1).unwrap();
    let block = block.split("```").next().unwrap();
    let mut parameters: Vec<(String, String)> = Vec::new();
    for line in block.lines() {
        if let Some(item) = line.trim().strip_prefix("- ") {
            let (_, list) = parameters.last_mut().unwrap();
            *list = if list.is_empty() {
                item.into()
            } else {
                format!("{list},{item}")
            };
        } else {
            let (name, value) = line.trim().split_once(':').unwrap();
            parameters.push((format!("PARAMETER_{}", name.to_uppercase()), value.trim().into()));
        }
    }
    parameters
}

/// Runs a sample as Vela does; `NX_S3_CACHE_ENDPOINT` leads to the test's server instead of AWS.
async fn run(setup: &Setup, at: &Path, number: usize) -> Ran {
    let own_name = setup.bucket().with_file_name("mybucket");
    if !own_name.exists() {
        symlink("tbucket", own_name).unwrap();
    }
    let mut variables = sample(number);
    variables.push(("NX_S3_CACHE_ENDPOINT".into(), setup.server.endpoint.clone()));
    variables.push(("NX_S3_CACHE_FORCE_PATH_STYLE".into(), "true".into()));
    run_with(setup, at, &[], variables).await
}

async fn run_with(setup: &Setup, at: &Path, args: &[&str], variables: Vec<(String, String)>) -> Ran {
    let known = [
        ("S3_CACHE_SERVER", setup.server.endpoint.clone()),
        ("S3_CACHE_ACCESS_KEY", "test".into()),
        ("S3_CACHE_SECRET_KEY", "test-secret".into()),
        ("AWS_ACCESS_KEY_ID", "somebody-else".into()),
        ("AWS_SECRET_ACCESS_KEY", "somebody-else".into()),
        ("VELA_REPO_ORG", "acme".into()),
        ("VELA_REPO_NAME", "shop".into()),
    ];
    let mut all: Vec<(&str, String)> = known.into();
    all.extend(
        variables
            .iter()
            .map(|(name, value)| (name.as_str(), value.clone())),
    );
    run_in(at, &[&["vela"][..], args].concat(), &all).await
}

#[tokio::test]
async fn the_samples_restore_and_rebuild() {
    let (setup, one, other) = (
        Setup::new().await,
        tempfile::tempdir().unwrap(),
        tempfile::tempdir().unwrap(),
    );
    let miss = run(&setup, one.path(), 0).await;
    assert_eq!(miss.code, 0, "{}", miss.text());
    assert!(
        miss.stdout
            .contains("acme/shop/archive.tgz was not restored: not there"),
        "{}",
        miss.stdout
    );

    write(one.path(), ".gradle/caches/x", "gradle");
    let kept = run(&setup, one.path(), 1).await;
    assert!(
        kept.code == 0
            && kept
                .stdout
                .starts_with("Kept acme/shop/archive.tgz in t: 1 file,"),
        "{}",
        kept.text()
    );
    let hit = run(&setup, other.path(), 0).await;
    assert!(
        hit.code == 0 && hit.stdout.starts_with("Restored"),
        "{}",
        hit.text()
    );
    assert_eq!(
        fs::read_to_string(other.path().join(".gradle/caches/x")).unwrap(),
        "gradle"
    );

    write(one.path(), "foo/test1/a", "1");
    write(one.path(), "bar/test2/b", "2");
    let kept = run(&setup, one.path(), 2).await;
    assert_eq!(kept.code, 0, "{}", kept.text());
    run(&setup, other.path(), 0).await;
    assert_eq!(fs::read_to_string(other.path().join("bar/test2/b")).unwrap(), "2");
}

#[tokio::test]
async fn the_sample_flushes_by_age_and_only_below_its_path() {
    let (setup, machine) = (Setup::new().await, tempfile::tempdir().unwrap());
    let scope = Inventory::trusted(&setup);
    let (old, new) = (
        scope.archive("acme/shop/old.tgz", &[], 15),
        scope.archive("acme/shop/new.tgz", &[], 13),
    );
    let (others, entry) = (
        scope.archive("acme/shop2/archive.tgz", &[], 99),
        scope.entry("1", &[], 99),
    );
    let ran = run(&setup, machine.path(), 3).await;
    assert_eq!(ran.code, 0, "{}", ran.text());
    assert_eq!(
        [&old, &new, &others, &entry].map(|key| setup.has(key)),
        [false, true, true, true]
    );
    let ran = run_with(
        &setup,
        machine.path(),
        &["--action=flush", "--bucket=tbucket", "--flush.age=48h"],
        vec![],
    )
    .await;
    assert!(ran.code == 0 && !setup.has(&new), "{}", ran.text());
}

#[tokio::test]
async fn the_plugins_flags_path_and_filename_work() {
    let (setup, one, other) = (
        Setup::new().await,
        tempfile::tempdir().unwrap(),
        tempfile::tempdir().unwrap(),
    );
    write(one.path(), "node_modules/a", "a");
    let place = [
        "--bucket=tbucket",
        "--path=shared/node",
        "--filename=v1.tgz",
        "--timeout=1m",
    ];
    let args = [
        "--config.action=rebuild",
        "--rebuild.mount=node_modules",
        "--rebuild.compression_level=9",
    ];
    let ran = run_with(&setup, one.path(), &[&place[..], &args].concat(), vec![]).await;
    assert_eq!(ran.code, 0, "{}", ran.text());
    assert!(setup.has("v1/t/n/shared/node/v1.tgz"));
    let quiet = [&place[..], &["--action", "restore", "--log_level", "error"]].concat();
    let ran = run_with(&setup, other.path(), &quiet, vec![]).await;
    assert_eq!((ran.code, ran.stdout.as_str()), (0, ""), "{}", ran.text());
    assert!(other.path().join("node_modules/a").exists());
}

#[tokio::test]
async fn restore_writes_only_what_the_parameter_only_names() {
    let (setup, one) = (Setup::new().await, tempfile::tempdir().unwrap());
    write(one.path(), "node_modules/a", "a");
    write(one.path(), "dist/b", "b");
    let mounts = [
        "--bucket=tbucket",
        "--action=rebuild",
        "--mount=node_modules,dist",
    ];
    let ran = run_with(&setup, one.path(), &mounts, vec![]).await;
    assert_eq!(ran.code, 0, "{}", ran.text());
    for (only, expected, there) in [
        ("node_modules", "\"outputs/dist\" is not among the paths", false),
        ("node_modules,dist", "Restored", true),
    ] {
        let other = tempfile::tempdir().unwrap();
        let parameters = vec![("PARAMETER_ONLY".into(), only.into())];
        let args = ["--bucket=tbucket", "--action=restore"];
        let ran = run_with(&setup, other.path(), &args, parameters).await;
        assert!(ran.code == 0 && ran.stdout.contains(expected), "{}", ran.text());
        assert_eq!(other.path().join("node_modules/a").exists(), there);
    }
}

#[tokio::test]
async fn wrong_parameters_are_named() {
    let (setup, machine) = (Setup::new().await, tempfile::tempdir().unwrap());
    for (args, expected) in [
        (&["--bucket=tbucket"][..], "the parameter action is missing"),
        (
            &["--bucket=tbucket", "--action=refresh"],
            "invalid action \"refresh\"",
        ),
        (
            &["--bucket=tbucket", "--action=rebuild"],
            "the parameter mount is missing",
        ),
        (
            &["--bucket=tbucket", "--action=rebuild", "--mount=gone"],
            "gone: no such file",
        ),
        (
            &["--bucket=tbucket", "--action=flush", "--age=14"],
            "\"14\" is not a duration",
        ),
        (
            &["--bucket=tbucket", "--action=restore", "--compression_level=10"],
            "not between -1 and 9",
        ),
        (
            &["--bucket=tbucket", "--action=restore", "--filename=a b"],
            "can't name an archive",
        ),
        (
            &["--bucket=tbucket", "--action=restore", "--only=,"],
            "has no path",
        ),
        (&["--action=restore"], "bucket"),
    ] {
        let ran = run_with(&setup, machine.path(), args, vec![]).await;
        assert!(
            ran.code == 2 && ran.stderr.contains(expected),
            "{args:?}: {}",
            ran.text()
        );
    }
}

#[tokio::test]
async fn bucket_server_and_keys_have_all_of_the_plugins_names() {
    let (setup, machine) = (Setup::new().await, tempfile::tempdir().unwrap());
    for (bucket, server, id, secret) in [
        (
            "PARAMETER_BUCKET",
            "PARAMETER_SERVER",
            "PARAMETER_ACCESS_KEY",
            "PARAMETER_SECRET_KEY",
        ),
        (
            "PARAMETER_ROOT",
            "CACHE_S3_SERVER",
            "CACHE_S3_ACCESS_KEY",
            "CACHE_S3_SECRET_KEY",
        ),
        (
            "S3_CACHE_BUCKET",
            "S3_CACHE_SERVER",
            "S3_CACHE_ACCESS_KEY",
            "S3_CACHE_SECRET_KEY",
        ),
        (
            "PARAMETER_BUCKET",
            "CACHE_S3_SERVER",
            "AWS_ACCESS_KEY_ID",
            "AWS_SECRET_ACCESS_KEY",
        ),
    ] {
        let variables = [
            ("PARAMETER_ACTION", "restore".into()),
            (bucket, "tbucket".into()),
            (server, setup.server.endpoint.clone()),
            (id, "test".into()),
            (secret, SECRET.into()),
            ("VELA_REPO_ORG", "acme".into()),
            ("VELA_REPO_NAME", "shop".into()),
        ];
        let ran = run_in(machine.path(), &["vela"], &variables).await;
        assert!(
            ran.code == 0 && ran.stdout.contains("not restored: not there: looked in t"),
            "{id}: {}",
            ran.text()
        );
    }
}
