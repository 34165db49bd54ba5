//! What a failed call means.

use std::error::Error as StdError;

use aws_credential_types::provider::error::CredentialsError;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::{ConnectorError, SdkError};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use hyper_util::client::legacy;

use super::Error;
use super::answer::{NotConnected, TooLong};
use super::error::MAX_DETAIL;
use super::refusal::Refusal;
use super::throughput::Stalled;
use crate::cause::{find, line};

/// Why a call failed, before anybody decided what it means.
#[derive(Debug)]
pub(super) enum Failure {
    /// The server answered, and refuses.
    Refusal(Refusal),
    /// There is no answer that could be used.
    NoAnswer(Error),
}

impl Failure {
    pub(super) fn of<E>(error: SdkError<E, HttpResponse>) -> Self
    where
        E: StdError + ProvideErrorMetadata + Send + Sync + 'static,
    {
        match error {
            SdkError::ServiceError(context) => {
                Self::Refusal(Refusal::of(context.err().meta(), context.raw()))
            }
            other => Self::NoAnswer(match find::<ConnectorError>(&other) {
                Some(error) => no_answer(error),
                None => unclear(&other),
            }),
        }
    }

    /// The error for a caller in `region`.
    pub(super) fn meaning(self, region: &str) -> Error {
        match self {
            Self::Refusal(refusal) => refusal.meaning(region),
            Self::NoAnswer(error) => error,
        }
    }
}

/// A request that wasn't sent, or an answer that can't be read.
fn unclear<E>(error: &SdkError<E, HttpResponse>) -> Error
where
    E: StdError + Send + Sync + 'static,
{
    let detail = line(error, MAX_DETAIL);
    match error {
        SdkError::ConstructionFailure(_) => Error::Misconfigured { detail },
        SdkError::TimeoutError(_) => Error::TimedOut { detail },
        _ => Error::Server { detail },
    }
}

fn no_answer(error: &ConnectorError) -> Error {
    let detail = line(error, MAX_DETAIL);
    if is_about_credentials(error) {
        Error::Credentials {
            code: None,
            detail,
            asked: Vec::new(),
        }
    } else if let Some(too_long) = find::<TooLong>(error) {
        Error::TooLarge {
            size: too_long.size,
            limit: too_long.limit,
        }
    } else if find::<Stalled>(error).is_some() {
        Error::Server { detail }
    } else if error.is_timeout() {
        Error::TimedOut { detail }
    } else if let Some(NotConnected { proxy, .. }) = find(error) {
        // Certificates are the same the next time, and those that a proxy shows are no proof that it is in order.
        let lasting = find::<rustls::Error>(error).is_some();
        Error::Unreachable {
            detail: detail + advice(error),
            proxy: proxy.clone().filter(|_| !lasting),
            lasting,
        }
    } else if error.is_user() {
        Error::Unreachable {
            detail: detail + advice(error),
            proxy: None,
            lasting: true,
        }
    } else if error.is_other() && find::<legacy::Error>(error).is_none() {
        // It never came to HTTP: there is no endpoint for these options, or the request can't be signed.
        Error::Misconfigured { detail }
    } else {
        Error::Server {
            detail: detail + advice(error),
        }
    }
}

fn advice(error: &ConnectorError) -> &'static str {
    match find::<rustls::Error>(error) {
        Some(rustls::Error::InvalidCertificate(_)) => "; name the file of your own authority with caBundle",
        Some(rustls::Error::InvalidMessage(_)) => "; the server may speak http there, not https",
        // What a TLS server sends to who doesn't begin with TLS is no HTTP.
        None if line(error, MAX_DETAIL).contains("invalid HTTP version") => {
            "; the server may speak https there, not http"
        }
        _ => "",
    }
}

fn is_about_credentials(error: &ConnectorError) -> bool {
    find::<CredentialsError>(error).is_some()
}
