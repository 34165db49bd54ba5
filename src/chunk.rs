//! Chunks: content-defined pieces of an archive.
//!
//! A change leaves most chunks as they were. A small archive is one chunk. A larger one is cut between files, at names that
//! are always the same: small files share chunks, a large file has chunks of its own. A file of more than a chunk is cut by
//! FastCDC (Xia et al., USENIX ATC 2016; the 2020 revision of the `fastcdc` crate) where its content says so.

use std::collections::VecDeque;
use std::fmt;
use std::io::{self, Write};

use fastcdc::v2020::FastCDC;

use crate::archive::Sink;

/// The usual size of a chunk in bytes. A put costs as much as keeping 217 kB for a month; `examples/chunk_sizes.rs` weighs
/// that against what smaller chunks save where little changes, and finds larger ones cheaper, but they take memory.
pub const AVERAGE: usize = 4 * 1024 * 1024;

/// The largest chunk in bytes.
pub const MAX_SIZE: usize = 2 * AVERAGE;

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

/// Cuts the archive that is written to it into chunks and hands each to `emit`, in order. Takes the memory of the largest
/// chunk.
pub struct ChunkWriter<'a, F> {
    emit: F,
    /// The usual size of a chunk; the largest is twice as large, the smallest between two names half of it.
    average: usize,
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
        Self::with_average(AVERAGE, buffer, emit)
    }

    /// The same with chunks of another usual size, between 256 bytes and 4 MiB.
    pub fn with_average(average: usize, buffer: &'a mut Vec<u8>, emit: F) -> Self {
        buffer.clear();
        buffer.reserve_exact(2 * average);
        Self {
            emit,
            average,
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
        let (smallest, largest) = (self.average / 2, 2 * self.average);
        let mut start = 0;
        while start < self.buffer.len() {
            while self.marks.front().is_some_and(|mark| *mark < start + smallest) {
                self.marks.pop_front();
            }
            let rest = &self.buffer[start..];
            let end = match self.marks.front() {
                Some(mark) => *mark,
                None if last => self.buffer.len(),
                None if rest.len() == largest => start + self.piece(rest),
                None => break,
            };
            (self.emit)(&self.buffer[start..end])?;
            start = end;
        }
        self.buffer.drain(..start);
        self.marks.iter_mut().for_each(|mark| *mark -= start);
        Ok(())
    }

    /// The size of the first chunk of `bytes`, which are as many as a chunk may have and belong to one file, or to files
    /// whose names say nothing.
    fn piece(&self, bytes: &[u8]) -> usize {
        FastCDC::new(bytes, self.average / 4, self.average, 2 * self.average)
            .cut(0, bytes.len())
            .1
    }

    /// Whether a name says to cut before its entry. The larger the entries, the more names do, so that chunks have about
    /// the same size whatever that of the files.
    fn is_landmark(&self, name: &[u8], size: u64) -> bool {
        let [a, b, c, d, ..] = *blake3::hash(name).as_bytes();
        let chance = u32::from_le_bytes([a, b, c, d]) % self.average as u32;
        u64::from(chance) < size + BLOCK
    }
}

impl<F: FnMut(&[u8]) -> io::Result<()>> Sink for ChunkWriter<'_, F> {
    fn entry(&mut self, name: &[u8], size: u64) {
        let large = size >= self.average as u64;
        if large || self.after_large || self.is_landmark(name, size) {
            self.marks.push_back(self.buffer.len());
        }
        self.after_large = large;
    }
}

impl<F: FnMut(&[u8]) -> io::Result<()>> Write for ChunkWriter<'_, F> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let largest = 2 * self.average;
        if self.buffer.len() == largest {
            self.cutting = true;
            self.cut(false)?;
        }
        let taken = bytes.len().min(largest - self.buffer.len());
        self.buffer.extend_from_slice(&bytes[..taken]);
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
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

    /// As large in comparison with [`package`] as [`AVERAGE`] is with real ones.
    const SMALL: usize = 64 * 1024;

    /// What becomes of `files` in chunks of about `average` bytes, when no write has more than `step`.
    fn chunks(average: usize, files: &Files, step: usize) -> Vec<Vec<u8>> {
        let mut chunks = Vec::new();
        let mut buffer = Vec::new();
        let mut writer = ChunkWriter::with_average(average, &mut buffer, |chunk: &[u8]| {
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
        for len in [0, 1, AVERAGE, MAX_SIZE - 1, MAX_SIZE, MAX_SIZE + 1, 3 * MAX_SIZE] {
            let stream = noise(len, 1);
            let chunks = chunks(AVERAGE, &vec![("a".into(), stream.clone())], MAX_SIZE);
            assert!(chunks.concat() == stream, "{len} bytes");
            assert!(chunks.iter().all(|chunk| (1..=MAX_SIZE).contains(&chunk.len())));
        }
    }

    #[test]
    fn an_archive_has_about_one_chunk_for_each_four_mebibytes() {
        let (files, all) = (package(), 22 << 20);
        let chunks = chunks(AVERAGE, &files, MAX_SIZE);
        assert!(chunks.concat().len() > all && chunks.len() <= 1 + all / AVERAGE);
        assert!(chunks.iter().all(|chunk| chunk.len() <= MAX_SIZE));
    }

    #[test]
    fn a_small_archive_is_one_chunk() {
        let mut files = package();
        files.truncate(250);
        assert_eq!(chunks(AVERAGE, &files, MAX_SIZE).len(), 1);
    }

    #[test]
    fn cuts_do_not_depend_on_how_the_stream_arrives() {
        let whole = chunks(SMALL, &package(), MAX_SIZE);
        assert!(whole.len() > 100, "{} chunks", whole.len());
        assert_eq!(whole, chunks(SMALL, &package(), 77));
        assert_eq!(whole, chunks(SMALL, &package(), 77_777));
    }

    /// How many bytes are in new chunks after `change`.
    fn new_bytes(change: impl FnOnce(&mut Files)) -> usize {
        let before = chunks(SMALL, &package(), MAX_SIZE);
        let mut after = package();
        change(&mut after);
        let after = chunks(SMALL, &after, MAX_SIZE).into_iter();
        let new = after.filter(|chunk| !before.contains(chunk));
        new.map(|chunk| chunk.len()).sum()
    }

    #[test]
    fn a_changed_or_removed_file_touches_little() {
        let changed = new_bytes(|files| files[700].1.extend(b"more"));
        assert!((1..4 * SMALL).contains(&changed), "{changed} bytes");
        let removed = new_bytes(|files| drop(files.remove(700)));
        assert!((1..4 * SMALL).contains(&removed), "{removed} bytes");
    }

    #[test]
    fn an_insertion_into_a_large_file_leaves_most_of_it_alone() {
        let new = new_bytes(|files| drop(files[1500].1.splice(3 << 20..3 << 20, *b"a few new bytes")));
        assert!((1..8 * SMALL).contains(&new), "{new} bytes");
    }
}
