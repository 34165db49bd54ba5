//! Compression of chunks. A chunk's frame is one codec byte, then the bytes that the codec made.
//!
//! The default level is 1. Measured on 37 npm packages (356 MB, in one run on two cores, without a network): storing took
//! 1.2 s with level 1 and 1.5 s with level 3, and 82 MB instead of 75 MB; 500 MB with a large file took 1.3 s and 1.9 s,
//! 170 MB and 161 MB. At 20 MB/s or more, the lower level is done first, and it leaves more CPU to the tasks that run
//! meanwhile. The window is the chunk: larger ones would make chunks depend on each other. Packages contain the same code
//! several times, megabytes apart, so long matches are searched for in all of it: 26.3 MB instead of 29.7 MB of 141 MB, for
//! a quarter more CPU.

use std::cell::RefCell;
use std::io;
use std::ops::RangeInclusive;

use parking_lot::Mutex;
use zstd::bulk::Decompressor;
use zstd::zstd_safe::CParameter;

use crate::chunk;
use crate::config::Compression;

/// The window: all of the largest chunk. zstd takes less for smaller ones.
const WINDOW_LOG: u32 = chunk::MAX_SIZE.ilog2();

/// The bytes as they are.
const RAW: u8 = 0;
/// One zstd frame (RFC 8878).
const ZSTD: u8 = 1;

/// A frame that can't be decompressed to the expected size.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// No codec byte, or one this version doesn't know.
    #[error("unknown codec {0:?}")]
    UnknownCodec(Option<u8>),
    /// The codec can't decode the bytes.
    #[error("damaged frame")]
    Damaged,
    /// The result is longer or shorter than announced.
    #[error("frame holds another number of bytes than announced")]
    WrongSize,
}

/// Compresses chunk after chunk with one context.
pub struct Compressor {
    zstd: Option<zstd::bulk::Compressor<'static>>,
}

impl Compressor {
    /// A compressor for `compression`.
    pub fn new(compression: Compression) -> io::Result<Self> {
        let zstd = match compression {
            Compression::None => None,
            Compression::Zstd(level) => Some(compressor(level)?),
        };
        Ok(Self { zstd })
    }

    /// Appends a frame with `plain` to `out`; raw where compression doesn't pay.
    pub fn frame(&mut self, plain: &[u8], out: &mut Vec<u8>) -> io::Result<()> {
        let start = out.len();
        if let Some(zstd) = &mut self.zstd {
            out.push(ZSTD);
            out.reserve(zstd::zstd_safe::compress_bound(plain.len()));
            let mut rest = io::Cursor::new(std::mem::take(out));
            rest.set_position(start as u64 + 1);
            let compressed = zstd.compress_to_buffer(plain, &mut rest);
            *out = rest.into_inner();
            if compressed? < plain.len() {
                return Ok(());
            }
            out.truncate(start);
        }
        out.push(RAW);
        out.extend_from_slice(plain);
        Ok(())
    }
}

/// A compressor with a buffer.
pub struct PooledCompressor {
    /// The compressor.
    pub compressor: Compressor,
    /// For the chunk that is being cut, or the object that is being made.
    pub buffer: Vec<u8>,
}

/// The compressors that are not in use. Each is used again, with its buffer: allocating their memory anew takes longer than
/// filling it.
pub struct CompressorPool {
    compression: Compression,
    free: Mutex<Vec<PooledCompressor>>,
}

impl CompressorPool {
    /// An empty pool of compressors for `compression`.
    pub fn new(compression: Compression) -> Self {
        Self {
            compression,
            free: Mutex::default(),
        }
    }

    /// Runs `work` with a compressor, which then returns to the pool.
    pub fn with<T>(&self, work: impl FnOnce(&mut PooledCompressor) -> T) -> io::Result<T> {
        let free = self.free.lock().pop();
        let mut pooled = match free {
            Some(pooled) => pooled,
            None => PooledCompressor {
                compressor: Compressor::new(self.compression)?,
                buffer: Vec::new(),
            },
        };
        let done = work(&mut pooled);
        self.free.lock().push(pooled);
        Ok(done)
    }
}

