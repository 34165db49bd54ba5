//! The staging directory: an artifact is restored there, and appears in Nx's cache directory whole.

use std::collections::BTreeMap;
use std::fs::{self, DirBuilder, DirEntry, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::{Duration, SystemTime};

use parking_lot::Mutex;

use super::error::Error;
use super::filesystem::{remove, rename};
use super::pack::pack;
use super::writer::Sink;
use crate::task_hash::TaskHash;

/// What the names of staging roots begin with. Nx takes only names of digits for artifacts.
pub(super) const PREFIX: &str = ".nx-s3-cache-";

/// How often to try again when other processes replace the target at the same time.
const ATTEMPTS: u32 = 8;

/// How long after its creation a root may be without its lock.
const GRACE: Duration = Duration::from_secs(10);

/// The age at which a root counts as abandoned where locks don't work.
const ABANDONED: Duration = Duration::from_secs(24 * 60 * 60);

/// Makes the names of one process's roots and staging directories unique.
static COUNTER: AtomicU64 = AtomicU64::new(0);

/// The roots in use, by cache directory.
static ROOTS: Mutex<BTreeMap<PathBuf, Weak<Root>>> = Mutex::new(BTreeMap::new());

/// A directory for one restore, beside its target: `<n>` in the staging root `.nx-s3-cache-<process>-<n>` of Nx's cache
/// directory.
///
/// Only our user can read the root, while the staging directory, which becomes the artifact's, has the mode that any
/// new directory has. Dropping it removes whatever has not been committed.
///
/// An artifact is moved into place without being synced first: after a power failure it may be there and incomplete, as may
/// everything that Nx itself writes there.
#[derive(Debug)]
pub struct Staging {
    root: Arc<Root>,
    staged: PathBuf,
    /// The directory that the target will be in.
    parent: PathBuf,
    /// What to remove in the end.
    leftovers: Vec<PathBuf>,
}

/// The parent of the staging directories in one cache directory, as long as there are any: making, locking and removing
/// one for each would cost a small artifact more than its files do.
#[derive(Debug)]
struct Root {
    path: PathBuf,
    /// Held until the end, so that [`sweep`] sees that the root is in use.
    _lock: Option<File>,
}

/// What [`Staging::commit`] found at the target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Committed {
    /// Nothing: ours is there now.
    New,
    /// The same artifact, which stays; ours is removed.
    AlreadyThere,
    /// Something else, such as what a killed process left; ours is there now.
    Replaced,
}

impl Staging {
    /// Makes an empty staging directory for something that is to be in `parent`.
    pub fn create(parent: &Path) -> Result<Self, Error> {
        match Self::create_in(Root::shared(parent)?, parent) {
            // The directory was emptied in the meantime.
            Err(Error::Local { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
                Self::create_in(Root::recreated(parent)?, parent)
            }
            created => created,
        }
    }

    fn create_in(root: Arc<Root>, parent: &Path) -> Result<Self, Error> {
        let staged = root.path.join(next_number().to_string());
        fs::create_dir(&staged).map_err(Error::local(&staged))?;
        Ok(Self {
            root,
            leftovers: vec![staged.clone()],
            staged,
            parent: parent.to_owned(),
        })
    }

    /// The directory to unpack to.
    pub fn path(&self) -> &Path {
        &self.staged
    }

    /// Renames the staging directory to its target, the artifact of `hash`.
    ///
    /// Other processes may restore the same artifact at the same time. The first one wins; an equal artifact is left alone,
    /// as its owner may be reading it by now.
    pub fn commit(mut self, hash: &TaskHash) -> Result<Committed, Error> {
        let target = self.parent.join(hash.as_str());
        let mut committed = Committed::New;
        for attempt in 1..=ATTEMPTS {
            let Err(source) = rename(&self.staged, &target) else {
                self.leftovers.retain(|path| *path != self.staged);
                return Ok(committed);
            };
            if is_same_tree(&self.staged, &target) {
                return Ok(Committed::AlreadyThere);
            }
            let replaced = self.root.path.join(format!("{}-replaced", next_number()));
            match rename(&target, &replaced) {
                Ok(()) => {
                    self.leftovers.push(replaced);
                    committed = Committed::Replaced;
                }
                // The target doesn't exist: it was removed since, or there is another reason, which will stay.
                Err(error) if error.kind() == io::ErrorKind::NotFound && attempt < ATTEMPTS => {}
                Err(_) => return Err(Error::local(&target)(source)),
            }
        }
        let source = io::Error::other("other processes keep writing it");
        Err(Error::local(&target)(source))
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        for path in &self.leftovers {
            // What can't be removed now is swept by a later run.
            let _ = remove(path);
        }
    }
}

impl Root {
    /// The root in use for `cache_directory`, or a new one.
    fn shared(cache_directory: &Path) -> Result<Arc<Self>, Error> {
        let mut roots = ROOTS.lock();
        if let Some(root) = roots.get(cache_directory).and_then(Weak::upgrade) {
            return Ok(root);
        }
        fs::create_dir_all(cache_directory).map_err(Error::local(cache_directory))?;
        let root = Arc::new(Self::create(cache_directory)?);
        roots.retain(|_, root| root.strong_count() > 0);
        roots.insert(cache_directory.to_owned(), Arc::downgrade(&root));
        Ok(root)
    }

