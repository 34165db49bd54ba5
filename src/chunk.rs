//! Chunks: content-defined pieces of an archive.
//!
//! A change leaves most chunks as they were. A small archive is one chunk. A larger one is cut between files, at names that
//! are always the same: small files share chunks, a large file has chunks of its own. A change to a file then touches one
//! chunk, a new or removed file the one it is in. Large files are cut by FastCDC (Xia et al., USENIX ATC 2016; the 2020
//! revision of the `fastcdc` crate) where their content says so.

use std::collections::VecDeque;
use std::fmt;
use std::io::{self, Write};

use fastcdc::v2020::FastCDC;

use crate::archive::Sink;

/// The largest chunk in bytes.
pub const MAX_SIZE: usize = 4 * 1024 * 1024;

/// A chunk's id: the BLAKE3 digest of its plain bytes, keyed where objects are sealed.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ChunkId([u8; 32]);

/// A text that isn't a chunk id.
#[derive(Debug, thiserror::Error)]
#[error("not a chunk id: expected 64 lower-case hexadecimal digits")]
pub struct InvalidChunkId;

impl ChunkId {
    /// The id of `plain`. With a key, an id reveals a chunk's content only to those who have the key.
    pub fn of(plain: &[u8], key: Option<&[u8; 32]>) -> Self {
        Self(match key {
            Some(key) => *blake3::keyed_hash(key, plain).as_bytes(),
            None => *blake3::hash(plain).as_bytes(),
        })
    }

    /// Parses what [`fmt::Display`] writes.
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

/// Bytes of a file's header in the archive.
const BLOCK: u64 = 512;

/// Small files share chunks of about this many bytes; a file of this size begins a chunk.
///
/// Measured with 37 npm packages of 356 MB after an edit of every twentieth file: of the artifacts beyond the
/// inline limit, 45 % of all bytes were in chunks that changed when chunks had 1 MiB, 31 % with 256 KiB, 15 %
/// with 64 KiB, 8 % with 32 KiB, which would take three times as many requests.
const GROUP: usize = 64 * 1024;
/// Names don't cut off a chunk smaller than this.
const MIN_GROUP: usize = 16 * 1024;

/// The smallest chunk of a large file, the last one excepted.
const MIN_PIECE: usize = 512 * 1024;
/// The usual size of a large file's chunk: a request takes as long as compressing a tenth of it.
const PIECE: usize = 1024 * 1024;

/// Cuts the archive that is written to it into chunks and hands each to `emit`, in order. Takes the memory of the largest
/// chunk.
pub struct ChunkWriter<'a, F> {
    emit: F,
    /// Bytes that are not part of a chunk yet; never reallocated.
    buffer: &'a mut Vec<u8>,
    /// The offsets in the buffer at which names say to cut.
    marks: VecDeque<usize>,
    /// Whether the entry before was a large file.
    after_large: bool,
    /// Whether the archive is more than one chunk.
    cutting: bool,
}

impl<'a, F: FnMut(&[u8]) -> io::Result<()>> ChunkWriter<'a, F> {
    /// A writer whose chunks go to `emit`, and which uses the memory of `buffer`.
    pub fn new(buffer: &'a mut Vec<u8>, emit: F) -> Self {
        buffer.clear();
        buffer.reserve_exact(MAX_SIZE);
        Self {
            emit,
            buffer,
            marks: VecDeque::new(),
            after_large: false,
            cutting: false,
        }
    }

    /// Emits the rest. An empty stream has no chunk.
    pub fn finish(mut self) -> io::Result<()> {
        if self.cutting {
            self.cut(true)
        } else if self.buffer.is_empty() {
            Ok(())
        } else {
            (self.emit)(self.buffer)
        }
    }

    /// Emits the chunks whose ends are certain whatever follows; `last` says that nothing does.
    fn cut(&mut self, last: bool) -> io::Result<()> {
        let mut start = 0;
        while start < self.buffer.len() {
            while self.marks.front().is_some_and(|mark| *mark < start + MIN_GROUP) {
                self.marks.pop_front();
            }
            let limit = self.marks.front().copied().unwrap_or(self.buffer.len());
            let end = start + piece(&self.buffer[start..limit]);
            let certain = end < self.buffer.len() || end - start == MAX_SIZE;
            if !certain && !last {
                break;
            }
            (self.emit)(&self.buffer[start..end])?;
            start = end;
        }
        self.buffer.drain(..start);
        self.marks.iter_mut().for_each(|mark| *mark -= start);
        Ok(())
    }
}

impl<F: FnMut(&[u8]) -> io::Result<()>> Sink for ChunkWriter<'_, F> {
    fn entry(&mut self, name: &[u8], size: u64) {
        let large = size >= GROUP as u64;
        if large || self.after_large || is_landmark(name, size) {
            self.marks.push_back(self.buffer.len());
        }
        self.after_large = large;
    }
}

