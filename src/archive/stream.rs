//! The bytes of an archive as they come in, watched, so that a failed source, a stream that ended early and
//! an archive that makes no sense can be told apart.

use std::io::{self, BufRead, Read};

use super::{Error, Fault};

/// The unit of a tar stream.
pub(super) const BLOCK: usize = 512;

/// A reader that remembers how reading went.
pub(super) struct Stream<R> {
    source: R,
    failed: bool,
    ended: bool,
}

impl<R: BufRead> Stream<R> {
    pub fn new(source: R) -> Self {
        Self {
            source,
            failed: false,
            ended: false,
        }
    }

    /// The next block; `None` where the stream ends before it.
    pub fn block(&mut self) -> io::Result<Option<[u8; BLOCK]>> {
        if self.fill_buf()?.is_empty() {
            return Ok(None);
        }
        let mut block = [0; BLOCK];
        self.read_exact(&mut block)?;
        Ok(Some(block))
    }

    /// Passes over `count` bytes.
    pub fn skip(&mut self, count: usize) -> io::Result<()> {
        let mut left = count;
        while left > 0 {
            let there = self.fill_buf()?.len().min(left);
            if there == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            self.consume(there);
            left -= there;
        }
        Ok(())
    }

    /// Reads what must follow the last entry, of which the first block of zeros has been read; or it has not,
    /// because the stream ended.
    pub fn finish(&mut self) -> Result<(), Error> {
        let at_end = |fault| Error::archive(b"the end", fault);
        if self.ended {
            return Err(at_end(Fault::Truncated));
        }
        let mut block = [0; BLOCK];
        self.read_exact(&mut block).map_err(Error::Stream)?;
        let more = self.fill_buf().map_err(Error::Stream)?;
        if !more.is_empty() || block != [0; BLOCK] {
            return Err(at_end(Fault::Trailing));
        }
        Ok(())
    }

    /// What `error` really is, if it came from reading: the tar crate's complaints have the same type.
    pub fn explain(&self, error: Error) -> Error {
        match error {
            Error::Stream(cause) if self.failed => Error::Stream(cause),
            Error::Stream(_) if self.ended => Error::archive(b"the archive", Fault::Truncated),
            Error::Stream(cause) => Error::archive(b"an entry", Fault::Damaged(plain(&cause))),
            other => other,
        }
    }
}

impl<R: BufRead> BufRead for Stream<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        loop {
            match self.source.fill_buf() {
                Ok([]) => {
                    self.ended = true;
                    return Ok(&[]);
                }
                Ok(_) => break,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    self.failed = true;
                    return Err(error);
                }
            }
        }
        // The same bytes once more, nothing is read: the borrow checker wouldn't let them out of the loop.
        self.source.fill_buf()
    }

    fn consume(&mut self, count: usize) {
        self.source.consume(count);
    }
}

impl<R: BufRead> Read for Stream<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let there = self.fill_buf()?;
        let count = there.len().min(into.len());
        into[..count].copy_from_slice(&there[..count]);
        self.consume(count);
        Ok(count)
    }
}

/// The error's text, safe for a terminal: it may quote a name from the archive.
pub(super) fn plain(error: &io::Error) -> String {
    error.to_string().escape_debug().to_string()
}
