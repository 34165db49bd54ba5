//! The entries of an archive, long names joined to what they name.

use std::io::{self, BufRead, Read};

use tar::{EntryType, Header};

use super::stream::{BLOCK, Stream};
use super::{Error, Fault, Limits, OUTPUTS, mode};

/// What an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Directory,
    File,
    Link,
}

/// One entry, its content unread.
pub(super) struct Member {
    /// As it stands in the archive, but for a directory's final `/`.
    pub name: Vec<u8>,
    pub kind: Kind,
    /// Permission bits only.
    pub mode: u32,
    /// Bytes of content.
    pub size: u64,
    /// A link's target.
    pub target: Vec<u8>,
}

/// Reads members one after the other.
///
/// The tar crate knows what a header says. Its reader isn't used: it would copy every content, read long names
/// into memory whatever their size, and take extensions that an artifact never has.
pub(super) struct Members<'a, R> {
    stream: &'a mut Stream<R>,
    limits: &'a Limits,
    /// What is left of the latest entry's content.
    content: u64,
    /// Bytes behind it, up to the next block.
    padding: usize,
}

impl<'a, R: BufRead> Members<'a, R> {
    pub fn new(stream: &'a mut Stream<R>, limits: &'a Limits) -> Self {
        Self {
            stream,
            limits,
            content: 0,
            padding: 0,
        }
    }

    /// The next member, when the content of the one before has been read; `None` at the end marker, and where
    /// the stream ends between two records.
    pub fn next(&mut self) -> Result<Option<Member>, Error> {
        let (mut long_name, mut long_target): (Option<Vec<u8>>, Option<Vec<u8>>) = (None, None);
        loop {
            let Some(header) = self.header().map_err(Error::Stream)? else {
                return match (long_name, long_target) {
                    (None, None) => Ok(None),
                    _ => Err(Error::Stream(io::Error::other("a long name for no entry"))),
                };
            };
            let slot = match header.entry_type() {
                EntryType::GNULongName => &mut long_name,
                EntryType::GNULongLink => &mut long_target,
                _ => return member(&header, self.content, long_name, long_target).map(Some),
            };
            let text = self.long_text(&header)?;
            if slot.is_some() {
                return Err(Error::archive(&text, damaged("two long names for one entry")));
            }
            *slot = Some(text);
        }
    }

    /// Reads the header of the next record; `None` at a block of zeros and at the end of the stream.
    fn header(&mut self) -> io::Result<Option<Header>> {
        self.stream.skip(self.padding)?;
        let Some(block) = self.stream.block()? else {
            return Ok(None);
        };
        if block == [0; BLOCK] {
            return Ok(None);
        }
        let mut header = Header::new_old();
        header.as_mut_bytes().copy_from_slice(&block);
        if header.cksum()? != checksum(&block) {
            return Err(io::Error::other("a header with a wrong checksum"));
        }
        self.content = header.entry_size()?;
        let end = self.content.checked_next_multiple_of(BLOCK as u64);
        let end = end.ok_or_else(|| io::Error::other("a size that nothing has"))?;
        self.padding = (end - self.content) as usize;
        Ok(Some(header))
    }

    /// The text of an `L` or `K` record, which ends with a NUL.
    fn long_text(&mut self, header: &Header) -> Result<Vec<u8>, Error> {
        let limit = self.limits.path + OUTPUTS.len() + "/\0".len();
        let refuse = |fault| Error::archive(&header.path_bytes(), fault);
        if header.as_gnu().is_none() {
            return Err(refuse(damaged("not GNU tar")));
        }
        let size = self.content;
        if size > limit as u64 {
            return Err(refuse(Fault::PathTooLong(self.limits.path)));
        }
        let mut text = Vec::new();
        self.read_to_end(&mut text).map_err(Error::Stream)?;
        if text.len() as u64 != size {
            return Err(Error::archive(&text, Fault::Truncated));
        }
        match text.pop() {
            Some(0) if !text.contains(&0) => Ok(text),
            _ => Err(Error::archive(&text, damaged("a long name without its end"))),
        }
    }
}

