//! Moves a restored tree into a directory that has files already.
//!
//! Existing directories stay, with everything in them that the tree doesn't have. Existing files and links are replaced,
//! each atomically. Links are never followed. Where a directory would have to replace something else, or the other way
//! round, nothing is moved at all: that is checked first.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::error::Error;
use super::filesystem::{look, mode, rename, set_mode, symlink};
use super::staging::PREFIX;

/// What merging came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Merged {
    /// The paths in conflict. If there are any, nothing was moved.
    pub conflicts: Vec<PathBuf>,
}

/// Moves everything in the directory `staged` into the directory `target`.
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
        let target = target.join(entry.file_name());
        let ours = entry.file_type().map_err(Error::local(entry.path()))?;
        match look(&target)? {
            Some(theirs) if ours.is_dir() && theirs.is_dir() => check(&entry.path(), &target, conflicts)?,
            Some(theirs) if ours.is_dir() || theirs.is_dir() => conflicts.push(target),
            Some(_) | None => {}
        }
    }
    Ok(())
}

fn move_children(staged: &Path, target: &Path) -> Result<(), Error> {
    for entry in fs::read_dir(staged).map_err(Error::local(staged))? {
        let entry = entry.map_err(Error::local(staged))?;
        let target = target.join(entry.file_name());
        let found = entry.metadata().map_err(Error::local(entry.path()))?;
        if found.is_dir() && look(&target)?.is_some() {
            move_children(&entry.path(), &target)?;
            continue;
        }
        match rename(&entry.path(), &target) {
            Ok(()) => {}
            // Another file system is mounted here, or the directory's mode keeps it from being moved.
            Err(_) if found.is_dir() => move_piecewise(&entry.path(), &target, &found)?,
            Err(error) if error.kind() == io::ErrorKind::CrossesDevices => {
                copy_over(&entry.path(), &target, &found)?;
            }
            Err(source) => return Err(Error::Local { path: target, source }),
        }
    }
    Ok(())
}

fn move_piecewise(staged: &Path, target: &Path, found: &fs::Metadata) -> Result<(), Error> {
    fs::create_dir(target).map_err(Error::local(target))?;
    set_mode(staged, 0o700).map_err(Error::local(staged))?;
    move_children(staged, target)?;
    set_mode(target, mode(found)).map_err(Error::local(target))
}

/// Copies a file or link to another file system: beside its target first, so that it is never half there.
fn copy_over(staged: &Path, target: &Path, found: &fs::Metadata) -> Result<(), Error> {
    let name = target.file_name().unwrap_or_default().to_string_lossy();
    let beside = target.with_file_name(format!("{PREFIX}{}-{name}", std::process::id()));
    let copied = if found.is_symlink() {
        fs::read_link(staged).and_then(|leads_to| symlink(&leads_to, &beside))
    } else {
        fs::copy(staged, &beside).map(drop)
    };
    copied.and_then(|()| rename(&beside, target)).map_err(|source| {
        let _ = fs::remove_file(&beside);
        Error::local(target)(source)
    })
}
