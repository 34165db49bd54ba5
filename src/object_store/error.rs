//! What can go wrong between us and a bucket, by meaning rather than by origin.

use std::time::Duration;

use super::proxy::Proxy;

/// What servers answer to whom they don't know, and to whose clock is wrong.
const UNKNOWN_CALLER: [&str; 5] = [
    "InvalidAccessKeyId",
    // MinIO's, where a session token comes with a key that it doesn't know.
    "InvalidTokenId",
    "SignatureDoesNotMatch",
    "InvalidClientTokenId",
    SKEWED,
];

/// What servers answer to requests that are signed with another time than theirs.
const SKEWED: &str = "RequestTimeTooSkewed";

/// What servers answer to credentials that were good until a moment ago.
const OVER: [&str; 3] = ["ExpiredToken", "TokenRefreshRequired", "InvalidToken"];

/// Details are cut to this many characters: they end up in one line of a warning.
pub(super) const MAX_DETAIL: usize = 300;

/// Why an object could not be read or written. `detail` is the cause as the SDK or the server tells it, on one line
/// and safe for a terminal; it holds no secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// No request can be made with this configuration: nothing was sent.
    #[error("the configuration cannot work: {detail}")]
    Misconfigured {
        /// What is wrong, and what to do.
        detail: String,
    },
    /// No credential source had anything, or one that was asked failed, or the server calls the credentials expired.
    #[error("no usable credentials: {detail}")]
    Credentials {
        /// The server's code, where it was the server that refused them.
        code: Option<String>,
        /// The cause.
        detail: String,
        /// Where credentials were looked for and not found, a line each; empty where the trouble is another.
        asked: Vec<String>,
    },
    /// The server knows the caller and says no, or doesn't know the caller (wrong key or secret).
    #[error("access denied ({status}): {detail}")]
    AccessDenied {
        /// The HTTP status: 401 or 403.
        status: u16,
        /// The server's code. Answers to HEAD have none.
        code: Option<String>,
        /// The server's code and message.
        detail: String,
    },
    /// The bucket does not exist.
    #[error("no such bucket: {detail}")]
    NoSuchBucket {
        /// The server's code and message.
        detail: String,
    },
    /// No bucket can have this name.
    #[error("invalid bucket name: {detail}")]
    InvalidBucketName {
        /// The server's code and message.
        detail: String,
    },
    /// The bucket lives in another region or behind another endpoint.
    #[error("wrong region or endpoint: {detail}")]
    WrongRegion {
        /// The bucket's region, where the server names it.
        region: Option<String>,
        /// The server's code and message.
        detail: String,
    },
    /// Who answers doesn't speak S3: a website, a console, or a port of https that was asked in http.
    #[error("not an S3 endpoint: {detail}")]
    WrongEndpoint {
        /// What was answered.
        detail: String,
    },
    /// Nothing answers: DNS, connection refused, TLS, proxy.
    #[error("unreachable: {detail}")]
    Unreachable {
        /// The cause.
        detail: String,
        /// The proxy that could not be reached, or refused to connect.
        proxy: Option<Proxy>,
        /// Whether this run need not try again: the certificate is not trusted, or first contact failed.
        lasting: bool,
    },
    /// The server has said nothing to anybody for the whole of a timeout.
    #[error("unreachable: {detail}")]
    Silent {
        /// The timeout.
        detail: String,
    },
    /// The first answer of this run is not there yet, and nobody should wait for it any longer.
    #[error("no answer yet: {detail}")]
    Unanswered {
        /// How long was waited.
        detail: String,
    },
    /// No answer in time.
    #[error("timed out: {detail}")]
    TimedOut {
        /// The cause.
        detail: String,
    },
    /// The server asks to slow down (429, 503 SlowDown).
    #[error("throttled: {detail}")]
    Throttled {
        /// The server's code and message.
        detail: String,
        /// How long the server wants to be left alone.
        retry_after: Option<Duration>,
    },
    /// The server failed (5xx), or the answer made no sense.
    #[error("server error: {detail}")]
    Server {
        /// The server's code and message.
        detail: String,
    },
    /// The server refuses the request itself (another 4xx): trying again can't help.
    #[error("request refused ({status}): {detail}")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// The server's code and message.
        detail: String,
    },
    /// The object arrived whole, and doesn't match the checksum that came with it.
    #[error("the object doesn't match its checksum")]
    ChecksumMismatch,
    /// The object exists, and the server can't give it to this caller as it is.
    #[error("the object can't be read: {detail}")]
    Unreadable {
        /// What stands in the way.
        reason: UnreadableReason,
        /// The server's code and message.
        detail: String,
    },
    /// The object is larger than it may be.
    #[error("object of {size} bytes, at most {limit} are accepted")]
    TooLarge {
        /// The object's size in bytes, as far as known.
        size: u64,
        /// The limit in bytes.
        limit: u64,
    },
}

/// Why an object that exists can't be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnreadableReason {
    /// It is in an archive storage class, such as GLACIER, and would have to be restored first.
    Archived,
    /// It is encrypted with a KMS key that this caller may not use, or that is disabled or gone.
    KmsKey,
    /// It is encrypted with a key that only its writer has (SSE-C).
    CustomerKey,
}

