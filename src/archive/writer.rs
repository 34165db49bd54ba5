//! Writes the entries of an archive.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::Path;

use super::error::Error;
use super::filesystem::file_mode;
use super::header::{BLOCK, Head, padding};

/// How much of a file is in memory at a time.
const BUFFER: usize = 256 << 10;

/// Where an archive goes: takes its bytes, and may use where its entries begin.
pub trait Sink: Write {
    /// The bytes from here on belong to the entry `name`, whose content has `size` bytes.
    fn entry(&mut self, name: &[u8], size: u64) {
        let _ = (name, size);
    }
}

impl Sink for Vec<u8> {}

/// Writes entries to a sink.
pub(super) struct Writer<'a, W> {
    sink: &'a mut W,
    /// As large as the largest file so far, up to a limit, with room for the padding after its content.
    buffer: Vec<u8>,
}

impl<'a, W: Sink> Writer<'a, W> {
    pub fn new(sink: &'a mut W) -> Self {
        Self {
            sink,
            buffer: Vec::new(),
        }
    }

    /// Writes an entry without content.
    pub fn entry(&mut self, name: &[u8], head: Head<'_>) -> Result<(), Error> {
        self.sink.entry(name, 0);
        self.unmarked(name, head, b"")
    }

    /// Writes an entry whose beginning is not shown to the sink.
    pub fn unmarked(&mut self, name: &[u8], head: Head<'_>, content: &[u8]) -> Result<(), Error> {
        head.write(name, self.sink)
            .and_then(|()| self.sink.write_all(content))
            .and_then(|()| self.sink.write_all(&[0; BLOCK][..padding(head.size)]))
            .map_err(Error::Sink)
    }

    /// Writes the file at `path` as the entry `name`, and returns its size: three system calls for a file that fits into the
    /// buffer, closing it aside.
    pub fn file(&mut self, path: &Path, name: &[u8]) -> Result<u64, Error> {
        let mut file = open(path).map_err(Error::unreadable(path))?;
        let found = file.metadata().map_err(Error::unreadable(path))?;
        if !found.is_file() {
            return Err(Error::changed(path));
        }
        let size = found.len();
        self.sink.entry(name, size);
        let mode = file_mode(&found, &mut file).map_err(Error::unreadable(path))?;
        Head::file(mode, size)
            .write(name, self.sink)
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
            let read = read(&mut file, &mut self.buffer[..want]).map_err(Error::unreadable(path))?;
            let at_end = read < want;
            left = left
                .checked_sub(read as u64)
                .ok_or_else(|| Error::changed(path))?;
            if left != 0 && read == 0 {
                return Err(Error::changed(path));
            }
            let last = left == 0 && at_end;
            let end = if last { read + padding(size) } else { read };
            self.buffer[read..end].fill(0);
            self.sink.write_all(&self.buffer[..end]).map_err(Error::Sink)?;
            if last {
                return Ok(size);
            }
        }
    }

    /// Writes the end of the archive.
    pub fn finish(self) -> Result<(), Error> {
        self.sink.write_all(&[0; 2 * BLOCK]).map_err(Error::Sink)
    }
}

/// Opens a file that the directory listing called regular. If it has become a link or a FIFO since, this neither follows
/// nor waits.
fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    {
        use rustix::fs::OFlags;
        use std::os::unix::fs::OpenOptionsExt;
        options.custom_flags((OFlags::NOFOLLOW | OFlags::NONBLOCK).bits() as i32);
    }
    options.read(true).open(path)
}

fn read(file: &mut File, into: &mut [u8]) -> io::Result<usize> {
    loop {
        match file.read(into) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            read => return read,
        }
    }
}
