//! Runs that the server doesn't take for what they are: clocks, tokens, keys and rights.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider, future};
use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;
use nx_s3_cache::object_store::http::http_client;
use nx_s3_cache::object_store::retry::RetryingStore;
use nx_s3_cache::object_store::s3::S3Store;

use super::run::{Bench, Outcome, is_get, is_put, options};
use crate::support::faulty::Fault;
use crate::support::reliability::Row;
use crate::support::scripted::{Seen, answer, error};

const TABLE: &str = "Clocks, tokens, keys and rights";
const TASKS: usize = 10;

fn row(fault: &str, outcome: &str, run: &Outcome, added: Duration) {
    Row {
        table: TABLE,
        fault,
        outcome,
        warnings: &run.warnings,
        added,
        bound: "–",
    }
    .record();
}

/// Refuses what is not signed with the time an hour from now, and says what time it is there.
fn an_hour_ahead(request: &Seen, _: usize) -> Fault {
    let there = SystemTime::now() + Duration::from_secs(3600);
    let there = DateTime::from(there);
    // 20261121T114600Z
    let signed = request.header("x-amz-date").unwrap().as_bytes();
    let part = |range: std::ops::Range<usize>| std::str::from_utf8(&signed[range]).unwrap().to_owned();
    let signed = format!(
        "{}-{}-{}T{}:{}:{}Z",
        part(0..4),
        part(4..6),
        part(6..8),
        part(9..11),
        part(11..13),
        part(13..15)
    );
    let signed = DateTime::from_str(&signed, Format::DateTime).unwrap();
    let date = there.fmt(Format::HttpDate).unwrap();
    if (there.secs() - signed.secs()).abs() < 900 {
        return Fault::Dated(date);
    }
    let body = "<Error><Code>RequestTimeTooSkewed</Code><Message>Too far.</Message></Error>";
    Fault::Instead(answer("403 Forbidden", &format!("date: {date}\r\n"), body))
}

#[tokio::test]
async fn a_wrong_clock_is_corrected() {
    let bench = Bench::filled(1000, TASKS).await;
    let (run, added) = bench.spoiled("", TASKS, an_hour_ahead).await;
    assert_eq!(run.counts(), (TASKS as u64, 0, 0), "{run:?}");
    assert!(run.warnings.is_empty(), "{run:?}");
    row(
        "this machine's clock is an hour slow",
        "everything is restored",
        &run,
        added,
    );
}

/// Gives credentials that the server calls expired, until somebody says so.
#[derive(Debug, Clone, Default)]
struct Expired(Arc<AtomicBool>);

impl ProvideCredentials for Expired {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        let token = if self.0.load(Ordering::SeqCst) {
            "new"
        } else {
            "old"
        };
        let keys = Credentials::new("test", "test-secret", Some(token.into()), None, "test");
        future::ProvideCredentials::ready(Ok(keys))
    }
}

#[tokio::test]
async fn a_token_that_expires_in_mid_run_is_renewed() {
    let bench = Bench::filled(1000, TASKS).await;
    bench
        .proxy
        .now(|request, before| match request.header("x-amz-security-token") {
            Some("old") if before > 5 && is_get(request) => Fault::Instead(error(
                "400 Bad Request",
                "ExpiredToken",
                "The provided token has expired.",
            )),
            _ => Fault::None,
        });
    let config = options(&bench.proxy.endpoint(), "");
    let provider = Expired::default();
    let renewed = provider.0.clone();
    let store = S3Store::open(
        &config.bucket,
        Some(SharedCredentialsProvider::new(provider)),
        http_client(None).unwrap(),
        "us-east-1",
    );
    let store = store.on_expired(move || renewed.store(true, Ordering::SeqCst));
    let store = Arc::new(RetryingStore::new(store, 3, 2));
    let run = bench.machine.run_with(config, store, TASKS).await;
    assert_eq!(run.counts(), (TASKS as u64, 0, 0), "{run:?}");
    assert!(run.warnings.is_empty(), "{run:?}");
    row(
        "the session token expires in mid-run",
        "everything is restored with a new one",
        &run,
        Duration::ZERO,
    );
}

#[tokio::test]
async fn a_token_that_can_not_be_renewed_ends_caching() {
    let bench = Bench::filled(1000, TASKS).await;
    let expired = || {
        Fault::Instead(error(
            "400 Bad Request",
            "ExpiredToken",
            "The provided token has expired.",
        ))
    };
    let (run, added) = bench
        .spoiled(
            "",
            TASKS,
            move |request, _| if is_get(request) { expired() } else { Fault::None },
        )
        .await;
    assert_eq!(run.counts(), (0, TASKS as u64, 0), "{run:?}");
    assert_eq!(run.warnings.len(), 1, "{run:?}");
    row(
        "the session token is expired, and there is no other",
        "all tasks run",
        &run,
        added,
    );
}

#[tokio::test]
async fn a_wrong_secret_ends_caching() {
    let bench = Bench::filled(1000, TASKS).await;
    bench.proxy.now(|_, _| Fault::None);
    let config = options(&bench.proxy.endpoint(), r#""concurrency":1"#);
    let keys = Credentials::new("test", "another", None, None, "test");
    let http = http_client(None).unwrap();
    let store = S3Store::open(
        &config.bucket,
        Some(SharedCredentialsProvider::new(keys)),
        http,
        "us-east-1",
    );
    let run = bench
        .machine
        .run_with(config, Arc::new(RetryingStore::new(store, 3, 1)), TASKS)
        .await;
    assert_eq!(run.counts(), (0, TASKS as u64, 0), "{run:?}");
    assert_eq!(run.warnings.len(), 1, "{run:?}");
    assert_eq!(bench.proxy.seen().len(), 1, "asked once");
    row("the secret is wrong", "all tasks run", &run, Duration::ZERO);
}

#[tokio::test]
async fn writes_that_are_denied_leave_restoring_alone() {
    let bench = Bench::filled(1000, TASKS).await;
    let denied = || Fault::Instead(error("403 Forbidden", "AccessDenied", "Access Denied"));
    let (run, added) = bench
        .spoiled("", 2 * TASKS, move |request, _| {
            if is_put(request) { denied() } else { Fault::None }
        })
        .await;
    // The run before it, which measures, has stored what was missing.
    assert_eq!(run.counts(), (2 * TASKS as u64, 0, 0), "{run:?}");
    bench
        .proxy
        .now(move |request, _| if is_put(request) { denied() } else { Fault::None });
    let run = bench.run("", 3 * TASKS).await;
    assert_eq!(run.counts(), (2 * TASKS as u64, TASKS as u64, 0), "{run:?}");
    assert_eq!(run.warnings.len(), 1, "{run:?}");
    row(
        "these keys may read and not write",
        "what is there is restored; nothing is stored",
        &run,
        added,
    );
}
