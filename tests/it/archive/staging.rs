//! An artifact appears whole, even if others restore it, too; what killed processes leave is removed, and nothing else.

use std::fs::{self, File};
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::Path;
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, SystemTime};

use nx_s3_cache::archive::{Committed, Error, Origin, Staging, sweep};
use nx_s3_cache::task_hash::TaskHash;

use super::trees::{self, Node, Scratch, Tree};

fn hash() -> TaskHash {
    TaskHash::parse("123").unwrap()
}

fn artifact(content: &str) -> Tree {
    Tree::from([
        ("dist".into(), Node::Directory { mode: 0o555 }),
        ("dist/link".into(), trees::link("main.js")),
        ("dist/main.js".into(), trees::file(content)),
    ])
}

fn staged(cache: &Path, tree: &Tree) -> Staging {
    let staging = Staging::create(cache).unwrap();
    trees::write(staging.path(), tree);
    staging
}

/// What commits over `existing`, and whether it stays.
fn commit_over(existing: &Tree, ours: &Tree) -> Committed {
    let scratch = Scratch::new();
    fs::create_dir(scratch.path().join("123")).unwrap();
    trees::write(&scratch.path().join("123"), existing);
    let placed = staged(scratch.path(), ours).commit(&hash()).unwrap();
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
fn an_artifact_is_moved_to_its_target() {
    let scratch = Scratch::new();
    let staging = staged(scratch.path(), &artifact("new"));
    assert!(!scratch.path().join("123").exists());
    assert_eq!(staging.commit(&hash()).unwrap(), Committed::New);
    assert_eq!(trees::read(&scratch.path().join("123")), artifact("new"));
    assert_eq!(names(scratch.path()), ["123"]);
}

#[test]
fn an_artifact_without_outputs_is_an_empty_directory() {
    let scratch = Scratch::new();
    for _ in 0..2 {
        staged(scratch.path(), &Tree::new()).commit(&hash()).unwrap();
        assert_eq!(trees::read(&scratch.path().join("123")), Tree::new());
    }
}

#[test]
fn the_cache_directory_is_made_when_there_is_none() {
    let scratch = Scratch::new();
    let cache = scratch.path().join("not/yet");
    assert_eq!(
        staged(&cache, &artifact("new")).commit(&hash()).unwrap(),
        Committed::New
    );
}

#[test]
fn nobody_else_looks_into_an_unfinished_artifact_which_then_has_a_usual_mode() {
    let scratch = Scratch::new();
    let staging = Staging::create(scratch.path()).unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(staging.path().parent().unwrap()), 0o700);
    staging.commit(&hash()).unwrap();
    assert_eq!(
        mode(&scratch.path().join("123")),
        mode(&scratch.directory("usual"))
    );
}

#[test]
fn nx_does_not_take_a_staging_area_for_an_artifact() {
    let scratch = Scratch::new();
    let _staging = Staging::create(scratch.path()).unwrap();
    let names = names(scratch.path());
    assert!(
        names.len() == 1 && names[0].starts_with(".nx-s3-cache-"),
        "{names:?}"
    );
}

#[test]
fn the_same_artifact_is_left_alone() {
    let scratch = Scratch::new();
    let commit = || staged(scratch.path(), &artifact("same")).commit(&hash()).unwrap();
    let inode = || {
        fs::metadata(scratch.path().join("123/dist/main.js"))
            .unwrap()
            .ino()
    };
    assert_eq!(commit(), Committed::New);
    let before = inode();
    assert_eq!(commit(), Committed::AlreadyThere);
    assert_eq!(inode(), before);
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
    let mut without = ours.clone();
    without.remove(Path::new("dist/main.js"));
    let private = Node::File {
        mode: 0o600,
        content: "12345".into(),
    };
    let large = |last: u8| with("large", trees::file([vec![0; 200_000], vec![last]].concat()));
    assert_eq!(commit_over(&ours, &ours), Committed::AlreadyThere);
    assert_eq!(commit_over(&large(1), &large(1)), Committed::AlreadyThere);
    assert_eq!(commit_over(&large(1), &large(2)), Committed::Replaced);
    for existing in [
        artifact("1234"),
        artifact("12346"),
        with("dist/main.js", private),
        with("dist/more.js", trees::file("")),
        without,
        with("dist/main.js", trees::link("link")),
        with("dist/link", trees::link("other")),
        with("dist/link", trees::file("12345")),
        with("dist", trees::directory()),
        with("empty", trees::directory()),
    ] {
        assert_eq!(commit_over(&existing, &ours), Committed::Replaced, "{existing:?}");
    }
    assert_eq!(commit_over(&Tree::new(), &ours), Committed::New);
}