/// What a failed request says about the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// Every request to the bucket fails like this one.
    Bucket,
    /// Nothing yet: the first answer is still awaited.
    Pending,
    /// The network or the server's load delays this one and maybe others, whatever they ask for.
    Traffic,
    /// The server fails with this object, or with all.
    Server,
    /// The server doesn't accept this request: for this object, or for all.
    Request,
    /// The caller may not do this: with this object, or with all.
    Permission,
    /// This object is of no use. Other requests are not concerned.
    Object,
}

impl Error {
    /// What this failure says about other requests.
    pub fn extent(&self) -> Extent {
        match self {
            Self::AccessDenied { .. } if self.refuses_the_caller() => Extent::Bucket,
            Self::Misconfigured { .. }
            | Self::Credentials { .. }
            | Self::NoSuchBucket { .. }
            | Self::InvalidBucketName { .. }
            | Self::WrongRegion { .. }
            | Self::WrongEndpoint { .. }
            | Self::Unreachable { lasting: true, .. }
            | Self::Silent { .. } => Extent::Bucket,
            Self::Unanswered { .. } => Extent::Pending,
            Self::Unreachable { lasting: false, .. } | Self::TimedOut { .. } | Self::Throttled { .. } => {
                Extent::Traffic
            }
            Self::Server { .. } => Extent::Server,
            Self::Refused { .. } => Extent::Request,
            Self::AccessDenied { .. } => Extent::Permission,
            Self::ChecksumMismatch | Self::Unreadable { .. } | Self::TooLarge { .. } => Extent::Object,
        }
    }

    /// What kind of failure it is: a stable word.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Misconfigured { .. } => "configuration",
            Self::Credentials { .. } => "credentials",
            Self::AccessDenied { .. } => "access-denied",
            Self::NoSuchBucket { .. } => "no-such-bucket",
            Self::InvalidBucketName { .. } => "invalid-bucket-name",
            Self::WrongRegion { .. } => "wrong-region",
            Self::WrongEndpoint { .. } => "wrong-endpoint",
            Self::Unreachable { .. } | Self::Silent { .. } => "unreachable",
            Self::Unanswered { .. } => "unanswered",
            Self::TimedOut { .. } => "timed-out",
            Self::Throttled { .. } => "throttled",
            Self::Server { .. } => "server-error",
            Self::Refused { .. } => "refused",
            Self::Unreadable { .. } => "unreadable",
            Self::ChecksumMismatch | Self::TooLarge { .. } => "damaged",
        }
    }

    /// Whether the server refuses the caller, whatever is asked, rather than forbids this request: it doesn't know
    /// the access key, the secret is another, or the clocks differ too much.
    pub fn refuses_the_caller(&self) -> bool {
        matches!(self, Self::AccessDenied { code: Some(code), .. } if UNKNOWN_CALLER.contains(&code.as_str()))
    }

    /// Whether it is this machine's clock that the server refuses.
    pub fn is_wrong_clock(&self) -> bool {
        matches!(self, Self::AccessDenied { code: Some(code), .. } if code == SKEWED)
    }

    /// Whether the same request may succeed in a moment.
    pub fn may_pass(&self) -> bool {
        match self.extent() {
            Extent::Traffic | Extent::Server => true,
            Extent::Bucket | Extent::Pending | Extent::Request | Extent::Permission | Extent::Object => false,
        }
    }

    /// Whether the same request should be made once more, at once: by now the server's clock is known, credentials
    /// that are over are renewed, or the network may have changed a body that is well in the bucket.
    pub fn deserves_another_try(&self) -> bool {
        match self {
            Self::AccessDenied { .. } => self.is_wrong_clock(),
            Self::Credentials { code: Some(code), .. } => OVER.contains(&code.as_str()),
            Self::ChecksumMismatch => true,
            _ => false,
        }
    }

    /// The same failure where it met the first request of a run, retries included: this run need not try again.
    pub fn of_first_contact(self) -> Self {
        match self {
            Self::Unreachable { detail, proxy, .. } => Self::Unreachable {
                detail,
                proxy,
                lasting: true,
            },
            Self::TimedOut { detail } | Self::Server { detail } => Self::Unreachable {
                detail,
                proxy: None,
                lasting: true,
            },
            other => other,
        }
    }

    /// How long the server wants to be left alone.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Throttled { retry_after, .. } => *retry_after,
            _ => None,
        }
    }

    /// Whether the server said something, if only no.
    pub fn is_answer(&self) -> bool {
        match self {
            Self::Misconfigured { .. }
            | Self::Credentials { .. }
            | Self::Unreachable { .. }
            | Self::Silent { .. }
            | Self::Unanswered { .. }
            | Self::TimedOut { .. } => false,
            Self::AccessDenied { .. }
            | Self::NoSuchBucket { .. }
            | Self::InvalidBucketName { .. }
            | Self::WrongRegion { .. }
            | Self::WrongEndpoint { .. }
            | Self::Throttled { .. }
            | Self::Server { .. }
            | Self::Refused { .. }
            | Self::ChecksumMismatch
            | Self::Unreadable { .. }
            | Self::TooLarge { .. } => true,
        }
    }
}
