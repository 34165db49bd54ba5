//! Memory for what is on its way from and to the bucket, shared by all tasks of a run.
//!
//! Each kind of work has a budget of its own, and nobody who holds a permit waits for another one of the same budget:
//! what turns out larger than expected is overdrawn instead. (Packers do wait, for chunks, and are so few that they
//! leave room for them.) So every wait ends.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use parking_lot::Mutex;
use tokio::sync::Semaphore;

use super::packer::INLINE_LIMIT;
use crate::entry::ChunkRef;
use crate::error::Error;

/// Entry objects, from the request to the end of unpacking. Eleven inline artifacts of 3 MB keep two cores busy; without
/// a bound, 40 of them at once made 150 MB of 25.
const ENTRIES: u64 = 32 << 20;
/// Chunks, packed or plain, from the request to the end of writing. They have memory of their own: entries wait for
/// the disk, and would wait for ever behind an artifact that waits for their memory.
const CHUNKS: u64 = 24 << 20;
/// Stores: what packers need, and chunks until they are sent.
const STORES: u64 = 64 << 20;

/// The budgets of a run.
pub struct Memory {
    entries: MemoryBudget,
    /// KiB that the next restore's entry objects probably take. Their size shows when they are there, so this follows
    /// the latest ones: up at once, down by a quarter each time. At first, nobody knows better than the most.
    expected: AtomicU32,
    chunks: MemoryBudget,
    /// Of artifacts on their way to the bucket.
    pub stores: MemoryBudget,
}

impl Memory {
    /// All memory free.
    pub fn new() -> Self {
        Self {
            entries: MemoryBudget::new(ENTRIES),
            expected: AtomicU32::new(kib(INLINE_LIMIT as u64)),
            chunks: MemoryBudget::new(CHUNKS),
            stores: MemoryBudget::new(STORES),
        }
    }

    /// Waits for the memory of all entry objects that one restore asks for: one reservation, however many scopes.
    pub async fn for_entries(&self) -> Result<Permit, Error> {
        self.entries.acquire_kib(self.expected.load(Relaxed)).await
    }

    /// Learns that a restore's entry objects had `bytes` together; those that are missing have none.
    pub fn entries_had(&self, bytes: u64) {
        // Two answers at the same time may lose one of them, which the next makes good.
        let expected = self.expected.load(Relaxed);
        self.expected
            .store(kib(bytes).max(expected - expected / 4), Relaxed);
    }

    /// Waits for the memory of a chunk, as it arrives or as it is written: whichever takes more.
    pub async fn for_chunk(&self, chunk: &ChunkRef) -> Result<Permit, Error> {
        self.chunks.acquire(u64::from(chunk.size.max(chunk.stored))).await
    }
}

/// A bounded amount of memory; who waits for it is served in order.
#[derive(Clone)]
pub struct MemoryBudget(Arc<Budget>);

/// Counts in KiB.
struct Budget {
    total: u32,
    free: Semaphore,
    /// What permits hold beyond `total`: what is given back pays this first.
    overdrawn: Mutex<usize>,
}

impl MemoryBudget {
    /// A budget of `bytes`.
    pub fn new(bytes: u64) -> Self {
        let total = kib(bytes);
        Self(Arc::new(Budget {
            total,
            free: Semaphore::new(total as usize),
            overdrawn: Mutex::new(0),
        }))
    }

    /// Waits for `bytes`, or for the whole budget where that is less.
    pub async fn acquire(&self, bytes: u64) -> Result<Permit, Error> {
        self.acquire_kib(kib(bytes)).await
    }

    async fn acquire_kib(&self, kib: u32) -> Result<Permit, Error> {
        let kib = kib.min(self.0.total);
        let permit = self.0.free.acquire_many(kib).await.map_err(|_| Error::Off)?;
        permit.forget(); // ours gives it back
        Ok(Permit {
            budget: self.0.clone(),
            kib: kib as usize,
        })
    }
}

impl Budget {
    fn overdraw(&self, kib: usize) {
        let mut overdrawn = self.overdrawn.lock();
        *overdrawn += kib - self.free.forget_permits(kib);
    }

