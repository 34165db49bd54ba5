//! The manifest: what an entry says about its artifact. JSON, so that it can grow: unknown members are ignored.

use serde::{Deserialize, Serialize};

use super::error::Error;
use super::producer::Producer;
use crate::chunk::{self, ChunkId};
use crate::plain;

/// Characters of what is wrong with a manifest.
const QUOTED: usize = 200;

/// What an entry says about its artifact.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Manifest {
    /// The task hash; of a named archive, its name.
    pub hash: String,
    /// The scope it was stored in, as it is in object keys.
    pub scope: String,
    /// The task's exit code.
    pub code: i16,
    /// Files, directories and links in the archive, terminal output excepted.
    pub files: u64,
    /// Bytes of the archive.
    pub size: u64,
    /// Bytes of all frames.
    pub stored_size: u64,
    /// Whether the frames follow the manifest in the entry object; else each is in a chunk object.
    pub inline: bool,
    /// The archive's chunks, in order.
    pub chunks: Vec<ChunkRef>,
    /// The zstd level; absent when nothing was compressed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<i32>,
    /// Who made it.
    pub producer: Producer,
    /// When it was made, in seconds since 1970.
    pub created: u64,
}

/// One chunk of an archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChunkRef {
    /// Its id.
    #[serde(with = "id_text")]
    pub id: ChunkId,
    /// Its plain bytes.
    pub size: u32,
    /// Bytes of its frame, as written for this entry.
    pub stored: u32,
}

impl Manifest {
    /// Parses the JSON form and checks everything that a reader relies on.
    pub fn parse(json: &[u8]) -> Result<Self, Error> {
        // What is wrong may be quoted from the object.
        let quoted = |error: serde_json::Error| Error::Manifest(plain::line(&error.to_string(), QUOTED));
        let manifest: Self = serde_json::from_slice(json).map_err(quoted)?;
        manifest.check().map_err(|what| Error::Manifest(what.into()))?;
        Ok(manifest)
    }

    /// The JSON form.
    pub fn to_json(&self) -> Result<Vec<u8>, Error> {
        serde_json::to_vec(self).map_err(|e| Error::Manifest(e.to_string()))
    }

    fn check(&self) -> Result<(), &'static str> {
        let in_bounds = |chunk: &ChunkRef| (1..=chunk::MAX_SIZE as u32).contains(&chunk.size);
        if !self.chunks.iter().all(in_bounds) {
            return Err("a chunk's size is out of bounds");
        }
        let sum = |bytes: fn(&ChunkRef) -> u32| self.chunks.iter().map(bytes).map(u64::from).sum::<u64>();
        if self.size != sum(|chunk| chunk.size) {
            return Err("the chunks don't add up to the archive");
        }
        if self.stored_size != sum(|chunk| chunk.stored) {
            return Err("the frames don't add up to the stored size");
        }
        Ok(())
    }
}

mod id_text {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    use crate::chunk::ChunkId;

    pub fn serialize<S: Serializer>(id: &ChunkId, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(id)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<ChunkId, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        ChunkId::parse(&text).map_err(D::Error::custom)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn manifest(chunks: Vec<ChunkRef>, inline: bool) -> Manifest {
        Manifest {
            hash: "123".into(),
            scope: "t".into(),
            code: -1,
            files: 2,
            size: chunks.iter().map(|chunk| u64::from(chunk.size)).sum(),
            stored_size: chunks.iter().map(|chunk| u64::from(chunk.stored)).sum(),
            inline,
            chunks,
            level: Some(3),
            producer: Producer {
                plugin: "1.0.0".into(),
                os: "linux".into(),
                ..Producer::default()
            },
            created: 1_800_000_000,
        }
    }

    fn chunk(size: u32) -> ChunkRef {
        ChunkRef {
            id: ChunkId::of(b"x", None),
            size,
            stored: 10,
        }
    }

    #[test]
    fn manifests_round_trip_and_tolerate_what_later_versions_add() {
        let manifest = manifest(vec![chunk(5), chunk(chunk::MAX_SIZE as u32)], false);
        let json = manifest.to_json().unwrap();
        assert_eq!(Manifest::parse(&json).unwrap(), manifest);
        let grown = String::from_utf8(json)
            .unwrap()
            .replacen('{', r#"{"new":[1],"#, 1);
        assert_eq!(Manifest::parse(grown.as_bytes()).unwrap(), manifest);
    }

    #[test]
    fn what_is_wrong_with_a_manifest_is_quoted_briefly() {
        let long = format!(r#"{{"hash":"1","scope":"t","code":"{}"}}"#, "x".repeat(10_000));
        let error = Manifest::parse(long.as_bytes()).unwrap_err().to_string();
        assert!(
            error.contains("invalid type") && error.len() < QUOTED + 50,
            "{error}"
        );
    }

    #[test]
    fn manifests_that_do_not_add_up_are_refused() {
        for chunks in [vec![chunk(0)], vec![chunk(chunk::MAX_SIZE as u32 + 1)]] {
            assert!(Manifest::parse(&manifest(chunks, true).to_json().unwrap()).is_err());
        }
        for change in [
            |m: &mut Manifest| m.size += 1,
            |m: &mut Manifest| m.stored_size = 0,
        ] {
            let mut wrong = manifest(vec![chunk(5)], true);
            change(&mut wrong);
            assert!(Manifest::parse(&wrong.to_json().unwrap()).is_err());
        }
    }
}
