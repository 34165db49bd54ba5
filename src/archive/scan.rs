//! An archive's entries one by one, checked as [`unpack`](super::unpack) checks them, with nothing written to disk.

use std::collections::HashSet;
use std::io::{self, BufRead, Read};

use super::check::Check;
use super::members::{Kind, Member, Members};
use super::path::{LinkTarget, TreePath};
use super::stream::Stream;
use super::{Error, Fault, Limits, TERMINAL_OUTPUT};

/// An entry of an archive.
pub struct Item<'a> {
    /// What it is.
    pub kind: ItemKind,
    /// Its path below the artifact's directory; of the terminal output its name in the archive.
    pub path: &'a [u8],
    /// Its permission bits.
    pub mode: u32,
    /// Bytes of its content.
    pub size: u64,
    /// Where a link leads.
    pub target: &'a [u8],
    /// A file's content. What isn't read is passed over.
    pub content: &'a mut dyn Read,
}

/// What an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ItemKind {
    /// What the task printed: the first entry.
    TerminalOutput,
    /// A directory, before all that is in it.
    Directory,
    /// A regular file.
    File,
    /// A symbolic link.
    Link,
}

/// Shows every entry in `tar` to `visit`, in their order, and reads `tar` to its end.
///
/// What `visit` sees was checked as far as it goes; that the whole archive is one that `unpack` restores is known only
/// when this returns. An error of `visit` ends it and is returned as it is.
pub fn scan<E: From<Error>>(
    tar: impl BufRead,
    limits: &Limits,
    visit: &mut dyn FnMut(Item<'_>) -> Result<(), E>,
) -> Result<(), E> {
    let mut stream = Stream::new(tar);
    let mut scan = Scan {
        check: Check::new(limits),
        directories: HashSet::new(),
        links: Vec::new(),
        visit,
        stopped: None,
    };
    let scanned = scan.members(&mut stream, limits);
    match (scan.stopped, scanned) {
        (Some(stopped), _) => Err(stopped),
        (None, scanned) => scanned.map_err(|error| stream.explain(error).into()),
    }
}

struct Scan<'a, E> {
    check: Check<'a>,
    /// All directories, in whose place a restore has real ones.
    directories: HashSet<Vec<u8>>,
    links: Vec<(TreePath, LinkTarget)>,
    visit: &'a mut dyn FnMut(Item<'_>) -> Result<(), E>,
    /// Why the visitor wants no more.
    stopped: Option<E>,
}

impl<E> Scan<'_, E> {
    fn members<R: BufRead>(&mut self, stream: &mut Stream<R>, limits: &Limits) -> Result<(), Error> {
        let mut members = Members::new(stream, limits);
        let Some(first) = members.next()? else {
            return Err(Error::Stream(io::Error::other("no terminal output")));
        };
        self.terminal_output(&first, &mut members)?;
        while let Some(member) = members.next()? {
            self.member(&member, &mut members)?;
        }
        stream.finish()?;
        for (path, target) in &self.links {
            target
                .stays_among(|directory| self.directories.contains(directory))
                .map_err(|fault| Error::archive(path.as_bytes(), fault))?;
        }
        Ok(())
    }

    fn terminal_output(&mut self, member: &Member, content: &mut impl Read) -> Result<(), Error> {
        let text = self.check.terminal_output(member, content)?;
        self.show(Item {
            kind: ItemKind::TerminalOutput,
            path: TERMINAL_OUTPUT,
            mode: member.mode,
            size: text.len() as u64,
            target: b"",
            content: &mut text.as_bytes(),
        })
    }

    fn member(&mut self, member: &Member, content: &mut impl Read) -> Result<(), Error> {
        let path = self.check.path(member)?;
        if member.kind == Kind::Link {
            let target = self.check.target(&path, member)?;
            self.links.push((path.clone(), target));
        }
        if member.kind == Kind::Directory {
            self.directories.insert(path.as_bytes().to_vec());
        }
        let mut content = Counted {
            source: content,
            read: 0,
        };
        self.show(Item {
            kind: match member.kind {
                Kind::Directory => ItemKind::Directory,
                Kind::File => ItemKind::File,
                Kind::Link => ItemKind::Link,
            },
            path: path.as_bytes(),
            mode: member.mode,
            size: member.size,
            target: &member.target,
            content: &mut content,
        })?;
        io::copy(&mut content, &mut io::sink()).map_err(Error::Stream)?;
        if content.read != member.size {
            return Err(Error::archive(&member.name, Fault::Truncated));
        }
        Ok(())
    }

    fn show(&mut self, item: Item<'_>) -> Result<(), Error> {
        (self.visit)(item).map_err(|stopped| {
            self.stopped = Some(stopped);
            // Never seen: what the visitor said goes before it.
            Error::Stream(io::ErrorKind::Other.into())
        })
    }
}

/// Counts what was read.
struct Counted<R> {
    source: R,
    read: u64,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.source.read(into)?;
        self.read += read as u64;
        Ok(read)
    }
}
