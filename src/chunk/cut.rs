//! Where an archive is cut into chunks, so that a change leaves most of them as they were.
//!
//! A small archive is one chunk. A larger one is cut between files, at names that are always the same ones:
//! small files share chunks, a large file has chunks of its own. A change to a file then touches one chunk, a
//! new or removed file the one it is in. Within large files FastCDC (Xia et al., USENIX ATC 2016; the 2020
//! revision of the `fastcdc` crate) cuts where the content says so.

use std::collections::VecDeque;
use std::io::{self, Write};

use fastcdc::v2020::FastCDC;

use super::MAX_SIZE;
use crate::archive::Sink;

/// What a header adds to the size of a file.
const BLOCK: u64 = 512;

/// Small files share chunks of about this many bytes; a file of this size begins a chunk.
///
/// Measured with 37 npm packages of 356 MB after an edit of every twentieth file: of the artifacts beyond the
/// inline limit, 45 % of all bytes were in chunks that changed when chunks had 1 MiB, 31 % with 256 KiB, 15 %
/// with 64 KiB, 8 % with 32 KiB, which would take three times as many requests.
const GROUP: usize = 64 * 1024;
/// Names don't cut off less than this.
const MIN_GROUP: usize = 16 * 1024;

/// The smallest piece of a large file, the last one excepted.
const MIN_PIECE: usize = 512 * 1024;
/// The usual size of a piece: a request takes as long as compressing a tenth of it.
const PIECE: usize = 1024 * 1024;

/// Cuts the archive that is written to it into chunks and hands each to `emit`, in order. Takes the memory of
/// the largest chunk.
pub struct ChunkWriter<'a, F> {
    emit: F,
    /// Bytes that are not part of a chunk yet; never reallocated.
    buffer: &'a mut Vec<u8>,
    /// Where in the buffer names say to cut.
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

    /// Emits what is left. An empty stream has no chunk.
    pub fn finish(mut self) -> io::Result<()> {
        if self.cutting {
            self.cut(true)
        } else if self.buffer.is_empty() {
            Ok(())
        } else {
            (self.emit)(self.buffer)
        }
    }

    /// Emits the chunks whose ends are certain whatever comes next; `last` says that nothing comes.
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

/// Whether a name says to cut before its entry. The larger the entries, the more names do, so that chunks have
/// about the same size whatever that of the files.
fn is_landmark(name: &[u8], size: u64) -> bool {
    let [a, b, c, d, ..] = *blake3::hash(name).as_bytes();
    let chance = u32::from_le_bytes([a, b, c, d]) % GROUP as u32;
    u64::from(chance) < size + BLOCK
}

/// How many of `bytes` are the first piece.
fn piece(bytes: &[u8]) -> usize {
    FastCDC::new(bytes, MIN_PIECE, PIECE, MAX_SIZE)
        .cut(0, bytes.len())
        .1
}

#[cfg(test)]
mod tests {
    use super::*;

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

    /// How many bytes of the chunks of `after` are in none of `before`.
    fn new_bytes(before: &Files, after: &Files) -> usize {
        let before = chunks(before, MAX_SIZE);
        let after = chunks(after, MAX_SIZE).into_iter();
        after
            .filter(|chunk| !before.contains(chunk))
            .map(|chunk| chunk.len())
            .sum()
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

    #[test]
    fn a_changed_file_touches_little() {
        let (before, mut after) = (package(), package());
        after[700].1.extend(b"more");
        let new = new_bytes(&before, &after);
        assert!((1..8 * GROUP).contains(&new), "{new} bytes");
    }

    #[test]
    fn a_removed_file_touches_little() {
        let (before, mut after) = (package(), package());
        after.remove(700);
        let new = new_bytes(&before, &after);
        assert!((1..8 * GROUP).contains(&new), "{new} bytes");
    }

    #[test]
    fn an_insertion_into_a_large_file_leaves_most_of_it_alone() {
        let (before, mut after) = (package(), package());
        after[1500].1.splice(3 << 20..3 << 20, *b"a few new bytes");
        let new = new_bytes(&before, &after);
        assert!((1..MAX_SIZE).contains(&new), "{new} bytes");
    }
}
