//! A store that retries transient failures, and makes fewer requests at once while the server throttles.
//!
//! The only place that retries: the SDK makes one attempt. A wait holds no turn, so that requests that are due go
//! first.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use parking_lot::Mutex;
use tokio::time::{Instant, sleep};

use super::pace::Pace;
use super::parts::{self, Joined};
use super::{DELETE_BATCH, Error, Fetch, Head, ListPage, Object, ObjectStore, PutMode, PutOutcome};

/// The most to wait before the first retry; doubled each time. What is waited is a random part of it, so that
/// those who were refused together don't come back together.
const FIRST_BACKOFF: Duration = Duration::from_millis(250);
const LONGEST_BACKOFF: Duration = Duration::from_secs(5);
/// A server that asks for more time than this is not asked again by this request.
const LONGEST_ASKED_FOR: Duration = Duration::from_secs(20);

/// Requests in a row without any answer after which a server that has answered before counts as silent: a single one may
/// have been lost on its way.
const SILENCES: u32 = 2;

/// A store whose requests are repeated, and bounded in number.
#[derive(Debug)]
pub struct RetryingStore<S> {
    store: S,
    retries: u32,
    pace: Pace,
    first_backoff: Duration,
    heard: Mutex<Heard>,
    /// Whether parts of objects are asked for; ends when they don't fit together.
    gives_parts: AtomicBool,
}

/// What was heard of the server.
#[derive(Debug, Default)]
struct Heard {
    /// When it last answered anything.
    last: Option<Instant>,
    /// Requests since then that timed out while no other was answered.
    silences: u32,
}

impl<S: ObjectStore> RetryingStore<S> {
    /// Repeats each request of `store` up to `retries` times, and has at most `concurrency` under way.
    pub fn new(store: S, retries: u32, concurrency: usize) -> Self {
        Self {
            store,
            retries,
            pace: Pace::new(concurrency),
            first_backoff: FIRST_BACKOFF,
            heard: Mutex::default(),
            gives_parts: AtomicBool::new(true),
        }
    }

    async fn repeat<T, F>(&self, attempt: impl Fn() -> F) -> Result<T, Error>
    where
        F: Future<Output = Result<T, Error>> + Send,
    {
        self.repeat_while(|| 0, attempt).await
    }

    /// The same, where bytes that have `arrived` meanwhile are a sign of life, too.
    async fn repeat_while<T, F>(&self, arrived: impl Fn() -> u64, attempt: impl Fn() -> F) -> Result<T, Error>
    where
        F: Future<Output = Result<T, Error>> + Send,
    {
        let (mut retries, mut corrected) = (0, false);
        loop {
            let error = match self.once(&arrived, attempt()).await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            if error.deserves_another_try() && !corrected {
                corrected = true;
                continue;
            }
            let wait = backoff(self.first_backoff, retries, error.retry_after());
            match wait.filter(|_| error.may_pass() && retries < self.retries) {
                Some(wait) => sleep(wait).await,
                None => return Err(error),
            }
            retries += 1;
        }
    }

    async fn once<T>(
        &self,
        arrived: impl Fn() -> u64,
        attempt: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        let turn = self.pace.turn().await;
        let (began, before) = (Instant::now(), arrived());
        let result = attempt.await;
        match &result {
            Ok(_) => turn.worked(began.elapsed()),
            Err(Error::Throttled { .. }) => turn.throttled(),
            Err(_) => {}
        }
        let mut heard = self.heard.lock();
        if result.as_ref().err().is_none_or(Error::is_answer) {
            *heard = Heard {
                last: Some(Instant::now()),
                silences: 0,
            };
        }
        match result {
            Err(Error::TimedOut { detail })
                if heard.last.is_none_or(|last| last < began) && arrived() == before =>
            {
                heard.silences += 1;
                if heard.last.is_none() || heard.silences >= SILENCES {
                    Err(Error::Silent { detail })
                } else {
                    Err(Error::TimedOut { detail })
                }
            }
            result => result,
        }
    }
}

