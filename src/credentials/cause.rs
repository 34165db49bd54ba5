//! One line that says why an SDK call failed.

use std::error::Error;

use aws_smithy_types::error::metadata::ErrorMetadata;

/// Messages that only say that there is a cause below.
const EMPTY: [&str; 8] = [
    "an error occurred while loading credentials",
    "unexpected credentials error",
    "the credentials provider was not properly configured",
    "the credential provider was not enabled",
    "service error",
    "dispatch failure",
    "client error (Connect)",
    "io error",
];

/// Longer causes are cut: a `credential_process` may write any amount to its standard error.
const MAX_CHARS: usize = 600;

/// The causes below `error`, from the outside in, on one line.
pub(super) fn of(error: &(dyn Error + 'static)) -> String {
    let mut parts: Vec<String> = Vec::new();
    let mut next = Some(error);
    while let Some(error) = next {
        let part = text(error);
        let known = parts.iter().any(|earlier| earlier.contains(&part));
        if !part.is_empty() && !known && !EMPTY.contains(&part.as_str()) {
            parts.push(part);
        }
        next = error.source();
    }
    if parts.is_empty() {
        parts.push(error.to_string());
    }
    let line = parts.join(": ").split_whitespace().collect::<Vec<_>>().join(" ");
    let line = line.trim_end_matches(['.', ':']);
    match line.char_indices().nth(MAX_CHARS) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line.to_owned(),
    }
}

/// A service's code and message in its own words; the SDK's `Display` shows them as a Rust struct.
fn text(error: &(dyn Error + 'static)) -> String {
    match error.downcast_ref::<ErrorMetadata>() {
        Some(metadata) => [metadata.code(), metadata.message()]
            .into_iter()
            .flatten()
            .collect::<Vec<_>>()
            .join(": "),
        None => error.to_string(),
    }
}