    fn give_back(&self, kib: usize) {
        let mut overdrawn = self.overdrawn.lock();
        let paid = kib.min(*overdrawn);
        *overdrawn -= paid;
        self.free.add_permits(kib - paid);
    }
}

/// A part of a budget, free again when this is dropped.
pub struct Permit {
    budget: Arc<Budget>,
    kib: usize,
}

impl Permit {
    /// From now on it is for `bytes`. What that is less is free at once; for more nobody waits but who comes next.
    pub fn resize(&mut self, bytes: u64) {
        let kib = kib(bytes) as usize;
        match kib.checked_sub(self.kib) {
            Some(more) => self.budget.overdraw(more),
            None => self.budget.give_back(self.kib - kib),
        }
        self.kib = kib;
    }

    /// A permit of its own for `bytes` of this one.
    pub fn split(&mut self, bytes: u64) -> Self {
        let part = self.kib.min(kib(bytes) as usize);
        self.kib -= part;
        let mut part = Self {
            budget: self.budget.clone(),
            kib: part,
        };
        part.resize(bytes);
        part
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.budget.give_back(self.kib);
    }
}

/// `bytes` in the unit that is counted in; at least one.
fn kib(bytes: u64) -> u32 {
    u32::try_from(bytes.div_ceil(1024).max(1)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    fn now<T>(ready: impl Future<Output = Result<T, Error>>) -> Option<T> {
        ready.now_or_never().map(Result::unwrap)
    }

    #[test]
    fn what_is_given_back_is_there_for_others() {
        let budget = MemoryBudget::new(10 << 10);
        let mut first = now(budget.acquire(8 << 10)).unwrap();
        assert!(now(budget.acquire(3 << 10)).is_none());
        first.resize(7 << 10);
        let second = now(budget.acquire(3 << 10)).unwrap();
        drop((first, second));
        assert!(now(budget.acquire(10 << 10)).is_some());
    }

    #[test]
    fn what_is_larger_than_expected_waits_for_nothing_and_holds_up_who_comes_next() {
        let budget = MemoryBudget::new(10 << 10);
        let (mut first, second) = (now(budget.acquire(1)).unwrap(), now(budget.acquire(4 << 10)));
        first.resize(12 << 10);
        drop(second);
        assert!(now(budget.acquire(1)).is_none(), "6 KiB too many");
        first.resize(9 << 10);
        assert!(now(budget.acquire(2 << 10)).is_none());
        assert!(now(budget.acquire(1 << 10)).is_some());
        drop(first);
        assert!(now(budget.acquire(10 << 10)).is_some());
    }

    #[test]
    fn more_than_the_whole_budget_is_the_whole_budget() {
        let budget = MemoryBudget::new(10 << 10);
        let all = now(budget.acquire(1 << 30)).unwrap();
        assert!(now(budget.acquire(1)).is_none());
        drop(all);
        assert!(now(budget.acquire(1)).is_some());
    }

    #[test]
    fn a_part_is_charged_at_its_own_size() {
        let budget = MemoryBudget::new(10 << 10);
        let mut whole = now(budget.acquire(4 << 10)).unwrap();
        let parts = [1 << 10, 5 << 10].map(|bytes| whole.split(bytes));
        drop(whole);
        assert!(now(budget.acquire(5 << 10)).is_none());
        assert!(now(budget.acquire(4 << 10)).is_some());
        drop(parts);
        assert!(now(budget.acquire(10 << 10)).is_some());
    }

    /// How many restores can ask for entries before one has to wait.
    fn at_once(memory: &Memory) -> usize {
        std::iter::from_fn(|| now(memory.for_entries()))
            .collect::<Vec<_>>()
            .len()
    }

    #[test]
    fn as_many_restores_ask_at_once_as_have_room_by_what_the_latest_took() {
        let memory = Memory::new();
        assert_eq!(at_once(&memory), 8);
        (0..40).for_each(|_| memory.entries_had(5_000));
        assert!(at_once(&memory) > 2_000);
        memory.entries_had(3 << 20);
        assert_eq!(at_once(&memory), 10);
    }

    #[test]
    fn misses_take_no_memory() {
        let memory = Memory::new();
        (0..60).for_each(|_| memory.entries_had(0));
        assert!(at_once(&memory) > 2_000);
    }
}