fn compressor(level: i32) -> io::Result<zstd::bulk::Compressor<'static>> {
    let mut compressor = zstd::bulk::Compressor::new(level)?;
    compressor.set_parameter(CParameter::WindowLog(WINDOW_LOG))?;
    compressor.set_parameter(CParameter::EnableLongDistanceMatching(true))?;
    Ok(compressor)
}

/// How long the frame of `plain` bytes may be, at any level: raw it has one byte more; as zstd (RFC 8878) at least a
/// header of 6 bytes, and a block of 4 bytes for each 128 KiB.
pub fn frame_sizes(plain: usize) -> RangeInclusive<usize> {
    let least = 6 + 4 * plain.div_ceil(128 * 1024);
    1 + least.min(plain)..=1 + plain
}

/// The plain bytes of `frame`, which must be exactly `size`; no more memory than that, or than the largest chunk has, is
/// taken.
pub fn decompress(frame: &[u8], size: usize) -> Result<Vec<u8>, FrameError> {
    let (&codec, bytes) = frame.split_first().ok_or(FrameError::UnknownCodec(None))?;
    let plain = match codec {
        RAW => bytes.to_vec(),
        ZSTD => decompress_zstd(bytes, size).map_err(|_| FrameError::Damaged)?,
        other => return Err(FrameError::UnknownCodec(Some(other))),
    };
    if plain.len() != size {
        return Err(FrameError::WrongSize);
    }
    Ok(plain)
}

/// Decompresses with the thread's own context: making one costs a third of decompressing a small artifact.
fn decompress_zstd(bytes: &[u8], size: usize) -> io::Result<Vec<u8>> {
    thread_local! {
        static CONTEXT: RefCell<Option<Decompressor<'static>>> = const { RefCell::new(None) };
    }
    let mut plain = buffer(size);
    CONTEXT.with_borrow_mut(|context| match context {
        Some(context) => context.decompress_to_buffer(bytes, &mut plain),
        None => context
            .insert(Decompressor::new()?)
            .decompress_to_buffer(bytes, &mut plain),
    })?;
    Ok(plain)
}

/// Buffers of large chunks that are free. What is given back to glibc's allocator often stays with the thread that had it:
/// restoring 300 MB took 30 MB more, and the time to fill new pages.
static FREE: Mutex<Vec<Vec<u8>>> = Mutex::new(Vec::new());
/// How many of them are kept.
const KEPT: usize = 4;
/// Buffers of less than this are not worth it.
const LARGE: usize = 256 << 10;

/// An empty buffer for `size` bytes.
fn buffer(size: usize) -> Vec<u8> {
    if (LARGE..=chunk::MAX_SIZE).contains(&size) {
        let free = FREE.lock().pop();
        free.unwrap_or_else(|| Vec::with_capacity(chunk::MAX_SIZE))
    } else {
        Vec::with_capacity(size)
    }
}

