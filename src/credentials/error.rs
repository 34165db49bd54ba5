//! Why a run has no credentials, or no region.

use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

use aws_smithy_types::error::metadata::ErrorMetadata;

use crate::plain;

/// A source without credentials, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PassedOver {
    /// The source's short name.
    pub source: &'static str,
    /// What isn't set, or doesn't exist.
    pub why: String,
}

impl fmt::Display for PassedOver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "- {}: {}", self.source, self.why)
    }
}

/// Why a run has no credentials, or no region. Each message ends with what to do; none holds a secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// No source has credentials.
    #[error(
        "no AWS credentials were found. Asked, in this order:\n{}\nSet AWS_ACCESS_KEY_ID and \
         AWS_SECRET_ACCESS_KEY, name a profile with AWS_PROFILE or the option `profile`, or set the option \
         `anonymous` for a public bucket.",
        lines(asked)
    )]
    NotFound {
        /// Every source, in the order asked.
        asked: Vec<PassedOver>,
    },
    /// A configured source fails.
    #[error("no credentials from {source_name}: {cause}. {remedy}")]
    Failed {
        /// The source in a few words, such as `profile ci (credential_process)`.
        source_name: String,
        /// What went wrong.
        cause: String,
        /// What to do.
        remedy: String,
    },
    /// A source did not answer in time.
    #[error("no credentials from {source_name}: no answer within {} s. {remedy}", limit.as_secs_f32().ceil())]
    TimedOut {
        /// The source in a few words.
        source_name: String,
        /// How long the search was allowed to take.
        limit: Duration,
        /// What to do.
        remedy: String,
    },
    /// Nothing names a region.
    #[error(
        "the bucket's region is not known. Asked, in this order:\n{}\nSet `s3.region` in nx.json, for \
         example to \"eu-central-1\".",
        lines(asked)
    )]
    NoRegion {
        /// Every possible source of a region, in the order asked.
        asked: Vec<PassedOver>,
    },
}

impl Error {
    /// What went wrong, without source and remedy.
    pub(super) fn cause(&self) -> String {
        match self {
            Self::Failed { cause, .. } => cause.clone(),
            Self::TimedOut { .. } => "no answer in time".to_owned(),
            Self::NotFound { .. } | Self::NoRegion { .. } => self.to_string(),
        }
    }
}

fn lines(asked: &[PassedOver]) -> String {
    asked
        .iter()
        .map(PassedOver::to_string)
        .collect::<Vec<_>>()
        .join("\n")
}

/// Messages that only say that there is a cause below.
const EMPTY: [&str; 9] = [
    "an error occurred while loading credentials",
    "an error occurred while loading an access token",
    "unexpected credentials error",
    "the credentials provider was not properly configured",
    "the credential provider was not enabled",
    "service error",
    "dispatch failure",
    "client error (Connect)",
    "io error",
];

/// What the SDK puts before what is wrong with a profile.
const PREAMBLE: &str = "ProfileFile provider could not be built: ";

/// Causes are cut to this length: a `credential_process` may write any amount to its standard error.
pub(super) const MAX_CHARS: usize = 600;

/// The causes below `error`, from the outside in, on one line.
pub(super) fn cause(error: &(dyn StdError + 'static)) -> String {
    let mut parts: Vec<String> = Vec::new();
    let mut next = Some(error);
    while let Some(error) = next {
        let part = text(error);
        let known = parts.iter().any(|earlier| earlier.contains(&part));
        if !part.is_empty() && !known && !says_nothing(&part) {
            parts.push(part);
        }
        next = error.source();
    }
    if parts.is_empty() {
        parts.push(error.to_string());
    }
    plain::line(&parts.join(": "), MAX_CHARS)
}

/// Whether a message only says that there is a cause below.
fn says_nothing(part: &str) -> bool {
    // The SDK's text for an error of a service that it has no type for; code and message come next.
    EMPTY.contains(&part) || part.starts_with("unhandled error (")
}

/// A service's code and message in its own words; the SDK's `Display` shows them as a Rust struct.
fn text(error: &(dyn StdError + 'static)) -> String {
    match error.downcast_ref::<ErrorMetadata>() {
        Some(metadata) => [metadata.code(), metadata.message()]
            .into_iter()
            .flatten()
            .collect::<Vec<_>>()
            .join(": "),
        None => error.to_string().replace(PREAMBLE, ""),
    }
}

#[cfg(test)]
mod tests {
    use aws_credential_types::provider::error::CredentialsError;

    use super::*;

    #[test]
    fn keeps_what_says_something_on_one_line() {
        let inner = CredentialsError::provider_error("no such\n  vault\u{1b}[2J.\n");
        assert_eq!(
            cause(&CredentialsError::provider_error(inner)),
            "no such vault\\u{1b}[2J"
        );
    }

    #[test]
    fn shows_a_services_error_as_code_and_message() {
        let metadata = ErrorMetadata::builder()
            .code("AccessDenied")
            .message("not you")
            .build();
        assert_eq!(
            cause(&CredentialsError::provider_error(metadata)),
            "AccessDenied: not you"
        );
    }

    #[test]
    fn says_something_even_without_a_cause() {
        assert_eq!(
            cause(&CredentialsError::not_loaded_no_source()),
            "the credential provider was not enabled"
        );
    }

    #[test]
    fn cuts_long_causes_between_characters() {
        let cause = cause(&CredentialsError::provider_error("ü".repeat(MAX_CHARS + 1)));
        assert_eq!(cause, format!("{}…", "ü".repeat(MAX_CHARS)));
    }
}
