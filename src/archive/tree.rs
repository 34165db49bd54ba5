//! The disk's side of unpacking: makes what it is told to, below one directory, and never writes over or
//! through anything.

use std::io::{self, BufRead, Write};
use std::path::{Path, PathBuf};

use super::mode::{self, Modes};
use super::path::{LinkTarget, TreePath};
use super::{Error, Fault};

/// A tree that is being made.
///
/// While files are written there is no link in it: links are made last, and every directory is made by us.
/// So no path can lead outside, whatever the file system takes for the same name.
pub(super) struct Tree<'a> {
    root: &'a Path,
    modes: Modes,
    links: Vec<(TreePath, LinkTarget)>,
    /// Directories whose final mode might keep us from filling them.
    directories: Vec<(PathBuf, u32)>,
}

impl<'a> Tree<'a> {
    /// `root` exists and is empty.
    pub fn new(root: &'a Path) -> Self {
        let (links, directories) = (Vec::new(), Vec::new());
        Self {
            root,
            modes: Modes::default(),
            links,
            directories,
        }
    }

    /// Makes a directory.
    pub fn directory(&mut self, path: &TreePath, mode: u32) -> Result<(), Error> {
        let place = self.root.join(path.to_path());
        match self.modes.create_directory(&place, mode) {
            Ok(true) => {}
            Ok(false) => self.directories.push((place, mode)),
            Err(cause) => return Err(not_made(path, place, cause)),
        }
        Ok(())
    }

    /// Makes a file with all that `content` has, and returns its size.
    pub fn file(&mut self, path: &TreePath, mode: u32, content: &mut impl BufRead) -> Result<u64, Error> {
        let place = self.root.join(path.to_path());
        let mut file = match self.modes.create_file(&place, mode) {
            Ok(file) => file,
            Err(cause) => return Err(not_made(path, place, cause)),
        };
        let mut size = 0;
        loop {
            let part = content.fill_buf().map_err(Error::Stream)?;
            let count = part.len();
            if count == 0 {
                return Ok(size);
            }
            if let Err(source) = file.write_all(part) {
                return Err(Error::Local { path: place, source });
            }
            content.consume(count);
            size += count as u64;
        }
    }

    /// Has a link made at the end.
    pub fn link(&mut self, path: TreePath, target: LinkTarget) {
        self.links.push((path, target));
    }

    /// Makes the links, and then gives the directories their modes, the deepest first: a parent may deny
    /// access to its children.
    pub fn finish(self) -> Result<(), Error> {
        for (path, target) in &self.links {
            target
                .stays_inside(self.root)
                .map_err(|fault| Error::archive(path.as_bytes(), fault))?;
        }
        for (path, target) in &self.links {
            let place = self.root.join(path.to_path());
            make_link(&target.to_path(), &place).map_err(|cause| not_made(path, place, cause))?;
        }
        for (place, mode) in self.directories.into_iter().rev() {
            mode::set(&place, mode).map_err(Error::local(place))?;
        }
        Ok(())
    }
}

/// Tells a name that can't be made from a disk that can't be written.
fn not_made(path: &TreePath, place: PathBuf, source: io::Error) -> Error {
    match source.kind() {
        io::ErrorKind::AlreadyExists => Error::archive(path.as_bytes(), Fault::Collides),
        io::ErrorKind::InvalidFilename => Error::archive(path.as_bytes(), Fault::ForeignName),
        _ => Error::Local { path: place, source },
    }
}

#[cfg(unix)]
fn make_link(target: &Path, link: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(target, link)
}

/// Windows has two kinds of links; which one is needed shows in what the link leads to.
#[cfg(windows)]
fn make_link(target: &Path, link: &Path) -> io::Result<()> {
    use std::os::windows::fs::{symlink_dir, symlink_file};
    let leads_to_directory = link
        .parent()
        .is_some_and(|directory| directory.join(target).is_dir());
    if leads_to_directory {
        symlink_dir(target, link)
    } else {
        symlink_file(target, link)
    }
}
