//! How many requests may be under way: more the longer an answer takes at best, fewer while the server is throttling, and
//! one more at a time afterwards.

use std::time::Duration;

use parking_lot::{Mutex, MutexGuard};
use tokio::sync::{Semaphore, SemaphorePermit};

/// Requests under way at first, and always to a bucket that is near: more keep neither end busier.
const NEAR: usize = 32;
/// What an answer from such a bucket takes. From twice as far away, twice as many requests keep both ends as busy.
const NEAR_ANSWER: Duration = Duration::from_millis(4);
/// From twice as far away as this, one connection no longer brings a large object as fast as it could be had.
const NEAR_OBJECT: Duration = Duration::from_millis(8);

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
    /// How many may be while the server isn't throttling.
    usual: usize,
    /// The shortest that an answer took; nothing before the second one, as the first also opened a connection.
    quickest: Option<Duration>,
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
        let usual = most.min(NEAR);
        Self {
            most,
            turns: Semaphore::new(usual),
            state: Mutex::new(State {
                limit: usual,
                usual,
                quickest: None,
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

    /// Allows as many requests as keep a server busy whose answers take at least `took`. Never fewer: later answers may
    /// be slow or quick for other reasons.
    fn widen(&self, state: &mut State, took: Duration) {
        let Some(quickest) = state.quickest else {
            state.quickest = Some(Duration::MAX);
            return;
        };
        let quickest = quickest.min(took);
        state.quickest = Some(quickest);
        let usual = NEAR.saturating_mul(times(quickest, NEAR_ANSWER)).min(self.most);
        let more = usual.saturating_sub(state.usual);
        state.usual += more;
        self.raise(state, more);
    }

    /// How many times farther away than a bucket that is near this one is, as far as there may be more requests for it; 1
    /// while it is throttling.
    pub(super) fn distance(&self) -> usize {
        let state = self.state();
        match state.quickest {
            Some(quickest) if state.limit == state.usual => {
                times(quickest, NEAR_OBJECT).min(state.usual / NEAR).max(1)
            }
            _ => 1,
        }
    }

    fn raise(&self, state: &mut State, more: usize) {
        state.limit += more;
        let paid = more.min(state.owed);
        state.owed -= paid;
        self.turns.add_permits(more - paid);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock()
    }
}

fn times(long: Duration, short: Duration) -> usize {
    usize::try_from(long.as_micros() / short.as_micros()).unwrap_or(usize::MAX)
}

impl Turn<'_> {
    /// The request succeeded, and took so long.
    pub(super) fn worked(&self, took: Duration) {
        let mut state = self.pace.state();
        if state.limit == state.usual {
            return self.pace.widen(&mut state, took);
        }
        state.worked += 1;
        if state.worked >= state.limit {
            state.worked = 0;
            self.pace.raise(&mut state, 1);
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

    const QUICK: Duration = Duration::from_millis(1);
    const FAR: Duration = Duration::from_millis(30);

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
            turn(&pace).worked(QUICK);
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
        out[1].worked(QUICK);
        drop(out);
        assert_eq!(room(&pace), 2);
    }

    #[test]
    fn a_bucket_far_away_gets_more_requests_at_once_as_soon_as_that_shows() {
        let pace = Pace::new(256);
        assert_eq!(room(&pace), NEAR);
        turn(&pace).worked(FAR);
        assert_eq!(room(&pace), NEAR, "the first also opened a connection");
        turn(&pace).worked(FAR);
        assert_eq!((room(&pace), pace.distance()), (7 * NEAR, 3));
        turn(&pace).worked(QUICK);
        assert_eq!(room(&pace), 7 * NEAR);
        let pace = Pace::new(48);
        (0..2).for_each(|_| turn(&pace).worked(FAR));
        assert_eq!(room(&pace), 48);
    }

    #[test]
    fn a_bucket_nearby_gets_no_more_than_keep_it_busy() {
        let pace = Pace::new(256);
        for took in [FAR, QUICK, FAR, FAR] {
            turn(&pace).worked(took);
        }
        assert_eq!(room(&pace), NEAR);
    }

    #[test]
    fn throttling_halves_what_the_distance_allows_and_success_brings_it_back() {
        let pace = Pace::new(64);
        (0..2).for_each(|_| turn(&pace).worked(FAR));
        turn(&pace).throttled();
        assert_eq!(room(&pace), 32);
        turn(&pace).worked(FAR);
        assert_eq!(room(&pace), 32, "one more after a full round only");
        (0..32 * 64).for_each(|_| turn(&pace).worked(QUICK));
        assert_eq!(room(&pace), 64);
    }
}
