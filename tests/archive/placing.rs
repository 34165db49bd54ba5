//! An artifact appears in its place whole, whoever else is at it.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::sync::Barrier;
use std::thread;

use nx_s3_cache::archive::{Committed, Error, Origin, Staging};
use nx_s3_cache::task_hash::TaskHash;

use crate::trees::{self, Node, Scratch, Tree};

fn hash() -> TaskHash {
    TaskHash::parse("123").unwrap()
}

fn artifact(content: &str) -> Tree {
    let file = Node::File {
        mode: 0o644,
        content: content.into(),
    };
    let link = Node::Link {
        target: "main.js".into(),
    };
    Tree::from([
        ("dist".into(), Node::Directory { mode: 0o555 }),
        ("dist/link".into(), link),
        ("dist/main.js".into(), file),
    ])
}

fn staged(cache: &Path, tree: &Tree) -> Staging {
    let staging = Staging::create(cache, &hash()).unwrap();
    trees::write(staging.path(), tree);
    staging
}

/// What commits over `existing`, and whether it stays.
fn commit_over(existing: &Tree, ours: &Tree) -> Committed {
    let scratch = Scratch::new();
    fs::create_dir(scratch.path().join("123")).unwrap();
    trees::write(&scratch.path().join("123"), existing);
    let placed = staged(scratch.path(), ours).commit().unwrap();
    assert_eq!(trees::read(&scratch.path().join("123")), *ours);
    assert_eq!(names(scratch.path()), ["123"]);
    placed
}

fn names(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).unwrap();
    entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect()
}

#[test]
fn an_artifact_is_moved_to_its_place() {
    let scratch = Scratch::new();
    let staging = staged(scratch.path(), &artifact("new"));
    assert!(!scratch.path().join("123").exists());
    assert_eq!(staging.commit().unwrap(), Committed::New);
    assert_eq!(trees::read(&scratch.path().join("123")), artifact("new"));
    assert_eq!(names(scratch.path()), ["123"]);
}

#[test]
fn an_artifact_without_outputs_is_an_empty_directory() {
    let scratch = Scratch::new();
    Staging::create(scratch.path(), &hash())
        .unwrap()
        .commit()
        .unwrap();
    assert_eq!(trees::read(&scratch.path().join("123")), Tree::new());
    Staging::create(scratch.path(), &hash())
        .unwrap()
        .commit()
        .unwrap();
}

#[test]
fn the_cache_directory_is_made_when_there_is_none() {
    let scratch = Scratch::new();
    let cache = scratch.path().join("not/yet");
    assert_eq!(staged(&cache, &artifact("new")).commit().unwrap(), Committed::New);
}

#[test]
fn nobody_else_looks_into_an_unfinished_artifact_which_then_has_a_usual_mode() {
    let scratch = Scratch::new();
    let staging = Staging::create(scratch.path(), &hash()).unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(staging.path().parent().unwrap()), 0o700);
    staging.commit().unwrap();
    assert_eq!(
        mode(&scratch.path().join("123")),
        mode(&scratch.directory("usual"))
    );
}

#[test]
fn nx_does_not_take_a_staging_area_for_an_artifact() {
    let scratch = Scratch::new();
    let _staging = Staging::create(scratch.path(), &hash()).unwrap();
    let names = names(scratch.path());
    assert!(
        names.len() == 1 && names[0].starts_with(".nx-s3-cache-"),
        "{names:?}"
    );
}

#[test]
fn the_same_artifact_is_left_alone() {
    let scratch = Scratch::new();
    assert_eq!(
        staged(scratch.path(), &artifact("same")).commit().unwrap(),
        Committed::New
    );
    let reader = fs::File::open(scratch.path().join("123/dist/main.js")).unwrap();
    let before = std::os::unix::fs::MetadataExt::ino(&reader.metadata().unwrap());
    assert_eq!(
        staged(scratch.path(), &artifact("same")).commit().unwrap(),
        Committed::AlreadyThere
    );
    let after =
        std::os::unix::fs::MetadataExt::ino(&fs::metadata(scratch.path().join("123/dist/main.js")).unwrap());
    assert_eq!(before, after);
    assert_eq!(names(scratch.path()), ["123"]);
}

