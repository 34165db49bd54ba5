//! Packs one artifact, on a thread of its own: archive → chunks → frames as long as they are few enough for the
//! entry, and then the chunks as they are, to be compressed by whoever has time.

use std::fs::File;
use std::io::{self, BufReader};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use tokio::sync::mpsc;

use super::memory::{Memory, Permit};
use super::namespace::{Name, Namespace};
use crate::archive::{self, Mounts, Packed};
use crate::chunk::{ChunkId, ChunkWriter};
use crate::compress::{Compressor, PooledCompressor};
use crate::config::Compression;
use crate::entry::{ChunkRef, INLINE_LIMIT, Manifest, Producer};
use crate::error::Error;

/// How much of a body is read at once.
const BODY_BUFFER: usize = 128 << 10;

/// An entry that lacks its chunks.
pub struct Draft {
    /// Where it goes.
    pub namespace: Arc<Namespace>,
    /// What it stands for.
    pub name: Name,
    /// The task's exit code.
    pub code: i16,
    /// How its chunks are compressed.
    pub compression: Compression,
    /// Who makes it.
    pub producer: Producer,
}

impl Draft {
    /// Whether the frames may be part of the entry: those of archives are chunks always, to be shared with the next.
    pub fn may_be_inline(&self) -> bool {
        !matches!(self.name, Name::Archive(_))
    }

    /// The id of a chunk.
    pub fn chunk_id(&self, plain: &[u8]) -> ChunkId {
        self.namespace.codec.chunk_id(plain)
    }

    /// The entry object of `files` files in these chunks, whose frames are part of it or in objects of their own.
    pub fn encode(
        &self,
        files: u64,
        chunks: Vec<ChunkRef>,
        frames: Option<Vec<u8>>,
    ) -> Result<Vec<u8>, Error> {
        let sum = |bytes: fn(&ChunkRef) -> u32| chunks.iter().map(bytes).map(u64::from).sum();
        let manifest = Manifest {
            hash: self.name.subject().as_str().to_owned(),
            scope: self.namespace.scope.to_string(),
            code: self.code,
            files,
            size: sum(|chunk| chunk.size),
            stored_size: sum(|chunk| chunk.stored),
            inline: frames.is_some(),
            level: match self.compression {
                Compression::None => None,
                Compression::Zstd(level) => Some(level),
            },
            producer: self.producer.clone(),
            created: SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .unwrap_or_default()
                .as_secs(),
            chunks,
        };
        let codec = &self.namespace.codec;
        let object = codec.encode_entry(self.name.subject(), &manifest, frames.unwrap_or_default());
        object.map_err(|error| Error::Internal(error.to_string()))
    }
}

/// What an artifact is packed from.
pub enum Source {
    /// The outputs of a task.
    Outputs {
        /// Their directory; there may be none.
        directory: PathBuf,
        /// What the task printed.
        terminal_output: String,
        /// When Nx said that the outputs are there.
        queued: SystemTime,
    },
    /// Files and directories.
    Mounts(Mounts),
    /// Bytes that are taken as they are, from where the file stands.
    Body(File),
}

impl Source {
    fn pack(&self, sink: &mut impl archive::Sink) -> Result<Packed, archive::Error> {
        match self {
            Self::Outputs {
                directory,
                terminal_output,
                ..
            } => archive::pack(directory, terminal_output, sink),
            Self::Mounts(mounts) => mounts.pack(sink),
            Self::Body(file) => {
                let mut file = BufReader::with_capacity(BODY_BUFFER, file);
                let bytes = io::copy(&mut file, sink).map_err(archive::Error::Stream)?;
                Ok(Packed {
                    files: 0,
                    bytes,
                    changed: None,
                })
            }
        }
    }

    /// Fails if something was made or removed in the outputs after Nx said that they are there: they may be on their way
    /// out, to make room, and only partly there. A time to come is that of another clock and says nothing.
    fn check(&self, packed: Packed) -> Result<(), archive::Error> {
        match self {
            Self::Outputs {
                directory, queued, ..
            } if packed
                .changed
                .is_some_and(|changed| changed > *queued && changed <= SystemTime::now()) =>
            {
                let path = directory.clone();
                Err(archive::Error::Changed { path })
            }
            _ => Ok(()),
        }
    }
}

