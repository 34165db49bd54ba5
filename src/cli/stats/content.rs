//! What the entries themselves tell: who made them, and what sharing chunks and compressing them saves.

use std::collections::{BTreeMap, HashSet};

use serde::Serialize;

use super::census::{Amount, Band};
use crate::chunk::ChunkId;
use crate::cli::bucket::ReadEntry;
use crate::entry::{self, Manifest};

/// How many names of producers are told apart: a name is whatever its writer wrote.
const NAMES: usize = 50;
/// How many reasons why entries could not be read are told apart.
const REASONS: usize = 8;
/// How much of a name counts.
const NAME_LEN: usize = 40;

/// Counts entries as they are read. It remembers the id of every chunk, about 50 bytes each.
#[derive(Default)]
pub(super) struct Content {
    read: u64,
    requests: u64,
    unreadable: BTreeMap<String, u64>,
    producers: BTreeMap<String, Amount>,
    platforms: BTreeMap<String, Amount>,
    workflows: BTreeMap<String, Amount>,
    chunks: HashSet<ChunkId>,
    sharing: Sharing,
}

/// Bytes of the artifacts that were read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Sharing {
    /// Of all archives.
    pub plain: u64,
    /// The same with each shared chunk counted once.
    pub unique: u64,
    /// The same compressed, as it is stored.
    pub stored: u64,
}

/// What was found.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Summary {
    /// Entries that were read.
    pub read: u64,
    /// Of how many.
    pub of: u64,
    /// Why entries could not be read, and how many.
    pub unreadable: BTreeMap<String, u64>,
    /// Entries and bytes of archives, by plugin and Nx version.
    pub producers: Vec<Band>,
    /// The same by operating system and architecture.
    pub platforms: Vec<Band>,
    /// The same by workflow or pipeline, as its issuer or else the entry says.
    pub workflows: Vec<Band>,
    pub sharing: Sharing,
    /// Requests that restoring each entry once would take, for all entries.
    pub requests: u64,
}

impl Content {
    pub(super) fn add(&mut self, read: &ReadEntry) {
        self.read += 1;
        match &read.entry {
            Ok(entry) => {
                self.count(&entry.manifest);
                let provenance = read.provenance().and_then(|(from, _)| from.workflow.as_deref());
                *named(&mut self.workflows, provenance.unwrap_or("none")) += amount(&entry.manifest);
            }
            Err(error) => self.miscount(error),
        }
    }

    fn miscount(&mut self, error: &entry::Error) {
        let reason = match error {
            // What is wrong with it has names in it, which differ from entry to entry.
            entry::Error::Manifest(_) => "damaged manifest".to_owned(),
            other => other.to_string(),
        };
        let known = self.unreadable.len() < REASONS || self.unreadable.contains_key(&reason);
        let reason = if known { reason } else { "other reasons".into() };
        *self.unreadable.entry(reason).or_default() += 1;
    }

    fn count(&mut self, manifest: &Manifest) {
        let amount = amount(manifest);
        let producer = &manifest.producer;
        let nx = producer.nx.as_deref().unwrap_or("?");
        let made_by = format!("nx-s3-cache {}, Nx {nx}", producer.plugin);
        *named(&mut self.producers, &made_by) += amount;
        *named(&mut self.platforms, &format!("{} {}", producer.os, producer.arch)) += amount;
        self.sharing.plain += manifest.size;
        self.requests += 1;
        if manifest.inline {
            // What is inside an entry is shared with nobody.
            self.sharing.unique += manifest.size;
            self.sharing.stored += manifest.stored_size;
            return;
        }
        for chunk in &manifest.chunks {
            self.requests += 1;
            if self.chunks.insert(chunk.id) {
                self.sharing.unique += u64::from(chunk.size);
                self.sharing.stored += u64::from(chunk.stored);
            }
        }
    }

    /// The figures, of `of` entries in all.
    pub(super) fn summary(self, of: u64) -> Summary {
        let requests = u128::from(self.requests) * u128::from(of) / u128::from(self.read.max(1));
        Summary {
            read: self.read,
            of,
            unreadable: self.unreadable,
            producers: bands(self.producers),
            platforms: bands(self.platforms),
            workflows: bands(self.workflows),
            sharing: self.sharing,
            requests: requests as u64,
        }
    }
}

fn amount(manifest: &Manifest) -> Amount {
    Amount {
        objects: 1,
        bytes: manifest.size,
    }
}

fn named<'a>(names: &'a mut BTreeMap<String, Amount>, name: &str) -> &'a mut Amount {
    let name: String = name.chars().take(NAME_LEN).collect();
    let known = names.len() < NAMES || names.contains_key(&name);
    names
        .entry(if known { name } else { "others".into() })
        .or_default()
}

/// Most bytes first.
fn bands(names: BTreeMap<String, Amount>) -> Vec<Band> {
    let mut bands: Vec<_> = names
        .into_iter()
        .map(|(name, amount)| Band::new(name, amount))
        .collect();
    bands.sort_by_key(|band| std::cmp::Reverse(band.amount.bytes));
    bands
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry::{ChunkRef, Producer};

    fn manifest(chunks: &[&[u8]], inline: bool, os: &str) -> Manifest {
        let chunk = |plain: &&[u8]| ChunkRef {
            id: ChunkId::of(plain, None),
            size: plain.len() as u32,
            stored: 2,
        };
        let chunks: Vec<_> = chunks.iter().map(chunk).collect();
        Manifest {
            hash: "1".into(),
            scope: "t".into(),
            code: 0,
            files: 1,
            size: chunks.iter().map(|chunk| u64::from(chunk.size)).sum(),
            stored_size: chunks.iter().map(|chunk| u64::from(chunk.stored)).sum(),
            inline,
            chunks,
            level: None,
            producer: Producer {
                os: os.into(),
                ..Producer::default()
            },
            created: 0,
        }
    }

    #[test]
    fn a_chunk_that_two_entries_share_is_stored_once() {
        let mut content = Content {
            read: 2,
            ..Content::default()
        };
        content.count(&manifest(&[b"12345", b"67890"], false, "linux"));
        content.count(&manifest(&[b"12345", b"abcde"], false, "linux"));
        let summary = content.summary(4);
        let sharing = Sharing {
            plain: 20,
            unique: 15,
            stored: 6,
        };
        assert_eq!((summary.sharing, summary.requests), (sharing, 12));
        assert_eq!(
            summary.platforms,
            [Band::new(
                "linux ",
                Amount {
                    objects: 2,
                    bytes: 20
                }
            )]
        );
    }

    #[test]
    fn what_is_inside_entries_is_shared_with_nobody() {
        let mut content = Content::default();
        for _ in 0..2 {
            content.count(&manifest(&[b"12345"], true, "linux"));
        }
        assert_eq!(
            content.sharing,
            Sharing {
                plain: 10,
                unique: 10,
                stored: 4
            }
        );
    }

    #[test]
    fn names_that_somebody_makes_up_take_no_more_than_their_room() {
        let mut content = Content::default();
        for number in 0..1000 {
            content.count(&manifest(&[b"x"], true, &format!("{number}{}", "x".repeat(1000))));
        }
        assert_eq!(content.platforms.len(), NAMES + 1);
        assert!(content.platforms.keys().all(|name| name.len() <= NAME_LEN));
        assert_eq!(content.platforms["others"].objects, 950);
    }
}
