//! Several files and directories in one archive, each at a path of its own.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

use super::error::Error;
use super::filesystem::look;
use super::header::OUTPUTS;
use super::limits::Limits;
use super::pack::{Pack, Packed};
use super::path::portable;
use super::writer::Sink;

/// What to pack, by its path in the archive.
#[derive(Debug, Default)]
pub struct Mounts {
    top: Node,
}

#[derive(Debug)]
enum Node {
    /// A directory that only leads to mounts.
    Parent(BTreeMap<Vec<u8>, Node>),
    Mount(Mount),
}

impl Default for Node {
    fn default() -> Self {
        Self::Parent(BTreeMap::new())
    }
}

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
        let names: Option<Vec<Vec<u8>>> = path_in_archive
            .components()
            .map(|name| portable(name.as_os_str()))
            .collect();
        let names = names.ok_or_else(outside)?;
        let start = full.ancestors().nth(names.len()).ok_or_else(outside)?;
        let mount = Mount {
            path: full.to_owned(),
            start: start.to_owned(),
        };
        self.insert(&names, mount, &path_in_archive)
    }

    fn insert(&mut self, names: &[Vec<u8>], mount: Mount, path_in_archive: &Path) -> Result<(), MountError> {
        let twice = |other: &Node, path: &Path| MountError::Twice {
            path: path.to_owned(),
            other: other.first().to_owned(),
            name: path_in_archive.display().to_string(),
        };
        let mut node = &mut self.top;
        for name in names {
            if let Node::Mount(_) = node {
                return Err(twice(node, &mount.path));
            }
            let Node::Parent(children) = node else { continue };
            node = children.entry(name.clone()).or_default();
        }
        match node {
            Node::Parent(children) if children.is_empty() => {
                *node = Node::Mount(mount);
                Ok(())
            }
            // The same path given twice is one mount.
            Node::Mount(other) if other.path == mount.path => Ok(()),
            node => Err(twice(node, &mount.path)),
        }
    }

    /// Writes the mounts to `sink`, as [`pack`](super::pack()) writes outputs, with an empty terminal output.
    pub fn pack(&self, sink: &mut impl Sink) -> Result<Packed, Error> {
        let (limits, start) = (Limits::default(), PathBuf::new());
        let mut pack = Pack::new(&limits, &start, sink);
        pack.terminal_output("")?;
        match &self.top {
            Node::Parent(children) => pack_all(&mut pack, children, OUTPUTS)?,
            Node::Mount(mount) => {
                pack.source = &mount.start;
                pack.children(&mount.path, OUTPUTS)?;
            }
        }
        pack.finish()
    }
}

impl Node {
    /// The path of its first mount.
    fn first(&self) -> &Path {
        match self {
            Self::Mount(mount) => &mount.path,
            Self::Parent(children) => children.values().next().map_or(Path::new(""), Self::first),
        }
    }
}

fn pack_all<'a, W: Sink>(
    pack: &mut Pack<'a, W>,
    children: &'a BTreeMap<Vec<u8>, Node>,
    prefix: &[u8],
) -> Result<(), Error> {
    for (name, node) in children {
        let name = [prefix, name].concat();
        match node {
            Node::Parent(children) => {
                let prefix = pack.parent(node.first(), name)?;
                pack_all(pack, children, &prefix)?;
            }
            Node::Mount(mount) => {
                pack.source = &mount.start;
                let gone = || Error::Gone {
                    path: mount.path.clone(),
                };
                let kind = look(&mount.path)?.ok_or_else(gone)?.file_type();
                pack.item(&mount.path, kind, name)?;
            }
        }
    }
    Ok(())
}

fn is_name(part: &Component<'_>) -> bool {
    matches!(part, Component::Normal(_))
}

/// `path` without `.` and `..`, going by its text alone.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => drop(plain.pop()),
            part => plain.push(part),
        }
    }
    plain
}
