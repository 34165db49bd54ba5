//! An artifact that is read: from its entry, or chunk by chunk.

use std::io::BufRead;
use std::sync::Arc;

use super::chunk_reader::ChunkReader;
use super::memory::Memory;
use super::namespace::{Name, Namespace};
use crate::entry::{self, Entry, Manifest};
use crate::error::Error;

/// Reads the plain archive of a manifest, on a thread that may block. What it reads may be cut short: only when the
/// download succeeds, it was all of it.
type Consume<T> = Box<dyn Fn(&Manifest, &mut dyn BufRead) -> Result<T, Error> + Send + Sync>;

/// An artifact that is read.
pub struct Reading<T> {
    pub namespace: Arc<Namespace>,
    pub name: Name,
    /// The key of its entry.
    pub key: String,
    /// Bytes that its archive may have.
    pub max_size: u64,
    pub consume: Consume<T>,
}

impl<T> Reading<T> {
    /// Decodes and verifies its entry.
    pub fn decode(&self, object: &[u8]) -> Result<Entry, Error> {
        let entry = self.namespace.codec.decode_entry(self.name.subject(), object);
        entry.map_err(|source| self.bad(source))
    }

    /// Consumes an artifact that is in its entry, with `memory` for its chunks; `None` if it is in chunks of their own.
    pub fn consume_inline(&self, entry: &Entry, memory: &Memory) -> Result<Option<T>, Error> {
        if !entry.manifest.inline {
            return Ok(None);
        }
        let codec = &self.namespace.codec;
        let mut held = None;
        let chunks = entry.inline_frames().map(|(chunk, frame)| {
            drop(held.take());
            held = Some(memory.acquire_blocking(u64::from(chunk.size))?);
            codec
                .decode_frame(chunk, frame)
                .map_err(|source| self.bad(source))
        });
        self.consume(&entry.manifest, ChunkReader::new(chunks)).map(Some)
    }

    /// Consumes the chunks that `reader` reads.
    pub fn consume(
        &self,
        manifest: &Manifest,
        mut reader: ChunkReader<impl Iterator<Item = Result<Vec<u8>, Error>>>,
    ) -> Result<T, Error> {
        let limit = self.max_size;
        if manifest.size > limit {
            return Err(Error::TooLarge { limit });
        }
        let read = (self.consume)(manifest, &mut reader);
        // Why the stream ended early says more than that it did.
        reader.failure.map_or(read, Err)
    }

    fn bad(&self, source: entry::Error) -> Error {
        Error::Entry {
            key: self.key.clone(),
            source,
        }
    }
}
