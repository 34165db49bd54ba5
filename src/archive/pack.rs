//! From a directory to a tar stream.

use std::fs::{self, FileType};
use std::io::Write;
use std::path::{Path, PathBuf};

use tar::EntryType;

use super::content::{Content, changed, unreadable};
use super::header::{Head, padding};
use super::identity::{Identity, look};
use super::path::{LinkTarget, TreePath, portable};
use super::stream::BLOCK;
use super::{Error, Fault, Limits, OUTPUTS, TERMINAL_OUTPUT, mode};

/// What went into an archive.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Packed {
    /// The number of files: no directories, no links, not the terminal output.
    pub files: u64,
    /// The bytes of these files.
    pub bytes: u64,
}

/// Writes the outputs in `source` and `terminal_output` to `sink`. Without a directory `source` there are no
/// outputs.
///
/// The same tree gives the same bytes, on whatever machine and in whatever order it was made. Hard links
/// become files of their own. After an error, what `sink` got is worthless.
pub fn pack(source: &Path, terminal_output: &str, sink: &mut impl Write) -> Result<Packed, Error> {
    let limits = Limits::default();
    let (content, seen, packed) = (Content::new(), Vec::new(), Packed::default());
    let mut pack = Pack {
        source,
        sink,
        limits,
        content,
        seen,
        entries: 0,
        packed,
    };
    pack.terminal_output(terminal_output)?;
    let root = look(source)?;
    match &root {
        None => {}
        Some(found) if found.is_dir() => pack.children(source, OUTPUTS)?,
        Some(_) => return Err(unfit(source, Fault::Kind("file, not a directory"))),
    }
    pack.sink.write_all(&[0; 2 * BLOCK]).map_err(Error::Sink)?;
    pack.seen
        .push((source.to_owned(), root.as_ref().map(Identity::of)));
    pack.check_nothing_changed()?;
    Ok(pack.packed)
}

struct Pack<'a, W> {
    source: &'a Path,
    sink: &'a mut W,
    limits: Limits,
    content: Content,
    /// Every directory as it was before its names were read.
    seen: Vec<(PathBuf, Option<Identity>)>,
    entries: u64,
    packed: Packed,
}

impl<W: Write> Pack<'_, W> {
    fn terminal_output(&mut self, text: &str) -> Result<(), Error> {
        let size = text.len() as u64;
        if size > self.limits.terminal_output {
            let fault = Fault::TerminalOutputTooLong(self.limits.terminal_output);
            return Err(unfit(Path::new("the terminal output"), fault));
        }
        let padding = &[0; BLOCK][..padding(size)];
        Head::file(0o644, size)
            .write(TERMINAL_OUTPUT, self.sink)
            .and_then(|()| self.sink.write_all(text.as_bytes()))
            .and_then(|()| self.sink.write_all(padding))
            .map_err(Error::Sink)
    }

    /// Packs what is in the directory at `path`; `prefix` is its name in the archive, with a `/`.
    fn children(&mut self, path: &Path, prefix: &[u8]) -> Result<(), Error> {
        for (name, kind, child) in list(path)? {
            let name = [prefix, &name].concat();
            self.check(&child, &name)?;
            if kind.is_dir() {
                self.directory(&child, name)?;
            } else if kind.is_file() {
                self.packed.bytes += self.content.write(&child, &name, self.sink)?;
                self.packed.files += 1;
            } else if kind.is_symlink() {
                self.link(&child, &name)?;
            } else {
                return Err(unfit(&child, Fault::Kind("device, FIFO or socket")));
            }
        }
        Ok(())
    }

    fn directory(&mut self, path: &Path, mut name: Vec<u8>) -> Result<(), Error> {
        let found = look(path)?
            .filter(|found| found.is_dir())
            .ok_or_else(|| changed(path))?;
        self.seen.push((path.to_owned(), Some(Identity::of(&found))));
        name.push(b'/');
        let head = Head {
            kind: EntryType::Directory,
            mode: mode::of(&found),
            size: 0,
            target: b"",
        };
        head.write(&name, self.sink).map_err(Error::Sink)?;
        self.children(path, &name)
    }

    fn link(&mut self, path: &Path, name: &[u8]) -> Result<(), Error> {
        let target = fs::read_link(path).map_err(|source| unreadable(path, source))?;
        let text = portable(target.as_os_str()).ok_or_else(|| unfit(path, Fault::LinkUnusable))?;
        if text.len() > self.limits.path {
            return Err(unfit(path, Fault::PathTooLong(self.limits.path)));
        }
        TreePath::parse(&name[OUTPUTS.len()..], self.limits.platform)
            .and_then(|link| LinkTarget::parse(&text, &link, self.limits.platform))
            .and_then(|target| target.stays_inside(self.source))
            .map_err(|fault| unfit(path, fault))?;
        let head = Head {
            kind: EntryType::Symlink,
            mode: 0o777,
            size: 0,
            target: &text,
        };
        head.write(name, self.sink).map_err(Error::Sink)
    }

    /// Whether an entry of that name would be let in again.
    fn check(&mut self, path: &Path, name: &[u8]) -> Result<(), Error> {
        self.entries += 1;
        if self.entries > self.limits.entries {
            return Err(unfit(path, Fault::TooManyEntries(self.limits.entries)));
        }
        if name.len() - OUTPUTS.len() > self.limits.path {
            return Err(unfit(path, Fault::PathTooLong(self.limits.path)));
        }
        Ok(())
    }

    /// Whether all directories are still what they were. A tree that is removed while we read it loses names
    /// which we then don't miss, but not without a trace.
    fn check_nothing_changed(&self) -> Result<(), Error> {
        for (path, identity) in &self.seen {
            if look(path)?.as_ref().map(Identity::of) != *identity {
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
