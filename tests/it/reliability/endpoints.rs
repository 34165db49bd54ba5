//! Endpoints that nobody answers at: a run of 500 tasks, with the defaults of every option.

use std::collections::HashMap;
use std::time::Duration;

use super::run::{BUSY, Bench, Machine, Outcome, is_get, options, silence};
use crate::support::authority::Authority;
use crate::support::faulty::Fault;
use crate::support::reliability::Row;
#[cfg(target_os = "linux")]
use crate::support::scripted::Swallowing;
use crate::support::scripted::{Reply, Scripted, Seen, answer, error, object};

const TABLE: &str = "Endpoints that don't answer";
const TASKS: usize = 500;

/// What a run of 500 tasks at `endpoint` comes to, and how much longer it takes than one without a cache.
async fn run_at(endpoint: &str) -> (Outcome, Duration) {
    let machine = Machine::new(100);
    // So that https has authorities to trust wherever this runs.
    let bundle = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(&bundle, Authority::new().pem()).unwrap();
    let trusting = format!(r#""caBundle":{:?}"#, bundle.path());
    let without = machine
        .run(options(endpoint, r#""localMode":"no-cache""#), TASKS)
        .await;
    let outcome = machine.run(options(endpoint, &trusting), TASKS).await;
    let added = outcome.took.saturating_sub(without.took);
    (outcome, added)
}

/// All tasks run, nothing is left to wait for, one warning, and less than five seconds lost.
async fn costs_seconds(fault: &str, endpoint: &str, bound: &str) {
    costs_less_than(5, fault, endpoint, bound).await;
}

async fn costs_less_than(seconds: u64, fault: &str, endpoint: &str, bound: &str) {
    let (outcome, added) = run_at(endpoint).await;
    assert_eq!(outcome.counts(), (0, TASKS as u64, 0));
    assert_eq!(outcome.left, [""; 0]);
    assert_eq!(outcome.warnings.len(), 1, "{:?}", outcome.warnings);
    assert!(added < Duration::from_secs(seconds), "{added:?}");
    Row {
        table: TABLE,
        fault,
        outcome: "all 500 tasks run",
        warnings: &outcome.warnings,
        added,
        bound,
    }
    .record();
}

#[tokio::test]
async fn a_port_that_refuses() {
    costs_seconds("connection refused", "http://127.0.0.1:1", "3 retries").await;
}

#[tokio::test]
async fn a_host_that_does_not_exist() {
    costs_seconds("no such host", "http://no-such-host.invalid", "3 retries").await;
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_host_that_swallows_everything() {
    let host = Swallowing::start().await;
    let endpoint = format!("http://{}", host.address);
    costs_less_than(
        8,
        "a firewall drops every packet",
        &endpoint,
        "`timeouts.firstContact`; uploads wait until `timeouts.connect` is over",
    )
    .await;
}

#[tokio::test]
async fn a_server_that_accepts_and_never_answers() {
    let server = Scripted::start([Reply::Hang]).await;
    costs_less_than(
        13,
        "connections are accepted, nothing is answered",
        &server.endpoint(),
        "`timeouts.firstContact`; uploads wait until `timeouts.read` is over",
    )
    .await;
}

#[tokio::test]
async fn https_at_a_port_of_http() {
    let bench = Bench::new(100).await;
    let endpoint = format!("https://{}", bench.server.address);
    costs_seconds("https:// for a port of http", &endpoint, "–").await;
}

#[tokio::test]
async fn http_at_a_port_of_https() {
    let page = answer(
        "400 Bad Request",
        "content-type: text/html\r\n",
        "<html><body>The plain HTTP request was sent to HTTPS port</body></html>",
    );
    let server = Scripted::start([page]).await;
    costs_seconds("http:// for a port of https", &server.endpoint(), "–").await;
}

#[tokio::test]
async fn a_certificate_that_nobody_vouches_for() {
    let authority = Authority::new();
    let server = Scripted::start_tls([object("")], authority.acceptor("localhost")).await;
    let endpoint = format!("https://localhost:{}", server.address.port());
    costs_seconds("a certificate of an unknown authority", &endpoint, "–").await;
}

#[tokio::test]
async fn a_captive_portal() {
    let page = answer(
        "200 OK",
        "content-type: text/html\r\n",
        "<!DOCTYPE html><title>Log in</title>",
    );
    let server = Scripted::start([page]).await;
    costs_seconds(
        "a captive portal answers everything with a web page",
        &server.endpoint(),
        "–",
    )
    .await;
}

#[tokio::test]
async fn a_server_that_wakes_up_slowly_is_used_once_it_answers() {
    let mut bench = Bench::filled(100, 40).await;
    (bench.machine.batch, bench.machine.task) = (5, Duration::from_millis(50));
    let (outcome, added) = bench
        .spoiled(
            r#""timeouts":{"firstContact":"0.1s"}"#,
            40,
            |_, before| match before {
                0 => Fault::Late(Duration::from_millis(600)),
                _ => Fault::None,
            },
        )
        .await;
    assert!(
        outcome.summary.hits > 0 && outcome.summary.misses > 0,
        "{outcome:?}"
    );
    assert_eq!(outcome.warnings.len(), 1, "{:?}", outcome.warnings);
    Row {
        table: TABLE,
        fault: "the first answer takes longer than tasks should wait (here 0.6 s, `timeouts.firstContact` 0.1 s)",
        outcome: "the first tasks run; the others are restored",
        warnings: &outcome.warnings,
        added,
        bound: "`timeouts.firstContact`",
    }
    .record();
}

#[tokio::test]
async fn what_is_stored_while_a_server_wakes_up_is_stored_once_it_answers() {
    let bench = Bench::new(100).await;
    let (more, tasks) = (r#""timeouts":{"firstContact":"0.1s"}"#, 40);
    bench.proxy.now(|_, before| match before {
        0 => Fault::Late(Duration::from_secs(1)),
        _ => Fault::None,
    });
    let outcome = bench.run(more, tasks as usize).await;
    assert_eq!(outcome.counts(), (0, tasks, tasks), "{outcome:?}");
    assert_eq!(
        (outcome.warnings.len(), outcome.left.len()),
        (1, 0),
        "{outcome:?}"
    );
    Row {
        table: TABLE,
        fault: "the first answer takes longer than tasks should wait, and longer than the tasks (here 1 s)",
        outcome: "all tasks run; their results are stored once it answers",
        warnings: &outcome.warnings,
        added: outcome.took,
        bound: "`timeouts.firstContact`; at the end of the run, `flushTimeout`",
    }
    .record();
    assert_eq!(bench.run("", tasks as usize).await.counts().0, tasks);
}

#[tokio::test]
async fn stores_that_tasks_wait_for_do_not_wait_longer_than_other_requests() {
    let server = Scripted::start([Reply::Hang]).await;
    let more = r#""backgroundUploads":false,"timeouts":{"firstContact":"0.1s"}"#;
    let outcome = Machine::new(100).run(options(&server.endpoint(), more), 10).await;
    assert_eq!(outcome.counts(), (0, 10, 0), "{outcome:?}");
    assert!(outcome.took < Duration::from_secs(5), "{outcome:?}");
}

#[tokio::test]
async fn a_server_that_wakes_up_slowly_and_refuses_the_caller_is_reported_as_both() {
    let mut bench = Bench::filled(100, 40).await;
    (bench.machine.batch, bench.machine.task) = (5, Duration::from_millis(50));
    let more = r#""timeouts":{"firstContact":"0.1s"}"#;
    let rule = |request: &Seen, before: usize| match before {
        0 => Fault::Late(Duration::from_millis(600)),
        _ if is_get(request) => {
            Fault::Instead(error("403 Forbidden", "SignatureDoesNotMatch", "Check the key."))
        }
        _ => Fault::None,
    };
    let (outcome, added) = bench.spoiled(more, 40, rule).await;
    assert_eq!(outcome.summary.hits, 0, "{outcome:?}");
    assert_eq!(outcome.warnings.len(), 2, "{:?}", outcome.warnings);
    Row {
        table: TABLE,
        fault: "the same, and then it refuses the secret",
        outcome: "all tasks run",
        warnings: &outcome.warnings,
        added,
        bound: "`timeouts.firstContact`",
    }
    .record();
}

#[tokio::test]
async fn a_server_that_falls_silent_in_mid_run() {
    let bench = Bench::filled(100, TASKS).await;
    let (outcome, added) = bench
        .spoiled(
            r#""concurrency":4,"timeouts":{"read":"0.5s"}"#,
            TASKS,
            |_, before| match before {
                0..100 => Fault::None,
                _ => Fault::Instead(Reply::Hang),
            },
        )
        .await;
    assert!(
        outcome.summary.hits > 0 && outcome.summary.misses > 0,
        "{outcome:?}"
    );
    assert_eq!(
        (outcome.warnings.len(), outcome.left.len()),
        (1, 0),
        "{outcome:?}"
    );
    let seen = bench.proxy.seen();
    let mut asked = HashMap::<_, usize>::new();
    for request in seen.iter().filter(|request| is_get(request)) {
        *asked.entry(request.target()).or_default() += 1;
    }
    assert!(asked.values().sum::<usize>() < 200, "{asked:?}");
    assert!(asked.values().all(|attempts| *attempts <= 3), "{asked:?}");
    let read = Duration::from_millis(500);
    assert!(added < silence(read) + BUSY, "{added:?}");
    Row {
        table: TABLE,
        fault: "the server falls silent in mid-run (here `timeouts.read` 0.5 s)",
        outcome: "what was restored until then is; all other tasks run",
        warnings: &outcome.warnings,
        added,
        bound: "three times `timeouts.read`, and backoffs, 0.75 s at most",
    }
    .record();
}
