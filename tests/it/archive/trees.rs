//! Trees of files: made, compared and cleaned up, independently of the code under test.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use nx_s3_cache::archive::{Error, Limits, Packed, Unpacked, pack, unpack};
use tempfile::TempDir;

use crate::support::machine::scratch;

/// What is at a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Node {
    Directory { mode: u32 },
    File { mode: u32, content: Vec<u8> },
    Link { target: PathBuf },
}

/// A tree by its paths below the root.
pub type Tree = BTreeMap<PathBuf, Node>;

/// A file of mode 0644.
pub fn file(content: impl Into<Vec<u8>>) -> Node {
    Node::File {
        mode: 0o644,
        content: content.into(),
    }
}

/// A directory of mode 0755.
pub fn directory() -> Node {
    Node::Directory { mode: 0o755 }
}

pub fn link(target: &str) -> Node {
    Node::Link {
        target: target.into(),
    }
}

/// Everything below `root`.
pub fn read(root: &Path) -> Tree {
    let mut tree = Tree::new();
    read_into(&mut tree, root, Path::new(""));
    tree
}

fn read_into(tree: &mut Tree, root: &Path, below: &Path) {
    for entry in fs::read_dir(root.join(below)).unwrap() {
        let path = below.join(entry.unwrap().file_name());
        let found = fs::symlink_metadata(root.join(&path)).unwrap();
        let mode = found.permissions().mode() & 0o7777;
        if found.is_dir() {
            tree.insert(path.clone(), Node::Directory { mode });
            read_into(tree, root, &path);
        } else if found.is_symlink() {
            let target = fs::read_link(root.join(&path)).unwrap();
            tree.insert(path, Node::Link { target });
        } else {
            let content = fs::read(root.join(&path)).unwrap();
            tree.insert(path, Node::File { mode, content });
        }
    }
}

/// Makes the tree below `root`, directories' modes last.
pub fn write(root: &Path, tree: &Tree) {
    write_in(root, tree.iter());
}

/// The same, everything in the reverse order.
pub fn write_backwards(root: &Path, tree: &Tree) {
    write_in(root, tree.iter().rev());
}

fn write_in<'a>(root: &Path, nodes: impl Iterator<Item = (&'a PathBuf, &'a Node)> + Clone) {
    for (path, node) in nodes.clone() {
        let place = root.join(path);
        fs::create_dir_all(place.parent().unwrap()).unwrap();
        match node {
            Node::Directory { .. } => fs::create_dir_all(&place).unwrap(),
            Node::File { mode, content } => {
                fs::write(&place, content).unwrap();
                chmod(&place, *mode);
            }
            Node::Link { target } => symlink(target, &place).unwrap(),
        }
    }
    let mut directories: Vec<_> = nodes
        .filter(|(_, node)| matches!(node, Node::Directory { .. }))
        .collect();
    directories.sort_by(|one, other| other.0.cmp(one.0));
    for (path, node) in directories {
        if let Node::Directory { mode } = node {
            chmod(&root.join(path), *mode);
        }
    }
}

pub fn chmod(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// A temporary directory that is removed even when directories in it are read-only.
pub struct Scratch(TempDir);

impl Scratch {
    pub fn new() -> Self {
        Self(scratch())
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// A new directory in it.
    pub fn directory(&self, name: &str) -> PathBuf {
        let path = self.path().join(name);
        fs::create_dir(&path).unwrap();
        path
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        unlock(self.path());
    }
}

fn unlock(directory: &Path) {
    chmod(directory, 0o700);
    for entry in fs::read_dir(directory).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_dir() {
            unlock(&entry.path());
        }
    }
}

/// The archive of a directory.
pub fn packed(source: &Path, terminal_output: &str) -> Result<(Vec<u8>, Packed), Error> {
    let mut archive = Vec::new();
    let packed = pack(source, terminal_output, &mut archive)?;
    Ok((archive, packed))
}

/// Unpacks with the default limits.
pub fn unpacked(archive: &[u8], staging: &Path) -> Result<Unpacked, Error> {
    unpack(archive, staging, &Limits::default())
}
