//! Reads an archive entry by entry, each checked before it is returned.
//!
//! The tar crate knows what a header says. Its reader isn't used: it would copy every file, read long names into memory
//! whatever their size, and accept extensions that artifacts don't have.

use std::io::{self, BufRead, Take};

use tar::{EntryType, Header};

use super::error::{Error, Fault};
use super::header::{self, BLOCK, ItemKind, OUTPUTS, PERMISSIONS, TERMINAL_OUTPUT};
use super::path::{LinkTarget, TreePath};
use super::rules::{Limits, Rules};

/// An entry of the outputs.
pub(super) struct Entry {
    pub kind: ItemKind,
    pub path: TreePath,
    /// Permission bits only.
    pub mode: u32,
    /// Bytes of content.
    pub size: u64,
    /// A link's target.
    pub target: Option<LinkTarget>,
}

/// An entry as it is in the archive.
struct Member {
    /// Without a directory's final `/`.
    name: Vec<u8>,
    kind: ItemKind,
    mode: u32,
    size: u64,
    target: Vec<u8>,
}

/// An archive that is being read.
pub(super) struct Reader<'a, R> {
    /// Limited to the content of the latest entry.
    source: Take<R>,
    /// Zero bytes between the latest entry's content and the next header.
    padding: u64,
    limits: &'a Limits,
    rules: Rules<'a>,
    /// What the task printed.
    pub terminal_output: String,
    /// The permission bits of the terminal output's entry.
    pub terminal_output_mode: u32,
}

impl<'a, R: BufRead> Reader<'a, R> {
    /// Reads the first entry, the terminal output.
    pub fn open(source: R, limits: &'a Limits) -> Result<Self, Error> {
        let mut reader = Self {
            source: source.take(0),
            padding: 0,
            limits,
            rules: Rules::new(limits),
            terminal_output: String::new(),
            terminal_output_mode: 0,
        };
        let first = reader.member()?.ok_or_else(|| damaged("no terminal output"))?;
        let refuse = |fault| Error::archive(&first.name, fault);
        if first.kind != ItemKind::TerminalOutput {
            return Err(refuse(Fault::NoTerminalOutput));
        }
        reader.rules.terminal_output(first.size).map_err(refuse)?;
        let text = reader.text(first.size)?;
        reader.terminal_output = String::from_utf8(text).map_err(|_| refuse(Fault::NotText))?;
        reader.terminal_output_mode = first.mode;
        Ok(reader)
    }

    /// The next entry; `None` when the archive has ended as it must.
    pub fn next(&mut self) -> Result<Option<Entry>, Error> {
        let Some(member) = self.member()? else {
            return self.finish().map(|()| None);
        };
        let Member {
            name,
            kind,
            mode,
            size,
            target,
        } = member;
        let refuse = |fault| Error::archive(&name, fault);
        let path = self.rules.path(kind, &name, size, &target).map_err(refuse)?;
        let target = match kind {
            ItemKind::Link => Some(self.rules.target(&target, &path).map_err(refuse)?),
            _ => None,
        };
        Ok(Some(Entry {
            kind,
            path,
            mode,
            size,
            target,
        }))
    }

    /// The content of the latest entry, as it lies in the source's memory. What isn't read is skipped.
    pub fn content(&mut self) -> &mut Take<R> {
        &mut self.source
    }

    /// The next entry, long names joined to what they name; `None` at the first block of zeros.
    fn member(&mut self) -> Result<Option<Member>, Error> {
        let (mut long_name, mut long_target): (Option<Vec<u8>>, Option<Vec<u8>>) = (None, None);
        loop {
            let Some(header) = self.header()? else {
                return match (long_name, long_target) {
                    (None, None) => Ok(None),
                    _ => Err(damaged("a long name without an entry")),
                };
            };
            let slot = match header.entry_type() {
                EntryType::GNULongName => &mut long_name,
                EntryType::GNULongLink => &mut long_target,
                _ => return member(&header, self.source.limit(), long_name, long_target).map(Some),
            };
            let text = self.long_text(&header)?;
            if slot.is_some() {
                return Err(Error::archive(
                    &text,
                    Fault::damaged("two long names for one entry"),
                ));
            }
            *slot = Some(text);
        }
    }

    /// Skips to the next header; `None` at a block of zeros.
    fn header(&mut self) -> Result<Option<Header>, Error> {
        self.read(self.source.limit(), |_| ())?;
        self.read(self.padding, |_| ())?;
        let block = self.block()?;
        if block == [0; BLOCK] {
            return Ok(None);
        }
        let header = Header::from_byte_slice(&block).clone();
        if header.cksum().map_err(malformed)? != header::checksum(&block) {
            return Err(damaged("a header with a wrong checksum"));
        }
        let size = header.entry_size().map_err(malformed)?;
        let end = size.checked_next_multiple_of(BLOCK as u64);
        self.padding = end.ok_or_else(|| damaged("an impossible size"))? - size;
        self.source.set_limit(size);
        Ok(Some(header))
    }

