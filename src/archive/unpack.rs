//! From a tar stream to a directory.

use std::io::{self, BufRead, Write};
use std::path::{Path, PathBuf};

use super::error::{Error, Fault};
use super::filesystem::{self, Creator};
use super::header::ItemKind;
use super::path::{LinkTarget, TreePath};
use super::reader::{self, Reader};
use super::rules::Limits;

/// What an archive had besides the tree that is now on disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unpacked {
    /// What the task printed.
    pub terminal_output: String,
    /// The number of files: no directories, no links, not the terminal output.
    pub files: u64,
    /// The bytes of these files.
    pub bytes: u64,
}

/// Restores the outputs in `tar` to `staging`, an existing, empty directory.
///
/// `tar` is read to its end, and files are written straight from its buffer. Whatever it says, nothing outside of `staging`
/// is touched; after an error the caller removes `staging`, which may hold a part of the tree.
pub fn unpack(tar: impl BufRead, staging: &Path, limits: &Limits) -> Result<Unpacked, Error> {
    let mut reader = Reader::open(tar, limits)?;
    let mut tree = Tree::new(staging);
    let (mut files, mut bytes) = (0, 0);
    while let Some(entry) = reader.next()? {
        match entry.target {
            Some(target) => tree.links.push((entry.path, target)),
            None if entry.kind == ItemKind::Directory => tree.directory(&entry.path, entry.mode)?,
            None => {
                tree.file(&entry.path, entry.mode, reader.content())?;
                files += 1;
                bytes += entry.size;
            }
        }
    }
    tree.finish()?;
    Ok(Unpacked {
        terminal_output: reader.terminal_output,
        files,
        bytes,
    })
}

/// A tree that is being made. Nothing that exists is written over or through.
///
/// While files are written there is no link in it: links are made last, and every directory is ours. So no path leads
/// outside, whatever the file system takes for the same name.
struct Tree<'a> {
    root: &'a Path,
    creator: Creator,
    links: Vec<(TreePath, LinkTarget)>,
    /// Directories whose final mode might keep us from filling them.
    directories: Vec<(PathBuf, u32)>,
}

impl<'a> Tree<'a> {
    fn new(root: &'a Path) -> Self {
        Self {
            root,
            creator: Creator::default(),
            links: Vec::new(),
            directories: Vec::new(),
        }
    }

    fn directory(&mut self, path: &TreePath, mode: u32) -> Result<(), Error> {
        let target = self.root.join(path.to_path());
        match self.creator.create_directory(&target, mode) {
            Ok(true) => {}
            Ok(false) => self.directories.push((target, mode)),
            Err(cause) => return Err(not_created(path, target, cause)),
        }
        Ok(())
    }

    /// Makes a file of all that `content` has.
    fn file(&mut self, path: &TreePath, mode: u32, content: &mut impl BufRead) -> Result<(), Error> {
        let target = self.root.join(path.to_path());
        let mut file = match self.creator.create_file(&target, mode) {
            Ok(file) => file,
            Err(cause) => return Err(not_created(path, target, cause)),
        };
        loop {
            let part = reader::fill(content)?;
            let count = part.len();
            if count == 0 {
                return Ok(());
            }
            if let Err(source) = file.write_all(part) {
                return Err(Error::Local { path: target, source });
            }
            content.consume(count);
        }
    }

    /// Makes the links, then sets the modes of directories, the deepest first: a parent may deny access to its children.
    fn finish(self) -> Result<(), Error> {
        for (path, target) in &self.links {
            target
                .stays_inside(self.root)
                .map_err(|fault| Error::archive(path.as_bytes(), fault))?;
        }
        for (path, target) in &self.links {
            let link = self.root.join(path.to_path());
            filesystem::symlink(&target.to_path(), &link).map_err(|cause| not_created(path, link, cause))?;
        }
        for (path, mode) in self.directories.into_iter().rev() {
            filesystem::set_mode(&path, mode).map_err(Error::local(path))?;
        }
        Ok(())
    }
}

/// Distinguishes a name that can't be created from a disk that can't be written.
fn not_created(path: &TreePath, target: PathBuf, source: io::Error) -> Error {
    match source.kind() {
        io::ErrorKind::AlreadyExists => Error::archive(path.as_bytes(), Fault::Collides),
        io::ErrorKind::InvalidFilename => Error::archive(path.as_bytes(), Fault::ForeignName),
        _ => Error::Local { path: target, source },
    }
}
