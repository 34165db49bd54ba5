//! From a directory to a tar stream.

use std::fs::{self, FileType, Metadata};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use tar::EntryType;

use super::budget::Budget;
use super::content::{Content, changed, unreadable};
use super::header::{Head, padding};
use super::identity::{Identity, look};
use super::members::Kind;
use super::path::{LinkTarget, TreePath, portable};
use super::sink::Sink;
use super::stream::BLOCK;
use super::{Error, Fault, Limits, OUTPUTS, TERMINAL_OUTPUT, mode};

/// What went into an archive.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Packed {
    /// The number of files: no directories, no links, not the terminal output.
    pub files: u64,
    /// The bytes of these files.
    pub bytes: u64,
    /// When something was last made, removed or renamed in one of its directories.
    pub changed: Option<SystemTime>,
}

/// Writes the outputs in the directory `source` and `terminal_output` to `sink`.
///
/// The same tree gives the same bytes, on whatever machine and in whatever order it was made. Hard links
/// become files of their own. After an error, what `sink` got is worthless.
pub fn pack(source: &Path, terminal_output: &str, sink: &mut impl Sink) -> Result<Packed, Error> {
    pack_within(&Limits::default(), source, terminal_output, sink)
}

fn pack_within(
    limits: &Limits,
    source: &Path,
    terminal_output: &str,
    sink: &mut impl Sink,
) -> Result<Packed, Error> {
    let mut pack = Pack::new(limits, source, sink);
    pack.terminal_output(terminal_output)?;
    // Nx makes the directory for every task, so that a missing one was removed, for want of room or by hand.
    let gone = || Error::Gone {
        path: source.to_owned(),
    };
    let root = look(source)?.ok_or_else(gone)?;
    if !root.is_dir() {
        return Err(unfit(source, Fault::Kind("file where a directory should be")));
    }
    pack.children(source, OUTPUTS)?;
    pack.seen.push((source.to_owned(), Identity::of(&root)));
    pack.finish()
}

/// An archive that is being written.
pub(super) struct Pack<'a, W> {
    /// The directory that the archive's paths start at.
    pub source: &'a Path,
    sink: &'a mut W,
    limits: &'a Limits,
    budget: Budget<'a>,
    content: Content,
    /// Every directory as it was before its names were read.
    seen: Vec<(PathBuf, Identity)>,
    packed: Packed,
}

impl<'a, W: Sink> Pack<'a, W> {
    pub fn new(limits: &'a Limits, source: &'a Path, sink: &'a mut W) -> Self {
        let (budget, content, packed) = (Budget::new(limits), Content::new(), Packed::default());
        Self {
            source,
            sink,
            limits,
            budget,
            content,
            seen: Vec::new(),
            packed,
        }
    }

    /// Ends the archive, unless something changed while it was written.
    pub fn finish(self) -> Result<Packed, Error> {
        self.sink.write_all(&[0; 2 * BLOCK]).map_err(Error::Sink)?;
        self.check_nothing_changed()?;
        let changes = self.seen.iter().filter_map(|(_, identity)| identity.modified);
        Ok(Packed {
            changed: changes.max(),
            ..self.packed
        })
    }

    pub fn terminal_output(&mut self, text: &str) -> Result<(), Error> {
        let size = text.len() as u64;
        self.budget
            .terminal_output(size)
            .map_err(|fault| unfit(Path::new("the terminal output"), fault))?;
        Head::file(0o644, size)
            .write(TERMINAL_OUTPUT, self.sink)
            .and_then(|()| self.sink.write_all(text.as_bytes()))
            .and_then(|()| self.sink.write_all(&[0; BLOCK][..padding(size)]))
            .map_err(Error::Sink)
    }

    /// Packs what is in the directory at `path`; `prefix` is its name in the archive, with a `/`.
    pub fn children(&mut self, path: &Path, prefix: &[u8]) -> Result<(), Error> {
        for (name, kind, child) in list(path)? {
            self.item(&child, kind, [prefix, &name].concat())?;
        }
        Ok(())
    }

    /// Packs what is at `path` as `name`.
    pub fn item(&mut self, path: &Path, kind: FileType, name: Vec<u8>) -> Result<(), Error> {
        if kind.is_dir() {
            self.directory(path, name)
        } else if kind.is_file() {
            self.file(path, &name)
        } else if kind.is_symlink() {
            self.link(path, &name)
        } else {
            Err(unfit(path, Fault::Kind("device, FIFO or socket")))
        }
    }

    /// Packs a directory that only leads to others; returns its name with a `/`.
    pub fn way(&mut self, path: &Path, mut name: Vec<u8>) -> Result<Vec<u8>, Error> {
        self.check(Kind::Directory, path, &name, b"")?;
        name.push(b'/');
        let head = Head {
            kind: EntryType::Directory,
            mode: 0o755,
            size: 0,
            target: b"",
        };
        head.write(&name, self.sink).map_err(Error::Sink)?;
        Ok(name)
    }

