//! Chunks of an archive, and their ids.

mod cut;

use std::fmt;

pub use cut::ChunkWriter;

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