/// Takes back what [`decompress`] returned, for the next chunk.
pub fn recycle(mut plain: Vec<u8>) {
    if plain.capacity() == chunk::MAX_SIZE {
        plain.clear();
        let mut free = FREE.lock();
        if free.len() < KEPT {
            free.push(plain);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(plain: &[u8], compression: Compression) -> Vec<u8> {
        let (mut compressor, mut frame) = (Compressor::new(compression).unwrap(), Vec::new());
        compressor.frame(plain, &mut frame).unwrap();
        frame
    }

    #[test]
    fn every_frame_is_as_long_as_one_may_be() {
        for len in [0, 1, 2, 100, 128 * 1024, 128 * 1024 + 1, crate::chunk::MAX_SIZE] {
            let mut noise = vec![0; len];
            blake3::Hasher::new().finalize_xof().fill(&mut noise);
            for plain in [noise, vec![0; len], b"ab".repeat(len / 2)] {
                for level in [-7, 1, 19] {
                    let frame = frame(&plain, Compression::Zstd(level)).len();
                    assert!(frame_sizes(plain.len()).contains(&frame), "{len}: {frame}");
                }
                let raw = frame(&plain, Compression::None).len();
                assert_eq!(raw, *frame_sizes(plain.len()).end());
            }
        }
    }

    #[test]
    fn every_level_and_none_round_trip() {
        let plain = b"the same words again and again, ".repeat(500);
        let zstd = [1, 3, 19].map(Compression::Zstd);
        for compression in zstd.into_iter().chain([Compression::None]) {
            let frame = frame(&plain, compression);
            assert_eq!(decompress(&frame, plain.len()).unwrap(), plain);
            assert_eq!(frame.len() < plain.len(), compression != Compression::None);
        }
    }

    #[test]
    fn frames_follow_each_other() {
        let mut compressor = Compressor::new(Compression::Zstd(3)).unwrap();
        let mut frames = Vec::new();
        for plain in [&[1; 1000][..], b"x"] {
            compressor.frame(plain, &mut frames).unwrap();
        }
        let (first, second) = frames.split_at(frame(&[1; 1000], Compression::Zstd(3)).len());
        assert_eq!(decompress(first, 1000).unwrap(), [1; 1000]);
        assert_eq!(decompress(second, 1).unwrap(), b"x");
    }

    #[test]
    fn what_comes_twice_in_a_chunk_is_stored_once() {
        let mut noise = vec![0; chunk::MAX_SIZE / 2 - 1024];
        blake3::Hasher::new().finalize_xof().fill(&mut noise);
        let mut plain = noise.clone();
        plain.extend([0; 2048]);
        plain.extend(&noise);
        let frame = frame(&plain, Compression::Zstd(1));
        assert!(frame.len() < noise.len() * 11 / 10, "{}", frame.len());
        assert_eq!(decompress(&frame, plain.len()).unwrap(), plain);
    }

    #[test]
    fn what_does_not_shrink_stays_raw() {
        for plain in [&b""[..], b"x", blake3::hash(b"noise").as_bytes()] {
            let frame = frame(plain, Compression::Zstd(3));
            assert_eq!((frame[0], frame.len()), (RAW, plain.len() + 1));
            assert_eq!(decompress(&frame, plain.len()).unwrap(), plain);
        }
    }

    #[test]
    fn a_bomb_takes_no_more_than_its_announced_size() {
        let bomb = frame(&vec![0; 64 << 20], Compression::Zstd(19));
        assert!(bomb.len() < 10_000);
        assert_eq!(decompress(&bomb, 1000), Err(FrameError::Damaged));
    }

    #[test]
    fn a_buffer_that_was_used_serves_the_next_chunk() {
        for content in [vec![1; LARGE], vec![2; 3 * LARGE], vec![3; 2 * LARGE]] {
            let plain = decompress(&frame(&content, Compression::Zstd(3)), content.len()).unwrap();
            assert!(plain == content);
            recycle(plain);
        }
        for _ in 0..2 * KEPT {
            recycle(Vec::with_capacity(chunk::MAX_SIZE));
        }
        assert!(FREE.lock().len() <= KEPT);
    }

    #[test]
    fn refuses_wrong_sizes_unknown_codecs_and_truncation() {
        let plain = vec![7; 10_000];
        let frame = frame(&plain, Compression::Zstd(3));
        assert_eq!(decompress(&frame, 10_001), Err(FrameError::WrongSize));
        assert_eq!(decompress(&[], 0), Err(FrameError::UnknownCodec(None)));
        assert_eq!(decompress(&[9, 1], 1), Err(FrameError::UnknownCodec(Some(9))));
        for end in 1..frame.len() {
            assert!(decompress(&frame[..end], plain.len()).is_err(), "cut at {end}");
        }
    }
}
