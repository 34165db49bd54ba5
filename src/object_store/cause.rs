//! Errors and their causes, as text and by type.

use std::error::Error as StdError;

use crate::plain;

/// Details are cut to this many characters: they end up in one line of a warning.
pub(super) const MOST: usize = 300;

/// Messages that only say that there is a cause below.
const EMPTY: [&str; 10] = [
    "an error occurred while loading credentials",
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

/// The first error of type `E` among `error` and its causes.
pub(super) fn find<'a, E: StdError + 'static>(error: &'a (dyn StdError + 'static)) -> Option<&'a E> {
    causes(error).find_map(|cause| cause.downcast_ref())
}

/// `error` and its causes, from the outside in.
pub(super) fn causes<'a>(
    error: &'a (dyn StdError + 'static),
) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    // The source of an io::Error is the source of what it holds; what it holds is passed over.
    std::iter::successors(Some(error), |&error| {
        match error.downcast_ref::<std::io::Error>() {
            Some(io) => io.get_ref().map(|inner| inner as &(dyn StdError + 'static)),
            None => error.source(),
        }
    })
}

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
    plain::line(&said.join(": "), MOST)
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    #[test]
    fn what_an_io_error_holds_is_among_its_causes() {
        let held = io::Error::other(io::Error::new(io::ErrorKind::InvalidData, "broken"));
        assert_eq!(find::<io::Error>(&held).unwrap().kind(), io::ErrorKind::Other);
        assert_eq!(causes(&held).count(), 3);
        assert_eq!(line(&held), "broken");
    }
}
