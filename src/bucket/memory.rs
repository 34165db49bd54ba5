//! A bounded number of bytes, and who waits for some of them.

use std::collections::VecDeque;
use std::sync::Arc;

use parking_lot::{Mutex, MutexGuard};
use tokio::sync::oneshot;

use crate::error::Error;

/// What a download's entries take as long as none has been seen: far away, ten of them are asked for at once then.
const UNKNOWN: u64 = 2 << 20;

/// Memory for the entry objects of downloads, whose sizes show only when they are there.
pub struct EntryMemory {
    memory: Memory,
    /// The least that is reserved, so that no more downloads begin at once than requests may be made.
    share: i64,
}

impl EntryMemory {
    /// `bytes` of it, for so many downloads at once.
    pub fn new(bytes: u64, downloads: usize) -> Self {
        let (memory, share) = (Memory::new(bytes), size(bytes / downloads.max(1) as u64));
        memory.0.lock().guess = size(UNKNOWN).max(share);
        Self { memory, share }
    }

    /// Waits for the memory of all entry objects that one download asks for: one reservation, however many scopes. It is
    /// as large as the latest ones were when it is this download's turn.
    pub async fn acquire(&self) -> Result<Permit, Error> {
        self.memory.ask(None).await.map_err(|_| Error::Off)
    }

    /// Learns that a download's entry objects had `bytes` together; those that are missing have none. The guess follows:
    /// up at once, down by half each time.
    pub fn learn(&self, bytes: u64) {
        let mut state = self.memory.0.lock();
        state.guess = size(bytes).max(state.guess / 2).max(self.share);
        self.memory.serve(state);
    }
}

/// A bounded number of bytes; who waits for some is served in order.
#[derive(Clone)]
pub struct Memory(Arc<Mutex<State>>);

struct State {
    total: i64,
    /// Less than nothing while permits are larger than expected.
    free: i64,
    /// Who waits, and for how many bytes; `None` is the guess.
    waiting: VecDeque<(Option<i64>, oneshot::Sender<Permit>)>,
    guess: i64,
}

/// A part of the memory, free again when this is dropped.
pub struct Permit {
    memory: Memory,
    bytes: i64,
}

impl Memory {
    /// All of it free.
    pub fn new(bytes: u64) -> Self {
        Self(Arc::new(Mutex::new(State {
            total: size(bytes),
            free: size(bytes),
            waiting: VecDeque::new(),
            guess: 0,
        })))
    }

    /// Waits for `bytes`, or for all memory where that is less.
    pub async fn acquire(&self, bytes: u64) -> Result<Permit, Error> {
        self.ask(Some(bytes)).await.map_err(|_| Error::Off)
    }

    /// The same on a thread that may block.
    pub fn acquire_blocking(&self, bytes: u64) -> Result<Permit, Error> {
        self.ask(Some(bytes)).blocking_recv().map_err(|_| Error::Off)
    }

    fn ask(&self, bytes: Option<u64>) -> oneshot::Receiver<Permit> {
        let (sender, receiver) = oneshot::channel();
        let mut state = self.0.lock();
        state.waiting.push_back((bytes.map(size), sender));
        self.serve(state);
        receiver
    }

    fn free(&self, bytes: i64) {
        let mut state = self.0.lock();
        state.free += bytes;
        self.serve(state);
    }

    fn serve(&self, mut state: MutexGuard<'_, State>) {
        let State {
            total,
            free,
            waiting,
            guess,
        } = &mut *state;
        let wanted = |bytes: &Option<i64>| bytes.unwrap_or(*guess).min(*total);
        // Whoever gave up waiting holds up nobody.
        while let Some((bytes, receiver)) =
            waiting.pop_front_if(|(bytes, receiver)| wanted(bytes) <= *free || receiver.is_closed())
        {
            let (memory, bytes) = (self.clone(), wanted(&bytes));
            match receiver.send(Permit { memory, bytes }) {
                Ok(()) => *free -= bytes,
                Err(mut permit) => permit.bytes = 0,
            }
        }
    }
}

impl Permit {
    /// From now on it is for `bytes`. What that is less is free at once; for more nobody waits but who comes next.
    pub fn resize(&mut self, bytes: u64) {
        let before = std::mem::replace(&mut self.bytes, size(bytes));
        self.memory.free(before - self.bytes);
    }