#[test]
fn a_file_or_a_link_at_the_target_is_replaced_but_not_followed() {
    let scratch = Scratch::new();
    let commit = |cache: &Path| staged(cache, &artifact("ours")).commit(&hash()).unwrap();
    let (file, link) = (scratch.directory("file"), scratch.directory("link"));
    fs::write(file.join("123"), "a file").unwrap();
    assert_eq!(commit(&file), Committed::Replaced);
    let elsewhere = scratch.directory("elsewhere");
    fs::write(elsewhere.join("canary"), "original").unwrap();
    symlink(&elsewhere, link.join("123")).unwrap();
    assert_eq!(commit(&link), Committed::Replaced);
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
    let error = Staging::create(&scratch.path().join("file/cache")).unwrap_err();
    assert_eq!(error.origin(), Origin::Disk);
}

#[test]
fn a_cache_directory_that_vanished_is_the_disks_fault() {
    let scratch = Scratch::new();
    let cache = scratch.directory("cache");
    let staging = Staging::create(&cache).unwrap();
    fs::remove_dir_all(&cache).unwrap();
    assert!(matches!(staging.commit(&hash()), Err(Error::Local { path, .. }) if path == cache.join("123")));
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
                    staging.commit(&hash()).unwrap()
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
        let found = race(scratch.path(), |_| "same".to_owned());
        let new = found.iter().filter(|found| **found == Committed::New);
        assert_eq!(new.count(), 1, "{found:?}");
        assert!(!found.contains(&Committed::Replaced));
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
        let whole = (0..8).any(|racer: usize| left == artifact(&racer.to_string()));
        assert!(whole, "{left:?}");
        assert_eq!(names(scratch.path()), ["123"]);
    }
}

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

fn age(path: &Path, age: Duration) {
    File::open(path)
        .unwrap()
        .set_modified(SystemTime::now() - age)
        .unwrap();
}

/// What a process that is killed while it restores a read-only directory leaves.
fn leftover(cache: &Path, name: &str) {
    let root = cache.join(name);
    fs::create_dir_all(root.join("outputs/dist")).unwrap();
    fs::write(root.join("outputs/dist/main.js"), "half").unwrap();
    trees::chmod(&root.join("outputs/dist"), 0o555);
    age(&root, Duration::from_secs(60));
}

#[test]
fn what_a_dead_process_left_is_removed() {
    let scratch = Scratch::new();
    leftover(scratch.path(), ".nx-s3-cache-1-0-123");
    leftover(scratch.path(), ".nx-s3-cache-99999999-7-456");
    assert_eq!(sweep(scratch.path()), 2);
    assert_eq!(fs::read_dir(scratch.path()).unwrap().count(), 0);
}

#[test]
fn what_a_living_process_works_on_stays() {
    let scratch = Scratch::new();
    let staging = Staging::create(scratch.path()).unwrap();
    let root = staging.path().parent().unwrap();
    for old in [Duration::ZERO, DAY / 2, 30 * DAY] {
        age(root, old);
        assert_eq!(sweep(scratch.path()), 0);
    }
    staging.commit(&hash()).unwrap();
    assert!(scratch.path().join("123").is_dir());
}

#[test]
fn what_was_made_just_now_stays_even_without_its_lock() {
    let scratch = Scratch::new();
    leftover(scratch.path(), ".nx-s3-cache-1-0-123");
    age(&scratch.path().join(".nx-s3-cache-1-0-123"), Duration::ZERO);
    assert_eq!(sweep(scratch.path()), 0);
}

#[test]
fn what_is_not_ours_stays() {
    let scratch = Scratch::new();
    for name in ["123", ".nx", "nx-s3-cache-1-0-123", "terminalOutputs"] {
        leftover(scratch.path(), name);
    }
    fs::write(scratch.path().join(".nx-s3-cache-file"), "").unwrap();
    symlink("123", scratch.path().join(".nx-s3-cache-link")).unwrap();
    let before = trees::read(scratch.path());
    assert_eq!(sweep(scratch.path()), 0);
    assert_eq!(trees::read(scratch.path()), before);
}

#[test]
fn a_missing_cache_directory_is_nothing_to_sweep() {
    assert_eq!(sweep(Path::new("/nowhere/at/all")), 0);
}
