//! From a directory to a tar stream.

use std::fs::{self, FileType, Metadata};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use tar::EntryType;

use super::error::{Error, Fault};
use super::filesystem::{look, mode};
use super::header::{Head, ItemKind, OUTPUTS, TERMINAL_OUTPUT};
use super::path::{LinkTarget, TreePath, portable};
use super::rules::{Budget, Limits};
use super::writer::{Sink, Writer};

/// What went into an archive.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Packed {
    /// The number of files: no directories, no links, not the terminal output.
    pub files: u64,
    /// The bytes of these files.
    pub bytes: u64,
    /// When something was last created, removed or renamed in one of its directories.
    pub changed: Option<SystemTime>,
}

/// Writes the outputs in the directory `source` and `terminal_output` to `sink`.
///
/// The same tree gives the same bytes, on every machine and in whatever order it was made. Hard links become separate
/// files. After an error, what `sink` got is worthless.
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
    // Nx makes the directory for every task, so a missing one was removed, to make room or by hand.
    let gone = || Error::Gone {
        path: source.to_owned(),
    };
    let root = look(source)?.ok_or_else(gone)?;
    if !root.is_dir() {
        return Err(Error::unfit(source)(Fault::Kind(
            "file where a directory should be",
        )));
    }
    pack.children(source, OUTPUTS)?;
    pack.seen.push((source.to_owned(), Identity::of(&root)));
    pack.finish()
}

/// An archive that is being written.
pub(super) struct Pack<'a, W> {
    /// The directory that the archive's paths start at.
    pub source: &'a Path,
    writer: Writer<'a, W>,
    limits: &'a Limits,
    budget: Budget<'a>,
    /// Every directory as it was before its names were read.
    seen: Vec<(PathBuf, Identity)>,
    packed: Packed,
}

impl<'a, W: Sink> Pack<'a, W> {
    pub fn new(limits: &'a Limits, source: &'a Path, sink: &'a mut W) -> Self {
        Self {
            source,
            writer: Writer::new(sink),
            limits,
            budget: Budget::new(limits),
            seen: Vec::new(),
            packed: Packed::default(),
        }
    }

    /// Ends the archive, unless something changed while it was written.
    ///
    /// A tree that is removed while it is read loses names without an error, but not without a trace in its directories.
    pub fn finish(self) -> Result<Packed, Error> {
        self.writer.finish()?;
        for (path, identity) in &self.seen {
            if look(path)?.as_ref().map(Identity::of).as_ref() != Some(identity) {
                return Err(Error::changed(path));
            }
        }
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
            .map_err(Error::unfit(Path::new("the terminal output")))?;
        self.writer
            .unmarked(TERMINAL_OUTPUT, Head::file(0o644, size), text.as_bytes())
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
            Err(Error::unfit(path)(Fault::Kind("device, FIFO or socket")))
        }
    }

    /// Packs a directory that only leads to mounts, the first of them at `path`.
    pub fn parent(&mut self, path: &Path, mut name: Vec<u8>) -> Result<(), Error> {
        self.check(ItemKind::Directory, path, &name, b"")?;
        name.push(b'/');
        self.writer.unmarked(&name, Head::directory(0o755), b"")
    }

    fn directory(&mut self, path: &Path, mut name: Vec<u8>) -> Result<(), Error> {
        self.check(ItemKind::Directory, path, &name, b"")?;
        let found = look(path)?
            .filter(Metadata::is_dir)
            .ok_or_else(|| Error::changed(path))?;
        self.seen.push((path.to_owned(), Identity::of(&found)));
        name.push(b'/');
        self.writer.entry(&name, Head::directory(mode(&found)))?;
        self.children(path, &name)
    }

    fn file(&mut self, path: &Path, name: &[u8]) -> Result<(), Error> {
        self.check(ItemKind::File, path, name, b"")?;
        self.packed.bytes += self.writer.file(path, name)?;
        self.packed.files += 1;
        Ok(())
    }

    fn link(&mut self, path: &Path, name: &[u8]) -> Result<(), Error> {
        let target = fs::read_link(path).map_err(Error::unreadable(path))?;
        let target = portable(target.as_os_str()).ok_or(Fault::LinkUnusable);
        let target = target.map_err(Error::unfit(path))?;
        self.check(ItemKind::Link, path, name, &target)?;
        let platform = self.limits.platform;
        TreePath::parse(&name[OUTPUTS.len()..], platform)
            .and_then(|link| LinkTarget::parse(&target, &link, platform))
            .and_then(|target| target.stays_inside(self.source))
            .map_err(Error::unfit(path))?;
        let head = Head {
            kind: EntryType::Symlink,
            mode: 0o777,
            size: 0,
            target: &target,
        };
        self.writer.entry(name, head)
    }

    /// Whether `unpack` would accept the entry.
    fn check(&mut self, kind: ItemKind, path: &Path, name: &[u8], target: &[u8]) -> Result<(), Error> {
        let path_in_archive = &name[OUTPUTS.len()..];
        self.budget
            .entry(kind, path_in_archive.len(), target.len())
            .and_then(|()| self.limits.allow(kind, path_in_archive, target))
            .map_err(Error::unfit(path))
    }
}