    /// A permit of its own for `bytes` of this one.
    pub fn split(&mut self, bytes: u64) -> Self {
        let part = self.bytes.min(size(bytes));
        self.bytes -= part;
        let mut part = Self {
            memory: self.memory.clone(),
            bytes: part,
        };
        part.resize(bytes);
        part
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if self.bytes > 0 {
            self.memory.free(self.bytes);
        }
    }
}

fn size(bytes: u64) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
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
        let memory = Memory::new(10);
        let mut first = now(memory.acquire(8)).unwrap();
        assert!(now(memory.acquire(3)).is_none());
        first.resize(7);
        let second = now(memory.acquire(3)).unwrap();
        drop((first, second));
        assert!(now(memory.acquire(10)).is_some());
    }

    #[test]
    fn what_is_larger_than_expected_waits_for_nothing_and_holds_up_who_comes_next() {
        let memory = Memory::new(10);
        let (mut first, second) = (now(memory.acquire(1)).unwrap(), now(memory.acquire(4)));
        first.resize(12);
        drop(second);
        assert!(now(memory.acquire(1)).is_none(), "2 too many");
        first.resize(9);
        assert!(now(memory.acquire(2)).is_none());
        assert!(now(memory.acquire(1)).is_some());
        drop(first);
        assert!(now(memory.acquire(10)).is_some());
    }

    #[test]
    fn more_than_all_memory_is_all_memory() {
        let memory = Memory::new(10);
        let all = now(memory.acquire(1 << 30)).unwrap();
        assert!(now(memory.acquire(1)).is_none());
        drop(all);
        assert!(now(memory.acquire(1)).is_some());
    }

    #[test]
    fn a_part_is_charged_at_its_own_size() {
        let memory = Memory::new(10);
        let mut whole = now(memory.acquire(4)).unwrap();
        let parts = [1, 5].map(|bytes| whole.split(bytes));
        drop(whole);
        assert!(now(memory.acquire(5)).is_none());
        assert!(now(memory.acquire(4)).is_some());
        drop(parts);
        assert!(now(memory.acquire(10)).is_some());
    }

    #[test]
    fn who_comes_first_is_served_first_and_who_gave_up_holds_up_nobody() {
        let memory = Memory::new(10);
        let holder = now(memory.acquire(5)).unwrap();
        let mut large = Box::pin(memory.acquire(10));
        let gave_up = memory.acquire(6);
        assert!(large.as_mut().now_or_never().is_none());
        let mut small = Box::pin(memory.acquire(1));
        assert!(
            small.as_mut().now_or_never().is_none(),
            "there is room, but not its turn"
        );
        drop((gave_up, holder));
        let all = now(large);
        assert!(all.is_some() && small.as_mut().now_or_never().is_none());
        drop(all);
        assert!(now(small).is_some());
    }

    /// How many downloads can ask for entries before one has to wait.
    fn at_once(memory: &EntryMemory) -> usize {
        std::iter::from_fn(|| now(memory.acquire()))
            .collect::<Vec<_>>()
            .len()
    }

    #[test]
    fn as_many_downloads_ask_at_once_as_have_room_by_what_the_latest_took() {
        let memory = EntryMemory::new(32 << 20, 32);
        assert_eq!(at_once(&memory), 16);
        (0..8).for_each(|_| memory.learn(5_000));
        assert_eq!(at_once(&memory), 32, "no more than requests may be made");
        memory.learn(3 << 20);
        assert_eq!(at_once(&memory), 10);
        (0..60).for_each(|_| memory.learn(0));
        assert_eq!(at_once(&memory), 32);
    }

    #[test]
    fn downloads_that_wait_already_profit_from_what_the_first_have_learnt() {
        let memory = EntryMemory::new(32 << 20, 32);
        let mut all: Vec<_> = (0..32).map(|_| Box::pin(memory.acquire())).collect();
        let mut begun: Vec<_> = all.iter_mut().filter_map(|one| one.now_or_never()).collect();
        assert_eq!(begun.len(), 16);
        for permit in &mut begun {
            memory.learn(5_000);
            permit.as_mut().unwrap().resize(5_000);
        }
        let rest = all.iter_mut().skip(16).filter_map(|one| one.now_or_never());
        assert_eq!(rest.count(), 16);
    }
}
