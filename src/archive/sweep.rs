//! Removing what killed processes left in Nx's cache directory.

use std::fs::{self, DirEntry, File, TryLockError};
use std::path::Path;
use std::time::{Duration, SystemTime};

use super::place::PREFIX;
use super::remove::remove;

/// How long after its making an area may be without its lock.
const GRACE: Duration = Duration::from_secs(10);

/// When to give up waiting for the owner of an area where locks don't work.
const ABANDONED: Duration = Duration::from_secs(24 * 60 * 60);

/// Removes the staging areas in `cache_directory` whose process is dead, and returns how many.
///
/// A living process holds a lock on each of its areas, which the system takes back when it dies; unlike its
/// process id, that holds across containers that share the directory. Nothing is reported: what is left
/// over costs space, no more.
pub fn sweep(cache_directory: &Path) -> usize {
    let Ok(entries) = fs::read_dir(cache_directory) else {
        return 0;
    };
    entries
        .flatten()
        .filter(|entry| is_area(entry) && remove_abandoned(entry))
        .count()
}

fn is_area(entry: &DirEntry) -> bool {
    let directory = entry.file_type().is_ok_and(|kind| kind.is_dir());
    directory
        && entry
            .file_name()
            .as_encoded_bytes()
            .starts_with(PREFIX.as_bytes())
}

fn remove_abandoned(entry: &DirEntry) -> bool {
    let age = entry
        .metadata()
        .ok()
        .and_then(|found| found.modified().ok())
        .map(age)
        .unwrap_or_default();
    if age < GRACE {
        return false;
    }
    let Ok(area) = File::open(entry.path()) else {
        return age > ABANDONED && remove(&entry.path()).is_ok();
    };
    // The lock is held until `area` goes, so that only one of two sweeps removes it.
    let abandoned = match area.try_lock() {
        Ok(()) => true,
        Err(TryLockError::WouldBlock) => false,
        Err(TryLockError::Error(_)) => age > ABANDONED,
    };
    abandoned && remove(&entry.path()).is_ok()
}

/// Zero for times in the future.
fn age(modified: SystemTime) -> Duration {
    SystemTime::now().duration_since(modified).unwrap_or_default()
}