/// The content of the latest member, as it lies in the source's memory.
impl<R: BufRead> BufRead for Members<'_, R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.content == 0 {
            return Ok(&[]);
        }
        let there = self.stream.fill_buf()?;
        let most = usize::try_from(self.content).unwrap_or(usize::MAX);
        Ok(&there[..there.len().min(most)])
    }

    fn consume(&mut self, count: usize) {
        self.content -= count as u64;
        self.stream.consume(count);
    }
}

impl<R: BufRead> Read for Members<'_, R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let there = self.fill_buf()?;
        let count = there.len().min(into.len());
        into[..count].copy_from_slice(&there[..count]);
        self.consume(count);
        Ok(count)
    }
}

/// The sum of a header's bytes, its own field taken for spaces.
fn checksum(block: &[u8; BLOCK]) -> u32 {
    const FIELD: std::ops::Range<usize> = 148..156;
    let sum = |bytes: &[u8]| bytes.iter().map(|byte| u32::from(*byte)).sum::<u32>();
    sum(block) - sum(&block[FIELD]) + FIELD.len() as u32 * u32::from(b' ')
}

/// Makes a member of a record's header and the long names before it.
fn member(
    header: &Header,
    size: u64,
    long_name: Option<Vec<u8>>,
    long_target: Option<Vec<u8>>,
) -> Result<Member, Error> {
    let old = header.as_old();
    let mut name = match long_name {
        Some(name) => name,
        None => field(&old.name).map_err(|fault| Error::archive(&old.name, fault))?,
    };
    let refuse = |fault| Error::archive(&name, fault);
    if header.as_gnu().is_none() {
        return Err(refuse(damaged("not GNU tar")));
    }
    let kind = kind(header.entry_type()).map_err(refuse)?;
    let target = match (kind, long_target) {
        (Kind::Link, Some(target)) => target,
        (Kind::Link, None) => field(&old.linkname).map_err(refuse)?,
        (Kind::Directory | Kind::File, None) => Vec::new(),
        (Kind::Directory | Kind::File, Some(_)) => return Err(refuse(damaged("a link's target"))),
    };
    if kind != Kind::File && size != 0 {
        return Err(refuse(damaged("content where none can be")));
    }
    let mode = header.mode().map_err(|_| refuse(damaged("no permission bits")))? & mode::PERMISSIONS;
    if kind == Kind::Directory && name.ends_with(b"/") {
        name.pop();
    }
    Ok(Member {
        name,
        kind,
        mode,
        size,
        target,
    })
}

fn kind(record: EntryType) -> Result<Kind, Fault> {
    match record {
        EntryType::Regular => Ok(Kind::File),
        EntryType::Directory => Ok(Kind::Directory),
        EntryType::Symlink => Ok(Kind::Link),
        EntryType::Link => Err(Fault::Kind("hard link")),
        EntryType::Char | EntryType::Block => Err(Fault::Kind("device")),
        EntryType::Fifo => Err(Fault::Kind("FIFO")),
        EntryType::GNUSparse => Err(Fault::Kind("sparse file")),
        EntryType::XHeader | EntryType::XGlobalHeader => Err(Fault::Kind("PAX header")),
        _ => Err(Fault::Kind("record of an unknown kind")),
    }
}

/// The text in a header's field: up to the first NUL, after which only NULs may stand.
fn field(bytes: &[u8]) -> Result<Vec<u8>, Fault> {
    let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
    if bytes[end..].iter().any(|byte| *byte != 0) {
        return Err(Fault::UnsafeName);
    }
    Ok(bytes[..end].to_vec())
}

fn damaged(why: &str) -> Fault {
    Fault::Damaged(why.to_owned())
}
