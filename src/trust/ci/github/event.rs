//! The payload of the event that started a workflow.

use std::fs::File;
use std::io::{BufReader, Read};

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Map, Value as Json};

/// GitHub's own limit is 25 MB.
const MAX_SIZE: u64 = 32 * 1024 * 1024;

/// What matters of a payload.
#[derive(Deserialize)]
pub(super) struct Event {
    pull_request: Option<IgnoredAny>,
    #[serde(rename = "ref")]
    full: Option<String>,
    inputs: Option<Map<String, Json>>,
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

    /// Whether this is a push to the ref of this full name.
    pub(super) fn is_push_to(&self, full: &str) -> bool {
        self.full.as_deref() == Some(full)
    }

    /// Whether one of a manual run's inputs may be the name of other code. The payload doesn't tell the inputs' types, and
    /// has a number or a choice as text; only what can be a switch is none.
    pub(super) fn has_text(&self) -> bool {
        let mut values = self.inputs.iter().flat_map(Map::values);
        values.any(|value| match value {
            Json::Null | Json::Bool(_) => false,
            Json::String(text) => !matches!(text.as_str(), "" | "true" | "false"),
            Json::Number(_) | Json::Array(_) | Json::Object(_) => true,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payload_that_is_no_file_is_none() {
        let folder = tempfile::tempdir().unwrap();
        assert!(Event::read(folder.path().to_str()).is_none() && Event::read(None).is_none());
        assert!(Event::read(folder.path().join("missing").to_str()).is_none());
    }
}
