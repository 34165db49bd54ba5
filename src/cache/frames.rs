//! An artifact's chunks as one readable stream.

use std::io::{self, Read};

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
