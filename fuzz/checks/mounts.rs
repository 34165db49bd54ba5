//! For any paths given to `rebuild`: they are refused, or exist, and their archive unpacks.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::path::{Component, Path, PathBuf};

use nx_s3_cache::archive::{Limits, Mounts, merge, unpack};

use super::unpack::scratch;

/// More paths only make the fuzzer slow.
const MOST: usize = 4;

/// Takes the parts of `data` between NULs for paths.
pub fn check(data: &[u8]) {
    let paths: Vec<PathBuf> = data
        .split(|byte| *byte == 0)
        .take(MOST)
        .map(|path| PathBuf::from(OsStr::from_bytes(path)))
        .collect();
    let scratch = scratch();
    let work = scratch.path().join("work");
    make_tree(scratch.path(), &work);
    for preserve in [false, true] {
        let Ok(mounts) = Mounts::find(&work, &paths, preserve) else {
            continue;
        };
        // Nobody wants this whole machine in an archive.
        if paths
            .iter()
            .all(|path| plain(&work.join(path)).starts_with(scratch.path()))
        {
            assert_comes_back(&mounts, preserve.then_some((&work, &paths)));
        }
    }
}

fn make_tree(root: &Path, work: &Path) {
    for directory in ["work/a/b", "work/.c", "beside"] {
        fs::create_dir_all(root.join(directory)).expect("a directory");
    }
    for file in ["work/a/b/x", "work/a/y", "work/z", "beside/w"] {
        fs::write(root.join(file), file).expect("a file");
    }
    symlink("b/x", work.join("a/l")).expect("a link");
    symlink("../beside", work.join("o")).expect("a link that leads out");
}

/// Unpacks the archive of `mounts`, merges it into another directory, and looks for what kept its path.
fn assert_comes_back(mounts: &Mounts, preserved: Option<(&PathBuf, &Vec<PathBuf>)>) {
    let mut archive = Vec::new();
    let Ok(packed) = mounts.pack(&mut archive) else {
        return;
    };
    let (staging, target) = (scratch(), scratch());
    let unpacked =
        unpack(&archive[..], staging.path(), &Limits::default()).expect("what we packed can be unpacked");
    assert_eq!((unpacked.files, unpacked.bytes), (packed.files, packed.bytes));
    let merged = merge(staging.path(), target.path()).expect("a tree that can be moved");
    assert!(merged.conflicts.is_empty(), "{merged:?}");
    let Some((work, paths)) = preserved else { return };
    let full: Vec<_> = paths.iter().map(|path| plain(&work.join(path))).collect();
    // What is within a mount from elsewhere comes back as a part of that.
    if full.iter().all(|path| path.starts_with(work)) {
        for below in full.iter().flat_map(|path| path.strip_prefix(work)) {
            let back = target.path().join(below);
            assert!(fs::symlink_metadata(&back).is_ok(), "{}", back.display());
        }
    }
}

/// `path` without `.` and `..`, by its text alone.
fn plain(path: &Path) -> PathBuf {
    path.components().fold(PathBuf::new(), |mut plain, part| {
        match part {
            Component::ParentDir => drop(plain.pop()),
            part => plain.push(part),
        }
        plain
    })
}
