//! Scratch objects and a scratch directory: names that nothing else has, and a place that is removed again.

use std::io;
use std::path::{Path, PathBuf};

/// What the names of all scratch objects begin with. No task hash of Nx does.
const MARK: &str = "doctor-";

/// A new name, fit for an object key and as a task hash.
pub(super) fn name() -> io::Result<String> {
    let mut random = [0; 8];
    getrandom::fill(&mut random).map_err(|error| io::Error::other(error.to_string()))?;
    Ok(MARK.to_owned() + &hex::encode(random))
}

/// A directory of this process, removed with everything in it when dropped.
pub(super) struct Directory(PathBuf);

impl Directory {
    /// Makes a new one.
    pub(super) fn create() -> io::Result<Self> {
        let path = std::env::temp_dir().join(format!("nx-s3-cache-{}", name()?));
        std::fs::create_dir(&path)?;
        Ok(Self(path))
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        // What can't be removed is a few small files in the system's directory for such files.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::task_hash::TaskHash;

    #[test]
    fn names_are_new_each_time_and_fit_as_task_hashes() {
        let (one, other) = (name().unwrap(), name().unwrap());
        assert_ne!(one, other);
        assert!(TaskHash::parse(&one).is_ok() && one.starts_with(MARK));
    }

    #[test]
    fn a_directory_goes_with_all_that_is_in_it() {
        let directory = Directory::create().unwrap();
        let path = directory.path().to_owned();
        std::fs::write(path.join("file"), "x").unwrap();
        drop(directory);
        assert!(!path.exists());
    }
}