/// How long to wait before retry `retry` (the first is 0); `None` when the server wants more than that is worth.
fn backoff(first: Duration, retry: u32, asked_for: Option<Duration>) -> Option<Duration> {
    let most = first.saturating_mul(1 << retry.min(16)).min(LONGEST_BACKOFF);
    // Without randomness everybody waits for half of it, which is no worse than any other number.
    let part = getrandom::u32().map_or(0.5, |random| f64::from(random) / f64::from(u32::MAX));
    let asked_for = asked_for.unwrap_or_default();
    (asked_for <= LONGEST_ASKED_FOR).then(|| asked_for + most.mul_f64(part))
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<S: ObjectStore> ObjectStore for RetryingStore<S> {
    async fn probe(&self) -> Result<(), Error> {
        self.repeat(|| self.store.probe()).await
    }

    async fn fetch(&self, fetch: &Fetch<'_>) -> Result<Option<Object>, Error> {
        let ranges = parts::ranges(fetch.size.min(fetch.limit), self.pace.distance());
        if ranges.len() > 1 && self.gives_parts.load(Relaxed) {
            match parts::join(self, fetch, ranges).await? {
                Joined::Whole(object) => return Ok(Some(object)),
                Joined::Missing => return Ok(None),
                Joined::Unfit => self.gives_parts.store(false, Relaxed),
            }
        }
        let arrived = || fetch.progress.received_by_all();
        self.repeat_while(arrived, || self.store.fetch(fetch)).await
    }

    async fn get(&self, key: &str, limit: u64) -> Result<Option<Bytes>, Error> {
        let object = self.fetch(&Fetch::new(key, limit)).await?;
        Ok(object.map(|object| object.body))
    }

    async fn head(&self, key: &str) -> Result<Option<Head>, Error> {
        self.repeat(|| self.store.head(key)).await
    }

    async fn put(&self, key: &str, body: Bytes, mode: PutMode) -> Result<PutOutcome, Error> {
        self.repeat(|| self.store.put(key, body.clone(), mode)).await
    }

    async fn list(&self, prefix: &str, after: Option<&str>) -> Result<ListPage, Error> {
        self.repeat(|| self.store.list(prefix, after)).await
    }

    async fn delete(&self, keys: &[String]) -> Result<(), Error> {
        for keys in keys.chunks(DELETE_BATCH) {
            self.repeat(|| self.store.delete(keys)).await?;
        }
        Ok(())
    }

    async fn copy(&self, from: &str, to: &str) -> Result<bool, Error> {
        self.repeat(|| self.store.copy(from, to)).await
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicU64;

    use super::super::UnreadableReason;
    use super::super::memory::MemoryStore;
    use super::*;

    fn throttled(after: Option<u64>) -> Error {
        Error::Throttled {
            detail: "SlowDown".into(),
            retry_after: after.map(Duration::from_secs),
        }
    }

    fn denied(detail: &str) -> Error {
        Error::AccessDenied {
            status: 403,
            code: Some(detail.into()),
            detail: detail.into(),
        }
    }

    fn store(errors: impl IntoIterator<Item = Error>) -> RetryingStore<MemoryStore> {
        let mut store = RetryingStore::new(MemoryStore::new(), 3, 4);
        store.first_backoff = Duration::from_millis(1);
        store.store.replace("key", "body");
        store.store.fail_next(errors);
        store
    }

    /// The result of a get that fails so first, and the calls it took.
    async fn get(errors: impl IntoIterator<Item = Error>) -> (Result<Option<Bytes>, Error>, usize) {
        let store = store(errors);
        let result = store.get("key", 100).await;
        (result, store.store.calls().len())
    }

    fn found() -> Result<Option<Bytes>, Error> {
        Ok(Some("body".into()))
    }

    #[tokio::test]
    async fn what_passes_is_not_noticed() {
        let passing = [
            throttled(None),
            Error::Server { detail: "500".into() },
            Error::Unreachable {
                detail: "reset".into(),
                proxy: None,
                lasting: false,
            },
        ];
        assert_eq!(get(passing).await, (found(), 4));
    }

    #[tokio::test]
    async fn what_lasts_ends_after_the_retries() {
        assert_eq!(get(vec![throttled(None); 9]).await, (Err(throttled(None)), 4));
    }

    #[tokio::test]
    async fn what_can_not_succeed_is_asked_once() {
        let detail = || "no".to_owned();
        for error in [
            denied("AccessDenied"),
            Error::NoSuchBucket { detail: detail() },
            Error::InvalidBucketName { detail: detail() },
            Error::WrongEndpoint { detail: detail() },
            Error::WrongRegion {
                region: None,
                detail: detail(),
            },
            Error::Misconfigured { detail: detail() },
            Error::Credentials {
                code: None,
                detail: detail(),
                asked: Vec::new(),
            },
            Error::Refused {
                status: 400,
                detail: detail(),
            },
            Error::Unreachable {
                detail: detail(),
                proxy: None,
                lasting: true,
            },
            Error::Unreadable {
                reason: UnreadableReason::Archived,
                detail: detail(),
            },
            Error::TooLarge { size: 2, limit: 1 },
            throttled(Some(3600)),
        ] {
            assert_eq!(get(vec![error.clone(); 2]).await, (Err(error), 1));
        }
    }

    #[tokio::test]
    async fn what_deserves_another_try_is_asked_again_once() {
        let expired = Error::Credentials {
            code: Some("ExpiredToken".into()),
            detail: "ExpiredToken: too late".into(),
            asked: Vec::new(),
        };
        for error in [denied("RequestTimeTooSkewed"), expired, Error::ChecksumMismatch] {
            assert_eq!(get([error.clone()]).await, (found(), 2));
            assert_eq!(get(vec![error.clone(); 3]).await, (Err(error), 2));
        }
    }

    #[tokio::test]
    async fn a_lost_answer_is_asked_for_again_and_a_silent_server_is_not() {
        let lost = Error::TimedOut {
            detail: "no answer".into(),
        };
        let silent = Error::Silent {
            detail: "no answer".into(),
        };
        assert_eq!(get([lost.clone()]).await, (Err(silent), 1));

        let store = store([lost]);
        let others_hear = Instant::now() + Duration::from_secs(60);
        store.heard.lock().last = Some(others_hear);
        assert_eq!(store.get("key", 100).await, found());
    }

    #[tokio::test]
    async fn one_request_that_is_lost_does_not_make_a_server_silent_that_has_answered() {
        let lost = Error::TimedOut {
            detail: "no answer".into(),
        };
        let silent = Error::Silent {
            detail: "no answer".into(),
        };
        let store = store([]);
        for _ in 0..3 {
            assert_eq!(store.get("key", 100).await, found());
            store.store.fail_next([lost.clone()]);
        }
        store.store.fail_next([lost]);
        assert_eq!(store.get("key", 100).await, Err(silent));
    }

    #[tokio::test]
    async fn a_server_whose_bytes_arrive_is_slow_and_not_silent() {
        let store = store([]);
        let late = || Error::TimedOut {
            detail: "no whole answer".into(),
        };
        let (bytes, attempts) = (AtomicU64::new(0), AtomicU64::new(0));
        let outcome: Result<(), Error> = store
            .repeat_while(
                || bytes.load(Relaxed),
                || async {
                    bytes.fetch_add(1, Relaxed);
                    attempts.fetch_add(1, Relaxed);
                    Err(late())
                },
            )
            .await;
        assert_eq!((outcome, attempts.into_inner()), (Err(late()), 4));
    }

    #[test]
    fn backoffs_double_up_to_a_bound_and_are_random() {
        for (retry, most) in [(0, 250), (1, 500), (4, 4000), (5, 5000), (40, 5000)] {
            let waits = (0..50).filter_map(|_| backoff(FIRST_BACKOFF, retry, None));
            let (waits, most) = (waits.collect::<Vec<_>>(), Duration::from_millis(most));
            assert!(waits.iter().all(|wait| *wait <= most), "{waits:?}");
            assert!(waits.iter().any(|wait| *wait < most / 2), "{waits:?}");
            assert!(waits.iter().any(|wait| *wait > most / 2), "{waits:?}");
        }
    }

    #[test]
    fn no_retry_comes_earlier_than_the_server_asked() {
        for seconds in [1, 20] {
            let asked_for = Duration::from_secs(seconds);
            assert!(backoff(FIRST_BACKOFF, 0, Some(asked_for)).unwrap() >= asked_for);
        }
    }

    const LARGE: u64 = 4 << 20;

    /// The requests that getting a large object takes twice, from a store whose answers have taken `took` and take `takes`.
    async fn get_large(
        took: Duration,
        takes: Duration,
        errors: impl IntoIterator<Item = Error>,
    ) -> [usize; 2] {
        let store = store([]);
        let store = RetryingStore {
            pace: Pace::new(256),
            ..store
        };
        for _ in 0..2 {
            store.pace.turn().await.worked(took);
        }
        store.store.move_away(takes);
        store.store.replace("large", vec![7; LARGE as usize]);
        store.store.fail_next(errors);
        let mut before = 0;
        let mut requests = [0; 2];
        for count in &mut requests {
            let fetch = Fetch {
                size: LARGE,
                ..Fetch::new("large", LARGE)
            };
            let object = store.fetch(&fetch).await;
            assert!(object.unwrap().unwrap().body == vec![7; LARGE as usize]);
            *count = store.store.calls().len() - before;
            before += *count;
        }
        requests
    }

    #[tokio::test]
    async fn a_large_object_far_away_is_got_in_parts() {
        for (distance, parts) in [(1, 1), (33, 16), (66, 32)] {
            let distance = Duration::from_millis(distance);
            assert_eq!(get_large(distance, distance, []).await, [parts; 2]);
        }
    }

    #[tokio::test]
    async fn a_bucket_that_turns_out_to_be_near_gives_objects_as_a_whole() {
        let far = Duration::from_millis(33);
        assert_eq!(get_large(far, Duration::ZERO, []).await, [16, 1]);
    }

    #[tokio::test]
    async fn a_part_is_asked_for_again_and_a_server_that_gives_none_is_asked_for_the_whole() {
        let far = Duration::from_millis(33);
        assert_eq!(
            get_large(far, far, [throttled(None)]).await,
            [17, 1],
            "throttled: no parts"
        );
        let refused = Error::Refused {
            status: 501,
            detail: "NotImplemented".into(),
        };
        let [first, second] = get_large(far, far, [refused]).await;
        assert!(first > 1 && second == 1, "{first}, {second}");
    }
}
