//! Putting a restored artifact in its place, whole or not at all.

use std::collections::BTreeMap;
use std::fs::{self, DirBuilder, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use super::Error;
use super::remove::remove;
use super::same::same_tree;
use crate::task_hash::TaskHash;

/// What the names of staging areas begin with. Nx takes names of digits only for artifacts.
pub(super) const PREFIX: &str = ".nx-s3-cache-";

/// How often to try again when other processes come and go at the artifact's place.
const ATTEMPTS: u32 = 8;

/// Tells the areas and staging directories of one process apart.
static COUNTER: AtomicU64 = AtomicU64::new(0);

/// The areas in use, by cache directory.
static AREAS: Mutex<BTreeMap<PathBuf, Weak<Area>>> = Mutex::new(BTreeMap::new());

/// A directory for one restore, beside the artifact's place: `<n>-<task hash>` in the staging area
/// `.nx-s3-cache-<process>-<n>` of Nx's cache directory.
///
/// Only our user can look into the area, while the staging directory, which becomes the artifact's, gets the
/// mode that any new directory gets. Dropping it removes whatever has not been committed.
///
/// An artifact is moved into place without being forced to the disk first: after a power failure it may be
/// there and incomplete, as may all that Nx itself writes there.
#[derive(Debug)]
pub struct Staging {
    area: Arc<Area>,
    staged: PathBuf,
    place: PathBuf,
    /// What is to be removed in the end.
    litter: Vec<PathBuf>,
}

/// What all restores to one cache directory share as long as there are any: making, locking and removing an
/// area for each would cost a small artifact more than its files do.
#[derive(Debug)]
struct Area {
    path: PathBuf,
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
        let made = Self::create_in(Area::shared(cache_directory)?, cache_directory, hash);
        match made {
            // Somebody emptied the cache directory under us.
            Err(Error::Local { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
                Self::create_in(Area::renewed(cache_directory)?, cache_directory, hash)
            }
            made => made,
        }
    }

    fn create_in(area: Arc<Area>, cache_directory: &Path, hash: &TaskHash) -> Result<Self, Error> {
        let staged = area.path.join(format!("{}-{hash}", next_number()));
        fs::create_dir(&staged).map_err(Error::local(&staged))?;
        Ok(Self {
            area,
            litter: vec![staged.clone()],
            staged,
            place: cache_directory.join(hash.as_str()),
        })
    }

    /// The directory to unpack to.
    pub fn path(&self) -> &Path {
        &self.staged
    }

    /// Moves the staging directory to the artifact's place.
    ///
    /// Other processes may restore the same artifact at the same time. The first one wins; what is equal
    /// to ours is left alone, as its owner may be reading it by now.
    pub fn commit(mut self) -> Result<Placed, Error> {
        let mut placed = Placed::New;
        for attempt in 1..=ATTEMPTS {
            let Err(source) = fs::rename(&self.staged, &self.place) else {
                self.litter.retain(|path| *path != self.staged);
                return Ok(placed);
            };
            if same_tree(&self.staged, &self.place) {
                return Ok(Placed::AlreadyThere);
            }
            let replaced = self.area.path.join(format!("{}-replaced", next_number()));
            match fs::rename(&self.place, &replaced) {
                Ok(()) => {
                    self.litter.push(replaced);
                    placed = Placed::Replaced;
                }
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
        for path in &self.litter {
            // What can't be removed now is swept by a later run.
            let _ = remove(path);
        }
    }
}

impl Area {
    /// The area of `cache_directory`, made when there is none.
    fn shared(cache_directory: &Path) -> Result<Arc<Self>, Error> {
        let mut areas = AREAS.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(area) = areas.get(cache_directory).and_then(Weak::upgrade) {
            return Ok(area);
        }
        fs::create_dir_all(cache_directory).map_err(Error::local(cache_directory))?;
        let area = Arc::new(Self::create(cache_directory)?);
        areas.retain(|_, area| area.strong_count() > 0);
        areas.insert(cache_directory.to_owned(), Arc::downgrade(&area));
        Ok(area)
    }

    /// A new area instead of one that is gone from the disk.
    fn renewed(cache_directory: &Path) -> Result<Arc<Self>, Error> {
        let mut areas = AREAS.lock().unwrap_or_else(PoisonError::into_inner);
        areas.retain(|_, area| area.upgrade().is_some_and(|area| area.path.exists()));
        drop(areas);
        Self::shared(cache_directory)
    }

    /// Makes an area under a name that nobody uses: another container may have the same process id.
    fn create(cache_directory: &Path) -> Result<Self, Error> {
        loop {
            let path = cache_directory.join(format!("{PREFIX}{}-{}", process::id(), next_number()));
            match private_directory().create(&path) {
                Ok(()) => {
                    let _lock = lock(&path);
                    return Ok(Self { path, _lock });
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(source) => return Err(Error::Local { path, source }),
            }
        }
    }
}

impl Drop for Area {
    fn drop(&mut self) {
        // What can't be removed now is swept by a later run.
        let _ = remove(&self.path);
    }
}

/// A number that this process uses once.
fn next_number() -> u64 {
    COUNTER.fetch_add(1, Ordering::Relaxed)
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
