//! What killed processes leave is removed, and nothing else.

use std::fs::{self, File};
use std::path::Path;
use std::time::{Duration, SystemTime};

use nx_s3_cache::archive::{Staging, sweep};
use nx_s3_cache::task_hash::TaskHash;

use super::trees::{self, Scratch};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

fn age(path: &Path, age: Duration) {
    File::open(path)
        .unwrap()
        .set_modified(SystemTime::now() - age)
        .unwrap();
}

/// What a process leaves that is killed while it restores into a read-only directory.
fn leftover(cache: &Path, name: &str) {
    let area = cache.join(name);
    fs::create_dir_all(area.join("outputs/dist")).unwrap();
    fs::write(area.join("outputs/dist/main.js"), "half").unwrap();
    trees::chmod(&area.join("outputs/dist"), 0o555);
    age(&area, Duration::from_secs(60));
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
    let staging = Staging::create(scratch.path(), &TaskHash::parse("123").unwrap()).unwrap();
    let area = staging.path().parent().unwrap();
    for old in [Duration::ZERO, DAY / 2, 30 * DAY] {
        age(area, old);
        assert_eq!(sweep(scratch.path()), 0);
    }
    staging.commit().unwrap();
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
    std::os::unix::fs::symlink("123", scratch.path().join(".nx-s3-cache-link")).unwrap();
    let before = trees::read(scratch.path());
    assert_eq!(sweep(scratch.path()), 0);
    assert_eq!(trees::read(scratch.path()), before);
}

#[test]
fn a_missing_cache_directory_is_nothing_to_sweep() {
    assert_eq!(sweep(Path::new("/nowhere/at/all")), 0);
}
