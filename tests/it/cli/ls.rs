//! `ls` lists entries, whoever reads along.

use std::process::Stdio;

use super::setup::{Setup, run_in};
use crate::support::machine::noise;

async fn three() -> Setup {
    let setup = Setup::new().await;
    for (hash, size) in [("111", 10), ("222", 3000), ("333", 200)] {
        setup
            .store(hash, &[("dist/a.js", &noise(size, 1))], "done\n")
            .await;
    }
    setup
}

#[tokio::test]
async fn entries_are_listed_with_scope_size_and_age() {
    let setup = three().await;
    let ran = setup.run(&["ls"]).await;
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    let lines: Vec<_> = ran.stdout.lines().collect();
    assert_eq!(
        lines[0].split_whitespace().collect::<Vec<_>>(),
        ["hash", "scope", "entry", "age"]
    );
    let hashes: Vec<_> = lines[1..]
        .iter()
        .map(|line| line.split_whitespace().next().unwrap())
        .collect();
    assert_eq!(hashes, ["111", "222", "333"]);
    assert!(
        lines[2].contains("kB") && lines[2].ends_with(" s"),
        "{}",
        lines[2]
    );
    // A listing of entries and one of bodies is all it takes.
    let requests = setup.server.requests();
    let asked: Vec<_> = requests
        .iter()
        .filter(|request| request.starts_with("GET"))
        .collect();
    assert_eq!(asked.len(), 2, "{requests:?}");
}

#[tokio::test]
async fn the_largest_and_the_newest_come_first_where_that_is_wanted() {
    let setup = three().await;
    let ran = setup
        .run(&["ls", "--sort", "size", "--limit", "2", "--json"])
        .await;
    let hashes: Vec<_> = ran.json_lines().iter().map(|line| line["hash"].clone()).collect();
    assert_eq!(hashes, ["222", "333"]);
    let newest = setup.run(&["ls", "--sort", "age", "--json"]).await.json_lines();
    assert_eq!(newest.len(), 3);
    let times: Vec<_> = newest
        .iter()
        .map(|line| line["modified"].as_str().unwrap())
        .collect();
    assert!(times.is_sorted_by(|one, other| one >= other), "{times:?}");
}

#[tokio::test]
async fn long_lines_show_what_is_in_the_entries() {
    let setup = three().await;
    let ran = setup.run(&["ls", "--long", "--limit", "1"]).await;
    let line = ran.stdout.lines().nth(1).unwrap();
    assert!(
        line.ends_with("–                     Nx 24.0.6, linux x86_64"),
        "{}",
        ran.stdout
    );
    let json = &setup.run(&["ls", "--long", "--json"]).await.json_lines()[0];
    assert_eq!(
        (&json["manifest"]["files"], &json["manifest"]["code"]),
        (&1.into(), &0.into())
    );
}

#[tokio::test]
async fn scopes_are_listed_apart_or_together() {
    let setup = three().await;
    let objects = setup.bucket();
    let elsewhere = objects.join("v1/u/pr-7/e");
    std::fs::create_dir_all(&elsewhere).unwrap();
    std::fs::write(elsewhere.join("444"), "anything").unwrap();
    for (scope, count) in [
        ("t", 3),
        ("u/pr-7", 1),
        ("u/pr-*", 1),
        ("u/*", 1),
        ("*", 4),
        ("u/pr-8", 0),
    ] {
        let ran = setup.run(&["ls", "--scope", scope, "--json"]).await;
        assert_eq!((ran.code, ran.json_lines().len()), (0, count), "{scope}");
        assert_eq!(
            ran.stderr.contains("no entries in"),
            count == 0,
            "{scope}: {}",
            ran.stderr
        );
    }
    // What is no entry is shown with what is wrong.
    let ran = setup.run(&["ls", "--scope", "u/*", "--long"]).await;
    assert!(ran.stdout.contains("not an nx-s3-cache object"), "{}", ran.stdout);
}

#[tokio::test]
async fn a_reader_that_has_seen_enough_ends_it_quietly() {
    let setup = three().await;
    for args in [
        &["ls"][..],
        &["ls", "--json"],
        &["inspect", "111"],
        &["cat", "111"],
        &["verify", "--all"],
        &["stats"],
        &["doctor"],
        &["completions", "bash"],
        &["man"],
    ] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let mut command = setup.command(args);
        let ran = command.stdout(writer).stderr(Stdio::piped()).spawn().unwrap();
        drop(command);
        let ran = ran.wait_with_output().await.unwrap();
        assert_eq!(
            (ran.status.code(), ran.stderr.as_slice()),
            (Some(0), &b""[..]),
            "{args:?}"
        );
    }
}

#[tokio::test]
async fn wrong_arguments_are_refused_with_the_right_ones() {
    let directory = tempfile::tempdir().unwrap();
    for (args, said) in [
        (&["ls", "--scope", "trusted"][..], "u/pr-123"),
        (&["ls", "--sort", "name"], "age, size"),
        (&["ls", "--limit", "few"], "--limit"),
        (&["inspect", "../x"], "not a task hash"),
        (&["verify"], "--all"),
        (&["verify", "1", "--all"], "cannot be used with"),
    ] {
        let ran = run_in(directory.path(), args, &[]).await;
        assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{args:?}");
        assert!(ran.stderr.contains(said), "{args:?}: {}", ran.stderr);
    }
}

#[tokio::test]
async fn without_a_set_up_it_says_what_is_missing() {
    let directory = tempfile::tempdir().unwrap();
    let ran = run_in(directory.path(), &["ls"], &[]).await;
    assert_eq!((ran.code, ran.stdout.as_str()), (2, ""));
    assert!(ran.stderr.contains("bucket"), "{}", ran.stderr);
}
