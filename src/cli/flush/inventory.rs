//! What the scopes hold, as the listing tells it.

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, SystemTime};

use crate::chunk::ChunkId;
use crate::cli::bucket::Found;
use crate::entry::Object;
use crate::scope::Scope;

/// What the scopes hold, by their names.
pub(super) type Inventories = BTreeMap<String, Inventory>;

/// What one scope holds.
#[derive(Debug)]
pub(super) struct Inventory {
    pub scope: Scope,
    /// Entries and archives.
    pub entries: Vec<Found>,
    pub chunks: HashMap<ChunkId, Chunk>,
    /// What `doctor` left.
    pub scratch: Vec<Found>,
}

/// A chunk in the bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Chunk {
    /// Bytes of the object.
    pub size: u64,
    /// When it was written.
    pub modified: Option<SystemTime>,
}

impl Inventory {
    pub(super) fn new(scope: Scope) -> Self {
        Self {
            scope,
            entries: Vec::new(),
            chunks: HashMap::new(),
            scratch: Vec::new(),
        }
    }

    /// Takes note of an object. What isn't ours is left alone.
    pub(super) fn add(&mut self, found: Found) {
        match &found.at.object {
            Object::Entry(_) | Object::Archive(_) | Object::Body(_) => self.entries.push(found),
            Object::Chunk(id) => {
                let Found { size, modified, .. } = found;
                self.chunks.insert(*id, Chunk { size, modified });
            }
            Object::Other(name) if name.starts_with("scratch/") => self.scratch.push(found),
            Object::Other(_) => {}
        }
    }

    /// Bytes of all objects.
    pub(super) fn size(&self) -> u64 {
        let found = self.entries.iter().chain(&self.scratch).map(|found| found.size);
        found.sum::<u64>() + self.chunks.values().map(|chunk| chunk.size).sum::<u64>()
    }
}

/// Adds a page of a listing.
pub(super) fn add(inventory: &mut Inventories, page: Vec<Found>) {
    for found in page {
        let name = found.at.scope.to_string();
        let inventory = inventory
            .entry(name)
            .or_insert_with(|| Inventory::new(found.at.scope.clone()));
        inventory.add(found);
    }
}

/// Whether something of `modified` is as old as `age` or older. What has no date is taken for new.
pub(super) fn is_older(modified: Option<SystemTime>, age: Duration, now: SystemTime) -> bool {
    modified.is_some_and(|modified| now.duration_since(modified).is_ok_and(|real| real >= age))
}
