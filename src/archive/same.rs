//! Comparing two trees.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::{self, File, Metadata};
use std::io::{self, BufRead, BufReader};
use std::path::Path;

use super::mode;

/// How much of a file is compared at a time.
const BUFFER: usize = 64 << 10;

/// Whether two directories hold the same: names, kinds, permission bits, link targets and content. What
/// can't be read is not the same.
pub(super) fn same_tree(one: &Path, other: &Path) -> bool {
    same_children(one, other).unwrap_or(false)
}

fn same_children(one: &Path, other: &Path) -> io::Result<bool> {
    if !fs::symlink_metadata(other)?.is_dir() {
        return Ok(false);
    }
    let (ours, theirs) = (children(one)?, children(other)?);
    if ours.len() != theirs.len() {
        return Ok(false);
    }
    for ((our_name, ours), (their_name, theirs)) in ours.iter().zip(&theirs) {
        let alike = our_name == their_name
            && ours.file_type() == theirs.file_type()
            && mode::of(ours) == mode::of(theirs);
        if !alike || !same_content(&one.join(our_name), &other.join(our_name), (ours, theirs))? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn children(directory: &Path) -> io::Result<BTreeMap<OsString, Metadata>> {
    // `DirEntry::metadata` does not follow links.
    fs::read_dir(directory)?
        .map(|entry| entry.and_then(|found| Ok((found.file_name(), found.metadata()?))))
        .collect()
}

/// Compares what is at two paths of the same kind.
fn same_content(one: &Path, other: &Path, found: (&Metadata, &Metadata)) -> io::Result<bool> {
    let (ours, theirs) = found;
    if ours.is_dir() {
        same_children(one, other)
    } else if ours.is_symlink() {
        Ok(fs::read_link(one)? == fs::read_link(other)?)
    } else if ours.is_file() {
        Ok(ours.len() == theirs.len() && same_bytes(one, other)?)
    } else {
        Ok(false)
    }
}

fn same_bytes(one: &Path, other: &Path) -> io::Result<bool> {
    let open = |path| File::open(path).map(|file| BufReader::with_capacity(BUFFER, file));
    let (mut one, mut other) = (open(one)?, open(other)?);
    loop {
        let (ours, theirs) = (one.fill_buf()?, other.fill_buf()?);
        let length = ours.len().min(theirs.len());
        if ours[..length] != theirs[..length] {
            return Ok(false);
        }
        if length == 0 {
            return Ok(ours.is_empty() && theirs.is_empty());
        }
        one.consume(length);
        other.consume(length);
    }
}
