//! The rows of docs/reliability.md: each is recorded by the test that saw it.
//!
//! A test fails when the page says anything else about it, its seconds excepted; with `SNAPSHOTS=overwrite` it
//! writes its row.

use std::sync::Mutex;
use std::time::Duration;

use nx_s3_cache::cache::Warning;
use snapbox::assert_data_eq;

/// One fault and what came of it.
pub struct Row<'a> {
    /// The heading of the table on the page.
    pub table: &'a str,
    /// What was done.
    pub fault: &'a str,
    /// What that means for the build: what was restored and stored, and what wasn't.
    pub outcome: &'a str,
    /// What the user is warned of.
    pub warnings: &'a [Warning],
    /// How much longer the run took.
    pub added: Duration,
    /// What bounds that in real runs.
    pub bound: &'a str,
}

/// Tests of one process write one after the other.
static WRITING: Mutex<()> = Mutex::new(());

impl Row<'_> {
    /// Writes or checks the row of the test that calls this, on the test's own thread.
    pub fn record(self) {
        if cfg!(windows) {
            return; // the page has Unix's words for what the system reports
        }
        let test = std::thread::current().name().unwrap().to_owned();
        let seconds = format!("{:.1}", self.added.as_secs_f64());
        let [fault, outcome, bound] = [self.fault, self.outcome, self.bound].map(cell);
        let reported = reported(self.warnings);
        let begin = format!("| {fault} | {outcome} | {reported} | ");
        let end = format!(" | {bound} | `{test}` |");
        let _guard = WRITING.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let page = page();
        let old = page.lines().find(|line| of_test(line) == Some(&test));
        let kept = old.is_some_and(|old| old.starts_with(&begin) && old.ends_with(&end));
        if !kept {
            let row = format!("{begin}{seconds}{end}");
            let file = snapbox::file!["../../../docs/reliability.md": Text].raw();
            assert_data_eq!(put(&page, old, self.table, &row), file);
        }
    }
}

/// The page with `row` in place of `old`, or at the end of its table.
fn put(page: &str, old: Option<&str>, table: &str, row: &str) -> String {
    if let Some(old) = old {
        return page.replace(old, row);
    }
    let heading = format!("## {table}\n");
    let start = page
        .find(&heading)
        .unwrap_or_else(|| panic!("docs/reliability.md has no {heading:?}"));
    let rows = page[start..].find("|---").unwrap() + start;
    let end = page[rows..]
        .find("\n\n")
        .map_or(page.trim_end().len(), |end| rows + end);
    format!("{}\n{row}{}", &page[..end], &page[end..])
}

/// The test that a line of the page names, if it is a row.
pub fn of_test(line: &str) -> Option<&str> {
    line.strip_suffix("` |")?.rsplit_once("| `").map(|(_, test)| test)
}

/// The page as it is.
pub fn page() -> String {
    snapbox::file!["../../../docs/reliability.md": Text]
        .render()
        .unwrap()
        .replace("\r\n", "\n")
}

/// Warnings as the page shows them: title and cause, without what differs from machine to machine.
fn reported(warnings: &[Warning]) -> String {
    let shown = warnings.iter().map(|warning| {
        let cause = warning.body.first().map(String::as_str).unwrap_or_default();
        format!("**{}**: {}", cell(&warning.title), cell(&neutral(cause)))
    });
    match shown.collect::<Vec<_>>().join("<br>") {
        none if none.is_empty() => "nothing".into(),
        shown => shown,
    }
}

/// A cause without addresses, ports and the system's own words.
fn neutral(cause: &str) -> String {
    let without = |pattern: &str, text: &str, with: &str| {
        regex_lite::Regex::new(pattern)
            .unwrap()
            .replace_all(text, with)
            .into_owned()
    };
    let text = without(r#"^Bucket "[^"]*" (at \S+|in Amazon S3): "#, cause, "");
    let text = without(r"127\.0\.0\.1:\d+", &text, "HOST");
    let text = without(r" \(os error \d+\)", &text, "");
    let text = without(r"(failed to lookup address information).*", &text, "$1");
    let text = without(
        r"[\d.]+ MB to go at \d+ kB/s, and \d+ s left",
        &text,
        "… MB to go at … kB/s, and … s left",
    );
    // Which of the objects comes first is chance.
    without(r"/\S*/\d+\b", &text, "…/…")
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}
