//! Errors and their causes, as text and by type.

use std::error::Error as StdError;

use aws_smithy_types::error::metadata::ErrorMetadata;

use crate::plain;

/// Messages that only say that there is a cause below.
const EMPTY: [&str; 15] = [
    "an error occurred while loading credentials",
    "an error occurred while loading an access token",
    "unexpected credentials error",
    "the credentials provider was not properly configured",
    "the credential provider was not enabled",
    "service error",
    "dispatch failure",
    "io error",
    "other",
    "timeout",
    "user error",
    "no connection",
    "client error (Connect)",
    "client error (SendRequest)",
    "streaming error",
];

/// What the SDK puts before what is wrong with a profile.
const PREAMBLE: &str = "ProfileFile provider could not be built: ";

/// The first error of type `E` among `error` and its causes.
pub fn find<'a, E: StdError + 'static>(error: &'a (dyn StdError + 'static)) -> Option<&'a E> {
    causes(error).find_map(|cause| cause.downcast_ref())
}

/// `error` and its causes, from the outside in.
pub fn causes<'a>(error: &'a (dyn StdError + 'static)) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    // The source of an io::Error is the source of what it holds; what it holds is passed over.
    std::iter::successors(Some(error), |&error| {
        match error.downcast_ref::<std::io::Error>() {
            Some(io) => io.get_ref().map(|inner| inner as &(dyn StdError + 'static)),
            None => error.source(),
        }
    })
}

/// `error` and its causes on one line of at most `most` characters.
pub fn line(error: &(dyn StdError + 'static), most: usize) -> String {
    let mut said: Vec<String> = Vec::new();
    for cause in causes(error).map(text) {
        let known = said.iter().any(|earlier| earlier.contains(&cause));
        if !cause.is_empty() && !known && !says_nothing(&cause) {
            said.push(cause);
        }
    }
    if said.is_empty() {
        said.push(error.to_string());
    }
    plain::line(&said.join(": "), most)
}

/// Whether a message only says that there is a cause below.
fn says_nothing(message: &str) -> bool {
    // The SDK's text for an error of a service that it has no type for; code and message come next.
    EMPTY.contains(&message) || message.starts_with("unhandled error (")
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
    use std::io;

    use aws_credential_types::provider::error::CredentialsError;

    use super::*;

    #[test]
    fn what_an_io_error_holds_is_among_its_causes() {
        let held = io::Error::other(io::Error::new(io::ErrorKind::InvalidData, "broken"));
        assert_eq!(find::<io::Error>(&held).unwrap().kind(), io::ErrorKind::Other);
        assert_eq!(causes(&held).count(), 3);
        assert_eq!(line(&held, 9), "broken");
    }

    #[test]
    fn keeps_what_says_something_on_one_line() {
        let inner = CredentialsError::provider_error("no such\n  vault\u{1b}[2J.\n");
        let outer = CredentialsError::provider_error(inner);
        assert_eq!(line(&outer, 99), "no such vault\\u{1b}[2J");
    }

    #[test]
    fn shows_a_services_error_as_code_and_message() {
        let metadata = ErrorMetadata::builder()
            .code("AccessDenied")
            .message("not you")
            .build();
        let outer = CredentialsError::provider_error(metadata);
        assert_eq!(line(&outer, 99), "AccessDenied: not you");
    }

    #[test]
    fn says_something_even_without_a_cause() {
        let outer = CredentialsError::not_loaded_no_source();
        assert_eq!(line(&outer, 99), "the credential provider was not enabled");
    }

    #[test]
    fn cuts_long_causes_between_characters() {
        let outer = CredentialsError::provider_error("ü".repeat(10));
        assert_eq!(line(&outer, 9), format!("{}…", "ü".repeat(9)));
    }
}
