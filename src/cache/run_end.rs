//! What a run leaves behind when it is over: a line in the file of `NX_S3_CACHE_STATS`, and a part of the job's summary
//! in GitHub Actions.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use super::remote_cache::RemoteCache;
use super::run_record::RunRecord;
use super::summary::{Summary, bytes};
use super::warnings::Warning;
use crate::code::Code;
use crate::config::environment::Environment;

/// The variable that names the file for the records of runs.
const STATS: &str = "NX_S3_CACHE_STATS";
/// The variable in which GitHub Actions names the file of a step's summary.
const STEP_SUMMARY: &str = "GITHUB_STEP_SUMMARY";

/// Where a run's end is written down.
#[derive(Clone, Debug, Default)]
pub struct RunEnd {
    ci: bool,
    stats: Option<PathBuf>,
    step_summary: Option<PathBuf>,
}

impl RunEnd {
    /// What the environment asks for; relative paths start at `root`. `job_summary` is the option of that name.
    pub fn wanted(environment: &Environment, ci: bool, root: &Path, job_summary: bool) -> Self {
        let file = |name| environment.get(name).map(|file| root.join(file));
        Self {
            ci,
            stats: file(STATS),
            step_summary: file(STEP_SUMMARY).filter(|_| job_summary),
        }
    }

    /// Writes down what `cache` did. What can't be written is a warning, and no more.
    pub fn record(&self, cache: &RemoteCache) {
        let summary = cache.summary();
        if let Some(file) = &self.stats {
            let line = serde_json::to_string(&self.line(cache, &summary)).map_err(io::Error::from);
            let written = line.and_then(|line| append(file, &(line + "\n")));
            cache.warn_unless_written(written, Code::StatsFile, STATS, file);
        }
        if let Some(file) = &self.step_summary {
            cache.warn_unless_written(
                append(file, &markdown(&summary)),
                Code::JobSummary,
                STEP_SUMMARY,
                file,
            );
        }
    }

    fn line(&self, cache: &RemoteCache, summary: &Summary) -> RunRecord {
        let errors = summary.errors.iter();
        RunRecord {
            time: SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .unwrap_or_default()
                .as_secs(),
            run: cache.bucket.uploader.producer.claimed.run.clone(),
            nx_version: cache.bucket.uploader.producer.nx.clone(),
            plugin_version: cache.bucket.uploader.producer.plugin.clone(),
            ci: self.ci,
            scope: cache.bucket.access.writes.as_ref().map(ToString::to_string),
            mode: cache.mode().to_string(),
            hits: summary.hits,
            misses: summary.misses,
            stored: summary.stored,
            already_there: summary.already_there,
            skipped: summary.skipped,
            errors: errors.map(|(kind, count)| ((*kind).to_owned(), *count)).collect(),
            bytes_received: summary.bytes_received,
            bytes_sent: summary.bytes_sent,
            saved_bytes: summary.bytes_saved,
            seconds_waited: summary.seconds_waited,
            wall_seconds: summary.seconds,
        }
    }
}

impl RemoteCache {
    /// Warns of a file that could not be written.
    fn warn_unless_written(&self, written: io::Result<()>, code: Code, variable: &str, file: &Path) {
        let Err(error) = written else { return };
        self.warn(Warning {
            code,
            title: format!("What the S3 remote cache did could not be written to the file in {variable}"),
            body: vec![
                format!("{}: {error}", file.display()),
                "The build and the cache are not affected.".into(),
            ],
        });
    }
}

/// Appends `text` in one step, so that runs that end at the same time don't mix.
fn append(file: &Path, text: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().append(true).create(true).open(file)?;
    file.write_all(text.as_bytes())
}

/// The summary as GitHub shows it below a job.
fn markdown(summary: &Summary) -> String {
    let asked = summary.hits + summary.misses;
    let rate = match asked {
        0 => String::new(),
        asked => format!(" ({} %)", summary.hits * 100 / asked),
    };
    let mut rows = vec![
        ("restored", format!("{} of {asked}{rate}", summary.hits)),
        ("stored", summary.stored.to_string()),
        ("received", bytes(summary.bytes_received)),
        ("sent", bytes(summary.bytes_sent)),
        ("not sent, since it was there", bytes(summary.bytes_saved)),
        (
            "waited for it",
            format!("{:.1} s of {:.1} s", summary.seconds_waited, summary.seconds),
        ),
    ];
    if summary.skipped > 0 {
        rows.push(("not stored", summary.skipped.to_string()));
    }
    if !summary.errors.is_empty() {
        rows.push(("trouble", summary.trouble()));
    }
    let rows: String = rows
        .iter()
        .map(|(name, value)| format!("| {name} | {value} |\n"))
        .collect();
    format!("### Nx remote cache in S3\n\n| | |\n|---|---|\n{rows}\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bucket::Traffic;
    use crate::cache::summary::Counters;

    #[test]
    fn the_job_s_summary_is_a_table_that_says_how_well_it_went() {
        let counters = Counters::default();
        for _ in 0..3 {
            counters.hit();
        }
        counters.miss();
        let quiet = markdown(&counters.summary(&Traffic::default()));
        assert!(
            quiet
                .starts_with("### Nx remote cache in S3\n\n| | |\n|---|---|\n| restored | 3 of 4 (75 %) |\n")
        );
        assert!(quiet.ends_with(" s |\n\n") && !quiet.contains("trouble"));
        counters.error("timed-out");
        assert!(
            markdown(&counters.summary(&Traffic::default())).contains("| trouble | 1 error: timed out |")
        );
        assert!(
            markdown(&Counters::default().summary(&Traffic::default())).contains("| restored | 0 of 0 |")
        );
    }

    #[test]
    fn only_what_is_asked_for_is_written_and_relative_to_the_workspace() {
        let environment = Environment::from([(STATS, "runs.jsonl"), (STEP_SUMMARY, "/tmp/summary")]);
        let root = Path::new("/workspace");
        let end = RunEnd::wanted(&environment, true, root, false);
        assert_eq!(end.stats.as_deref(), Some(Path::new("/workspace/runs.jsonl")));
        assert_eq!(end.step_summary, None);
        let end = RunEnd::wanted(&environment, true, root, true);
        assert_eq!(end.step_summary.as_deref(), Some(Path::new("/tmp/summary")));
    }
}
