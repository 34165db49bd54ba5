//! Putting a restored artifact in its place, whole or not at all.

use std::fs::{self, DirBuilder, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicU64, Ordering};

use super::Error;
use super::remove::remove;
use super::same::same_tree;
use crate::task_hash::TaskHash;

/// What the names of staging areas begin with. Nx takes names of digits only for artifacts.
pub(super) const PREFIX: &str = ".nx-s3-cache-";

/// How often to try again when other processes come and go at the artifact's place.
const ATTEMPTS: u32 = 8;

/// Tells the staging areas of one process apart.
static COUNTER: AtomicU64 = AtomicU64::new(0);

/// A directory beside the artifact's place, for one restore: `.nx-s3-cache-<process>-<n>-<task hash>` in
/// Nx's cache directory, and in it the staging directory proper.
///
/// Only our user can look into the outer one, while the inner one, which becomes the artifact's directory,
/// gets the mode that any new directory gets. Dropping it removes whatever has not been committed.
///
/// An artifact is moved into place without being forced to the disk first: after a power failure it may be
/// there and incomplete, as may all that Nx itself writes there.
#[derive(Debug)]
pub struct Staging {
    area: PathBuf,
    staged: PathBuf,
    place: PathBuf,
    /// Held until the end, so that [`sweep`](super::sweep()) sees that the area is in use.
    _lock: Option<File>,
}

/// What [`Staging::commit`] found in the artifact's place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Placed {
    /// Nothing: ours is there now.
    New,
    /// The same artifact, which stays; ours is gone.
    AlreadyThere,
    /// Something else, say what a killed process left; ours is there now.
    Replaced,
}

impl Staging {
    /// Makes an empty staging directory for the artifact of `hash`.
    pub fn create(cache_directory: &Path, hash: &TaskHash) -> Result<Self, Error> {
        fs::create_dir_all(cache_directory).map_err(Error::local(cache_directory))?;
        let area = create_area(cache_directory, hash)?;
        let (staged, place) = (area.join("outputs"), cache_directory.join(hash.as_str()));
        let lock = lock(&area);
        let staging = Self {
            area,
            staged,
            place,
            _lock: lock,
        };
        fs::create_dir(&staging.staged).map_err(Error::local(&staging.staged))?;
        Ok(staging)
    }

    /// The directory to unpack to.
    pub fn path(&self) -> &Path {
        &self.staged
    }

    /// Moves the staging directory to the artifact's place.
    ///
    /// Other processes may restore the same artifact at the same time. The first one wins; what is equal
    /// to ours is left alone, as its owner may be reading it by now.
    pub fn commit(self) -> Result<Placed, Error> {
        let mut placed = Placed::New;
        for attempt in 1..=ATTEMPTS {
            let Err(source) = fs::rename(&self.staged, &self.place) else {
                return Ok(placed);
            };
            if same_tree(&self.staged, &self.place) {
                return Ok(Placed::AlreadyThere);
            }
            match fs::rename(&self.place, self.area.join(format!("replaced-{attempt}"))) {
                Ok(()) => placed = Placed::Replaced,
                // Nothing is in the way: it has gone since, or there is another reason, which will stay.
                Err(error) if error.kind() == io::ErrorKind::NotFound && attempt < ATTEMPTS => {}
                Err(_) => {
                    return Err(Error::Local {
                        path: self.place.clone(),
                        source,
                    });
                }
            }
        }
        let source = io::Error::other("other processes keep writing it");
        Err(Error::Local {
            path: self.place.clone(),
            source,
        })
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        // What can't be removed now is swept by a later run.
        let _ = remove(&self.area);
    }
}

/// Makes the outer directory, under a name that nobody uses: another container may have the same process id.
fn create_area(cache_directory: &Path, hash: &TaskHash) -> Result<PathBuf, Error> {
    loop {
        let number = COUNTER.fetch_add(1, Ordering::Relaxed);
        let area = cache_directory.join(format!("{PREFIX}{}-{number}-{hash}", process::id()));
        match private_directory().create(&area) {
            Ok(()) => return Ok(area),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(source) => return Err(Error::Local { path: area, source }),
        }
    }
}

#[cfg(unix)]
fn private_directory() -> DirBuilder {
    use std::os::unix::fs::DirBuilderExt;
    let mut builder = DirBuilder::new();
    builder.mode(0o700);
    builder
}

#[cfg(not(unix))]
fn private_directory() -> DirBuilder {
    DirBuilder::new()
}

/// Locks the area for as long as the process lives. Where directories can't be locked (Windows, some network
/// file systems) there is no lock, and `sweep` goes by age.
fn lock(area: &Path) -> Option<File> {
    let directory = File::open(area).ok()?;
    directory.try_lock().ok()?;
    Some(directory)
}
