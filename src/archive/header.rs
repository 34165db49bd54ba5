//! Tar headers: GNU format, no times, no owners.

use std::io::{self, Write};
use std::ops::Range;

use tar::{EntryType, Header};

use super::error::Fault;

/// The unit of a tar stream.
pub(super) const BLOCK: usize = 512;

/// The name of an archive's first entry.
pub(super) const TERMINAL_OUTPUT: &[u8] = b"terminal-output";

/// What the names of all other entries begin with.
pub(super) const OUTPUTS: &[u8] = b"outputs/";

/// The permission bits that an archive keeps.
pub(super) const PERMISSIONS: u32 = 0o777;

/// Where a header has its checksum.
const CHECKSUM: Range<usize> = 148..156;

/// What an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ItemKind {
    /// The task's terminal output: the first entry.
    TerminalOutput,
    /// A directory, which precedes its content.
    Directory,
    /// A regular file.
    File,
    /// A symbolic link.
    Link,
}

impl ItemKind {
    /// The kind of an entry of the outputs.
    pub(super) fn of(entry_type: EntryType) -> Result<Self, Fault> {
        match entry_type {
            EntryType::Regular => Ok(Self::File),
            EntryType::Directory => Ok(Self::Directory),
            EntryType::Symlink => Ok(Self::Link),
            EntryType::Link => Err(Fault::Kind("hard link")),
            EntryType::Char | EntryType::Block => Err(Fault::Kind("device")),
            EntryType::Fifo => Err(Fault::Kind("FIFO")),
            EntryType::GNUSparse => Err(Fault::Kind("sparse file")),
            EntryType::XHeader | EntryType::XGlobalHeader => Err(Fault::Kind("PAX header")),
            _ => Err(Fault::Kind("record of an unknown kind")),
        }
    }
}

/// What an entry's header says, its name aside.
#[derive(Clone, Copy)]
pub(super) struct Head<'a> {
    pub kind: EntryType,
    pub mode: u32,
    pub size: u64,
    /// A link's target; empty for all else.
    pub target: &'a [u8],
}

impl Head<'_> {
    /// A file of `size` bytes.
    pub fn file(mode: u32, size: u64) -> Self {
        Self {
            kind: EntryType::Regular,
            mode,
            size,
            target: b"",
        }
    }

    /// A directory.
    pub fn directory(mode: u32) -> Self {
        Self {
            kind: EntryType::Directory,
            ..Self::file(mode, 0)
        }
    }

    /// Writes the header of the entry `name`, after the long-name records that it needs.
    pub fn write(self, name: &[u8], sink: &mut impl Write) -> io::Result<()> {
        let mut header = Header::new_gnu();
        let long_name = copy(&mut header.as_old_mut().name, name);
        let long_target = copy(&mut header.as_old_mut().linkname, self.target);
        if long_name {
            write_long(EntryType::GNULongName, name, sink)?;
        }
        if long_target {
            write_long(EntryType::GNULongLink, self.target, sink)?;
        }
        header.set_entry_type(self.kind);
        header.set_mode(self.mode);
        header.set_size(self.size);
        write_header(header, sink)
    }
}

/// How many zero bytes follow `size` bytes of content.
pub(super) fn padding(size: u64) -> usize {
    (size.next_multiple_of(BLOCK as u64) - size) as usize
}

/// Writes a record whose content is a text that has no room in the next header.
fn write_long(kind: EntryType, text: &[u8], sink: &mut impl Write) -> io::Result<()> {
    let size = text.len() as u64 + 1;
    let mut header = Header::new_gnu();
    copy(&mut header.as_old_mut().name, b"././@LongLink");
    header.set_entry_type(kind);
    header.set_mode(0);
    header.set_size(size);
    write_header(header, sink)?;
    sink.write_all(text)?;
    sink.write_all(&[0; BLOCK + 1][..1 + padding(size)])
}

fn write_header(mut header: Header, sink: &mut impl Write) -> io::Result<()> {
    header.set_uid(0);
    header.set_gid(0);
    header.set_cksum();
    sink.write_all(header.as_bytes())
}

/// Fills a field with as much of `text` as fits; returns whether some is left over.
fn copy(field: &mut [u8], text: &[u8]) -> bool {
    let fits = text.len().min(field.len());
    field[..fits].copy_from_slice(&text[..fits]);
    fits < text.len()
}

/// The text of a header's field: up to the first NUL, after which only NULs may follow.
pub(super) fn field(bytes: &[u8]) -> Result<Vec<u8>, Fault> {
    let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
    if bytes[end..].iter().any(|byte| *byte != 0) {
        return Err(Fault::UnsafeName);
    }
    Ok(bytes[..end].to_vec())
}

/// The sum of a header's bytes, those of the checksum taken for spaces.
pub(super) fn checksum(block: &[u8; BLOCK]) -> u32 {
    let sum = |bytes: &[u8]| bytes.iter().map(|byte| u32::from(*byte)).sum::<u32>();
    sum(block) - sum(&block[CHECKSUM]) + CHECKSUM.len() as u32 * u32::from(b' ')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(name: &[u8], head: Head<'_>) -> Vec<u8> {
        let mut bytes = Vec::new();
        head.write(name, &mut bytes).unwrap();
        bytes
    }

    #[test]
    fn sizes_above_eight_gibibytes_survive() {
        const LIMIT: u64 = 8 << 30;
        for size in [0, 1, LIMIT - 1, LIMIT, LIMIT + 1, 1 << 40, u64::MAX >> 1] {
            let bytes = written(b"a", Head::file(0o644, size));
            assert_eq!(Header::from_byte_slice(&bytes).entry_size().unwrap(), size);
        }
    }

    #[test]
    fn a_name_of_a_hundred_bytes_needs_no_extra_record() {
        assert_eq!(written(&[b'n'; 100], Head::file(0, 0)).len(), BLOCK);
        assert_eq!(written(&[b'n'; 101], Head::file(0, 0)).len(), 3 * BLOCK);
    }

    #[test]
    fn a_long_name_ends_with_a_nul_even_at_a_block_boundary() {
        assert_eq!(written(&[b'n'; 511], Head::file(0, 0)).len(), 3 * BLOCK);
        assert_eq!(written(&[b'n'; 512], Head::file(0, 0)).len(), 4 * BLOCK);
    }

    #[test]
    fn nothing_of_the_machine_is_written() {
        let bytes = written(b"a", Head::file(0o644, 3));
        let header = Header::from_byte_slice(&bytes);
        assert_eq!((header.uid().unwrap(), header.gid().unwrap()), (0, 0));
        assert_eq!(header.mtime().unwrap(), 0);
        assert_eq!(
            (header.username(), header.groupname()),
            (Ok(Some("")), Ok(Some("")))
        );
    }
}
