//! Memory for what is on its way from and to the bucket, shared by all tasks of a run.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::packer::INLINE_LIMIT;
use crate::entry::{ChunkRef, MAX_ENTRY_OBJECT};
use crate::error::Error;

/// Entry objects, from the request to the end of unpacking. Eleven inline artifacts of 3 MB keep two cores busy; without
/// a bound, 40 of them at once made 150 MB of 25.
const ENTRIES_KIB: u32 = 32 * 1024;
/// Chunks, packed and plain, from the request to the end of writing. They have memory of their own: entries wait for
/// the disk, and would wait for ever behind an artifact that waits for their memory.
const CHUNKS_KIB: u32 = 32 * 1024;

/// Stores: what packers need, and chunks until they are sent.
const STORES_KIB: u32 = 64 * 1024;

/// Bounds the memory of restores and stores.
pub struct Room {
    entries: Arc<Semaphore>,
    chunks: Arc<Semaphore>,
    /// KiB of artifacts on their way to the bucket.
    pub stores: Arc<Semaphore>,
    /// KiB that the next entry probably takes. Its size shows when it is there, so this follows the latest ones: up at
    /// once, down by a quarter each time. At first, nobody knows better than the most.
    expected: AtomicU32,
}

/// A part of the memory, free again when this is dropped.
pub type Held = OwnedSemaphorePermit;

impl Room {
    /// All memory free.
    pub fn new() -> Self {
        Self {
            entries: Arc::new(Semaphore::new(ENTRIES_KIB as usize)),
            chunks: Arc::new(Semaphore::new(CHUNKS_KIB as usize)),
            stores: Arc::new(Semaphore::new(STORES_KIB as usize)),
            expected: AtomicU32::new(kib(INLINE_LIMIT as u64)),
        }
    }

    /// Waits for the memory of an entry that will be asked for.
    pub async fn for_entry(&self) -> Result<Held, Error> {
        let expected = self.expected.load(Relaxed);
        let held = self.entries.clone().acquire_many_owned(expected).await;
        held.map_err(|_| Error::Off)
    }

    /// Gives back what an entry of `size` bytes doesn't take; a missing one has none.
    pub fn settle(&self, held: &mut Held, size: usize) {
        let size = kib((size as u64).min(MAX_ENTRY_OBJECT));
        let surplus = (held.num_permits() as u32).saturating_sub(size);
        drop(held.split(surplus as usize));
        // Two answers at the same time may lose one of them, which the next makes good.
        let expected = self.expected.load(Relaxed);
        self.expected.store(size.max(expected - expected / 4), Relaxed);
    }

    /// Waits for the memory of a chunk.
    pub async fn for_chunk(&self, chunk: &ChunkRef) -> Result<Held, Error> {
        let both = kib(u64::from(chunk.size) + u64::from(chunk.stored)).min(CHUNKS_KIB);
        let held = self.chunks.clone().acquire_many_owned(both).await;
        held.map_err(|_| Error::Off)
    }
}

/// `bytes` as the memory they take, in the unit it is counted in; at least one.
pub fn kib(bytes: u64) -> u32 {
    u32::try_from(bytes.div_ceil(1024).max(1)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    /// How many entries can be asked for before one has to wait.
    fn at_once(room: &Room) -> usize {
        let mut held = Vec::new();
        while let Some(one) = room.for_entry().now_or_never() {
            held.push(one.unwrap());
        }
        held.len()
    }

    fn answer(room: &Room, size: usize) {
        let mut held = room.for_entry().now_or_never().unwrap().unwrap();
        room.settle(&mut held, size);
        assert!(held.num_permits() <= size.div_ceil(1024).max(1));
    }

    #[test]
    fn as_many_entries_are_asked_for_at_once_as_have_room_by_what_the_latest_took() {
        let room = Room::new();
        assert_eq!(at_once(&room), 8);
        for _ in 0..40 {
            answer(&room, 5_000);
        }
        assert!(at_once(&room) > 2_000);
        answer(&room, 3 << 20);
        assert_eq!(at_once(&room), 10);
    }

    #[test]
    fn misses_take_no_room() {
        let room = Room::new();
        for _ in 0..60 {
            answer(&room, 0);
        }
        assert!(at_once(&room) > 2_000);
    }
}
