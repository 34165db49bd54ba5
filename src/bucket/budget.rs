//! Memory, threads and cores for artifacts in transit, shared by all transfers.
//!
//! No wait here can be a deadlock: everything is acquired in one order, and whoever waits holds only what comes earlier
//! in it: memory for an entry object, a turn to pack or unpack, memory for a chunk as it arrives or is packed, memory for
//! it as it is written or sent, a core or a request. The last two depend on nothing else, so they come back. This is why
//! entries and chunks have pools of their own: in one pool, entries that wait for a turn could hold all that the holders
//! of the turns wait for. Memory is granted first come, first served, so the chunk that an artifact needs next is never
//! behind those after it.
//!
//! Uploads have turns and memory of their own for another reason: tasks wait for downloads, and not for uploads.

use tokio::sync::{Semaphore, SemaphorePermit};

use super::memory::{EntryMemory, Memory};
use crate::error::Error;

/// Artifacts that are unpacked at once: beyond this the disk and the processors gain nothing.
const UNPACKING: usize = 4;
/// Artifacts that are packed at once. A packer takes up to 20 MiB, and 14 if what it packs shrinks by half: the chunk to
/// come, and the frames that may be inline, with the one that is too much.
const PACKING: usize = 3;
/// Entry objects, from the request to the end of unpacking. Six inline artifacts of 3 MB keep two cores busy; without a
/// bound, 40 of them at once made 150 MB of 25.
const ENTRIES: u64 = 20 << 20;
/// Chunks on their way from the bucket, as they are there. A body is there twice for a moment, when it is complete: restoring
/// 398 MB took 145 MB with three times as much. A connection that loses one packet in a hundred, 66 ms away, carries 250 kB a
/// second: this is for up to 128 parts of chunks, each on a connection of its own.
const DOWNLOADS: u64 = 16 << 20;
/// Chunks from the bucket, plain, to the end of writing; those of inline artifacts, too.
const OPENED: u64 = 16 << 20;
/// Chunks that are packed and not yet compressed: the bucket is asked first whether it has them, which takes a round trip.
const PACKED: u64 = 20 << 20;
/// Chunks and entries as they travel to the bucket. From far away many must be under way: over a link of 66 ms that loses one
/// packet in a hundred, storing 111 MB took 48 s with 24 MiB for these and what is packed together, and 30 s with 32 for these.
const UPLOADS: u64 = 32 << 20;

/// What transfers share.
pub struct Budget {
    /// For the entry objects of downloads.
    pub entries: EntryMemory,
    /// For the chunks of downloads as they arrive.
    pub downloads: Memory,
    /// For chunks, plain. Each download asks for it in the order of its chunks.
    pub opened: Memory,
    /// For the chunks of uploads until they are compressed.
    pub packed: Memory,
    /// For what is uploaded.
    pub uploads: Memory,
    /// To unpack an artifact.
    pub unpacking: Turns,
    /// To pack one.
    pub packing: Turns,
    cores: Turns,
}

impl Budget {
    /// All of it free; `downloads` may be under way at once.
    pub fn new(downloads: usize) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self {
            entries: EntryMemory::new(ENTRIES, downloads),
            downloads: Memory::new(DOWNLOADS),
            opened: Memory::new(OPENED),
            packed: Memory::new(PACKED),
            uploads: Memory::new(UPLOADS),
            unpacking: Turns::new(UNPACKING),
            packing: Turns::new(PACKING),
            cores: Turns::new(cores),
        }
    }

    /// Runs `work`, which does nothing but compute, once a core is free.
    pub async fn compute<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Error> {
        let _core = self.cores.acquire().await?;
        blocking(work).await
    }
}

/// Runs `work`, which computes or waits for the disk, beside the threads that serve requests.
pub async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Error> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| Error::Internal(error.to_string()))
}

/// As many at once as it has; first come, first served.
pub struct Turns(Semaphore);

/// One of the turns, over when this is dropped.
pub type Turn<'a> = SemaphorePermit<'a>;

impl Turns {
    fn new(count: usize) -> Self {
        Self(Semaphore::new(count))
    }

    /// Waits for a turn.
    pub async fn acquire(&self) -> Result<Turn<'_>, Error> {
        self.0.acquire().await.map_err(|_| Error::Off)
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    fn now<T>(ready: impl Future<Output = Result<T, Error>>) -> Option<T> {
        ready.now_or_never().map(Result::unwrap)
    }

    /// With one pool for both, each of these downloads would hold what the other waits for.
    #[test]
    fn downloads_that_hold_entries_leave_memory_for_the_chunks_of_those_whose_turn_it_is() {
        let budget = Budget::new(32);
        let entries: Vec<_> = std::iter::from_fn(|| now(budget.entries.acquire())).collect();
        let turns: Vec<_> = std::iter::from_fn(|| now(budget.unpacking.acquire())).collect();
        assert!(entries.len() > turns.len(), "the others wait for a turn");
        assert!(now(budget.downloads.acquire(4 << 20)).is_some());
    }

    #[test]
    fn chunks_that_wait_to_be_compressed_leave_memory_for_those_that_travel() {
        let budget = Budget::new(32);
        let packed: Vec<_> = std::iter::from_fn(|| now(budget.packed.acquire(4 << 20))).collect();
        assert!(packed.len() > 2, "enough for each core and the next");
        assert!(now(budget.uploads.acquire(4 << 20)).is_some());
    }

    #[test]
    fn uploads_hold_up_no_download() {
        let budget = Budget::new(32);
        let turns: Vec<_> = std::iter::from_fn(|| now(budget.packing.acquire())).collect();
        let of =
            |memory: &Memory| -> Vec<_> { std::iter::from_fn(|| now(memory.acquire(4 << 20))).collect() };
        let memory = [&budget.packed, &budget.uploads].map(of);
        assert!(!turns.is_empty() && memory.iter().all(|permits| !permits.is_empty()));
        assert!(now(budget.entries.acquire()).is_some() && now(budget.unpacking.acquire()).is_some());
        assert!(now(budget.downloads.acquire(4 << 20)).is_some());
    }
}