/// Which directory a path led to and when it changed: if that is the same twice, nothing was created, removed or renamed
/// in it in between.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Identity {
    modified: Option<SystemTime>,
    #[cfg(unix)]
    number: (u64, u64),
    #[cfg(not(unix))]
    created: Option<SystemTime>,
}

impl Identity {
    fn of(found: &Metadata) -> Self {
        #[cfg(unix)]
        use std::os::unix::fs::MetadataExt;
        Self {
            modified: found.modified().ok(),
            #[cfg(unix)]
            number: (found.dev(), found.ino()),
            #[cfg(not(unix))]
            created: found.created().ok(),
        }
    }
}

/// A directory's names as they are in the archive, their types and paths; sorted.
fn list(path: &Path) -> Result<Vec<(Vec<u8>, FileType, PathBuf)>, Error> {
    let mut names = Vec::new();
    for entry in fs::read_dir(path).map_err(Error::unreadable(path))? {
        let entry = entry.map_err(Error::unreadable(path))?;
        let child = entry.path();
        let kind = entry.file_type().map_err(Error::unreadable(&child))?;
        let name = portable(&entry.file_name()).ok_or(Fault::ForeignName);
        names.push((name.map_err(Error::unfit(&child))?, kind, child));
    }
    names.sort_unstable_by(|one, other| one.0.cmp(&other.0));
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is found unfit in a tree with a directory `d`, a file `d/f`, and a link `d/l` to `f`.
    fn fault(limits: Limits) -> Option<Fault> {
        let scratch = tempfile::tempdir().unwrap();
        fs::create_dir(scratch.path().join("d")).unwrap();
        fs::write(scratch.path().join("d/f"), "content").unwrap();
        #[cfg(unix)]
        std::os::unix::fs::symlink("f", scratch.path().join("d/l")).unwrap();
        match pack_within(&limits, scratch.path(), "text", &mut Vec::new()) {
            Err(Error::Unfit { fault, .. }) => Some(fault),
            packed => packed.map(|_| None).unwrap(),
        }
    }

    #[cfg(unix)]
    #[test]
    fn what_unpack_would_refuse_is_not_packed() {
        let exact = || Limits {
            entries: 3,
            path: 3,
            terminal_output: 4,
            remembered: 5,
            ..Limits::default()
        };
        assert_eq!(fault(exact()), None);
        let entries = Limits {
            entries: 2,
            ..exact()
        };
        assert_eq!(fault(entries), Some(Fault::TooManyEntries(2)));
        let path = Limits { path: 2, ..exact() };
        assert_eq!(fault(path), Some(Fault::PathTooLong(2)));
        let remembered = Limits {
            remembered: 4,
            ..exact()
        };
        assert_eq!(fault(remembered), Some(Fault::TooManyNames(4)));
        let terminal_output = Limits {
            terminal_output: 3,
            ..exact()
        };
        assert_eq!(fault(terminal_output), Some(Fault::TerminalOutputTooLong(3)));
    }
}
