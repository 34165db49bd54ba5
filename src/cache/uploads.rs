//! Uploads that go on while Nx schedules the next task, and the wait for them at the end of the run.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::{Condvar, Mutex};

/// Counts the uploads under way.
#[derive(Clone, Default)]
pub struct Uploads {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    pending: Mutex<Pending>,
    changed: Condvar,
}

#[derive(Default)]
struct Pending {
    next_id: u64,
    hashes: BTreeMap<u64, String>,
}

/// One upload under way; it counts as ended when this is dropped, whatever way that happens.
pub struct Ticket {
    id: u64,
    shared: Arc<Shared>,
}

impl Uploads {
    /// An upload of the artifact of `hash` begins.
    pub fn begin(&self, hash: &str) -> Ticket {
        let mut pending = self.shared.pending.lock();
        pending.next_id += 1;
        let id = pending.next_id;
        pending.hashes.insert(id, hash.to_owned());
        Ticket {
            id,
            shared: self.shared.clone(),
        }
    }

    /// Blocks this thread until no upload is under way, at most for `timeout`. Returns the task hashes whose
    /// uploads still are, oldest first.
    pub fn wait(&self, timeout: Duration) -> Vec<String> {
        let mut pending = self.shared.pending.lock();
        let changed = &self.shared.changed;
        changed.wait_while_for(&mut pending, |pending| !pending.hashes.is_empty(), timeout);
        pending.hashes.values().cloned().collect()
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.shared.pending.lock().hashes.remove(&self.id);
        self.shared.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waiting_for_nothing_returns_at_once() {
        assert!(Uploads::default().wait(Duration::from_secs(3600)).is_empty());
    }

    #[test]
    fn the_wait_ends_with_the_last_upload() {
        let uploads = Uploads::default();
        let tickets = [uploads.begin("1"), uploads.begin("2")];
        let ending = std::thread::spawn(move || drop(tickets));
        assert!(uploads.wait(Duration::from_secs(3600)).is_empty());
        ending.join().unwrap();
    }

    #[test]
    fn what_outlasts_the_wait_is_named() {
        let uploads = Uploads::default();
        let _slow = [uploads.begin("2"), uploads.begin("1")];
        drop(uploads.begin("3"));
        assert_eq!(uploads.wait(Duration::ZERO), ["2", "1"]);
    }
}
