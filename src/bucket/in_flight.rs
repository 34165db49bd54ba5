//! Work that goes on in the background, and the wait for it at the end of the run.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::{Condvar, Mutex};

/// Counts what is under way.
#[derive(Clone, Default)]
pub struct InFlight {
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
    names: BTreeMap<u64, String>,
}

/// Something under way; it counts as ended when this is dropped, whatever way that happens.
pub struct Ticket {
    id: u64,
    shared: Arc<Shared>,
}

impl InFlight {
    /// Something called `name` begins.
    pub fn begin(&self, name: &str) -> Ticket {
        let mut pending = self.shared.pending.lock();
        pending.next_id += 1;
        let id = pending.next_id;
        pending.names.insert(id, name.to_owned());
        Ticket {
            id,
            shared: self.shared.clone(),
        }
    }

    /// Blocks this thread until nothing is under way, at most for `timeout`. Returns the names of what still is, oldest
    /// first.
    pub fn wait(&self, timeout: Duration) -> Vec<String> {
        let mut pending = self.shared.pending.lock();
        let changed = &self.shared.changed;
        changed.wait_while_for(&mut pending, |pending| !pending.names.is_empty(), timeout);
        pending.names.values().cloned().collect()
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.shared.pending.lock().names.remove(&self.id);
        self.shared.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waiting_for_nothing_returns_at_once() {
        assert!(InFlight::default().wait(Duration::from_secs(3600)).is_empty());
    }

    #[test]
    fn the_wait_ends_with_the_last_one() {
        let in_flight = InFlight::default();
        let tickets = [in_flight.begin("1"), in_flight.begin("2")];
        let ending = std::thread::spawn(move || drop(tickets));
        assert!(in_flight.wait(Duration::from_secs(3600)).is_empty());
        ending.join().unwrap();
    }

    #[test]
    fn what_outlasts_the_wait_is_named() {
        let in_flight = InFlight::default();
        let _slow = [in_flight.begin("2"), in_flight.begin("1")];
        drop(in_flight.begin("3"));
        assert_eq!(in_flight.wait(Duration::ZERO), ["2", "1"]);
    }
}
