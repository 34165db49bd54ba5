//! A file's content on its way into an archive.

use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::path::Path;

use super::Error;
use super::header::{Head, padding};
use super::mode;
use super::sink::Sink;
use super::stream::BLOCK;

/// How much of a file is in memory at a time.
const BUFFER: usize = 256 << 10;

/// Copies files, in three system calls for each that fits into its buffer, closing aside.
pub(super) struct Content {
    /// As large as the files so far asked for, with room for the padding behind the content.
    buffer: Vec<u8>,
}

impl Content {
    pub fn new() -> Self {
        Self { buffer: Vec::new() }
    }

    /// Writes the file at `path` to `sink` as the entry `name`, and returns its size.
    pub fn write(&mut self, path: &Path, name: &[u8], sink: &mut impl Sink) -> Result<u64, Error> {
        let mut file = open(path).map_err(|source| unreadable(path, source))?;
        let found = file.metadata().map_err(|source| unreadable(path, source))?;
        if !found.is_file() {
            return Err(changed(path));
        }
        let size = found.len();
        sink.entry(name, size);
        Head::file(mode::of(&found), size)
            .write(name, sink)
            .map_err(Error::Sink)?;
        let mut left = size;
        loop {
            // One byte more than there should be: the read that finds the end also notices a file that grew.
            let want = usize::try_from(left)
                .unwrap_or(BUFFER)
                .saturating_add(1)
                .min(BUFFER);
            if self.buffer.len() < want + BLOCK {
                self.buffer.resize(want + BLOCK, 0);
            }
            let read =
                read(&mut file, &mut self.buffer[..want]).map_err(|source| unreadable(path, source))?;
            let at_end = read < want;
            left = left.checked_sub(read as u64).ok_or_else(|| changed(path))?;
            if left != 0 && read == 0 {
                return Err(changed(path));
            }
            let last = left == 0 && at_end;
            let end = if last { read + padding(size) } else { read };
            self.buffer[read..end].fill(0);
            sink.write_all(&self.buffer[..end]).map_err(Error::Sink)?;
            if last {
                return Ok(size);
            }
        }
    }
}

/// Opens a file that the directory listing called regular. Should it have become a link or a FIFO since,
/// this neither follows nor waits.
#[cfg(unix)]
fn open(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    OpenOptions::new()
        .read(true)
        .custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK)
        .open(path)
}

#[cfg(not(unix))]
fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).open(path)
}

fn read(file: &mut File, into: &mut [u8]) -> io::Result<usize> {
    loop {
        match file.read(into) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            read => return read,
        }
    }
}

/// What was listed and is gone has changed; all else is a disk that can't be read.
pub(super) fn unreadable(path: &Path, source: io::Error) -> Error {
    match source.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => changed(path),
        _ => Error::Unreadable {
            path: path.to_owned(),
            source,
        },
    }
}

pub(super) fn changed(path: &Path) -> Error {
    Error::Changed {
        path: path.to_owned(),
    }
}