impl<F: FnMut(&[u8]) -> io::Result<()>> Write for ChunkWriter<'_, F> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.buffer.len() == MAX_SIZE {
            self.cutting = true;
            self.cut(false)?;
        }
        let taken = bytes.len().min(MAX_SIZE - self.buffer.len());
        self.buffer.extend_from_slice(&bytes[..taken]);
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Whether a name says to cut before its entry. The larger the entries, the more names do, so that chunks have about the same
/// size whatever that of the files.
fn is_landmark(name: &[u8], size: u64) -> bool {
    let [a, b, c, d, ..] = *blake3::hash(name).as_bytes();
    let chance = u32::from_le_bytes([a, b, c, d]) % GROUP as u32;
    u64::from(chance) < size + BLOCK
}

/// The size of the first chunk of `bytes`.
fn piece(bytes: &[u8]) -> usize {
    FastCDC::new(bytes, MIN_PIECE, PIECE, MAX_SIZE)
        .cut(0, bytes.len())
        .1
}

#[cfg(test)]
mod tests {
    use super::*;

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
        let (upper, long, slash) = (id.to_uppercase(), format!("{id}0"), id.replace(&id[..1], "/"));
        for text in ["", "..", &id[1..], &upper, &long, &slash] {
            assert!(ChunkId::parse(text).is_err(), "{text:?}");
        }
    }

    /// An archive, roughly: names and contents of files.
    type Files = Vec<(String, Vec<u8>)>;

    /// What becomes of `files`, when no write has more than `step` bytes.
    fn chunks(files: &Files, step: usize) -> Vec<Vec<u8>> {
        let mut chunks = Vec::new();
        let mut buffer = Vec::new();
        let mut writer = ChunkWriter::new(&mut buffer, |chunk: &[u8]| {
            chunks.push(chunk.to_vec());
            Ok(())
        });
        for (name, content) in files {
            writer.entry(name.as_bytes(), content.len() as u64);
            for piece in content.chunks(step) {
                writer.write_all(piece).unwrap();
            }
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

    /// 3,000 files of 1 to 8 KiB, and one of 9 MiB in the middle.
    fn package() -> Files {
        let file = |n: usize| (format!("lib/{n:04}.js"), noise(1024 + n * 7919 % 7168, n as u8));
        let mut files: Files = (0..3000).map(file).collect();
        files.insert(1500, ("lib/1500.large".into(), noise(9 << 20, 1)));
        files
    }

    #[test]
    fn every_stream_is_the_sum_of_its_chunks() {
        for len in [0, 1, MIN_PIECE, MAX_SIZE - 1, MAX_SIZE, MAX_SIZE + 1, 9 << 20] {
            let stream = noise(len, 1);
            let chunks = chunks(&vec![("a".into(), stream.clone())], MAX_SIZE);
            assert_eq!(chunks.concat(), stream, "{len} bytes");
            assert!(chunks.iter().all(|chunk| (1..=MAX_SIZE).contains(&chunk.len())));
        }
    }

    #[test]
    fn a_small_archive_is_one_chunk() {
        let mut files = package();
        files.truncate(500);
        assert_eq!(chunks(&files, MAX_SIZE).len(), 1);
    }

    #[test]
    fn cuts_do_not_depend_on_how_the_stream_arrives() {
        let whole = chunks(&package(), MAX_SIZE);
        assert!(whole.len() > 30, "{} chunks", whole.len());
        assert_eq!(whole, chunks(&package(), 77));
        assert_eq!(whole, chunks(&package(), 77_777));
    }

    /// How many bytes are in new chunks after `change`.
    fn new_bytes(change: impl FnOnce(&mut Files)) -> usize {
        let before = chunks(&package(), MAX_SIZE);
        let mut after = package();
        change(&mut after);
        let after = chunks(&after, MAX_SIZE).into_iter();
        let new = after.filter(|chunk| !before.contains(chunk));
        new.map(|chunk| chunk.len()).sum()
    }

    #[test]
    fn a_changed_or_removed_file_touches_little() {
        let changed = new_bytes(|files| files[700].1.extend(b"more"));
        assert!((1..8 * GROUP).contains(&changed), "{changed} bytes");
        let removed = new_bytes(|files| drop(files.remove(700)));
        assert!((1..8 * GROUP).contains(&removed), "{removed} bytes");
    }

    #[test]
    fn an_insertion_into_a_large_file_leaves_most_of_it_alone() {
        let new = new_bytes(|files| drop(files[1500].1.splice(3 << 20..3 << 20, *b"a few new bytes")));
        assert!((1..MAX_SIZE).contains(&new), "{new} bytes");
    }
}
