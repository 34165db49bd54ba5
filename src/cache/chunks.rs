//! An artifact's chunks, as they arrive and as one readable stream.

use std::io::{self, Read};

use tokio::sync::{OwnedSemaphorePermit, mpsc};

use crate::error::Error;

/// Reads plain chunks one behind the other.
///
/// An error of the iterator ends the stream; it is kept in [`ChunkReader::failure`], since `io::Error` would
/// hide what it means.
pub struct ChunkReader<I> {
    chunks: I,
    current: io::Cursor<Vec<u8>>,
    /// Why the stream ended early.
    pub failure: Option<Error>,
}

impl<I: Iterator<Item = Result<Vec<u8>, Error>>> ChunkReader<I> {
    /// A stream of `chunks`.
    pub fn new(chunks: I) -> Self {
        Self {
            chunks,
            current: io::Cursor::default(),
            failure: None,
        }
    }
}

impl<I: Iterator<Item = Result<Vec<u8>, Error>>> Read for ChunkReader<I> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        loop {
            let read = self.current.read(into)?;
            if read > 0 || into.is_empty() {
                return Ok(read);
            }
            match self.chunks.next() {
                None => return Ok(0),
                Some(Ok(chunk)) => self.current = io::Cursor::new(chunk),
                Some(Err(error)) => {
                    let told = io::Error::other(error.to_string());
                    self.failure = Some(error);
                    return Err(told);
                }
            }
        }
    }
}

/// A chunk on its way to be unpacked, and the part of the memory it takes.
pub type FetchedChunk = Result<(Vec<u8>, OwnedSemaphorePermit), Error>;

/// The chunks as they come over the channel; the last one's memory is released with the next.
pub struct Arriving {
    receiver: mpsc::Receiver<FetchedChunk>,
    left: usize,
    held: Option<OwnedSemaphorePermit>,
}

impl Arriving {
    /// The `count` chunks that `receiver` will get, unless something goes wrong.
    pub fn new(receiver: mpsc::Receiver<FetchedChunk>, count: usize) -> Self {
        Self {
            receiver,
            left: count,
            held: None,
        }
    }
}

impl Iterator for Arriving {
    type Item = Result<Vec<u8>, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        self.held = None;
        self.left = self.left.checked_sub(1)?;
        // A stream that ends early must not look like one that is complete.
        let interrupted = || Err(Error::Internal("the chunks stopped arriving".into()));
        let chunk = self.receiver.blocking_recv().unwrap_or_else(interrupted);
        Some(chunk.map(|(plain, memory)| {
            self.held = Some(memory);
            plain
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_read_as_one_stream() {
        let chunks = [b"ab".to_vec(), vec![], b"c".to_vec()].map(Ok);
        let mut text = String::new();
        ChunkReader::new(chunks.into_iter())
            .read_to_string(&mut text)
            .unwrap();
        assert_eq!(text, "abc");
    }

    #[test]
    fn a_failing_chunk_fails_the_stream_and_is_kept() {
        let mut reader = ChunkReader::new([Ok(b"ab".to_vec()), Err(Error::Deadline)].into_iter());
        assert!(reader.read_to_end(&mut Vec::new()).is_err());
        assert!(matches!(reader.failure, Some(Error::Deadline)));
    }
}
