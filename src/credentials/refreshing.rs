//! Credentials that are refreshed from their source before they expire.
//!
//! No request waits for credentials that are still valid. Unlike in the SDK's own providers the first credentials are there
//! already, any number of clients share one refresh, a failed refresh isn't repeated for every waiting request and is no
//! failure at all while the old credentials last, and a server that calls them expired is believed rather than the clock.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{self, ProvideCredentials, future};
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::error::Error;
use super::source::Source;

/// Credentials that last no longer than this are refreshed when asked for. More than the SDK's ten seconds, or it would get
/// the same credentials again.
const MARGIN: Duration = Duration::from_secs(60);

/// How long a failed refresh isn't repeated. Requests queue for a refresh; without this, each of them would wait for a
/// timeout of its own.
const RETRY_AFTER: Duration = Duration::from_secs(30);

/// How long after a refresh a server may still call the old credentials expired, in answers to requests that were under way.
const AFTERMATH: Duration = Duration::from_secs(1);

/// Current credentials, and the source that refreshes them.
#[derive(Debug)]
pub struct Refreshing {
    source: Source,
    limit: Duration,
    /// Whether a server called the current credentials expired.
    expired: AtomicBool,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    current: Credentials,
    since: Instant,
    failure: Option<(Instant, Error)>,
}

impl Refreshing {
    /// `current` came from `source`; a refresh may take `limit`.
    pub(super) fn new(source: Source, current: Credentials, limit: Duration) -> Self {
        Self {
            source,
            limit,
            expired: AtomicBool::new(false),
            state: Mutex::new(State {
                current,
                since: Instant::now(),
                failure: None,
            }),
        }
    }

    /// The source in a few words.
    pub(super) fn source(&self) -> &str {
        &self.source.name
    }

    /// Records that a server called the credentials expired: the next request gets others.
    pub fn mark_expired(&self) {
        self.expired.store(true, Ordering::Relaxed);
    }

    async fn credentials(&self) -> provider::Result {
        let mut state = self.state.lock().await;
        let expired = self.expired.swap(false, Ordering::Relaxed) && state.since.elapsed() > AFTERMATH;
        if lasts(&state.current, MARGIN) && !expired {
            return Ok(state.current.clone());
        }
        let failure = match &state.failure {
            Some((since, failure)) if since.elapsed() < RETRY_AFTER => failure.clone(),
            _ => match self.source.ask(self.limit).await {
                Ok(refreshed) => {
                    *state = State {
                        current: refreshed.clone(),
                        since: Instant::now(),
                        failure: None,
                    };
                    return Ok(refreshed);
                }
                Err(failure) => {
                    state.failure = Some((Instant::now(), failure.clone()));
                    failure
                }
            },
        };
        if lasts(&state.current, Duration::ZERO) {
            return Ok(state.current.clone());
        }
        Err(CredentialsError::provider_error(failure))
    }
}

impl ProvideCredentials for Refreshing {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(self.credentials())
    }
}

/// Whether `credentials` are good for longer than `margin` from now.
fn lasts(credentials: &Credentials, margin: Duration) -> bool {
    credentials
        .expiry()
        .is_none_or(|expiry| expiry > SystemTime::now() + margin)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    const LIMIT: Duration = Duration::from_secs(5);

    /// Counts how often it is asked, takes a moment, and gives the test's answer.
    #[derive(Debug)]
    struct Provider {
        asked: Arc<AtomicUsize>,
        answer: Option<Credentials>,
    }

    impl ProvideCredentials for Provider {
        fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
        where
            Self: 'a,
        {
            self.asked.fetch_add(1, Ordering::SeqCst);
            future::ProvideCredentials::new(async {
                tokio::time::sleep(Duration::from_millis(20)).await;
                self.answer
                    .clone()
                    .ok_or_else(|| CredentialsError::provider_error("out of order"))
            })
        }
    }

    /// Credentials that expire so many seconds from now, or did before.
    fn good_for(id: &str, seconds: i64) -> Credentials {
        let distance = Duration::from_secs(seconds.unsigned_abs());
        let now = SystemTime::now();
        let expiry = if seconds < 0 {
            now - distance
        } else {
            now + distance
        };
        Credentials::new(id, "secret", None, Some(expiry), "test")
    }

    fn refreshing(current: Credentials, answer: Option<Credentials>) -> (Arc<Refreshing>, Arc<AtomicUsize>) {
        let asked = Arc::new(AtomicUsize::new(0));
        let provider = Provider {
            asked: Arc::clone(&asked),
            answer,
        };
        let source = Source::new("test", provider, "Repair it.");
        (Arc::new(Refreshing::new(source, current, LIMIT)), asked)
    }

    #[tokio::test]
    async fn credentials_that_last_are_given_without_asking() {
        for current in [
            good_for("OLD", 3600),
            Credentials::new("OLD", "secret", None, None, "test"),
        ] {
            let (provider, asked) = refreshing(current, Some(good_for("NEW", 3600)));
            assert_eq!(provider.credentials().await.unwrap().access_key_id(), "OLD");
            assert_eq!(asked.load(Ordering::SeqCst), 0);
        }
    }

    #[tokio::test]
    async fn credentials_that_a_server_calls_expired_are_refreshed_once() {
        let (provider, asked) = refreshing(good_for("OLD", 3600), Some(good_for("NEW", 3600)));
        provider.mark_expired();
        assert_eq!(
            provider.credentials().await.unwrap().access_key_id(),
            "OLD",
            "just found"
        );
        if let Some(before) = Instant::now().checked_sub(AFTERMATH * 2) {
            provider.state.lock().await.since = before;
        }
        for _ in 0..3 {
            provider.mark_expired();
            assert_eq!(provider.credentials().await.unwrap().access_key_id(), "NEW");
        }
        assert_eq!(asked.load(Ordering::SeqCst), 1);
    }

    #[tokio::test]
    async fn any_number_of_requests_share_one_refresh() {
        let (provider, asked) = refreshing(good_for("OLD", -1), Some(good_for("NEW", 3600)));
        let requests: Vec<_> = (0..8)
            .map(|_| {
                let provider = Arc::clone(&provider);
                tokio::spawn(async move { provider.credentials().await.unwrap() })
            })
            .collect();
        for request in requests {
            assert_eq!(request.await.unwrap().access_key_id(), "NEW");
        }
        assert_eq!(asked.load(Ordering::SeqCst), 1);
    }

    #[tokio::test]
    async fn a_failed_refresh_is_reported_once_the_old_ones_are_over_and_not_repeated_at_once() {
        let (provider, asked) = refreshing(good_for("OLD", -1), None);
        for _ in 0..3 {
            let error = provider.credentials().await.unwrap_err();
            let cause = std::error::Error::source(&error).unwrap().to_string();
            assert_eq!(cause, "no credentials from test: out of order. Repair it.");
        }
        assert_eq!(asked.load(Ordering::SeqCst), 1);
    }

    #[tokio::test]
    async fn a_failed_refresh_is_no_failure_while_the_old_ones_last() {
        let (provider, _) = refreshing(good_for("OLD", 30), None);
        assert_eq!(provider.credentials().await.unwrap().access_key_id(), "OLD");
    }
}