    fn directory(&mut self, path: &Path, mut name: Vec<u8>) -> Result<(), Error> {
        self.check(Kind::Directory, path, &name, b"")?;
        let found = look(path)?
            .filter(Metadata::is_dir)
            .ok_or_else(|| changed(path))?;
        self.seen.push((path.to_owned(), Identity::of(&found)));
        name.push(b'/');
        self.sink.entry(&name, 0);
        let head = Head {
            kind: EntryType::Directory,
            mode: mode::of(&found),
            size: 0,
            target: b"",
        };
        head.write(&name, self.sink).map_err(Error::Sink)?;
        self.children(path, &name)
    }

    fn file(&mut self, path: &Path, name: &[u8]) -> Result<(), Error> {
        self.check(Kind::File, path, name, b"")?;
        let size = self.content.write(path, name, self.sink)?;
        self.packed.files += 1;
        self.packed.bytes += size;
        Ok(())
    }

    fn link(&mut self, path: &Path, name: &[u8]) -> Result<(), Error> {
        let target = fs::read_link(path).map_err(|source| unreadable(path, source))?;
        let target = portable(target.as_os_str()).ok_or_else(|| unfit(path, Fault::LinkUnusable))?;
        self.check(Kind::Link, path, name, &target)?;
        let platform = self.limits.platform;
        TreePath::parse(&name[OUTPUTS.len()..], platform)
            .and_then(|link| LinkTarget::parse(&target, &link, platform))
            .and_then(|target| target.stays_inside(self.source))
            .map_err(|fault| unfit(path, fault))?;
        self.sink.entry(name, 0);
        let head = Head {
            kind: EntryType::Symlink,
            mode: 0o777,
            size: 0,
            target: &target,
        };
        head.write(name, self.sink).map_err(Error::Sink)
    }

    /// Whether `unpack` would let the entry in again.
    fn check(&mut self, kind: Kind, path: &Path, name: &[u8], target: &[u8]) -> Result<(), Error> {
        let name = &name[OUTPUTS.len()..];
        let tree = self.limits.working_tree.as_ref();
        self.budget
            .entry(kind, name.len(), target.len())
            .and_then(|()| tree.map_or(Ok(()), |tree| tree.allow(kind, name, target)))
            .map_err(|fault| unfit(path, fault))
    }

    /// Whether all directories are still what they were. A tree that is removed while we read it loses names
    /// which we then don't miss, but not without a trace.
    fn check_nothing_changed(&self) -> Result<(), Error> {
        for (path, identity) in &self.seen {
            if look(path)?.as_ref().map(Identity::of).as_ref() != Some(identity) {
                return Err(changed(path));
            }
        }
        Ok(())
    }
}

/// A directory's names as they are in the archive, what they are, and their paths; sorted.
fn list(path: &Path) -> Result<Vec<(Vec<u8>, FileType, PathBuf)>, Error> {
    let mut names = Vec::new();
    for entry in fs::read_dir(path).map_err(|source| unreadable(path, source))? {
        let entry = entry.map_err(|source| unreadable(path, source))?;
        let kind = entry
            .file_type()
            .map_err(|source| unreadable(&entry.path(), source))?;
        let name = portable(&entry.file_name()).ok_or_else(|| unfit(&entry.path(), Fault::ForeignName))?;
        names.push((name, kind, entry.path()));
    }
    names.sort_unstable_by(|one, other| one.0.cmp(&other.0));
    Ok(names)
}

fn unfit(path: &Path, fault: Fault) -> Error {
    Error::Unfit {
        path: path.to_owned(),
        fault,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is found unfit in a tree with a directory `d`, a file `d/f`, and a link `d/l` to `f`.
    fn fault(limits: &Limits) -> Option<Fault> {
        let scratch = tempfile::tempdir().unwrap();
        fs::create_dir(scratch.path().join("d")).unwrap();
        fs::write(scratch.path().join("d/f"), "content").unwrap();
        #[cfg(unix)]
        std::os::unix::fs::symlink("f", scratch.path().join("d/l")).unwrap();
        match pack_within(limits, scratch.path(), "text", &mut Vec::new()) {
            Err(Error::Unfit { fault, .. }) => Some(fault),
            packed => packed.map(|_| None).unwrap(),
        }
    }

    #[cfg(unix)]
    #[test]
    fn what_unpack_would_refuse_is_not_packed() {
        let exact = Limits {
            entries: 3,
            path: 3,
            terminal_output: 4,
            remembered: 5,
            ..Limits::default()
        };
        assert_eq!(fault(&exact), None);
        assert_eq!(
            fault(&Limits {
                entries: 2,
                ..exact.clone()
            }),
            Some(Fault::TooManyEntries(2))
        );
        assert_eq!(
            fault(&Limits {
                path: 2,
                ..exact.clone()
            }),
            Some(Fault::PathTooLong(2))
        );
        assert_eq!(
            fault(&Limits {
                remembered: 4,
                ..exact.clone()
            }),
            Some(Fault::TooManyNames(4))
        );
        let terminal_output = 3;
        assert_eq!(
            fault(&Limits {
                terminal_output,
                ..exact
            }),
            Some(Fault::TerminalOutputTooLong(3))
        );
    }
}
