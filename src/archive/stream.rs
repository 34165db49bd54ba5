//! The bytes of an archive as they come in, watched, so that a failed source, a stream that ended early and
//! an archive that makes no sense can be told apart.

use std::io::{self, Read};

use super::{Error, Fault};

/// The unit of a tar stream.
pub(super) const BLOCK: usize = 512;

/// A reader that remembers how reading went.
pub(super) struct Stream<R> {
    source: R,
    failed: bool,
    ended: bool,
}

impl<R: Read> Stream<R> {
    pub fn new(source: R) -> Self {
        Self {
            source,
            failed: false,
            ended: false,
        }
    }

    /// Reads what must follow the last entry. The tar crate stops at one block of zeros, and also where the
    /// stream does.
    pub fn finish(&mut self) -> Result<(), Error> {
        let at_end = |fault| Error::archive(b"the end", fault);
        if self.ended {
            return Err(at_end(Fault::Truncated));
        }
        let mut block = [0; BLOCK];
        self.read_exact(&mut block).map_err(Error::Stream)?;
        let more = self.read(&mut [0]).map_err(Error::Stream)?;
        if more != 0 || block != [0; BLOCK] {
            return Err(at_end(Fault::Trailing));
        }
        Ok(())
    }

    /// What `error` really is, if it came from reading. The tar crate reports all there is with one type.
    pub fn explain(&self, error: Error) -> Error {
        match error {
            Error::Stream(cause) if self.failed => Error::Stream(cause),
            Error::Stream(_) if self.ended => Error::archive(b"the archive", Fault::Truncated),
            Error::Stream(cause) => Error::archive(b"an entry", Fault::Damaged(plain(&cause))),
            other => other,
        }
    }
}

impl<R: Read> Read for Stream<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.source.read(into) {
                Ok(0) => {
                    self.ended |= !into.is_empty();
                    return Ok(0);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    self.failed = true;
                    return Err(error);
                }
                read => return read,
            }
        }
    }
}

/// The error's text, safe for a terminal: it may quote a name from the archive.
pub(super) fn plain(error: &io::Error) -> String {
    error.to_string().escape_debug().to_string()
}
