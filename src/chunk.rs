//! Content-defined chunks of a byte stream, and their ids.
//!
//! FastCDC (Xia et al., USENIX ATC 2016; the 2020 revision of the `fastcdc` crate) cuts where the content
//! says so, so that bytes inserted into a stream change only the chunks around them.

use std::fmt;
use std::io::{self, Write};

use fastcdc::v2020::FastCDC;

/// The smallest chunk in bytes, the last one of a stream excepted.
pub const MIN_SIZE: usize = 256 * 1024;
/// The usual size of a chunk in bytes.
pub const AVERAGE_SIZE: usize = 1024 * 1024;
/// The largest chunk in bytes: what a reader must be ready to hold.
pub const MAX_SIZE: usize = 4 * 1024 * 1024;

/// A chunk's name: the BLAKE3 digest of its plain bytes, keyed where objects are sealed.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ChunkId([u8; 32]);

/// A text that is not a chunk id.
#[derive(Debug, thiserror::Error)]
#[error("not a chunk id: expected 64 lower-case hexadecimal digits")]
pub struct InvalidChunkId;

impl ChunkId {
    /// The id of `plain`. With a key, nobody without it can tell what a chunk contains from its id.
    pub fn of(plain: &[u8], key: Option<&[u8; 32]>) -> Self {
        Self(match key {
            Some(key) => *blake3::keyed_hash(key, plain).as_bytes(),
            None => *blake3::hash(plain).as_bytes(),
        })
    }

    /// Reads the form that [`fmt::Display`] writes.
    pub fn parse(text: &str) -> Result<Self, InvalidChunkId> {
        let mut id = [0; 32];
        hex::decode_to_slice(text, &mut id).map_err(|_| InvalidChunkId)?;
        if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
            return Err(InvalidChunkId);
        }
        Ok(Self(id))
    }

    /// The digest.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for ChunkId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for ChunkId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ChunkId({self})")
    }
}

/// Cuts what is written to it into chunks and hands each to `emit`, in order. Holds one chunk at most.
pub struct ChunkWriter<F> {
    emit: F,
    /// Bytes that are not part of a chunk yet; never reallocated.
    buffer: Vec<u8>,
}

impl<F: FnMut(&[u8]) -> io::Result<()>> ChunkWriter<F> {
    /// A writer whose chunks go to `emit`.
    pub fn new(emit: F) -> Self {
        Self {
            emit,
            buffer: Vec::new(),
        }
    }

    /// Emits what is left. An empty stream has no chunk.
    pub fn finish(mut self) -> io::Result<()> {
        let mut start = 0;
        while start < self.buffer.len() {
            let end = cut(&self.buffer, start);
            (self.emit)(&self.buffer[start..end])?;
            start = end;
        }
        Ok(())
    }
}

impl<F: FnMut(&[u8]) -> io::Result<()>> Write for ChunkWriter<F> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = bytes.len().min(MAX_SIZE - self.buffer.len());
        self.buffer.extend_from_slice(&bytes[..taken]);
        if self.buffer.len() == MAX_SIZE {
            // The cut depends on up to MAX_SIZE bytes, so that it is the same however the stream arrives.
            let end = cut(&self.buffer, 0);
            (self.emit)(&self.buffer[..end])?;
            self.buffer.drain(..end);
        }
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Where the chunk that begins at `start` ends.
fn cut(buffer: &[u8], start: usize) -> usize {
    FastCDC::new(buffer, MIN_SIZE, AVERAGE_SIZE, MAX_SIZE)
        .cut(start, buffer.len() - start)
        .1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chunks(pieces: impl IntoIterator<Item = impl AsRef<[u8]>>) -> Vec<Vec<u8>> {
        let mut chunks = Vec::new();
        let mut writer = ChunkWriter::new(|chunk: &[u8]| {
            chunks.push(chunk.to_vec());
            Ok(())
        });
        for piece in pieces {
            writer.write_all(piece.as_ref()).unwrap();
        }
        writer.finish().unwrap();
        chunks
    }

    fn noise(len: usize, seed: u8) -> Vec<u8> {
        let mut bytes = vec![0; len];
        blake3::Hasher::new_keyed(&[seed; 32])
            .finalize_xof()
            .fill(&mut bytes);
        bytes
    }

    #[test]
    fn chunks_add_up_to_the_stream_at_every_boundary_length() {
        for len in [
            0,
            1,
            MIN_SIZE - 1,
            MIN_SIZE,
            MIN_SIZE + 1,
            MAX_SIZE - 1,
            MAX_SIZE,
            MAX_SIZE + 1,
            9 << 20,
        ] {
            let stream = noise(len, 1);
            let chunks = chunks([&stream]);
            assert_eq!(chunks.concat(), stream, "{len} bytes");
            assert!(
                chunks
                    .iter()
                    .all(|chunk| !chunk.is_empty() && chunk.len() <= MAX_SIZE)
            );
            assert!(chunks.iter().rev().skip(1).all(|chunk| chunk.len() >= MIN_SIZE));
        }
    }

    #[test]
    fn cuts_do_not_depend_on_how_the_stream_arrives() {
        let stream = noise(11 << 20, 2);
        let whole = chunks([&stream]);
        assert!(whole.len() > 5, "{} chunks", whole.len());
        assert_eq!(whole, chunks(stream.chunks(77_777)));
    }

    #[test]
    fn an_insertion_leaves_the_chunks_far_from_it_alone() {
        let stream = noise(16 << 20, 3);
        let mut edited = stream.clone();
        edited.splice(5 << 20..5 << 20, *b"a few new bytes");
        let (before, after) = (chunks([stream]), chunks([edited]));
        let kept = after.iter().filter(|chunk| before.contains(chunk)).count();
        assert!(kept + 3 >= after.len(), "{kept} of {} chunks kept", after.len());
    }

    #[test]
    fn ids_depend_on_content_and_key() {
        let plain = ChunkId::of(b"x", None);
        assert_eq!(plain.to_string(), blake3::hash(b"x").to_hex().as_str());
        assert_ne!(plain, ChunkId::of(b"x", Some(&[7; 32])));
        assert_eq!(ChunkId::parse(&plain.to_string()).unwrap(), plain);
    }

    #[test]
    fn refuses_ids_that_could_name_another_key() {
        let id = ChunkId::of(b"x", None).to_string();
        for text in [
            "",
            "..",
            &id[1..],
            &id.to_uppercase(),
            &format!("{id}0"),
            &id.replace(&id[..1], "/"),
        ] {
            assert!(ChunkId::parse(text).is_err(), "{text:?}");
        }
    }
}
