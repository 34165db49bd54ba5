//! The minimum-throughput check: bodies that come too slowly fail, so that a drip doesn't count as a sign of life.

use std::error::Error as StdError;
use std::fmt;
use std::pin::pin;
use std::time::Duration;

use aws_smithy_runtime_api::client::result::ConnectorError;
use tokio::time::Instant;

use crate::config::BucketConfig;

/// The least that a body must bring: so many bytes per second, on average over each window.
#[derive(Clone, Copy, Debug)]
pub(super) struct MinThroughput {
    pub least: u64,
    pub window: Duration,
}

impl MinThroughput {
    /// What the answers of `bucket` must bring.
    pub(super) fn of(bucket: &BucketConfig) -> Self {
        Self {
            least: bucket.min_speed,
            window: bucket.timeouts.stall,
        }
    }
}

/// A body came too slowly for too long.
#[derive(Debug)]
pub(super) struct Stalled(MinThroughput);

impl fmt::Display for Stalled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let MinThroughput { least, window } = self.0;
        write!(
            f,
            "the answer stalled: less than {least} bytes per second for {:.1} s",
            window.as_secs_f32()
        )
    }
}

impl StdError for Stalled {}

/// Watches a body arrive.
pub(super) struct Watch {
    min: MinThroughput,
    since: Instant,
    /// Bytes of the body when the window began.
    before: u64,
}

impl Watch {
    /// Watches from now on.
    pub(super) fn new(min: MinThroughput) -> Self {
        let since = Instant::now();
        Self {
            min,
            since,
            before: 0,
        }
    }

    /// Waits for the `next` part of a body of which `sofar` bytes are there, unless it is too slow.
    pub(super) async fn next<F: Future>(&mut self, next: F, sofar: u64) -> Result<F::Output, ConnectorError> {
        let mut next = pin!(next);
        let wanted = (self.min.least as f64 * self.min.window.as_secs_f64()).ceil() as u64;
        loop {
            match tokio::time::timeout_at(self.since + self.min.window, &mut next).await {
                Ok(part) => return Ok(part),
                Err(_) if sofar - self.before < wanted => {
                    return Err(ConnectorError::timeout(Box::new(Stalled(self.min))));
                }
                Err(_) => (self.since, self.before) = (Instant::now(), sofar),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cause::find;

    const MIN: MinThroughput = MinThroughput {
        least: 1000,
        window: Duration::from_millis(50),
    };

    /// What becomes of a body that brings `bytes` every five milliseconds, twenty times.
    async fn body(bytes: u64) -> Result<(), ConnectorError> {
        let mut watch = Watch::new(MIN);
        for part in 0..20 {
            watch
                .next(tokio::time::sleep(MIN.window / 10), part * bytes)
                .await?;
        }
        Ok(())
    }

    #[tokio::test]
    async fn a_drip_is_no_sign_of_life_and_a_slow_stream_is() {
        let error = body(1).await.unwrap_err();
        let stalled = find::<Stalled>(&error).unwrap().to_string();
        assert_eq!(
            stalled,
            "the answer stalled: less than 1000 bytes per second for 0.1 s"
        );
        assert!(body(1000).await.is_ok());
    }

    #[tokio::test]
    async fn what_came_fast_may_still_stop() {
        let mut watch = Watch::new(MIN);
        let end = watch.next(std::future::pending::<()>(), 5_000_000).await;
        assert!(end.is_err());
    }
}
