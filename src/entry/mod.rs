//! The objects in the bucket: the entry, which stands for a task hash or an archive name, and the chunk.
//!
//! `docs/format.md` describes them for other decoders; `tests/vectors/` freezes them.

mod codec;
mod error;
mod header;
mod keys;
mod manifest;
mod producer;

pub use codec::{Codec, Entry, claimed_signer};
pub use error::Error;
pub use header::FORMAT_VERSION;
pub use keys::{Keys, Located, Object, Subject};
pub use manifest::{ChunkRef, Manifest};
pub use producer::Producer;

/// Frames of up to this many bytes together travel in the entry object.
pub const INLINE_LIMIT: usize = 4 * 1024 * 1024;
/// The largest entry object that a reader accepts, in bytes: the inline limit with room for the manifest of an artifact of
/// a hundred gigabytes.
pub const MAX_ENTRY_OBJECT: u64 = 16 * 1024 * 1024;
/// The largest chunk object that a reader accepts, in bytes.
pub const MAX_CHUNK_OBJECT: u64 = (crate::chunk::MAX_SIZE + 1024) as u64;
