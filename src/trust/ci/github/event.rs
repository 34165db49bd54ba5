//! The payload of the event that started a workflow.

use std::fs::File;
use std::io::{BufReader, Read};

use serde::Deserialize;
use serde_json::{Map, Value as Json};

/// GitHub's own limit is 25 MB.
const MAX_SIZE: u64 = 32 * 1024 * 1024;
/// Words in the names of inputs that choose what is checked out.
const CODE: [&str; 13] = [
    "ref", "refs", "branch", "sha", "commit", "tag", "head", "pr", "pull", "mr", "rev", "revision",
    "checkout",
];

/// What matters of a payload.
#[derive(Deserialize)]
pub(super) struct Event {
    number: Option<u64>,
    pull_request: Option<PullRequest>,
    #[serde(rename = "ref")]
    full: Option<String>,
    inputs: Option<Map<String, Json>>,
}

#[derive(Deserialize)]
struct PullRequest {
    number: Option<u64>,
}

impl Event {
    /// Reads the payload; nothing if it can't be read.
    pub(super) fn read(path: Option<&str>) -> Option<Self> {
        let path = path?;
        // Whether it is a file comes first: opening a pipe would wait for its other end.
        if !std::fs::metadata(path).ok()?.is_file() {
            return None;
        }
        let file = File::open(path).ok()?.take(MAX_SIZE);
        serde_json::from_reader(BufReader::new(file)).ok()
    }

    pub(super) fn is_pull_request(&self) -> bool {
        self.pull_request.is_some()
    }

    /// The number of the pull request.
    pub(super) fn number(&self) -> Option<String> {
        let inner = self.pull_request.as_ref().and_then(|request| request.number);
        self.number.or(inner).map(|number| number.to_string())
    }

    /// Whether this is a push to the ref of this full name.
    pub(super) fn is_push_to(&self, full: &str) -> bool {
        self.full.as_deref() == Some(full)
    }

    /// Whether one of a manual run's inputs seems to say which code to check out.
    pub(super) fn chooses_code(&self) -> bool {
        let mut inputs = self.inputs.iter().flatten();
        inputs.any(|(name, value)| {
            let given = !value.is_null() && value.as_str() != Some("");
            given && words(name).iter().any(|word| CODE.contains(&word.as_str()))
        })
    }
}

/// The words of a name, in lower case: `headRef`, `head_ref` and `HEAD-REF` have the same.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut after_lower = false;
    for c in name.chars() {
        if !c.is_alphanumeric() || (c.is_uppercase() && after_lower) {
            words.push(String::new());
        }
        after_lower = c.is_lowercase();
        if let Some(word) = words.last_mut().filter(|_| c.is_alphanumeric()) {
            word.extend(c.to_lowercase());
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_the_same_words_however_it_is_written() {
        for name in ["headRef", "head_ref", "HEAD-REF", "Head ref"] {
            assert_eq!(words(name), ["head", "ref"], "{name}");
        }
        assert_eq!(words("stage"), ["stage"]);
    }

    #[test]
    fn a_payload_that_is_no_file_is_none() {
        let folder = tempfile::tempdir().unwrap();
        assert!(Event::read(folder.path().to_str()).is_none() && Event::read(None).is_none());
        assert!(Event::read(folder.path().join("missing").to_str()).is_none());
    }
}
