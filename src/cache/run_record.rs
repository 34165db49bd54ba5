//! The record of one run: a line of JSON in the file that `NX_S3_CACHE_STATS` names.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What a run did, as it is written down at its end and read by `stats --runs`. Readers ignore members they don't know,
/// and take those that are missing for nothing, so that lines of several versions can stand in one file.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RunRecord {
    /// When the run ended, in seconds since 1970.
    pub time: u64,
    /// The CI run, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run: Option<String>,
    /// Nx's version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nx_version: Option<String>,
    /// This project's version.
    pub plugin_version: String,
    /// Whether it was CI.
    pub ci: bool,
    /// The scope it wrote to; absent when it stored nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// Its mode, as in nx.json.
    pub mode: String,
    /// Artifacts restored from the bucket.
    pub hits: u64,
    /// Artifacts asked for and not restored.
    pub misses: u64,
    /// Artifacts stored.
    pub stored: u64,
    /// Artifacts that somebody else had stored meanwhile.
    pub already_there: u64,
    /// Artifacts that could not be stored.
    pub skipped: u64,
    /// Stores and retrieves that ended in an error, by its kind.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub errors: BTreeMap<String, u64>,
    /// Bytes of objects received.
    pub bytes_received: u64,
    /// Bytes of objects sent.
    pub bytes_sent: u64,
    /// Bytes that were not sent, since the bucket had their chunks.
    pub saved_bytes: u64,
    /// Seconds in which Nx waited for the cache, however many of its calls at once.
    pub seconds_waited: f64,
    /// Seconds since the cache was opened.
    pub wall_seconds: f64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_one_line_and_reads_back() {
        let record = RunRecord {
            time: 1_800_000_000,
            mode: "read-write".into(),
            hits: 3,
            errors: BTreeMap::from([("timed-out".into(), 2)]),
            wall_seconds: 1.5,
            ..RunRecord::default()
        };
        let line = serde_json::to_string(&record).unwrap();
        assert!(
            line.contains(r#""bytesReceived":0"#) && !line.contains('\n'),
            "{line}"
        );
        assert_eq!(serde_json::from_str::<RunRecord>(&line).unwrap(), record);
    }

    #[test]
    fn lines_of_other_versions_read_as_far_as_they_go() {
        let record: RunRecord = serde_json::from_str(r#"{"time":5,"hits":1,"later":[]}"#).unwrap();
        assert_eq!((record.time, record.hits, record.misses), (5, 1, 0));
    }
}
