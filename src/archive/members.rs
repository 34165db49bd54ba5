//! The entries of an archive, long names joined to what they name.

use std::io::{self, Read};

use tar::EntryType;

use super::{Error, Fault, Limits, OUTPUTS, mode};

/// What an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Directory,
    File,
    Link,
}

/// One entry, its content unread.
pub(super) struct Member<'a, R: Read> {
    /// As it stands in the archive, but for a directory's final `/`.
    pub name: Vec<u8>,
    pub kind: Kind,
    /// Permission bits only.
    pub mode: u32,
    /// Bytes of content.
    pub size: u64,
    /// A link's target.
    pub target: Vec<u8>,
    pub content: tar::Entry<'a, R>,
}

/// Reads members one after the other.
///
/// It takes the tar crate's raw records, as the crate reads long names into memory whatever their size, and
/// knows extensions that an artifact never has.
pub(super) struct Members<'a, R: Read> {
    records: tar::Entries<'a, R>,
    limits: &'a Limits,
}

impl<'a, R: Read> Members<'a, R> {
    pub fn new(archive: &'a mut tar::Archive<R>, limits: &'a Limits) -> Result<Self, Error> {
        Ok(Self {
            records: archive.entries().map_err(Error::Stream)?.raw(true),
            limits,
        })
    }

    /// The next member; `None` at the end marker, and where the stream ends between two records.
    pub fn next(&mut self) -> Result<Option<Member<'a, R>>, Error> {
        let (mut long_name, mut long_target): (Option<Vec<u8>>, Option<Vec<u8>>) = (None, None);
        loop {
            let Some(record) = self.records.next() else {
                return match (long_name, long_target) {
                    (None, None) => Ok(None),
                    _ => Err(Error::Stream(io::Error::other("a long name for no entry"))),
                };
            };
            let record = record.map_err(Error::Stream)?;
            let slot = match record.header().entry_type() {
                EntryType::GNULongName => &mut long_name,
                EntryType::GNULongLink => &mut long_target,
                _ => return member(record, long_name, long_target).map(Some),
            };
            let text = self.long_text(record)?;
            if slot.is_some() {
                return Err(Error::archive(&text, damaged("two long names for one entry")));
            }
            *slot = Some(text);
        }
    }

    /// The text of an `L` or `K` record, which ends with a NUL.
    fn long_text(&self, mut record: tar::Entry<'a, R>) -> Result<Vec<u8>, Error> {
        let limit = self.limits.path + OUTPUTS.len() + "/\0".len();
        let refuse = |fault| Error::archive(&record.header().path_bytes(), fault);
        if record.header().as_gnu().is_none() {
            return Err(refuse(damaged("not GNU tar")));
        }
        if record.size() > limit as u64 {
            return Err(refuse(Fault::PathTooLong(self.limits.path)));
        }
        let size = record.size();
        let mut text = Vec::new();
        record.read_to_end(&mut text).map_err(Error::Stream)?;
        if text.len() as u64 != size {
            return Err(Error::archive(&text, Fault::Truncated));
        }
        match text.pop() {
            Some(0) if !text.contains(&0) => Ok(text),
            _ => Err(Error::archive(&text, damaged("a long name without its end"))),
        }
    }
}

/// Makes a member of a record and the long names before it.
fn member<'a, R: Read>(
    record: tar::Entry<'a, R>,
    long_name: Option<Vec<u8>>,
    long_target: Option<Vec<u8>>,
) -> Result<Member<'a, R>, Error> {
    let header = record.header();
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
    let size = record.size();
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
        content: record,
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
