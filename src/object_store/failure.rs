//! What a failed call means.

use std::error::Error as StdError;

use aws_credential_types::provider::error::CredentialsError;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::{ConnectorError, SdkError};
use aws_smithy_types::error::metadata::{ErrorMetadata, ProvideErrorMetadata};
use hyper_util::client::legacy;

use super::Error;
use super::answer::{NotConnected, TooLong};
use super::cause::{causes, find, line, tidy};

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
    /// HTML without an S3 error code. (The type alone says nothing: moto labels its XML as HTML.)
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
    let detail = line(error);
    match error {
        SdkError::ConstructionFailure(_) => Error::Misconfigured { detail },
        SdkError::TimeoutError(_) => Error::TimedOut { detail },
        _ => Error::Server { detail },
    }
}

fn no_answer(error: &ConnectorError) -> Error {
    let detail = line(error);
    if is_about_credentials(error) {
        Error::Credentials { detail }
    } else if let Some(too_long) = find::<TooLong>(error) {
        Error::TooLarge {
            size: too_long.size,
            limit: too_long.limit,
        }
    } else if find::<NotConnected>(error).is_some() || error.is_user() {
        Error::Unreachable {
            detail: detail + certificate_advice(error),
        }
    } else if error.is_timeout() {
        Error::TimedOut { detail }
    } else if error.is_other() && find::<legacy::Error>(error).is_none() {
        // It never came to HTTP: there is no endpoint for these options, or the request can't be signed.
        Error::Misconfigured { detail }
    } else {
        Error::Server { detail }
    }
}

fn certificate_advice(error: &ConnectorError) -> &'static str {
    match find::<rustls::Error>(error) {
        Some(rustls::Error::InvalidCertificate(_)) => "; name the file of your own authority with caBundle",
        _ => "",
    }
}

fn is_about_credentials(error: &ConnectorError) -> bool {
    // The SDK's cache of credentials doesn't export the error for its own time limit.
    const TOO_LONG: &str = "identity resolver timed out";
    find::<CredentialsError>(error).is_some()
        || causes(error).any(|cause| cause.to_string().contains(TOO_LONG))
}

impl Refusal {
    fn of(meta: &ErrorMetadata, response: &HttpResponse) -> Self {
        let header = |name| response.headers().get(name).map(str::to_owned);
        let is_empty = response.body().bytes().is_some_and(<[u8]>::is_empty);
        // Where there is no document, the SDK makes up a code for 404.
        let code = meta.code().filter(|_| !is_empty).map(str::to_owned);
        let is_html = header("content-type").is_some_and(|kind| kind.starts_with("text/html"));
        Self {
            status: response.status().as_u16(),
            is_web_page: is_html && code.is_none() && !is_empty,
            code,
            message: meta.message().map(str::to_owned),
            request_id: header("x-amz-request-id"),
            bucket_region: header("x-amz-bucket-region"),
        }
    }

    /// What an answer to a request about many objects says of one of them.
    pub(super) fn of_one_object(code: Option<String>, message: Option<String>) -> Self {
        let status = match code.as_deref() {
            Some("AccessDenied") => 403,
            Some("SlowDown" | "ServiceUnavailable") => 503,
            _ => 400,
        };
        Self {
            status,
            code,
            message,
            ..Self::default()
        }
    }

    fn is(&self, codes: &[&str]) -> bool {
        self.code.as_deref().is_some_and(|code| codes.contains(&code))
    }

    /// A GET says that there is no object of that key.
    pub(super) fn is_missing_object(&self) -> bool {
        self.status == 404 && !self.is(&["NoSuchBucket"]) && !self.is_stranger()
    }

    /// A HEAD, which has no body and so no code, says that there is no such object, or no such bucket.
    pub(super) fn is_not_found(&self) -> bool {
        self.status == 404
    }

    /// Somebody answered who doesn't speak S3, such as a web server or a gateway. To take its 404 for a miss
    /// would leave a run uncached, and nobody would know.
    fn is_stranger(&self) -> bool {
        self.code.is_none() && (self.is_web_page || self.request_id.is_none())
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
            // A copy that fails late is told behind a status of 200.
            _ if self.is(&["InternalError"]) => Error::Server { detail },
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
            || self.status == 404 && self.is_stranger()
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
        if self.is_web_page {
            detail += " with a web page instead of an answer of S3";
        } else if self.status == 404 && self.is_stranger() {
            detail += " without an S3 error code: the endpoint may not be one of S3";
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
