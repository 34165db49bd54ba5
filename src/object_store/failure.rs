//! What a failed call means.

use std::error::Error as StdError;

use aws_credential_types::provider::error::CredentialsError;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::{ConnectorError, SdkError};
use aws_smithy_types::error::metadata::{ErrorMetadata, ProvideErrorMetadata};

use super::Error;
use super::answer::{NotConnected, TooLong, causes, find};

/// Details are cut to this many characters: they end up in one line of a warning.
const MOST: usize = 300;

/// Why a call failed, before anybody decided what it means.
#[derive(Debug)]
pub(super) enum Failure {
    /// The server answered, and refuses.
    Refusal(Refusal),
    /// There is no answer that could be used.
    NoAnswer(Error),
}

/// A server's refusal.
#[derive(Debug, Default)]
pub(super) struct Refusal {
    pub status: u16,
    /// The S3 error code. Answers to HEAD have none.
    code: Option<String>,
    message: Option<String>,
    request_id: Option<String>,
    bucket_region: Option<String>,
    is_web_page: bool,
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
            SdkError::DispatchFailure(failure) => match failure.as_connector_error() {
                Some(error) => Self::NoAnswer(no_answer(error)),
                None => Self::NoAnswer(unclear(&SdkError::<E, HttpResponse>::DispatchFailure(failure))),
            },
            SdkError::TimeoutError(_) => Self::NoAnswer(Error::TimedOut { detail: line(&error) }),
            other => Self::NoAnswer(unclear(&other)),
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
    let detail = line(error);
    match error {
        _ if find::<CredentialsError>(error).is_some() => Error::Credentials { detail },
        SdkError::ConstructionFailure(_) => Error::Misconfigured { detail },
        _ => Error::Server { detail },
    }
}

fn no_answer(error: &ConnectorError) -> Error {
    let detail = line(error);
    if find::<CredentialsError>(error).is_some() {
        Error::Credentials { detail }
    } else if let Some(too_long) = find::<TooLong>(error) {
        Error::TooLarge {
            size: too_long.size,
            limit: too_long.limit,
        }
    } else if find::<NotConnected>(error).is_some() || error.is_user() {
        Error::Unreachable { detail }
    } else if error.is_timeout() {
        Error::TimedOut { detail }
    } else {
        Error::Server { detail }
    }
}

impl Refusal {
    fn of(meta: &ErrorMetadata, response: &HttpResponse) -> Self {
        let header = |name| response.headers().get(name).map(str::to_owned);
        Self {
            status: response.status().as_u16(),
            code: meta.code().map(str::to_owned),
            message: meta.message().map(str::to_owned),
            request_id: header("x-amz-request-id"),
            bucket_region: header("x-amz-bucket-region"),
            is_web_page: header("content-type").is_some_and(|kind| kind.starts_with("text/html")),
        }
    }

    fn is(&self, codes: &[&str]) -> bool {
        self.code.as_deref().is_some_and(|code| codes.contains(&code))
    }

    /// There is no object of that key. (A HEAD can't tell that from a missing bucket.)
    pub(super) fn is_missing_object(&self) -> bool {
        self.status == 404 && !self.is(&["NoSuchBucket"]) && !self.is_web_page
    }

    /// The object of a conditional put is there already, or another writer is about to write it.
    pub(super) fn is_already_there(&self) -> bool {
        self.status == 412
            || self.status == 409 && self.is(&["ConditionalRequestConflict", "OperationAborted"])
    }

    /// The server doesn't know `If-None-Match` on puts.
    pub(super) fn is_unknown_condition(&self) -> bool {
        let message = self.message.as_deref().unwrap_or_default().to_ascii_lowercase();
        self.status == 501 || self.status == 400 && message.contains("if-none-match")
    }

    fn meaning(self, region: &str) -> Error {
        let detail = self.detail();
        match self.status {
            _ if self.is_wrong_place(region) => Error::WrongRegion { detail },
            404 if self.is(&["NoSuchBucket"]) => Error::NoSuchBucket { detail },
            _ if self.is(&[
                "ExpiredToken",
                "ExpiredTokenException",
                "InvalidToken",
                "TokenRefreshRequired",
            ]) =>
            {
                Error::Credentials { detail }
            }
            status @ (401 | 403) => Error::AccessDenied { status, detail },
            407 => Error::Unreachable {
                detail: format!("the proxy wants a user and a password; {detail}"),
            },
            429 => Error::Throttled { detail },
            _ if self.is(&[
                "SlowDown",
                "ServiceUnavailable",
                "TooManyRequests",
                "RequestLimitExceeded",
            ]) =>
            {
                Error::Throttled { detail }
            }
            503 => Error::Throttled { detail },
            // The server will not learn it during this run.
            status @ 501 => Error::Refused { status, detail },
            500.. => Error::Server { detail },
            status => Error::Refused { status, detail },
        }
    }

    fn is_wrong_place(&self, region: &str) -> bool {
        const CODES: [&str; 6] = [
            "PermanentRedirect",
            "TemporaryRedirect",
            "AuthorizationHeaderMalformed",
            "AuthorizationQueryParametersError",
            "IllegalLocationConstraintException",
            "IllegalLocationConstraint",
        ];
        let elsewhere = self.bucket_region.as_deref().is_some_and(|there| there != region);
        (300..400).contains(&self.status)
            || self.is(&CODES)
            || self.status == 400 && elsewhere
            || self.status == 404 && self.is_web_page
    }

    fn detail(&self) -> String {
        let said = match (&self.code, &self.message) {
            (Some(code), Some(message)) => format!("{code}: {message}"),
            (Some(said), None) | (None, Some(said)) => said.clone(),
            (None, None) => format!("HTTP {}", self.status),
        };
        let mut detail = tidy(&said);
        if self.is(&["RequestTimeTooSkewed"]) {
            detail += "; this machine's clock is wrong, set it";
        }
        if self.is_web_page && self.code.is_none() {
            detail += " with a web page: the endpoint may not be one of S3";
        }
        if let Some(region) = &self.bucket_region {
            detail += &format!("; the bucket is in {region}");
        }
        if let Some(id) = &self.request_id {
            detail += &format!(" (request {})", tidy(id));
        }
        detail
    }
}

/// Messages that only say that there is a cause below.
const EMPTY: [&str; 7] = [
    "dispatch failure",
    "io error",
    "other",
    "timeout",
    "user error",
    "no connection",
    "client error (Connect)",
];

/// An error and its causes, on one short line.
pub(super) fn line(error: &(dyn StdError + 'static)) -> String {
    let mut said: Vec<String> = Vec::new();
    for cause in causes(error).map(ToString::to_string) {
        if !EMPTY.contains(&cause.as_str()) && !said.iter().any(|earlier| earlier.contains(&cause)) {
            said.push(cause);
        }
    }
    if said.is_empty() {
        said.push(error.to_string());
    }
    tidy(&said.join(": "))
}

fn tidy(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let line = line.trim_end_matches(['.', ':']);
    match line.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line.to_owned(),
    }
}
