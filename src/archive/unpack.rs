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
        let (root, links) = (self.root, self.links.iter());
        let links = links.map(|(path, target)| (path, target.to_path(), root.join(path.to_path())));
        targets_first(
            links.collect(),
            |(_, target, link)| filesystem::shows_kind(target, link),
            |(path, target, link)| {
                filesystem::symlink(&target, &link).map_err(|cause| not_created(path, link, cause))
            },
        )?;
        for (path, mode) in self.directories.into_iter().rev() {
            filesystem::set_mode(&path, mode).map_err(Error::local(path))?;
        }
        Ok(())
    }
}

/// How many links Windows follows on one path.
const LINKS_FOLLOWED: usize = 63;

/// Calls `make` for each of `links`, as long as possible only for those that are `ready`: one may become so when others
/// have been made, as far as links can be followed.
fn targets_first<T>(
    mut links: Vec<T>,
    ready: impl Fn(&T) -> bool,
    mut make: impl FnMut(T) -> Result<(), Error>,
) -> Result<(), Error> {
    for _ in 0..LINKS_FOLLOWED {
        let (now, later): (Vec<T>, Vec<T>) = links.into_iter().partition(&ready);
        links = later;
        if now.is_empty() {
            break;
        }
        now.into_iter().try_for_each(&mut make)?;
    }
    links.into_iter().try_for_each(make)
}

/// Distinguishes a name that can't be created from a disk that can't be written.
fn not_created(path: &TreePath, target: PathBuf, source: io::Error) -> Error {
    match source.kind() {
        io::ErrorKind::AlreadyExists => Error::archive(path.as_bytes(), Fault::Collides),
        io::ErrorKind::InvalidFilename => Error::archive(path.as_bytes(), Fault::ForeignName),
        _ => Error::Local { path: target, source },
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    fn made<'a>(links: &[(&'a str, &'a str)]) -> Vec<&'a str> {
        let made = RefCell::new(Vec::new());
        let ready = |(_, target): &(&str, &str)| *target == "directory" || made.borrow().contains(target);
        let make = |(name, _)| {
            made.borrow_mut().push(name);
            Ok(())
        };
        targets_first(links.to_vec(), ready, make).unwrap();
        made.into_inner()
    }

    #[test]
    fn a_link_to_a_link_is_made_after_it() {
        let links = [("a", "b"), ("b", "c"), ("c", "directory"), ("d", "a")];
        assert_eq!(made(&links), ["c", "b", "a", "d"]);
    }

    #[test]
    fn links_that_lead_nowhere_are_made_all_the_same() {
        let links = [("a", "b"), ("b", "a"), ("c", "missing"), ("d", "directory")];
        assert_eq!(made(&links), ["d", "a", "b", "c"]);
    }

    #[test]
    fn many_links_to_links_take_a_bounded_number_of_looks() {
        let names: Vec<String> = (0..5000).map(|number| number.to_string()).collect();
        let links: Vec<(&str, &str)> = names.windows(2).map(|pair| (&*pair[0], &*pair[1])).collect();
        let looks = std::cell::Cell::new(0);
        let last = RefCell::new(names[4999].clone());
        let ready = |(_, target): &(&str, &str)| {
            looks.set(looks.get() + 1);
            *target == *last.borrow()
        };
        let make = |(name, _): (&str, &str)| {
            *last.borrow_mut() = name.to_owned();
            Ok(())
        };
        targets_first(links, ready, make).unwrap();
        assert!(looks.get() <= 63 * 4999, "{}", looks.get());
    }
}
