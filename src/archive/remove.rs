//! Removing a tree, also one whose directories deny it.

use std::fs;
use std::io;
use std::path::Path;

use super::mode;

/// Removes the directory `path` and all below it. Links are removed, never followed.
pub(super) fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            unlock(path)?;
            fs::remove_dir_all(path)
        }
        removed => removed,
    }
}

/// Gives us the right to remove names from every directory of the tree.
fn unlock(directory: &Path) -> io::Result<()> {
    mode::set(directory, 0o700)?;
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            unlock(&entry.path())?;
        }
    }
    Ok(())
}
