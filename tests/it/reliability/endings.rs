//! Ends of runs: uploads that can't be finished, and downloads that would last too long or only seem to.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::run::{BUSY, Bench, is_get, is_put, silence};
use crate::support::faulty::Fault;
use crate::support::reliability::Row;
use crate::support::scripted::{Reply, Seen};

const TABLE: &str = "Time runs out";

#[tokio::test]
async fn uploads_to_a_bucket_that_died_are_not_waited_for() {
    let bench = Bench::new(1000).await;
    let (run, added) = {
        let began = std::time::Instant::now();
        bench.proxy.now(|request, _| {
            if is_put(request) {
                Fault::Instead(Reply::Hang)
            } else {
                Fault::None
            }
        });
        (
            bench.run(r#""timeouts":{"read":"0.5s"}"#, 50).await,
            began.elapsed(),
        )
    };
    assert_eq!(run.counts(), (0, 50, 0), "{run:?}");
    assert_eq!((run.left.len(), run.warnings.len()), (0, 1), "{run:?}");
    assert!(added < silence(Duration::from_millis(500)) + BUSY, "{added:?}");
    Row {
        table: TABLE,
        fault: "the server takes uploads and never answers (here `timeouts.read` 0.5 s)",
        outcome: "nothing is stored, and the end of the run doesn't wait for it",
        warnings: &run.warnings,
        added,
        bound: "three times `timeouts.read`, and backoffs, 0.75 s at most",
    }
    .record();
}

#[tokio::test]
async fn a_download_that_would_outlast_the_deadline_is_dropped_early() {
    let bench = Bench::filled(24 << 20, 1).await;
    let slow = |request: &Seen, _: usize| match is_get(request) {
        true => Fault::Drip(16 << 10, Duration::from_millis(100)),
        false => Fault::None,
    };
    let (run, added) = bench
        .spoiled(r#""concurrency":1,"timeouts":{"deadline":"1m"}"#, 1, slow)
        .await;
    assert_eq!((run.summary.hits, run.summary.misses), (0, 1), "{run:?}");
    assert!(added < Duration::from_secs(40), "{added:?}");
    Row {
        table: TABLE,
        fault: "a download would take longer than `timeouts.deadline` (here 24 MB at 160 kB/s, 1 min)",
        outcome: "it is dropped as soon as that is clear, and the task runs",
        warnings: &run.warnings,
        added,
        bound: "20 s, or a tenth of `timeouts.deadline`, where that is enough to be sure",
    }
    .record();
}

#[tokio::test]
async fn a_download_whose_first_chunk_comes_late_is_restored() {
    let bench = Bench::filled(24 << 20, 1).await;
    let is_first = AtomicBool::new(true);
    let late = move |request: &Seen, _: usize| {
        let is_chunk = is_get(request) && request.line.contains("/t/c/");
        match is_chunk && is_first.swap(false, Ordering::SeqCst) {
            true => Fault::Late(Duration::from_millis(2500)),
            false => Fault::None,
        }
    };
    let (run, added) = bench.spoiled(r#""timeouts":{"deadline":"12s"}"#, 1, late).await;
    assert_eq!((run.summary.hits, run.summary.misses), (1, 0), "{run:?}");
    Row {
        table: TABLE,
        fault: "the first chunk of a download comes 2.5 s late (here `timeouts.deadline` 12 s)",
        outcome: "it is restored: all that arrives counts, in whatever order",
        warnings: &run.warnings,
        added,
        bound: "–",
    }
    .record();
}