    /// The text of an `L` or `K` record, which ends with a NUL.
    fn long_text(&mut self, header: &Header) -> Result<Vec<u8>, Error> {
        let refuse = |fault| Error::archive(&header.path_bytes(), fault);
        if header.as_gnu().is_none() {
            return Err(refuse(Fault::damaged("not GNU tar")));
        }
        let size = self.source.limit();
        if size > (self.limits.path + OUTPUTS.len() + "/\0".len()) as u64 {
            return Err(refuse(Fault::PathTooLong(self.limits.path)));
        }
        let mut text = self.text(size)?;
        match text.pop() {
            Some(0) if !text.contains(&0) => Ok(text),
            _ => Err(Error::archive(&text, Fault::damaged("an unterminated long name"))),
        }
    }

    /// Checks what follows the first block of zeros: a second one, and nothing else.
    fn finish(&mut self) -> Result<(), Error> {
        let block = self.block()?;
        self.source.set_limit(1);
        if block != [0; BLOCK] || !fill(&mut self.source)?.is_empty() {
            return Err(Error::archive(b"the end", Fault::Trailing));
        }
        Ok(())
    }

    fn block(&mut self) -> Result<[u8; BLOCK], Error> {
        let mut block = [0; BLOCK];
        let mut filled = 0;
        self.read(BLOCK as u64, |part| {
            block[filled..][..part.len()].copy_from_slice(part);
            filled += part.len();
        })?;
        Ok(block)
    }

    fn text(&mut self, size: u64) -> Result<Vec<u8>, Error> {
        let mut text = Vec::new();
        self.read(size, |part| text.extend_from_slice(part))?;
        Ok(text)
    }

    /// Hands the next `size` bytes to `take`, in parts.
    fn read(&mut self, size: u64, mut take: impl FnMut(&[u8])) -> Result<(), Error> {
        self.source.set_limit(size);
        while self.source.limit() > 0 {
            let part = fill(&mut self.source)?;
            let count = part.len();
            if count == 0 {
                return Err(Error::archive(b"the archive", Fault::Truncated));
            }
            take(part);
            self.source.consume(count);
        }
        Ok(())
    }
}

/// What `source` has in memory, or reads next; empty at its end.
pub(super) fn fill(source: &mut impl BufRead) -> Result<&[u8], Error> {
    loop {
        match source.fill_buf() {
            Ok([]) => return Ok(&[]),
            Ok(_) => break,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(Error::Stream(error)),
        }
    }
    // The same bytes once more, nothing is read: the borrow checker wouldn't let them out of the loop.
    source.fill_buf().map_err(Error::Stream)
}

/// Joins a header and the long names before it.
fn member(
    header: &Header,
    size: u64,
    long_name: Option<Vec<u8>>,
    long_target: Option<Vec<u8>>,
) -> Result<Member, Error> {
    let old = header.as_old();
    let mut name = match long_name {
        Some(name) => name,
        None => header::field(&old.name).map_err(|fault| Error::archive(&old.name, fault))?,
    };
    let refuse = |fault| Error::archive(&name, fault);
    let refuse_as = |why| refuse(Fault::damaged(why));
    if header.as_gnu().is_none() {
        return Err(refuse_as("not GNU tar"));
    }
    let mut kind = ItemKind::of(header.entry_type()).map_err(refuse)?;
    let target = match (kind, long_target) {
        (ItemKind::Link, Some(target)) => target,
        (ItemKind::Link, None) => header::field(&old.linkname).map_err(refuse)?,
        (_, None) => Vec::new(),
        (_, Some(_)) => return Err(refuse_as("a link target for something else")),
    };
    if kind != ItemKind::File && size != 0 {
        return Err(refuse_as("unexpected content"));
    }
    let mode = header.mode().map_err(|_| refuse_as("no permission bits"))? & PERMISSIONS;
    if kind == ItemKind::Directory && name.ends_with(b"/") {
        name.pop();
    }
    if kind == ItemKind::File && name == TERMINAL_OUTPUT {
        kind = ItemKind::TerminalOutput;
    }
    Ok(Member {
        name,
        kind,
        mode,
        size,
        target,
    })
}

fn damaged(why: &str) -> Error {
    Error::archive(b"an entry", Fault::damaged(why))
}

/// An error of the tar crate, escaped for terminals: it may quote a name from the archive.
fn malformed(error: io::Error) -> Error {
    damaged(&error.to_string().escape_debug().to_string())
}
