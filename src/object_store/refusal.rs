//! What a server's refusal means.

use std::time::{Duration, SystemTime};

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;
use aws_smithy_types::error::metadata::ErrorMetadata;

use super::error::MAX_DETAIL;
use super::{Error, UnreadableReason};
use crate::plain;

/// Regions and the ids of requests are cut to this many characters.
const MOST_OF_NAME: usize = 100;

/// A server's refusal.
#[derive(Debug, Default)]
pub(super) struct Refusal {
    pub status: u16,
    /// The S3 error code. Answers to HEAD have none.
    code: Option<String>,
    message: Option<String>,
    request_id: Option<String>,
    bucket_region: Option<String>,
    retry_after: Option<Duration>,
    /// HTML without an S3 error code. (The type alone says nothing: moto labels its XML as HTML.)
    is_web_page: bool,
    /// The port is one of https, and was asked in http.
    wants_https: bool,
}

impl Refusal {
    pub(super) fn of(meta: &ErrorMetadata, response: &HttpResponse) -> Self {
        let header = |name| response.headers().get(name).map(str::to_owned);
        let is_empty = response.body().bytes().is_some_and(<[u8]>::is_empty);
        // Where there is no document, the SDK makes up a code for 404.
        let code = meta.code().filter(|_| !is_empty).map(str::to_owned);
        let is_html = header("content-type").is_some_and(|kind| kind.starts_with("text/html"));
        Self {
            status: response.status().as_u16(),
            is_web_page: is_html && code.is_none() && !is_empty,
            wants_https: response.status().as_u16() == 400 && says_https(response),
            code,
            message: meta.message().map(str::to_owned),
            request_id: header("x-amz-request-id"),
            bucket_region: header("x-amz-bucket-region"),
            retry_after: retry_after(response),
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

    /// What the refusal of a GET says of the object, where it says that there is one.
    pub(super) fn unreadable(&self) -> Option<Error> {
        let message = self.message.as_deref().unwrap_or_default().to_ascii_lowercase();
        let says = |text: &str| message.contains(text);
        let of_kms = self.code.as_deref().is_some_and(|code| code.starts_with("KMS."));
        // Of these S3 has codes for some only; of the others the message alone tells.
        let reason = match self.status {
            _ if self.is_throttling() => return None,
            _ if self.is(&["InvalidObjectState"]) => UnreadableReason::Archived,
            _ if of_kms || says("kms:decrypt") || says("ciphertext refers to a customer master key") => {
                UnreadableReason::KmsKey
            }
            400 if says("stored using a form of server side encryption") => UnreadableReason::CustomerKey,
            _ => return None,
        };
        let detail = self.detail();
        Some(Error::Unreadable { reason, detail })
    }

    pub(super) fn meaning(self, region: &str) -> Error {
        let (code, detail) = (self.code.clone(), self.detail());
        match self.status {
            _ if self.is_of_no_s3() => Error::WrongEndpoint { detail },
            _ if self.is_wrong_place(region) => Error::WrongRegion {
                region: self.named_region(),
                detail,
            },
            _ if self.is(&["NoSuchBucket"]) => Error::NoSuchBucket { detail },
            _ if self.is(&["InvalidBucketName"]) => Error::InvalidBucketName { detail },
            _ if self.is(&[
                "ExpiredToken",
                "ExpiredTokenException",
                "InvalidToken",
                "TokenRefreshRequired",
            ]) =>
            {
                Error::Credentials {
                    code,
                    detail,
                    asked: Vec::new(),
                }
            }
            // Behind a status of 200, the code alone tells.
            _ if self.is(&["AccessDenied"]) => Error::AccessDenied {
                status: 403,
                code,
                detail,
            },
            status @ (401 | 403) => Error::AccessDenied { status, code, detail },
            407 => Error::Unreachable {
                detail: format!("the proxy wants a user and a password; {detail}"),
                proxy: None,
                lasting: true,
            },
            _ if self.is_throttling() => Error::Throttled {
                detail,
                retry_after: self.retry_after,
            },
            408 => Error::Server { detail },
            // A copy that fails late is reported behind a status of 200.
            _ if self.is(&["InternalError"]) => Error::Server { detail },
            // The server will not learn it during this run.
            status @ 501 => Error::Refused { status, detail },
            500.. => Error::Server { detail },
            status => Error::Refused { status, detail },
        }
    }

    fn is_throttling(&self) -> bool {
        const CODES: [&str; 6] = [
            "SlowDown",
            "ThrottlingException",
            "KMS.ThrottlingException",
            "ServiceUnavailable",
            "TooManyRequests",
            "RequestLimitExceeded",
        ];
        self.is(&CODES) || matches!(self.status, 429 | 503)
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
        (300..400).contains(&self.status) || self.is(&CODES) || self.status == 400 && elsewhere
    }

    /// Whether it is no bucket, but a website, MinIO's console or a port of https that answers.
    fn is_of_no_s3(&self) -> bool {
        let says = |text: &str| self.message.as_deref().is_some_and(|said| said.contains(text));
        self.wants_https
            || self.status == 404 && self.is_stranger()
            || self.status == 400 && says("S3 API Requests must be made to API port")
    }

    /// The bucket's region: in a header, or in words ("the region 'us-east-1' is wrong; expecting 'eu-west-1'"), for
    /// which S3 has no field that the SDK reads.
    fn named_region(&self) -> Option<String> {
        let region = self.bucket_region.as_deref().or_else(|| {
            let (_, after) = self.message.as_deref()?.split_once("expecting '")?;
            Some(after.split_once('\'')?.0)
        })?;
        let is_part = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        (!region.is_empty() && region.chars().all(is_part)).then(|| region.to_owned())
    }

    fn detail(&self) -> String {
        let said = match (&self.code, &self.message) {
            (Some(code), Some(message)) => format!("{code}: {message}"),
            (Some(said), None) | (None, Some(said)) => said.clone(),
            (None, None) => format!("HTTP {}", self.status),
        };
        let mut detail = plain::line(&said, MAX_DETAIL);
        if self.is(&["RequestTimeTooSkewed"]) {
            detail += "; this machine's clock is wrong, set it";
        }
        if self.wants_https {
            detail += "; the server speaks https there, so `endpoint` must begin with https://";
        } else if self.is_web_page {
            detail = "a web page instead of an answer of S3".into();
        } else if self.status == 404 && self.is_stranger() {
            detail += " without an S3 error code";
        }
        if let Some(region) = &self.bucket_region {
            detail += &format!("; the bucket is in {}", plain::line(region, MOST_OF_NAME));
        }
        if let Some(id) = &self.request_id {
            detail += &format!(" (request {})", plain::line(id, MOST_OF_NAME));
        }
        detail
    }
}

/// Whether an answer without an S3 error code says what servers of https say to http.
fn says_https(response: &HttpResponse) -> bool {
    let text = String::from_utf8_lossy(response.body().bytes().unwrap_or_default()).to_lowercase();
    text.contains("http request") && text.contains("https") && !text.contains("<code>")
}

/// How long the server wants to be left alone: `Retry-After`, in seconds or as a date, or AWS's own header.
fn retry_after(response: &HttpResponse) -> Option<Duration> {
    let header = |name| response.headers().get(name);
    if let Some(milliseconds) = header("x-amz-retry-after").and_then(|value| value.parse().ok()) {
        return Some(Duration::from_millis(milliseconds));
    }
    let value = header("retry-after")?.trim();
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let time = |text| SystemTime::try_from(DateTime::from_str(text, Format::HttpDate).ok()?).ok();
    // The server's date is in the server's time.
    let now = header("date").and_then(time).unwrap_or_else(SystemTime::now);
    time(value)?.duration_since(now).ok()
}

#[cfg(test)]
mod tests {
    use aws_smithy_types::body::SdkBody;

    use super::*;

    fn asked_for(headers: &[(&'static str, &'static str)]) -> Option<Duration> {
        let mut response = HttpResponse::new(503.try_into().unwrap(), SdkBody::empty());
        for (name, value) in headers {
            response.headers_mut().insert(*name, *value);
        }
        retry_after(&response)
    }

    #[test]
    fn a_server_says_in_three_ways_when_to_come_back() {
        let date = ("date", "Sat, 21 Nov 2026 11:00:00 GMT");
        let later = ("retry-after", "Sat, 21 Nov 2026 11:01:30 GMT");
        let before = ("retry-after", "Sat, 21 Nov 2026 10:00:00 GMT");
        let milliseconds = ("x-amz-retry-after", "1500");
        assert_eq!(asked_for(&[("retry-after", "2")]), Some(Duration::from_secs(2)));
        assert_eq!(asked_for(&[date, later]), Some(Duration::from_secs(90)));
        assert_eq!(asked_for(&[milliseconds]), Some(Duration::from_millis(1500)));
        for said in [before, ("retry-after", "soon"), ("retry-after", "-1")] {
            assert_eq!(asked_for(&[date, said]), None);
        }
    }
}
