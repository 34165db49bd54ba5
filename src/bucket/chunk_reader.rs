//! An artifact's chunks, as they arrive and as one readable stream.

use std::io::{self, BufRead, Read};
use std::mem;

use tokio::sync::mpsc;

use super::memory::Permit;
use crate::compress;
use crate::error::Error;

/// Reads plain chunks one behind the other.
///
/// An error of the iterator ends the stream; it is kept in [`ChunkReader::failure`], since `io::Error` would
/// hide what it means.
pub struct ChunkReader<I> {
    chunks: I,
    current: Vec<u8>,
    /// How much of `current` has been read.
    read: usize,
    /// Why the stream ended early.
    pub failure: Option<Error>,
}

impl<I: Iterator<Item = Result<Vec<u8>, Error>>> ChunkReader<I> {
    /// A stream of `chunks`.
    pub fn new(chunks: I) -> Self {
        Self {
            chunks,
            current: Vec::new(),
            read: 0,
            failure: None,
        }
    }
}

/// The bytes of each chunk are read, and written to files, where they are.
impl<I: Iterator<Item = Result<Vec<u8>, Error>>> BufRead for ChunkReader<I> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        while self.read == self.current.len() {
            self.read = 0;
            compress::recycle(mem::take(&mut self.current)); // before the next one is made
            match self.chunks.next() {
                None => break,
                Some(Ok(chunk)) => self.current = chunk,
                Some(Err(error)) => {
                    let shown = io::Error::other(error.to_string());
                    self.failure = Some(error);
                    return Err(shown);
                }
            }
        }
        Ok(&self.current[self.read..])
    }

    fn consume(&mut self, count: usize) {
        self.read += count;
    }
}

impl<I: Iterator<Item = Result<Vec<u8>, Error>>> Read for ChunkReader<I> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let there = self.fill_buf()?;
        let count = there.len().min(into.len());
        into[..count].copy_from_slice(&there[..count]);
        self.consume(count);
        Ok(count)
    }
}

/// A chunk on its way to be unpacked, and the part of the memory it takes.
pub type FetchedChunk = Result<(Vec<u8>, Permit), Error>;

/// The chunks as they come over the channel; the last one's memory is released with the next.
pub struct Arriving {
    receiver: mpsc::Receiver<FetchedChunk>,
    left: usize,
    held: Option<Permit>,
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
