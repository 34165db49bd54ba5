//! Several files and directories in one archive, each at a path of its own.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

use super::error::Error;
use super::filesystem::look;
use super::header::OUTPUTS;
use super::pack::{Pack, Packed};
use super::path::{plain, portable};
use super::rules::Limits;
use super::working_tree::WorkingTree;
use super::writer::Sink;

/// What to pack, by its path in the archive.
#[derive(Debug, Default)]
pub struct Mounts(BTreeMap<Names, Mount>);

/// The parts of a path in the archive.
type Names = Vec<Vec<u8>>;

#[derive(Debug)]
struct Mount {
    path: PathBuf,
    /// The directory that corresponds to the archive's root, seen from this mount.
    start: PathBuf,
}

/// Why something can't be a mount.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum MountError {
    /// It doesn't exist.
    #[error("{path}: no such file or directory")]
    Missing {
        /// As it was given.
        path: PathBuf,
    },
    /// It has no path in an archive.
    #[error("{path} has no place in an archive: it leads out of {directory}")]
    Outside {
        /// As it was given.
        path: PathBuf,
        /// Where relative paths start.
        directory: PathBuf,
    },
    /// Two mounts would be restored to one path.
    #[error("{path} and {other} would both be restored to {name}: preserve their paths")]
    Twice {
        /// One of them.
        path: PathBuf,
        /// The other one.
        other: PathBuf,
        /// Their path in the archive.
        name: String,
    },
}

impl Mounts {
    /// Finds the mounts' paths in the archive. Relative paths start at `directory`. With `preserve` each keeps its path,
    /// relative to `directory` or, outside of it, to the root; without, only its last name. A mount within another is part
    /// of it.
    pub fn find(directory: &Path, paths: &[PathBuf], preserve: bool) -> Result<Self, MountError> {
        let mut mounts = Self::default();
        let whole: Vec<PathBuf> = paths.iter().map(|path| plain(&directory.join(path))).collect();
        for (path, full) in paths.iter().zip(&whole) {
            if !matches!(look(full), Ok(Some(_))) {
                return Err(MountError::Missing { path: path.clone() });
            }
            let within = |other: &&PathBuf| full != *other && full.starts_with(other);
            if whole.iter().find(within).is_none() {
                mounts.add(directory, path, full, preserve)?;
            }
        }
        Ok(mounts)
    }

    fn add(&mut self, directory: &Path, path: &Path, full: &Path, preserve: bool) -> Result<(), MountError> {
        let outside = || MountError::Outside {
            path: path.to_owned(),
            directory: directory.to_owned(),
        };
        let base = plain(directory);
        let path_in_archive = match full.strip_prefix(&base) {
            Ok(below) if preserve || below.as_os_str().is_empty() => below.to_owned(),
            Err(_) if preserve => full.components().filter(is_name).collect(),
            _ => PathBuf::from(full.file_name().ok_or_else(outside)?),
        };
        let names: Option<Names> = path_in_archive
            .components()
            .map(|name| portable(name.as_os_str()))
            .collect();
        let names = names.ok_or_else(outside)?;
        let overlaps = |other: &Names| other.starts_with(&names) || names.starts_with(other);
        if let Some((other, mount)) = self.0.iter().find(|(other, _)| overlaps(other)) {
            // The same path given twice is one mount.
            let same = *other == names && mount.path == full;
            return same.then_some(()).ok_or_else(|| MountError::Twice {
                path: full.to_owned(),
                other: mount.path.clone(),
                name: path_in_archive.display().to_string(),
            });
        }
        let start = full.ancestors().nth(names.len()).ok_or_else(outside)?;
        let mount = Mount {
            path: full.to_owned(),
            start: start.to_owned(),
        };
        self.0.insert(names, mount);
        Ok(())
    }

    /// Writes the mounts to `sink`, as [`pack`](super::pack()) writes outputs, with an empty terminal output.
    pub fn pack(&self, sink: &mut impl Sink) -> Result<Packed, Error> {
        // What a restore would refuse isn't packed.
        let limits = Limits {
            working_tree: Some(WorkingTree::default()),
            ..Limits::default()
        };
        let start = PathBuf::new();
        let mut pack = Pack::new(&limits, &start, sink);
        pack.terminal_output("")?;
        let mut written: &[Vec<u8>] = &[];
        for (names, mount) in &self.0 {
            let Mount { path, start } = mount;
            pack.source = start;
            let Some((_, parents)) = names.split_last() else {
                pack.children(path, OUTPUTS)?;
                continue;
            };
            for depth in 1..=parents.len() {
                if !written.starts_with(&parents[..depth]) {
                    pack.parent(path, name(&parents[..depth]))?;
                }
            }
            written = parents;
            let gone = || Error::Gone { path: path.clone() };
            let kind = look(path)?.ok_or_else(gone)?.file_type();
            pack.item(path, kind, name(names))?;
        }
        pack.finish()
    }
}

/// The name of an entry of the archive.
fn name(names: &[Vec<u8>]) -> Vec<u8> {
    [OUTPUTS, &names.join(&b'/')].concat()
}

fn is_name(part: &Component<'_>) -> bool {
    matches!(part, Component::Normal(_))
}
