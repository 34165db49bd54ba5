//! For any archive: nothing outside of the staging directory changes, and what is accepted can be packed again.

use std::fs;
use std::path::Path;

use nx_s3_cache::archive::{Error, Limits, Origin, Platform, Unpacked, pack, unpack};
use tempfile::TempDir;

/// The unit of a tar stream.
const BLOCK: usize = 512;

/// Unpacks `data`, unchanged and with correct checksums: few mutations would pass otherwise.
pub fn check(data: &[u8]) {
    check_archive(data);
    let mut repaired = data.to_vec();
    repair(&mut repaired);
    if repaired != data {
        check_archive(&repaired);
    }
}

fn check_archive(archive: &[u8]) {
    let scratch = scratch();
    let (staging, canary) = (scratch.path().join("staging"), scratch.path().join("canary"));
    fs::create_dir(&staging).expect("a staging directory");
    fs::write(&canary, "original").expect("a canary");
    let result = unpack(archive, &staging, &limits(archive));
    let mut around: Vec<_> = fs::read_dir(scratch.path())
        .expect("the directory")
        .flatten()
        .collect();
    around.sort_by_key(fs::DirEntry::file_name);
    assert!(
        around
            .iter()
            .map(fs::DirEntry::file_name)
            .eq(["canary", "staging"]),
        "{around:?}"
    );
    assert_eq!(fs::read(&canary).expect("the canary"), b"original");
    assert_links_stay_inside(&staging, &staging.canonicalize().expect("the staging directory"));
    match result {
        Ok(unpacked) => assert_packs_again(&staging, &unpacked),
        Err(error) => assert_eq!(error.origin(), Origin::Archive, "{error}"),
    }
}

/// A directory in memory, if there is such a place: this makes and removes thousands of small trees.
pub fn scratch() -> TempDir {
    tempfile::tempdir_in("/dev/shm")
        .or_else(|_| tempfile::tempdir())
        .expect("a scratch directory")
}

/// Small limits keep the fuzzer fast; the platform changes with the input, but never allows names that this one doesn't.
fn limits(archive: &[u8]) -> Limits {
    let platform = match archive.len() / BLOCK % 3 {
        0 => Platform::here(),
        1 => Platform {
            windows_names: cfg!(windows),
            ignores_case: true,
        },
        _ => Platform {
            windows_names: true,
            ignores_case: true,
        },
    };
    Limits {
        entries: 100,
        bytes: 1 << 16,
        path: 1000,
        terminal_output: 1 << 16,
        remembered: 1 << 14,
        platform,
        ..Limits::default()
    }
}

/// Follows every link that leads anywhere.
fn assert_links_stay_inside(directory: &Path, root: &Path) {
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        let path = entry.path();
        let kind = entry.file_type().expect("a kind");
        if kind.is_symlink() {
            let stays = path.canonicalize().map_or(true, |end| end.starts_with(root));
            assert!(stays, "{} leads to {:?}", path.display(), fs::read_link(&path));
        } else if kind.is_dir() {
            assert_links_stay_inside(&path, root);
        }
    }
}

/// An accepted archive has a normal form, which is accepted as well and is its own.
fn assert_packs_again(staging: &Path, unpacked: &Unpacked) {
    let Some((archive, totals)) = repack(staging, unpacked) else {
        return;
    };
    assert_eq!(totals, (unpacked.files, unpacked.bytes));
    let again = scratch();
    let limits = Limits::default();
    let second = unpack(&archive[..], again.path(), &limits).expect("what we packed can be unpacked");
    assert_eq!(second, *unpacked);
    assert_eq!(
        repack(again.path(), &second).map(|packed| packed.0),
        Some(archive)
    );
}

/// The archive of the tree, and its files and bytes; `None` where modes keep us from reading it.
fn repack(tree: &Path, unpacked: &Unpacked) -> Option<(Vec<u8>, (u64, u64))> {
    let mut archive = Vec::new();
    match pack(tree, &unpacked.terminal_output, &mut archive) {
        Ok(packed) => Some((archive, (packed.files, packed.bytes))),
        Err(Error::Unreadable { .. }) => None,
        Err(error) => panic!("what was unpacked can't be packed: {error}"),
    }
}

/// Corrects the checksum of each header, as far as headers can be distinguished from content.
fn repair(archive: &mut [u8]) {
    let mut at = 0;
    while let Some(header) = archive.get_mut(at..at + BLOCK) {
        if header.iter().all(|byte| *byte == 0) {
            return;
        }
        header[148..156].fill(b' ');
        let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
        header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        let size = str::from_utf8(&header[124..135])
            .ok()
            .and_then(|size| usize::from_str_radix(size, 8).ok());
        let Some(next) = size.and_then(|size| size.checked_next_multiple_of(BLOCK)) else {
            return;
        };
        at += BLOCK + next;
    }
}