/// A chunk that travels in an object of its own.
pub struct Piece {
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
pub struct Product {
    /// The files.
    pub packed: Packed,
    /// The entry object, with everything in it; `None` where the chunks were sent.
    pub entry: Option<Vec<u8>>,
}

/// What packing needs.
pub struct Packer {
    pub draft: Arc<Draft>,
    pub source: Source,
    /// Bytes an archive may have.
    pub max_size: u64,
    /// For chunks, over all artifacts.
    pub memory: Memory,
    pub sender: mpsc::Sender<Piece>,
}

impl Packer {
    /// Packs, and sends chunks that aren't part of the entry.
    pub fn pack(&self, pooled: &mut PooledCompressor) -> Result<Product, Error> {
        let mut packing = Packing {
            packer: self,
            compressor: &mut pooled.compressor,
            size: 0,
            inline: self.draft.may_be_inline().then(Inline::default),
            failure: None,
        };
        let mut writer = ChunkWriter::new(&mut pooled.buffer, |chunk: &[u8]| packing.add(chunk));
        let packed = self.source.pack(&mut writer);
        let finished = writer.finish().map_err(archive::Error::Sink);
        // Our own failure hides behind the sink's; it says more.
        if let Some(failure) = packing.failure {
            return Err(failure);
        }
        let packed = packed?;
        finished?;
        self.source.check(packed)?;
        let entry = packing.inline.map(|inline| {
            self.draft
                .encode(packed.files, inline.chunks, Some(inline.frames))
        });
        Ok(Product {
            packed,
            entry: entry.transpose()?,
        })
    }
}

/// An artifact on its way.
struct Packing<'a> {
    packer: &'a Packer,
    compressor: &'a mut Compressor,
    /// Bytes of the archive so far.
    size: u64,
    /// What there is so far, as long as it is little enough to be inline.
    inline: Option<Inline>,
    failure: Option<Error>,
}

#[derive(Default)]
struct Inline {
    chunks: Vec<ChunkRef>,
    frames: Vec<u8>,
}

impl Packing<'_> {
    /// Takes the next chunk of the archive.
    fn add(&mut self, plain: &[u8]) -> io::Result<()> {
        self.try_add(plain).map_err(|error| {
            let shown = io::Error::other(error.to_string());
            self.failure = Some(error);
            shown
        })
    }

    fn try_add(&mut self, plain: &[u8]) -> Result<(), Error> {
        self.size += plain.len() as u64;
        let limit = self.packer.max_size;
        if self.size > limit {
            return Err(Error::TooLarge { limit });
        }
        let (id, size) = (self.packer.draft.chunk_id(plain), plain.len() as u32);
        let Some(Inline { chunks, frames }) = &mut self.inline else {
            return self.send(id, size, plain, Body::Plain);
        };
        let before = frames.len();
        let framed = self.compressor.frame(plain, frames);
        framed.map_err(|error| Error::Internal(error.to_string()))?;
        let stored = (frames.len() - before) as u32;
        chunks.push(ChunkRef { id, size, stored });
        if frames.len() <= INLINE_LIMIT {
            Ok(())
        } else {
            self.spill()
        }
    }

    /// The artifact is too large to be inline: the frames so far travel on their own, too.
    fn spill(&mut self) -> Result<(), Error> {
        let Inline { chunks, frames } = self.inline.take().unwrap_or_default();
        let mut rest = frames.as_slice();
        for chunk in chunks {
            let (frame, after) = rest.split_at(chunk.stored as usize);
            rest = after;
            self.send(chunk.id, chunk.size, frame, Body::Frame)?;
        }
        Ok(())
    }

    /// Sends a chunk on, once there is memory for it.
    fn send(&self, id: ChunkId, size: u32, bytes: &[u8], body: fn(Vec<u8>) -> Body) -> Result<(), Error> {
        let piece = Piece {
            id,
            size,
            memory: self.packer.memory.acquire_blocking(bytes.len() as u64)?,
            body: body(bytes.to_vec()),
        };
        let sent = self.packer.sender.blocking_send(piece);
        sent.map_err(|_| Error::Off)
    }
}
