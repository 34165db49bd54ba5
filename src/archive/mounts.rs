//! Several files and directories in one archive, each at a place of its own.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

use super::identity::look;
use super::pack::{Pack, Packed};
use super::path::portable;
use super::sink::Sink;
use super::{Error, Limits, OUTPUTS, WorkingTree};

/// What is to be packed, by its place in the archive.
#[derive(Debug, Default)]
pub struct Mounts {
    top: Node,
}

#[derive(Debug)]
enum Node {
    /// A directory that leads to mounts.
    Way(BTreeMap<Vec<u8>, Node>),
    Mount(Mount),
}

impl Default for Node {
    fn default() -> Self {
        Self::Way(BTreeMap::new())
    }
}

#[derive(Debug)]
struct Mount {
    path: PathBuf,
    /// Where the archive's paths start, seen from this mount.
    start: PathBuf,
}

/// Why something can't be a mount.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum MountError {
    /// There is nothing.
    #[error("{path}: no such file or directory")]
    Missing {
        /// As it was given.
        path: PathBuf,
    },
    /// It has no name that an archive could hold.
    #[error("{path} has no place in an archive: it leads out of {directory}")]
    Outside {
        /// As it was given.
        path: PathBuf,
        /// Where relative paths start.
        directory: PathBuf,
    },
    /// Two mounts would be restored to one place.
    #[error("{path} and {other} would both be restored to {name}: preserve their paths")]
    Twice {
        /// The one.
        path: PathBuf,
        /// The other.
        other: PathBuf,
        /// Their name.
        name: String,
    },
}

impl Mounts {
    /// Finds the mounts' places. Paths start at `directory`. With `preserve` each keeps its path, seen from there or, outside
    /// of it, from the root; without, only the last name. A mount within another is part of that.
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
        let place = match full.strip_prefix(&base) {
            Ok(below) if preserve || below.as_os_str().is_empty() => below.to_owned(),
            Err(_) if preserve => full.components().filter(is_name).collect(),
            _ => PathBuf::from(full.file_name().ok_or_else(outside)?),
        };
        let names: Option<Vec<Vec<u8>>> = place
            .components()
            .map(|name| portable(name.as_os_str()))
            .collect();
        let names = names.ok_or_else(outside)?;
        let start = full.ancestors().nth(names.len()).ok_or_else(outside)?;
        let mount = Mount {
            path: full.to_owned(),
            start: start.to_owned(),
        };
        self.insert(&names, mount, &place)
    }

    fn insert(&mut self, names: &[Vec<u8>], mount: Mount, place: &Path) -> Result<(), MountError> {
        let twice = |other: &Node, path: &Path| MountError::Twice {
            path: path.to_owned(),
            other: other.first().to_owned(),
            name: place.display().to_string(),
        };
        let mut node = &mut self.top;
        for name in names {
            if let Node::Mount(_) = node {
                return Err(twice(node, &mount.path));
            }
            let Node::Way(children) = node else { continue };
            node = children.entry(name.clone()).or_default();
        }
        match node {
            Node::Way(children) if children.is_empty() => {
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
        // What a restore would refuse isn't packed.
        let limits = Limits {
            working_tree: Some(WorkingTree::default()),
            ..Limits::default()
        };
        let start = PathBuf::new();
        let mut pack = Pack::new(&limits, &start, sink);
        pack.terminal_output("")?;
        match &self.top {
            Node::Way(children) => pack_all(&mut pack, children, OUTPUTS)?,
            Node::Mount(mount) => {
                pack.source = &mount.start;
                pack.children(&mount.path, OUTPUTS)?;
            }
        }
        pack.finish()
    }
}

impl Node {
    /// The path of a mount in it.
    fn first(&self) -> &Path {
        match self {
            Self::Mount(mount) => &mount.path,
            Self::Way(children) => children.values().next().map_or(Path::new(""), Self::first),
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
            Node::Way(children) => {
                let prefix = pack.way(node.first(), name)?;
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

/// `path` without `.` and `..`, by its text alone.
pub(super) fn plain(path: &Path) -> PathBuf {
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
