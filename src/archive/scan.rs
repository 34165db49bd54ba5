//! An archive's entries one by one, checked as [`unpack`](super::unpack()) checks them, with nothing written to disk.

use std::collections::HashSet;
use std::io::{BufRead, Read};

use super::error::Error;
use super::header::{ItemKind, TERMINAL_OUTPUT};
use super::path::LinkTarget;
use super::reader::Reader;
use super::rules::Limits;

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
    /// A link's target.
    pub target: &'a [u8],
    /// A file's content. What isn't read is skipped.
    pub content: &'a mut dyn Read,
}

/// Shows every entry in `tar` to `visit`, in order, and reads `tar` to its end.
///
/// What `visit` sees is checked as far as it goes; that `unpack` restores the whole archive is known only when this
/// returns. An error of `visit` ends the scan and is returned unchanged.
pub fn scan<E: From<Error>>(
    tar: impl BufRead,
    limits: &Limits,
    visit: &mut dyn FnMut(Item<'_>) -> Result<(), E>,
) -> Result<(), E> {
    let mut reader = Reader::open(tar, limits)?;
    visit(Item {
        kind: ItemKind::TerminalOutput,
        path: TERMINAL_OUTPUT,
        mode: reader.terminal_output_mode,
        size: reader.terminal_output.len() as u64,
        target: b"",
        content: &mut reader.terminal_output.as_bytes(),
    })?;
    // A restore makes all directories itself.
    let (mut directories, mut links) = (HashSet::new(), Vec::new());
    while let Some(entry) = reader.next()? {
        visit(Item {
            kind: entry.kind,
            path: entry.path.as_bytes(),
            mode: entry.mode,
            size: entry.size,
            target: entry.target.as_ref().map_or(b"", LinkTarget::as_bytes),
            content: reader.content(),
        })?;
        if entry.kind == ItemKind::Directory {
            directories.insert(entry.path.as_bytes().to_vec());
        }
        if let Some(target) = entry.target {
            links.push((entry.path, target));
        }
    }
    for (path, target) in links {
        target
            .stays_among(|directory| directories.contains(directory))
            .map_err(|fault| Error::archive(path.as_bytes(), fault))?;
    }
    Ok(())
}
