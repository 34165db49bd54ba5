//! Packs one artifact, on a thread of its own: archive → chunks → frames as long as they are few enough for the
//! entry, and then the chunks as they are, to be compressed by whoever has time.

use std::io;
use std::path::Path;
use std::time::SystemTime;

use tokio::runtime::Handle;
use tokio::sync::mpsc;

use super::compressor_pool::PooledCompressor;
use super::memory_budget::{MemoryBudget, Permit};
use crate::archive::{self, Packed};
use crate::chunk::{ChunkId, ChunkWriter, MAX_SIZE};
use crate::compress::Compressor;
use crate::entry::{self, ChunkRef, Codec, Manifest};
use crate::error::Error;
use crate::task_hash::TaskHash;

/// Frames of up to this many bytes together travel in the entry object.
pub const INLINE_LIMIT: usize = 4 * 1024 * 1024;

/// The bytes of memory one packer takes: the chunk to come, the frames so far, and the one that is too much. As many
/// packers as there may be leave room for chunks, which is what they wait for.
pub const PACKER_MEMORY: u64 = (2 * MAX_SIZE + INLINE_LIMIT) as u64;

/// A chunk that travels in an object of its own.
pub struct Piece {
    /// Which of the artifact's chunks it is.
    pub at: usize,
    /// Its id.
    pub id: ChunkId,
    /// Its plain bytes.
    pub size: u32,
    /// What is there of it.
    pub body: Body,
    /// The memory that takes.
    pub memory: Permit,
}

/// A chunk before or after compression.
pub enum Body {
    Plain(Vec<u8>),
    Frame(Vec<u8>),
}

/// What packing came to.
pub enum Product {
    /// An entry with everything in it.
    Entry(Vec<u8>),
    /// A manifest that lacks only what compressing the chunks tells.
    InChunks(Box<Manifest>),
}

impl Product {
    /// Its bytes, as far as they count beside chunks.
    pub fn bytes(&self) -> u64 {
        match self {
            Self::Entry(object) => object.len() as u64,
            Self::InChunks(_) => 0,
        }
    }
}

/// What packing needs beside the artifact.
pub struct Packer {
    pub codec: Codec,
    pub hash: TaskHash,
    /// When Nx said that the outputs are there.
    pub queued: SystemTime,
    /// Bytes an archive may have.
    pub max_size: u64,
    /// For chunks, over all artifacts.
    pub memory: MemoryBudget,
    pub sender: mpsc::Sender<Piece>,
}

impl Packer {
    /// Packs the outputs in `source`, and completes `manifest`.
    pub fn pack(
        &self,
        pooled: &mut PooledCompressor,
        manifest: Manifest,
        source: &Path,
        terminal_output: &str,
    ) -> Result<Product, Error> {
        let mut packing = Packing {
            packer: self,
            compressor: &mut pooled.compressor,
            manifest,
            inline: Some(Vec::new()),
            failure: None,
        };
        let mut writer = ChunkWriter::new(&mut pooled.buffer, |chunk: &[u8]| packing.add(chunk));
        let packed = archive::pack(source, terminal_output, &mut writer);
        let finished = writer.finish().map_err(archive::Error::Sink);
        // Our own failure hides behind the sink's; it says more.
        if let Some(failure) = packing.failure {
            return Err(failure);
        }
        let packed = packed?;
        finished?;
        if self.came_late(packed) {
            let path = source.to_owned();
            return Err(archive::Error::Changed { path }.into());
        }
        packing.manifest.files = packed.files;
        self.product(packing.manifest, packing.inline)
    }

    /// Whether something was made or removed in the outputs after Nx said that they are there: they may be on their
    /// way out, to make room, and only partly there. A time to come is that of another clock and says nothing.
    fn came_late(&self, packed: Packed) -> bool {
        packed
            .changed
            .is_some_and(|changed| changed > self.queued && changed <= SystemTime::now())
    }

    fn product(&self, mut manifest: Manifest, inline: Option<Vec<u8>>) -> Result<Product, Error> {
        let Some(frames) = inline else {
            return Ok(Product::InChunks(Box::new(manifest)));
        };
        manifest.inline = true;
        manifest.stored_size = frames.len() as u64;
        let object = self.codec.encode_entry(&self.hash, &manifest, frames);
        object
            .map(Product::Entry)
            .map_err(|error: entry::Error| Error::Internal(error.to_string()))
    }
}

/// An artifact on its way.
struct Packing<'a> {
    packer: &'a Packer,
    compressor: &'a mut Compressor,
    manifest: Manifest,
    /// The frames so far, as long as they are few enough to be inline.
    inline: Option<Vec<u8>>,
    failure: Option<Error>,
}

impl Packing<'_> {
    /// Takes the next chunk of the archive.
    fn add(&mut self, plain: &[u8]) -> io::Result<()> {
        self.manifest.size += plain.len() as u64;
        let limit = self.packer.max_size;
        if self.manifest.size > limit {
            return self.fail(Error::TooLarge { limit });
        }
        let mut chunk = ChunkRef {
            id: self.packer.codec.chunk_id(plain),
            size: plain.len() as u32,
            stored: 0,
        };
        let Some(inline) = &mut self.inline else {
            self.manifest.chunks.push(chunk);
            return self.send(self.manifest.chunks.len() - 1, plain, Body::Plain);
        };
        let before = inline.len();
        self.compressor.frame(plain, inline)?;
        chunk.stored = (inline.len() - before) as u32;
        self.manifest.chunks.push(chunk);
        if inline.len() <= INLINE_LIMIT {
            Ok(())
        } else {
            self.spill()
        }
    }

    /// The artifact is too large to be inline: the frames so far travel on their own, too.
    fn spill(&mut self) -> io::Result<()> {
        let inline = self.inline.take().unwrap_or_default();
        let mut rest = inline.as_slice();
        for at in 0..self.manifest.chunks.len() {
            let (frame, after) = rest.split_at(self.manifest.chunks[at].stored as usize);
            rest = after;
            self.send(at, frame, Body::Frame)?;
        }
        Ok(())
    }

    /// Sends a chunk on, once there is memory for it.
    fn send(&mut self, at: usize, bytes: &[u8], body: fn(Vec<u8>) -> Body) -> io::Result<()> {
        let memory = self.packer.memory.acquire(bytes.len() as u64);
        let Ok(memory) = Handle::current().block_on(memory) else {
            return self.fail(Error::Off);
        };
        let piece = Piece {
            at,
            id: self.manifest.chunks[at].id,
            size: self.manifest.chunks[at].size,
            body: body(bytes.to_vec()),
            memory,
        };
        match self.packer.sender.blocking_send(piece) {
            Ok(()) => Ok(()),
            Err(_) => self.fail(Error::Off),
        }
    }

    fn fail(&mut self, error: Error) -> io::Result<()> {
        let told = io::Error::other(error.to_string());
        self.failure = Some(error);
        Err(told)
    }
}
