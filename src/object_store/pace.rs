//! How many requests may be under way: fewer while the server is throttling, and one more at a time afterwards.

use parking_lot::{Mutex, MutexGuard};
use tokio::sync::{Semaphore, SemaphorePermit};

/// Bounds the requests under way. Half as many after a throttled one, one more after each full round of successes.
#[derive(Debug)]
pub(super) struct Pace {
    most: usize,
    turns: Semaphore,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// How many requests may be under way.
    limit: usize,
    /// How many turns are still out that must not come back.
    owed: usize,
    /// Successes since the limit last changed.
    worked: usize,
    /// How often the limit was halved.
    halvings: u64,
}

/// The permission for one request, until it is dropped.
pub(super) struct Turn<'a> {
    pace: &'a Pace,
    permit: Option<SemaphorePermit<'a>>,
    /// The halvings when the request began: one storm halves once, however many requests it meets.
    halvings: u64,
}

impl Pace {
    /// At most `most` requests under way.
    pub(super) fn new(most: usize) -> Self {
        let most = most.max(1);
        Self {
            most,
            turns: Semaphore::new(most),
            state: Mutex::new(State {
                limit: most,
                owed: 0,
                worked: 0,
                halvings: 0,
            }),
        }
    }

    /// Waits for a turn.
    pub(super) async fn turn(&self) -> Turn<'_> {
        // The semaphore is never closed; without a permit the request would only be unbounded.
        let permit = self.turns.acquire().await.ok();
        let halvings = self.state().halvings;
        Turn {
            pace: self,
            permit,
            halvings,
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock()
    }
}

impl Turn<'_> {
    /// The request succeeded.
    pub(super) fn worked(&self) {
        let mut state = self.pace.state();
        if state.limit == self.pace.most {
            return;
        }
        state.worked += 1;
        if state.worked >= state.limit {
            state.worked = 0;
            state.limit += 1;
            match state.owed.checked_sub(1) {
                Some(owed) => state.owed = owed,
                None => self.pace.turns.add_permits(1),
            }
        }
    }

    /// The server asked to slow down.
    pub(super) fn throttled(&self) {
        let mut state = self.pace.state();
        if state.halvings != self.halvings {
            return;
        }
        state.halvings += 1;
        state.worked = 0;
        let limit = (state.limit / 2).max(1);
        let surplus = state.limit - limit;
        state.limit = limit;
        state.owed += surplus - self.pace.turns.forget_permits(surplus);
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let mut state = self.pace.state();
        if let Some(owed) = state.owed.checked_sub(1) {
            state.owed = owed;
            if let Some(permit) = self.permit.take() {
                permit.forget();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    fn turn(pace: &Pace) -> Turn<'_> {
        pace.turn().now_or_never().unwrap()
    }

    /// As many turns as may be out at once.
    fn all(pace: &Pace) -> Vec<Turn<'_>> {
        std::iter::from_fn(|| pace.turn().now_or_never()).collect()
    }

    fn room(pace: &Pace) -> usize {
        all(pace).len()
    }

    #[test]
    fn one_storm_halves_once_however_many_requests_it_meets() {
        let pace = Pace::new(32);
        let storm = all(&pace);
        assert_eq!(storm.len(), 32);
        storm.iter().for_each(Turn::throttled);
        assert_eq!(room(&pace), 0, "turns that are out count");
        drop(storm);
        assert_eq!(room(&pace), 16);
        turn(&pace).throttled();
        assert_eq!(room(&pace), 8);
    }

    #[test]
    fn one_request_is_always_allowed() {
        let pace = Pace::new(3);
        for _ in 0..5 {
            turn(&pace).throttled();
        }
        assert_eq!(room(&pace), 1);
    }

    #[test]
    fn success_brings_the_limit_back_and_never_beyond() {
        let pace = Pace::new(8);
        turn(&pace).throttled();
        let mut rooms = vec![room(&pace)];
        for _ in 0..100 {
            turn(&pace).worked();
            rooms.push(room(&pace));
        }
        rooms.dedup();
        assert_eq!(rooms, [4, 5, 6, 7, 8]);
    }

    #[test]
    fn what_is_owed_is_paid_by_recovery_too() {
        let pace = Pace::new(2);
        let out = all(&pace);
        out[0].throttled();
        out[1].worked();
        drop(out);
        assert_eq!(room(&pace), 2);
    }
}
