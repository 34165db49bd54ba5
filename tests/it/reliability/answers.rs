//! Answers that are wrong, broken or late.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use super::run::{Bench, Outcome, is_get, is_put};
use crate::support::faulty::Fault;
use crate::support::reliability::Row;
use crate::support::scripted::{Reply, Seen, answer, error, object};

const PASSING: &str = "Answers that are wrong once";
const LASTING: &str = "Answers that stay wrong";
const TASKS: usize = 20;
const SIZE: usize = 20_000;

/// Spoils the first `times` answers to each GET, or each PUT.
fn at_first(
    times: usize,
    concerned: fn(&Seen) -> bool,
    fault: impl Fn() -> Fault + Send + Sync + 'static,
) -> impl Fn(&Seen, usize) -> Fault + Send + Sync + 'static {
    let asked = Mutex::new(HashMap::new());
    move |request, _| {
        let mut asked = asked.lock().unwrap();
        let count: &mut usize = asked.entry(request.line.clone()).or_default();
        *count += 1;
        if concerned(request) && *count <= times {
            fault()
        } else {
            Fault::None
        }
    }
}

fn row(table: &str, fault: &str, outcome: &str, (run, added): &(Outcome, Duration), bound: &str) {
    Row {
        table,
        fault,
        outcome,
        warnings: &run.warnings,
        added: *added,
        bound,
    }
    .record();
}

/// Everything is restored although the first answer to each GET is spoiled.
async fn restores_all(
    fault: &str,
    more: &str,
    spoil: impl Fn() -> Fault + Send + Sync + 'static,
    bound: &str,
) {
    let bench = Bench::filled(SIZE, TASKS).await;
    let spoiled = bench.spoiled(more, TASKS, at_first(1, is_get, spoil)).await;
    let gets = bench.proxy.seen().iter().filter(|seen| is_get(seen)).count();
    assert_eq!(spoiled.0.counts(), (TASKS as u64, 0, 0), "{spoiled:?}");
    assert!(gets >= 2 * TASKS && spoiled.0.warnings.is_empty(), "{spoiled:?}");
    row(PASSING, fault, "everything is restored", &spoiled, bound);
}

const BACKOFF: &str = "a backoff, 0.25 s at most";

fn slow_down() -> Reply {
    error("503 Slow Down", "SlowDown", "Please reduce your request rate.")
}

#[tokio::test]
async fn an_internal_error_passes() {
    let fault = || Fault::Instead(error("500 Internal Server Error", "InternalError", "Try again."));
    restores_all("500 InternalError", "", fault, BACKOFF).await;
}

#[tokio::test]
async fn throttling_passes() {
    let bench = Bench::filled(SIZE, TASKS).await;
    let rule = at_first(3, is_get, || Fault::Instead(slow_down()));
    let spoiled = bench.spoiled("", TASKS, rule).await;
    assert_eq!(spoiled.0.counts(), (TASKS as u64, 0, 0), "{spoiled:?}");
    row(
        PASSING,
        "503 SlowDown, three times for each request",
        "everything is restored; fewer requests at once for a while",
        &spoiled,
        "backoffs, 1.75 s at most",
    );
}

#[tokio::test]
async fn a_server_that_says_when_to_come_back_is_obeyed() {
    let bench = Bench::filled(SIZE, 5).await;
    let asked: &'static Mutex<HashMap<String, Vec<Instant>>> = Box::leak(Box::default());
    let rule = move |request: &Seen, _| {
        let mut asked = asked.lock().unwrap();
        let times = asked.entry(request.line.clone()).or_default();
        times.push(Instant::now());
        match times.len() {
            1 if is_get(request) => Fault::Instead(answer("429 Too Many Requests", "retry-after: 1\r\n", "")),
            _ => Fault::None,
        }
    };
    let spoiled = bench.spoiled("", 5, rule).await;
    assert_eq!(spoiled.0.counts(), (5, 0, 0), "{spoiled:?}");
    for (line, times) in asked
        .lock()
        .unwrap()
        .iter()
        .filter(|(line, _)| line.starts_with("GET "))
    {
        let pause = times[1] - times[0];
        assert!(pause >= Duration::from_millis(990), "{line}: {pause:?}");
    }
    row(
        PASSING,
        "429 with `Retry-After: 1`",
        "everything is restored",
        &spoiled,
        "what the server asks for; more than 20 s is not waited",
    );
}

