//! Credentials in hand, renewed from their source before they expire.
//!
//! The SDK keeps a client's credentials until about ten seconds before they expire, then asks its provider,
//! and signs every later request with the answer: a request never waits for credentials that are still good.
//! What is here answers that question. It differs from the SDK's own providers in four ways: the first answer
//! is there already, any number of clients share one renewal, a failed renewal is not repeated for
//! every waiting request, and it is no failure at all as long as the old credentials last.

use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{self, ProvideCredentials, future};
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::candidate::Candidate;
use super::error::Error;

/// Credentials that last no longer than this are renewed when asked for. More than the SDK's ten seconds, or
/// it would be given the same credentials again.
const MARGIN: Duration = Duration::from_secs(60);

/// How long the answer to a failed renewal stands. Requests wait in line for a renewal; without this, each
/// of them would wait for a timeout of its own.
const RETRY_AFTER: Duration = Duration::from_secs(30);

/// Credentials in hand, and the source that renews them.
#[derive(Debug)]
pub(super) struct Renewing {
    source: Candidate,
    limit: Duration,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    current: Credentials,
    failure: Option<(Instant, Error)>,
}

impl Renewing {
    /// `current` came from `source`; a renewal may take `limit`.
    pub(super) fn new(source: Candidate, current: Credentials, limit: Duration) -> Self {
        Self {
            source,
            limit,
            state: Mutex::new(State {
                current,
                failure: None,
            }),
        }
    }

    /// The source in a few words.
    pub(super) fn source(&self) -> &str {
        &self.source.name
    }

    async fn credentials(&self) -> provider::Result {
        let mut state = self.state.lock().await;
        if lasts(&state.current, MARGIN) {
            return Ok(state.current.clone());
        }
        let failure = match &state.failure {
            Some((since, failure)) if since.elapsed() < RETRY_AFTER => failure.clone(),
            _ => match self.source.ask(self.limit).await {
                Ok(renewed) => {
                    *state = State {
                        current: renewed.clone(),
                        failure: None,
                    };
                    return Ok(renewed);
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

impl ProvideCredentials for Renewing {
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