#[test]
fn anything_else_is_replaced() {
    let ours = artifact("12345");
    let with = |path: &str, node| {
        let mut tree = ours.clone();
        tree.insert(path.into(), node);
        tree
    };
    let without = |path: &str| {
        let mut tree = ours.clone();
        tree.remove(Path::new(path));
        tree
    };
    let file = |mode, content: &str| Node::File {
        mode,
        content: content.into(),
    };
    let large = |last: u8| {
        let content = [vec![0; 200_000], vec![last]].concat();
        with("large", Node::File { mode: 0o644, content })
    };
    assert_eq!(commit_over(&ours, &ours), Committed::AlreadyThere);
    assert_eq!(commit_over(&large(1), &large(1)), Committed::AlreadyThere);
    assert_eq!(commit_over(&large(1), &large(2)), Committed::Replaced);
    for existing in [
        artifact("1234"),
        artifact("12346"),
        with("dist/main.js", file(0o600, "12345")),
        with("dist/more.js", file(0o644, "")),
        without("dist/main.js"),
        with(
            "dist/main.js",
            Node::Link {
                target: "link".into(),
            },
        ),
        with(
            "dist/link",
            Node::Link {
                target: "other".into(),
            },
        ),
        with("dist/link", file(0o644, "12345")),
        with("dist", Node::Directory { mode: 0o755 }),
        with("empty", Node::Directory { mode: 0o755 }),
    ] {
        assert_eq!(commit_over(&existing, &ours), Committed::Replaced, "{existing:?}");
    }
    assert_eq!(commit_over(&Tree::new(), &ours), Committed::New);
}

#[test]
fn a_file_or_a_link_in_the_way_is_replaced_but_not_followed() {
    let scratch = Scratch::new();
    fs::write(scratch.path().join("123"), "a file").unwrap();
    assert_eq!(
        staged(scratch.path(), &artifact("ours")).commit().unwrap(),
        Committed::Replaced
    );
    fs::remove_dir_all(scratch.path().join("123")).ok();
    let elsewhere = scratch.directory("elsewhere");
    fs::write(elsewhere.join("canary"), "original").unwrap();
    let cache = scratch.directory("cache");
    symlink(&elsewhere, cache.join("123")).unwrap();
    assert_eq!(
        staged(&cache, &artifact("ours")).commit().unwrap(),
        Committed::Replaced
    );
    assert_eq!(names(&elsewhere), ["canary"]);
}

#[test]
fn an_artifact_that_is_not_committed_leaves_nothing() {
    let scratch = Scratch::new();
    drop(staged(scratch.path(), &artifact("abandoned")));
    assert_eq!(names(scratch.path()), Vec::<String>::new());
}

#[test]
fn a_cache_directory_that_can_not_be_made_is_the_disks_fault() {
    let scratch = Scratch::new();
    fs::write(scratch.path().join("file"), "").unwrap();
    let error = Staging::create(&scratch.path().join("file/cache"), &hash()).unwrap_err();
    assert_eq!(error.origin(), Origin::Disk);
}

#[test]
fn a_cache_directory_that_vanished_is_the_disks_fault() {
    let scratch = Scratch::new();
    let cache = scratch.directory("cache");
    let staging = Staging::create(&cache, &hash()).unwrap();
    fs::remove_dir_all(&cache).unwrap();
    assert!(matches!(staging.commit(), Err(Error::Local { path, .. }) if path == cache.join("123")));
}

/// Commits from many threads at once, and returns what each found.
fn race(cache: &Path, content: impl Fn(usize) -> String + Sync) -> Vec<Committed> {
    const RACERS: usize = 8;
    let start = Barrier::new(RACERS);
    thread::scope(|scope| {
        let racers: Vec<_> = (0..RACERS)
            .map(|racer| {
                let (start, content) = (&start, &content);
                scope.spawn(move || {
                    let staging = staged(cache, &artifact(&content(racer)));
                    start.wait();
                    staging.commit().unwrap()
                })
            })
            .collect();
        racers.into_iter().map(|racer| racer.join().unwrap()).collect()
    })
}

#[test]
fn of_many_that_restore_the_same_artifact_the_first_one_wins() {
    for _ in 0..20 {
        let scratch = Scratch::new();
        let placed = race(scratch.path(), |_| "same".to_owned());
        assert_eq!(
            placed.iter().filter(|placed| **placed == Committed::New).count(),
            1,
            "{placed:?}"
        );
        assert!(!placed.contains(&Committed::Replaced));
        assert_eq!(trees::read(&scratch.path().join("123")), artifact("same"));
        assert_eq!(names(scratch.path()), ["123"]);
    }
}

#[test]
fn of_many_that_restore_different_artifacts_one_is_left_and_whole() {
    for _ in 0..20 {
        let scratch = Scratch::new();
        race(scratch.path(), |racer| racer.to_string());
        let left = trees::read(&scratch.path().join("123"));
        assert!(
            (0..8).any(|racer: usize| left == artifact(&racer.to_string())),
            "{left:?}"
        );
        assert_eq!(names(scratch.path()), ["123"]);
    }
}
