//! Whether a download can be done in time, judged by how fast it went so far.

use std::time::Duration;

use tokio::time::Instant;

/// What the first moments of a download say of the rest is mostly wrong.
const FAIR_SAMPLE: Duration = Duration::from_secs(2);
/// A download is dropped when its rest would take this many times the time that is left.
const CLEARLY: f64 = 1.5;

/// Watches one download.
#[derive(Debug)]
pub struct Forecast {
    began: Instant,
    deadline: Instant,
    bytes: u64,
    received: u64,
}

impl Forecast {
    /// A download of `bytes` that begins at `now` and should be done at `deadline`.
    pub fn new(bytes: u64, now: Instant, deadline: Instant) -> Self {
        Self {
            began: now,
            deadline,
            bytes,
            received: 0,
        }
    }

    /// Counts what came, and answers whether the download would clearly outlast its deadline at this rate.
    pub fn is_hopeless(&mut self, bytes: u64, now: Instant) -> bool {
        self.received += bytes;
        let spent = now.duration_since(self.began);
        let left = self.deadline.saturating_duration_since(now);
        let rest = self.bytes.saturating_sub(self.received) as f64;
        let rate = self.received as f64 / spent.as_secs_f64().max(f64::EPSILON);
        spent >= FAIR_SAMPLE && rest > rate * left.as_secs_f64() * CLEARLY
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// After how many seconds a download of 1000 bytes in 100 s at `rate` bytes per second is given up.
    fn given_up(rate: impl Fn(u64) -> u64) -> Option<u64> {
        let began = Instant::now();
        let mut forecast = Forecast::new(1000, began, began + Duration::from_secs(100));
        (1..=100).find(|second| forecast.is_hopeless(rate(*second), began + Duration::from_secs(*second)))
    }

    #[test]
    fn what_would_clearly_be_late_is_dropped_as_soon_as_that_is_known() {
        assert_eq!(given_up(|_| 5), Some(2));
        assert_eq!(given_up(|_| 0), Some(2));
    }

    #[test]
    fn what_may_be_in_time_goes_on() {
        assert_eq!(given_up(|_| 10), None);
        assert_eq!(given_up(|_| 8), Some(51), "until it is clear");
    }

    #[test]
    fn a_slow_beginning_is_no_reason_and_a_slow_end_is() {
        assert_eq!(given_up(|second| if second < 2 { 0 } else { 20 }), None);
        assert!(given_up(|second| if second < 20 { 40 } else { 0 }).is_some());
    }
}
