//! What can go wrong between us and a bucket, by meaning rather than by origin.

/// What servers answer to whom they don't know.
const UNKNOWN_CALLER: [&str; 3] = [
    "InvalidAccessKeyId",
    "SignatureDoesNotMatch",
    "InvalidClientTokenId",
];

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
    },
    /// No answer in time, all attempts included.
    #[error("timed out: {detail}")]
    TimedOut {
        /// The cause.
        detail: String,
    },
    /// The server asks to slow down (429, 503 SlowDown), after all attempts.
    #[error("throttled: {detail}")]
    Throttled {
        /// The server's code and message.
        detail: String,
    },
    /// The server failed (5xx), or the answer made no sense, after all attempts.
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
    /// Whether the server refuses the caller, whatever is asked, rather than forbids this request: it doesn't know
    /// the access key, the secret is another, or the clocks differ too much.
    pub fn refuses_the_caller(&self) -> bool {
        let Self::AccessDenied { detail, .. } = self else {
            return false;
        };
        detail.contains("RequestTimeTooSkewed") || UNKNOWN_CALLER.iter().any(|code| detail.starts_with(code))
    }
}
