//! The records of many runs as a history.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::time::{Duration, SystemTime};

use serde::Serialize;

use crate::cache::{RunRecord, bytes};
use crate::cli::ui::{
    Ending, GOOD, age,
    chart::{self, Bar},
    page::{Page, number, table},
    print,
    table::{Column, Table},
};

/// No record is longer: what is longer is another file.
const LONGEST_LINE: u64 = 1 << 20;

/// Some runs, added up.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Runs {
    runs: u64,
    hits: u64,
    misses: u64,
    stored: u64,
    errors: u64,
    bytes_received: u64,
    bytes_sent: u64,
    saved_bytes: u64,
    seconds_waited: f64,
    wall_seconds: f64,
}

/// All runs, by day.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct History {
    total: Runs,
    days: BTreeMap<String, Runs>,
    /// Lines that are no record.
    unreadable: u64,
}

/// Shows the history in `file`, as JSON if wanted, and writes it to the page `html`.
pub(super) fn run(file: &Path, html: Option<&Path>, json: bool) -> Result<u8, Ending> {
    let unreadable = |error| Ending::Unable(format!("{} can't be read: {error}", file.display()));
    let history = read(BufReader::new(File::open(file).map_err(unreadable)?)).map_err(unreadable)?;
    if history.total.runs == 0 {
        return Err(Ending::Unable(format!(
            "there is no record of a run in {}. Runs with NX_S3_CACHE_STATS={} write one each.",
            file.display(),
            file.display()
        )));
    }
    if let Some(html) = html {
        history.page().write(html)?;
    }
    if json {
        print::json(&history);
    } else {
        print::lines(&history.lines())?;
    }
    Ok(GOOD)
}

fn read(mut lines: impl BufRead) -> std::io::Result<History> {
    let mut history = History::default();
    let mut line = Vec::new();
    loop {
        line.clear();
        // A limit, so that a file without lines is not read into memory.
        if (&mut lines).take(LONGEST_LINE).read_until(b'\n', &mut line)? == 0 {
            return Ok(history);
        }
        if line.trim_ascii().is_empty() {
            continue;
        }
        match serde_json::from_slice(&line) {
            Ok(record) => history.add(&record),
            Err(_) => history.unreadable += 1,
        }
    }
}

impl History {
    fn add(&mut self, record: &RunRecord) {
        self.total.add(record);
        // A time that can't be is one of 1970.
        let time = SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(record.time));
        let mut day = age::utc(time.unwrap_or(SystemTime::UNIX_EPOCH));
        day.truncate("2026-01-01".len());
        self.days.entry(day).or_default().add(record);
    }

    /// The first and the last day.
    fn range(&self) -> (&str, &str) {
        let (first, last) = (self.days.keys().next(), self.days.keys().next_back());
        (first.map_or("", String::as_str), last.map_or("", String::as_str))
    }

    fn lines(&self) -> Vec<String> {
        let (first, last) = self.range();
        let mut table = Table::new(&[
            Column::Whole("day"),
            Column::Number("runs"),
            Column::Number("hits"),
            Column::Number("misses"),
            Column::Number("hit rate"),
            Column::Number("received"),
            Column::Number("speed"),
            Column::Text(""),
        ]);
        for (day, runs) in &self.days {
            let bar = chart::line(runs.hit_rate(), 100.0, 20);
            table.row(runs.cells(day).into_iter().chain([bar]));
        }
        let mut lines = vec![
            format!("{} runs, {first} to {last}", self.total.runs),
            String::new(),
        ];
        lines.extend(table.lines());
        lines.push(String::new());
        lines.extend(self.total.words());
        lines.extend(self.unreadable_note());
        lines
    }

    fn unreadable_note(&self) -> Option<String> {
        (self.unreadable > 0).then(|| match self.unreadable {
            1 => "1 line is not a record and was skipped.".to_owned(),
            lines => format!("{lines} lines are not records and were skipped."),
        })
    }

    fn page(&self) -> Page {
        let bars = |value: fn(&Runs) -> f64, shown: fn(f64) -> String| {
            let bar = |(day, runs): (&String, &Runs)| Bar {
                label: day.clone(),
                value: value(runs),
                shown: vec![shown(value(runs))],
            };
            self.days.iter().map(bar).collect::<Vec<_>>()
        };
        let (first, last) = self.range();
        let subtitle = format!("{} runs, {first} to {last}", number(self.total.runs));
        let mut page = Page::new("Runs with the cache", &subtitle);
        page.figures(&self.total.figures());
        let rate = bars(Runs::hit_rate, |rate| format!("{rate:.0} %"));
        page.section(
            "Hit rate",
            &chart::columns("Hit rate by day", &rate, Some(100.0)),
            "Of what was asked for, what was restored.",
        );
        let speed = bars(Runs::speed, |speed| format!("{}/s", bytes(speed as u64)));
        page.section(
            "Speed",
            &chart::columns("Bytes received for each second of waiting", &speed, None),
            "Bytes received for each second in which Nx waited for the cache.",
        );
        let titles = ["day", "runs", "hits", "misses", "hit rate", "received", "speed"];
        let rows = self.days.iter().rev().map(|(day, runs)| runs.cells(day));
        page.section(
            "By day",
            &table(&titles, rows),
            &self.unreadable_note().unwrap_or_default(),
        );
        page
    }
}

