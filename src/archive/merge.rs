//! Moving a restored tree onto what is on disk.
//!
//! Directories that are there stay, with all in them that the tree doesn't have. Files and links that are there are
//! replaced, each in one step. Links are never followed. Where a directory would have to become something else, or the other
//! way, nothing is moved at all: that is found first.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::Error;
use super::identity::look;
use super::mode;

/// What was moved.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Merged {
    /// What stands in the way, if anything: then nothing was moved.
    pub conflicts: Vec<PathBuf>,
}

/// Moves all that is in the directory `staged` into the directory `target`.
pub fn merge(staged: &Path, target: &Path) -> Result<Merged, Error> {
    let mut conflicts = Vec::new();
    check(staged, target, &mut conflicts)?;
    if conflicts.is_empty() {
        move_children(staged, target)?;
    }
    Ok(Merged { conflicts })
}

fn check(staged: &Path, target: &Path, conflicts: &mut Vec<PathBuf>) -> Result<(), Error> {
    for entry in fs::read_dir(staged).map_err(Error::local(staged))? {
        let entry = entry.map_err(Error::local(staged))?;
        let place = target.join(entry.file_name());
        let ours = entry.file_type().map_err(Error::local(entry.path()))?;
        match look(&place)? {
            None => {}
            Some(theirs) if ours.is_dir() && theirs.is_dir() => check(&entry.path(), &place, conflicts)?,
            Some(theirs) if ours.is_dir() || theirs.is_dir() => conflicts.push(place),
            Some(_) => {}
        }
    }
    Ok(())
}

fn move_children(staged: &Path, target: &Path) -> Result<(), Error> {
    for entry in fs::read_dir(staged).map_err(Error::local(staged))? {
        let entry = entry.map_err(Error::local(staged))?;
        let place = target.join(entry.file_name());
        let found = entry.metadata().map_err(Error::local(entry.path()))?;
        if found.is_dir() && look(&place)?.is_some() {
            move_children(&entry.path(), &place)?;
            continue;
        }
        match fs::rename(entry.path(), &place) {
            Ok(()) => {}
            // Another file system is mounted here, or the directory's mode keeps it from being moved.
            Err(_) if found.is_dir() => move_piecewise(&entry.path(), &place, &found)?,
            Err(error) if error.kind() == io::ErrorKind::CrossesDevices => {
                copy_over(&entry.path(), &place, &found)?;
            }
            Err(source) => return Err(Error::Local { path: place, source }),
        }
    }
    Ok(())
}

fn move_piecewise(staged: &Path, place: &Path, found: &fs::Metadata) -> Result<(), Error> {
    fs::create_dir(place).map_err(Error::local(place))?;
    mode::set(staged, 0o700).map_err(Error::local(staged))?;
    move_children(staged, place)?;
    mode::set(place, mode::of(found)).map_err(Error::local(place))
}

/// Copies a file or link to another file system: beside its place first, so that it is never half there.
fn copy_over(staged: &Path, place: &Path, found: &fs::Metadata) -> Result<(), Error> {
    let name = place.file_name().unwrap_or_default().to_string_lossy();
    let beside = place.with_file_name(format!("{}{}-{name}", super::place::PREFIX, std::process::id()));
    let copied = if found.is_symlink() {
        fs::read_link(staged).and_then(|target| link(&target, &beside))
    } else {
        fs::copy(staged, &beside).map(drop)
    };
    let moved = copied.and_then(|()| fs::rename(&beside, place));
    moved.map_err(|source| {
        let _ = fs::remove_file(&beside);
        Error::Local {
            path: place.to_owned(),
            source,
        }
    })
}

#[cfg(unix)]
fn link(target: &Path, link: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(target, link)
}

#[cfg(windows)]
fn link(target: &Path, link: &Path) -> io::Result<()> {
    std::os::windows::fs::symlink_file(target, link)
}