    /// A new root instead of one that was removed from the disk.
    fn recreated(cache_directory: &Path) -> Result<Arc<Self>, Error> {
        let mut roots = ROOTS.lock();
        roots.retain(|_, root| root.upgrade().is_some_and(|root| root.path.exists()));
        drop(roots);
        Self::shared(cache_directory)
    }

    /// Makes a root under an unused name: another container may have the same process id.
    fn create(cache_directory: &Path) -> Result<Self, Error> {
        #[cfg_attr(not(unix), expect(unused_mut, reason = "only Unix has modes"))]
        let mut builder = DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        loop {
            let path = cache_directory.join(format!("{PREFIX}{}-{}", process::id(), next_number()));
            match builder.create(&path) {
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

/// Whether two directories have the same archive. What can't be packed isn't the same.
fn is_same_tree(one: &Path, other: &Path) -> bool {
    let digest = |tree| {
        let mut hasher = blake3::Hasher::new();
        pack(tree, "", &mut hasher).map(|_| hasher.finalize())
    };
    matches!((digest(one), digest(other)), (Ok(one), Ok(other)) if one == other)
}

impl Sink for blake3::Hasher {}

impl Drop for Root {
    fn drop(&mut self) {
        // What can't be removed now is swept by a later run.
        let _ = remove(&self.path);
    }
}

/// A number that this process uses once.
fn next_number() -> u64 {
    COUNTER.fetch_add(1, Ordering::Relaxed)
}

/// Locks a root for as long as the process lives. Where directories can't be locked (Windows, some network file systems)
/// there is no lock, and [`sweep`] goes by age.
fn lock(root: &Path) -> Option<File> {
    let directory = File::open(root).ok()?;
    directory.try_lock().ok()?;
    Some(directory)
}

/// Removes the staging roots in `cache_directory` whose process is dead, and returns how many.
///
/// A living process holds a lock on each of its roots, which the system releases when it dies; unlike a process id, that
/// holds across containers that share the directory. Nothing is reported: leftovers only cost space.
pub fn sweep(cache_directory: &Path) -> usize {
    let Ok(entries) = fs::read_dir(cache_directory) else {
        return 0;
    };
    entries
        .flatten()
        .filter(|entry| is_root(entry) && remove_abandoned(entry))
        .count()
}

fn is_root(entry: &DirEntry) -> bool {
    let name = entry.file_name();
    name.as_encoded_bytes().starts_with(PREFIX.as_bytes())
        && entry.file_type().is_ok_and(|kind| kind.is_dir())
}

fn remove_abandoned(entry: &DirEntry) -> bool {
    let modified = entry.metadata().and_then(|found| found.modified());
    // Zero for times in the future.
    let age = modified.map(|modified| SystemTime::now().duration_since(modified).unwrap_or_default());
    let age = age.unwrap_or_default();
    if age < GRACE {
        return false;
    }
    let root = File::open(entry.path());
    // The lock is held until `root` is dropped, so that only one of two sweeps removes it.
    let abandoned = match root.as_ref().map(File::try_lock) {
        Ok(Ok(())) => true,
        Ok(Err(TryLockError::WouldBlock)) => false,
        Ok(Err(TryLockError::Error(_))) | Err(_) => age > ABANDONED,
    };
    abandoned && remove(&entry.path()).is_ok()
}
