//! How far a download is, while its requests go on.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use tokio::sync::SetOnce;
use tokio::time::Instant;

/// Follows one download, which may take several requests.
#[derive(Debug, Default)]
pub struct Progress {
    began: SetOnce<Instant>,
    received: AtomicU64,
    /// Bytes of all downloads that share the way to the bucket, this one included.
    by_all: Arc<AtomicU64>,
}

impl Progress {
    /// A download that has not begun; its bytes are added to `by_all`, too.
    pub fn new(by_all: Arc<AtomicU64>) -> Self {
        Self {
            by_all,
            ..Self::default()
        }
    }

    /// A request is sent; the first one begins the download.
    pub fn begin(&self) {
        // Only the first time counts; later ones are refused.
        let _ = self.began.set(Instant::now());
    }

    /// So many more bytes arrived.
    pub fn receive(&self, bytes: u64) {
        self.received.fetch_add(bytes, Relaxed);
        self.by_all.fetch_add(bytes, Relaxed);
    }

    /// Waits until the download begins.
    pub async fn begun(&self) -> Instant {
        *self.began.wait().await
    }

    /// How long ago it began; nothing before that.
    pub fn elapsed(&self) -> Duration {
        self.began.get().map_or(Duration::ZERO, Instant::elapsed)
    }

    /// Bytes that arrived. What is asked for twice counts twice.
    pub fn received(&self) -> u64 {
        self.received.load(Relaxed)
    }

    /// Bytes that arrived of all downloads.
    pub fn received_by_all(&self) -> u64 {
        self.by_all.load(Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    #[test]
    fn a_download_begins_with_its_first_request() {
        let progress = Progress::default();
        assert_eq!(progress.elapsed(), Duration::ZERO);
        assert!(progress.begun().now_or_never().is_none());
        progress.begin();
        let began = progress.begun().now_or_never();
        progress.begin();
        assert!(began.is_some() && progress.begun().now_or_never() == began);
    }

    #[test]
    fn bytes_count_for_the_download_and_for_all() {
        let by_all = Arc::default();
        let [one, other] = [(); 2].map(|()| Progress::new(Arc::clone(&by_all)));
        one.receive(2);
        other.receive(3);
        assert_eq!((one.received(), one.received_by_all()), (2, 5));
        assert_eq!(other.received(), 3);
    }
}
