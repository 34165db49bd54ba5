//! One line that says why an SDK call failed.

use std::error::Error;

use aws_smithy_types::error::metadata::ErrorMetadata;

use crate::plain;

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

/// The SDK's beginning of what is wrong in a profile.
const PREAMBLE: &str = "ProfileFile provider could not be built: ";

/// Longer causes are cut: a `credential_process` may write any amount to its standard error.
pub(super) const MAX_CHARS: usize = 600;

/// The causes below `error`, from the outside in, on one line.
pub(super) fn of(error: &(dyn Error + 'static)) -> String {
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
    // The SDK's word for a service's error that it has no type for; code and message come next.
    EMPTY.contains(&part) || part.starts_with("unhandled error (")
}

/// A service's code and message in its own words; the SDK's `Display` shows them as a Rust struct.
fn text(error: &(dyn Error + 'static)) -> String {
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
            of(&CredentialsError::provider_error(inner)),
            "no such vault\\u{1b}[2J"
        );
    }

    #[test]
    fn tells_a_services_error_by_code_and_message() {
        let metadata = ErrorMetadata::builder()
            .code("AccessDenied")
            .message("not you")
            .build();
        assert_eq!(
            of(&CredentialsError::provider_error(metadata)),
            "AccessDenied: not you"
        );
    }

    #[test]
    fn says_something_even_without_a_cause() {
        assert_eq!(
            of(&CredentialsError::not_loaded_no_source()),
            "the credential provider was not enabled"
        );
    }

    #[test]
    fn cuts_long_causes_between_characters() {
        let cause = of(&CredentialsError::provider_error("ü".repeat(MAX_CHARS + 1)));
        assert_eq!(cause, format!("{}…", "ü".repeat(MAX_CHARS)));
    }
}