#[tokio::test]
async fn a_short_body_passes() {
    restores_all(
        "the connection is closed in mid-body",
        "",
        || Fault::Cut(1000),
        BACKOFF,
    )
    .await;
}

#[tokio::test]
async fn a_reset_passes() {
    restores_all(
        "the connection is reset in mid-body",
        "",
        || Fault::Reset(1000),
        BACKOFF,
    )
    .await;
}

#[tokio::test]
async fn no_answer_at_all_passes() {
    let fault = || Fault::Instead(Reply::SendAndClose(Vec::new()));
    restores_all("the connection is closed without an answer", "", fault, BACKOFF).await;
}

#[tokio::test]
async fn a_stalled_body_passes() {
    let more = r#""timeouts":{"stall":"0.3s"}"#;
    let bound = "`timeouts.stall` (here 0.3 s)";
    restores_all("a body stops in the middle", more, || Fault::Stall(1000), bound).await;
}

#[tokio::test]
async fn a_drip_passes() {
    let more = r#""timeouts":{"stall":"0.3s"}"#;
    let drip = || Fault::Drip(10, Duration::from_millis(50));
    let bound = "`timeouts.stall` (here 0.3 s)";
    restores_all("a body drips, below `minSpeed`", more, drip, bound).await;
}

#[tokio::test]
async fn garbage_passes() {
    let fault = || Fault::Instead(Reply::SendAndClose(b"220 mail.example.org ESMTP\r\n".to_vec()));
    restores_all("an answer that isn't HTTP", "", fault, BACKOFF).await;
}

#[tokio::test]
async fn a_body_longer_than_announced_passes() {
    restores_all("`Content-Length` is too small", "", || Fault::Announce(-10), "–").await;
}

#[tokio::test]
async fn a_body_shorter_than_announced_passes() {
    let more = r#""timeouts":{"stall":"0.3s"}"#;
    let bound = "`timeouts.stall` (here 0.3 s)";
    restores_all(
        "`Content-Length` is too large",
        more,
        || Fault::Announce(10),
        bound,
    )
    .await;
}

#[tokio::test]
async fn a_flipped_bit_passes() {
    restores_all("a bit of the body is flipped", "", || Fault::Flip(500), "–").await;
}

#[tokio::test]
async fn a_flipped_bit_without_checksums_passes() {
    let more = r#""disableChecksum":true"#;
    restores_all("the same, with `disableChecksum`", more, || Fault::Flip(500), "–").await;
}

#[tokio::test]
async fn an_error_behind_a_200_passes() {
    let document = "<?xml version=\"1.0\"?><Error><Code>InternalError</Code><Message>x</Message></Error>";
    restores_all(
        "200 with an error document",
        "",
        move || Fault::Instead(object(document)),
        BACKOFF,
    )
    .await;
}

#[tokio::test]
async fn an_answer_that_comes_twice_does_no_harm() {
    let bench = Bench::filled(SIZE, TASKS).await;
    let spoiled = bench
        .spoiled("", TASKS, at_first(1, is_get, || Fault::Twice))
        .await;
    assert_eq!(spoiled.0.counts(), (TASKS as u64, 0, 0), "{spoiled:?}");
    row(
        PASSING,
        "the answer comes twice",
        "everything is restored",
        &spoiled,
        "–",
    );
}

#[tokio::test]
async fn uploads_are_repeated_too() {
    let bench = Bench::new(SIZE).await;
    let document = "<Error><Code>SlowDown</Code><Message>x</Message></Error>";
    let rule = at_first(1, is_put, move || Fault::Instead(object(document)));
    let began = Instant::now();
    bench.proxy.now(rule);
    let spoiled = (bench.run("", TASKS).await, began.elapsed());
    assert_eq!(spoiled.0.in_bucket(), TASKS as u64, "{spoiled:?}");
    let restored = bench.run("", TASKS).await;
    assert_eq!(restored.counts().0, TASKS as u64, "they are really there");
    row(
        PASSING,
        "an upload's 200 is an error document",
        "everything is stored",
        &spoiled,
        BACKOFF,
    );
}

