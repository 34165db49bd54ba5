//! What can go wrong between us and a bucket, by meaning rather than by origin.

use std::time::Duration;

/// What servers answer to whom they don't know.
const UNKNOWN_CALLER: [&str; 3] = [
    "InvalidAccessKeyId",
    "SignatureDoesNotMatch",
    "InvalidClientTokenId",
];

/// What servers answer to credentials that were good until a moment ago.
const OVER: [&str; 3] = ["ExpiredToken", "TokenRefreshRequired", "InvalidToken"];

/// Why an object could not be read or written. `detail` is the cause as the SDK or the server tells it; it
/// holds no secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// No request can be made with this configuration: nothing was sent.
    #[error("the configuration cannot work: {detail}")]
    Misconfigured {
        /// What is wrong, and what to do.
        detail: String,
    },
    /// No credential source had anything, or one that was asked failed.
    #[error("no usable credentials: {detail}")]
    Credentials {
        /// The cause.
        detail: String,
    },
    /// The server knows the caller and says no, or doesn't know the caller (wrong key or secret).
    #[error("access denied ({status}): {detail}")]
    AccessDenied {
        /// The HTTP status: 401 or 403.
        status: u16,
        /// The server's code and message.
        detail: String,
    },
    /// The bucket does not exist.
    #[error("no such bucket: {detail}")]
    NoSuchBucket {
        /// The server's code and message.
        detail: String,
    },
    /// The bucket lives in another region or behind another endpoint.
    #[error("wrong region or endpoint: {detail}")]
    WrongRegion {
        /// The server's code and message, with the right region where it names it.
        detail: String,
    },
    /// Nothing answers: DNS, connection refused, TLS, proxy.
    #[error("unreachable: {detail}")]
    Unreachable {
        /// The cause.
        detail: String,
        /// Whether this run need not try again: the server is silent, or its certificate is not trusted.
        lasting: bool,
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
    /// The object is larger than it may be.
    #[error("object of {size} bytes, at most {limit} are accepted")]
    TooLarge {
        /// The object's size in bytes, as far as known.
        size: u64,
        /// The limit in bytes.
        limit: u64,
    },
}

impl Error {
    /// What kind of failure it is: a stable word.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Misconfigured { .. } => "configuration",
            Self::Credentials { .. } => "credentials",
            Self::AccessDenied { .. } => "access-denied",
            Self::NoSuchBucket { .. } => "no-such-bucket",
            Self::WrongRegion { .. } => "wrong-region",
            Self::Unreachable { .. } => "unreachable",
            Self::Unanswered { .. } => "unanswered",
            Self::TimedOut { .. } => "timed-out",
            Self::Throttled { .. } => "throttled",
            Self::Server { .. } => "server-error",
            Self::Refused { .. } => "refused",
            Self::TooLarge { .. } => "damaged",
        }
    }

    /// Whether the server refuses the caller, whatever is asked, rather than forbids this request: it doesn't know
    /// the access key, the secret is another, or the clocks differ too much.
    pub fn refuses_the_caller(&self) -> bool {
        let Self::AccessDenied { detail, .. } = self else {
            return false;
        };
        detail.contains("RequestTimeTooSkewed") || UNKNOWN_CALLER.iter().any(|code| detail.starts_with(code))
    }

    /// Whether the same request may succeed in a moment.
    pub fn may_pass(&self) -> bool {
        match self {
            Self::Unreachable { lasting, .. } => !lasting,
            Self::TimedOut { .. } | Self::Throttled { .. } | Self::Server { .. } => true,
            Self::Misconfigured { .. }
            | Self::Credentials { .. }
            | Self::AccessDenied { .. }
            | Self::NoSuchBucket { .. }
            | Self::WrongRegion { .. }
            | Self::Unanswered { .. }
            | Self::Refused { .. }
            | Self::TooLarge { .. } => false,
        }
    }

    /// Whether the refusal itself puts the next request right: by then the server's clock is known, and
    /// credentials that are over are renewed.
    pub fn corrects_the_next_request(&self) -> bool {
        match self {
            Self::AccessDenied { detail, .. } => detail.starts_with("RequestTimeTooSkewed"),
            Self::Credentials { detail } => OVER.iter().any(|code| detail.starts_with(code)),
            _ => false,
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
            | Self::Unanswered { .. }
            | Self::TimedOut { .. } => false,
            Self::AccessDenied { .. }
            | Self::NoSuchBucket { .. }
            | Self::WrongRegion { .. }
            | Self::Throttled { .. }
            | Self::Server { .. }
            | Self::Refused { .. }
            | Self::TooLarge { .. } => true,
        }
    }
}
