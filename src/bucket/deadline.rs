//! How long a download may use the network: until its deadline, or until it is clear that it can't be done by then.
//!
//! A download that would outlast its deadline is dropped early, since the task could run in the meantime. Dropping a
//! healthy one is worse, so the judgement leans the other way: it comes late, it counts each byte that arrived, and it
//! grants the download all of the bandwidth that the downloads of this run share.

use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use crate::error::Error;
use crate::object_store::Progress;

/// Connections need seconds to reach their speed where packets are lost; nothing is judged earlier.
const LEAST_SAMPLE: Duration = Duration::from_secs(20);
/// A download is dropped when its rest would take this many times the time that is left.
const CLEARLY: f64 = 1.5;
/// How often a download is judged.
const EVERY: Duration = Duration::from_secs(1);

/// What is left of the time that one download may use the network. It runs from the moment a request is sent, so that
/// it stands still while a download waits for its turn, for memory or for the disk.
#[derive(Clone, Copy, Debug)]
pub struct Deadline {
    left: Duration,
}

impl Deadline {
    /// All of `limit` is left.
    pub fn new(limit: Duration) -> Self {
        Self { left: limit }
    }

    /// As good as none: whoever downloads has a time limit of its own.
    pub fn unlimited() -> Self {
        Self::new(Duration::from_secs(1 << 30))
    }

    /// Waits for `work`, whose requests report to `progress` and bring `bytes` (0 where nobody knows), unless it is
    /// too late for it.
    pub async fn bound<T>(
        &self,
        progress: &Progress,
        bytes: u64,
        work: impl Future<Output = T>,
    ) -> Result<T, Error> {
        tokio::select! {
            biased;
            done = work => Ok(done),
            error = self.passes(progress, bytes, sample(self.left)) => Err(error),
        }
    }

    /// What `progress` took is no longer left.
    pub fn spend(&mut self, progress: &Progress) {
        self.left = self.left.saturating_sub(progress.elapsed());
    }

    /// Waits until the download is too late, or has been watched for `sample` and clearly will be.
    async fn passes(&self, progress: &Progress, bytes: u64, sample: Duration) -> Error {
        let began = progress.begun().await;
        let (deadline, before) = (began + self.left, progress.received_by_all());
        let mut next = began + sample;
        loop {
            sleep_until(next.min(deadline)).await;
            let now = Instant::now();
            let Some(left) = deadline
                .checked_duration_since(now)
                .filter(|left| !left.is_zero())
            else {
                return Error::Deadline;
            };
            let arrived = progress.received_by_all() - before;
            let rate = arrived as f64 / now.duration_since(began).as_secs_f64();
            let rest = bytes.saturating_sub(progress.received());
            if is_hopeless(rest, rate, left) {
                let rate = rate as u64;
                return Error::TooSlow { rest, rate, left };
            }
            next = now + EVERY;
        }
    }
}

/// How long a download is watched before it is judged: twenty seconds, or a tenth of its time where that is longer. With
/// less time than that it just has its deadline: there is little to be gained, and a late start would look hopeless.
fn sample(limit: Duration) -> Duration {
    LEAST_SAMPLE.max(limit / 10)
}

/// Whether `rest` bytes would clearly outlast the time that is `left`, at `rate` bytes per second.
fn is_hopeless(rest: u64, rate: f64, left: Duration) -> bool {
    rest as f64 > rate * left.as_secs_f64() * CLEARLY
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    const MB: u64 = 1_000_000;

    fn minutes(minutes: u64) -> Duration {
        Duration::from_secs(60 * minutes)
    }

    #[test]
    fn nothing_is_judged_before_twenty_seconds_or_a_tenth_of_its_time() {
        assert_eq!(sample(minutes(1)), Duration::from_secs(20));
        assert_eq!(sample(minutes(5)), Duration::from_secs(30));
        assert_eq!(sample(minutes(60)), minutes(6));
    }

    #[test]
    fn only_what_would_clearly_be_late_is_hopeless() {
        let is_hopeless = |rest, rate| is_hopeless(rest, rate, minutes(4));
        assert!(!is_hopeless(240 * MB, 1e6));
        assert!(!is_hopeless(359 * MB, 1e6), "it may become faster");
        assert!(is_hopeless(361 * MB, 1e6));
        assert!(is_hopeless(1, 0.0));
        assert!(
            !is_hopeless(0, 0.0),
            "nothing is known of its size, or all of it is there"
        );
    }

    /// Why a download of `bytes` ends that has `limit`, and of which nothing more comes.
    async fn judged(bytes: u64, progress: &Progress, limit: Duration, sample: Duration) -> Error {
        Deadline::new(limit).passes(progress, bytes, sample).await
    }

    #[tokio::test]
    async fn a_hopeless_download_is_dropped_before_its_deadline() {
        let progress = Progress::default();
        progress.begin();
        let began = Instant::now();
        let sample = Duration::from_millis(300);
        let dropped = judged(1000 * MB, &progress, minutes(60), sample).await;
        assert!(matches!(dropped, Error::TooSlow { rest, .. } if rest == 1000 * MB));
        assert!(began.elapsed() >= sample);
    }

    #[tokio::test]
    async fn a_short_deadline_is_the_only_judge() {
        let progress = Progress::default();
        progress.begin();
        let limit = Duration::from_secs(2);
        let ended = judged(1000 * MB, &progress, limit, sample(limit)).await;
        assert!(matches!(ended, Error::Deadline), "{ended:?}");
    }

    #[tokio::test]
    async fn bytes_that_others_received_show_what_the_way_to_the_bucket_can_carry() {
        let by_all = Arc::default();
        let [download, other] = [(); 2].map(|()| Progress::new(Arc::clone(&by_all)));
        download.begin();
        // Polled after the judge has begun to watch.
        let receiving = async { other.receive(1000 * MB) };
        let judged = judged(MB, &download, Duration::from_secs(2), Duration::from_millis(300));
        let (ended, ()) = tokio::join!(judged, receiving);
        assert!(matches!(ended, Error::Deadline), "{ended:?}");
    }

    #[tokio::test]
    async fn time_runs_from_the_first_request_on_and_only_then() {
        let mut deadline = Deadline::new(Duration::from_secs(3600));
        let progress = Progress::default();
        tokio::time::sleep(Duration::from_millis(20)).await;
        deadline.spend(&progress);
        assert_eq!(deadline.left, Duration::from_secs(3600));
        progress.begin();
        tokio::time::sleep(Duration::from_millis(20)).await;
        deadline.spend(&progress);
        assert!(deadline.left <= Duration::from_secs(3600) - Duration::from_millis(20));
        let (over, waiting) = (Deadline::new(Duration::ZERO), Progress::default());
        let turn = tokio::time::sleep(Duration::from_millis(50));
        assert!(over.bound(&waiting, 0, turn).await.is_ok());
    }
}