/// What a run comes to whose every answer to a GET or PUT is spoiled: all tasks run, one warning.
async fn misses_all(
    fault: &str,
    more: &str,
    spoil: impl Fn() -> Fault + Send + Sync + 'static,
    bound: &str,
) -> usize {
    let bench = Bench::filled(SIZE, TASKS).await;
    let rule = move |request: &Seen, _| match is_get(request) || is_put(request) {
        true => spoil(),
        false => Fault::None,
    };
    let spoiled = bench.spoiled(more, TASKS, rule).await;
    assert_eq!(spoiled.0.counts(), (0, TASKS as u64, 0), "{spoiled:?}");
    assert_eq!(
        (spoiled.0.warnings.len(), spoiled.0.left.len()),
        (1, 0),
        "{spoiled:?}"
    );
    assert!(spoiled.1 < Duration::from_secs(6), "{spoiled:?}");
    row(LASTING, fault, "all tasks run", &spoiled, bound);
    bench.proxy.seen().len()
}

#[tokio::test]
async fn a_storm_that_lasts_ends_caching() {
    let fault = || Fault::Instead(slow_down());
    // So many that the run lasts longer than the breaker waits, however short the backoffs happen to be.
    let more = r#""retries":5"#;
    misses_all(
        "503 SlowDown to everything",
        more,
        fault,
        "4 s for the server to recover, and backoffs",
    )
    .await;
}

#[tokio::test]
async fn a_server_that_only_fails_ends_caching() {
    let fault = || Fault::Instead(error("500 Internal Server Error", "InternalError", "No."));
    misses_all("500 to everything", "", fault, "backoffs, 1.75 s at most").await;
}

#[tokio::test]
async fn a_server_that_only_fails_is_reported_in_a_run_that_is_too_short_for_the_breaker() {
    let bench = Bench::filled(SIZE, 2).await;
    let fault = || Fault::Instead(error("500 Internal Server Error", "InternalError", "No."));
    let rule = move |request: &Seen, _| match is_get(request) || is_put(request) {
        true => fault(),
        false => Fault::None,
    };
    let spoiled = bench.spoiled("", 2, rule).await;
    assert_eq!(spoiled.0.counts(), (0, 2, 0), "{spoiled:?}");
    assert_eq!(spoiled.0.warnings.len(), 1, "{spoiled:?}");
    row(
        LASTING,
        "the same, in a run of two tasks",
        "all tasks run",
        &spoiled,
        "backoffs, 1.75 s for each request at most",
    );
}

#[tokio::test]
async fn a_bucket_elsewhere_is_asked_once_for_each_task_at_most() {
    let moved = || {
        Fault::Instead(answer(
            "301 Moved Permanently",
            "x-amz-bucket-region: eu-west-1\r\n",
            "<Error><Code>PermanentRedirect</Code><Message>Use the other endpoint.</Message></Error>",
        ))
    };
    let asked = misses_all("301 to another region", "", moved, "–").await;
    assert!(asked <= TASKS + 1, "{asked} requests");
}

#[tokio::test]
async fn a_temporary_redirect_is_not_followed() {
    let moved = || {
        Fault::Instead(answer(
            "307 Temporary Redirect",
            "location: http://127.0.0.1:1/elsewhere\r\n",
            "<Error><Code>TemporaryRedirect</Code><Message>Please re-send.</Message></Error>",
        ))
    };
    misses_all("307 to another host", "", moved, "–").await;
}

#[tokio::test]
async fn a_missing_bucket_is_asked_for_once_for_each_task_at_most() {
    let missing = || {
        Fault::Instead(error(
            "404 Not Found",
            "NoSuchBucket",
            "The bucket does not exist.",
        ))
    };
    let asked = misses_all("404 NoSuchBucket", "", missing, "–").await;
    assert!(asked <= TASKS + 1, "{asked} requests");
}

#[tokio::test]
async fn corruption_that_stays_is_reported_and_replaced() {
    let bench = Bench::filled(SIZE, TASKS).await;
    let rule = |request: &Seen, _| {
        if is_get(request) {
            Fault::Flip(500)
        } else {
            Fault::None
        }
    };
    let spoiled = bench.spoiled(r#""disableChecksum":true"#, TASKS, rule).await;
    assert_eq!(spoiled.0.counts(), (0, TASKS as u64, TASKS as u64), "{spoiled:?}");
    assert_eq!(spoiled.0.warnings.len(), 1, "{spoiled:?}");
    row(
        LASTING,
        "a bit of every body is flipped",
        "all tasks run; their results are stored again",
        &spoiled,
        "–",
    );
}