impl Runs {
    fn add(&mut self, record: &RunRecord) {
        self.runs += 1;
        self.hits += record.hits;
        self.misses += record.misses;
        self.stored += record.stored;
        self.errors += record.errors.values().sum::<u64>();
        self.bytes_received += record.bytes_received;
        self.bytes_sent += record.bytes_sent;
        self.saved_bytes += record.saved_bytes;
        self.seconds_waited += record.seconds_waited;
        self.wall_seconds += record.wall_seconds;
    }

    /// In percent; nothing asked for is nothing restored.
    fn hit_rate(&self) -> f64 {
        match self.hits + self.misses {
            0 => 0.0,
            asked => self.hits as f64 * 100.0 / asked as f64,
        }
    }

    /// Bytes received for each second of waiting.
    fn speed(&self) -> f64 {
        if self.seconds_waited > 0.0 {
            self.bytes_received as f64 / self.seconds_waited
        } else {
            0.0
        }
    }

    fn cells(&self, day: &str) -> Vec<String> {
        vec![
            day.to_owned(),
            self.runs.to_string(),
            self.hits.to_string(),
            self.misses.to_string(),
            format!("{:.0} %", self.hit_rate()),
            bytes(self.bytes_received),
            format!("{}/s", bytes(self.speed() as u64)),
        ]
    }

    /// What matters most of the total.
    fn figures(&self) -> [(&'static str, String); 5] {
        [
            ("hit rate", format!("{:.0} %", self.hit_rate())),
            ("restored", number(self.hits)),
            ("stored", number(self.stored)),
            ("received", bytes(self.bytes_received)),
            ("errors", number(self.errors)),
        ]
    }

    /// The total in words.
    fn words(&self) -> Vec<String> {
        let rate = self.hit_rate();
        vec![
            format!(
                "{} of {} artifacts restored ({rate:.0} %).",
                self.hits,
                self.hits + self.misses
            ),
            format!(
                "{} stored; {} received, {} sent, {} not sent since they were there.",
                self.stored,
                bytes(self.bytes_received),
                bytes(self.bytes_sent),
                bytes(self.saved_bytes)
            ),
            format!(
                "Waited {} of {}; {} errors.",
                lasting(self.seconds_waited),
                lasting(self.wall_seconds),
                self.errors
            ),
        ]
    }
}

/// A duration, whatever a record says.
fn lasting(seconds: f64) -> String {
    match Duration::try_from_secs_f64(seconds) {
        Ok(duration) if seconds >= 100.0 => age::long(duration),
        _ => format!("{seconds:.1} s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_add_up_by_day_and_other_lines_are_counted() {
        let history = read(
            &b"{\"time\":1800000000,\"hits\":3,\"misses\":1,\"bytesReceived\":4000,\"secondsWaited\":2.0}\n\
               {\"time\":1800003600,\"hits\":0,\"misses\":4,\"errors\":{\"timed-out\":2}}\n\
               {\"time\":1800086400}\n\nnot json\n{\"time\":\"x\"}\n"[..],
        )
        .unwrap();
        assert_eq!((history.total.runs, history.unreadable), (3, 2));
        let day = &history.days["2027-01-15"];
        assert_eq!((day.runs, day.hits, day.misses, day.errors), (2, 3, 5, 2));
        assert_eq!((day.hit_rate(), day.speed()), (37.5, 2000.0));
        let idle = &history.days["2027-01-16"];
        assert_eq!((idle.hit_rate(), idle.speed()), (0.0, 0.0));
    }

    #[test]
    fn a_file_without_lines_takes_no_more_memory_than_a_line() {
        let endless = std::io::repeat(b'x').take(3 * LONGEST_LINE);
        let history = read(BufReader::new(endless)).unwrap();
        assert_eq!((history.total.runs, history.unreadable), (0, 3));
    }

    #[test]
    fn times_that_cannot_be_are_no_trouble() {
        let history = read(&b"{\"time\":18446744073709551615,\"hits\":1}\n"[..]).unwrap();
        assert_eq!((history.total.hits, history.days.len()), (1, 1));
    }
}
