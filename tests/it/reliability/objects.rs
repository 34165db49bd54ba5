//! Single objects that are bad among good ones: misses of their tasks alone, replaced by the next store.

use std::sync::OnceLock;
use std::time::Duration;

use super::run::{Bench, Outcome, is_get, is_put};
use crate::support::faulty::Fault;
use crate::support::reliability::Row;
use crate::support::scripted::{Seen, error};

const TABLE: &str = "One bad object among good ones";
const TASKS: usize = 20;
/// The object that is bad.
const BAD: &str = "/e/1007";

fn row(fault: &str, outcome: &str, run: &Outcome, added: Duration, bound: &str) {
    Row {
        table: TABLE,
        fault,
        outcome,
        warnings: &run.warnings,
        added,
        bound,
    }
    .record();
}

fn is_for(request: &Seen, part: &str) -> bool {
    request
        .line
        .split(' ')
        .nth(1)
        .is_some_and(|target| target.contains(part))
}

/// Whether it puts an object whether or not there is one.
fn is_replacement(request: &Seen) -> bool {
    is_put(request) && request.header("if-none-match").is_none()
}

/// What a run comes to in which every answer to a GET of one entry is this one.
async fn with_one_bad(spoil: impl Fn() -> Fault + Send + Sync + 'static) -> (Bench, Outcome, Duration) {
    let bench = Bench::filled(20_000, TASKS).await;
    let rule = move |request: &Seen, _| match is_get(request) && is_for(request, BAD) {
        true => spoil(),
        false => Fault::None,
    };
    let (run, added) = bench.spoiled("", TASKS, rule).await;
    (bench, run, added)
}

/// Its task is a miss, everything else a hit; it is replaced, and reported once.
async fn is_a_miss_and_replaced(
    fault: &str,
    spoil: impl Fn() -> Fault + Send + Sync + 'static,
    gets: usize,
    bound: &str,
) {
    let (bench, run, added) = with_one_bad(spoil).await;
    assert_eq!(run.counts(), (TASKS as u64 - 1, 1, 1), "{run:?}");
    assert_eq!(run.warnings.len(), 1, "{run:?}");
    assert!(run.warnings[0].body[0].contains(BAD), "{run:?}");
    let of_it: Vec<_> = bench
        .proxy
        .seen()
        .into_iter()
        .filter(|seen| is_for(seen, BAD))
        .collect();
    assert!(of_it.iter().any(is_replacement), "{of_it:?}");
    assert_eq!(
        of_it.iter().filter(|seen| is_get(seen)).count(),
        gets,
        "{of_it:?}"
    );
    let outcome = "its task runs, and its result replaces it; everything else is restored";
    row(fault, outcome, &run, added, bound);
}

fn refused(status: &'static str, code: &'static str, message: &'static str) -> impl Fn() -> Fault {
    move || Fault::Instead(error(status, code, message))
}

#[tokio::test]
async fn a_checksum_that_does_not_match() {
    is_a_miss_and_replaced("a bit of it is flipped", || Fault::Flip(500), 2, "–").await;
}

#[tokio::test]
async fn an_internal_error() {
    let fault = refused("500 Internal Server Error", "InternalError", "No.");
    is_a_miss_and_replaced("500 InternalError", fault, 4, "backoffs, 1.75 s at most").await;
}

#[tokio::test]
async fn a_bad_request() {
    let fault = refused("400 Bad Request", "InvalidRequest", "Not like this.");
    is_a_miss_and_replaced("400 InvalidRequest", fault, 1, "–").await;
}

#[tokio::test]
async fn a_key_that_only_its_writer_has() {
    let message = "The object was stored using a form of Server Side Encryption. The correct parameters must be \
                   provided to retrieve the object.";
    let fault = refused("400 Bad Request", "InvalidRequest", message);
    is_a_miss_and_replaced("encrypted with a customer's key (SSE-C)", fault, 1, "–").await;
}

#[tokio::test]
async fn an_archive_storage_class() {
    let message = "The operation is not valid for the object's storage class";
    let fault = refused("403 Forbidden", "InvalidObjectState", message);
    let moved = "moved to GLACIER or DEEP_ARCHIVE by a lifecycle rule";
    is_a_miss_and_replaced(moved, fault, 1, "–").await;
}

#[tokio::test]
async fn a_kms_key_that_may_not_be_used() {
    let message =
        "User: arn:aws:iam::1:user/ci is not authorized to perform: kms:Decrypt on resource: arn:aws:kms:x";
    let fault = refused("403 Forbidden", "AccessDenied", message);
    is_a_miss_and_replaced("encrypted with a KMS key, without kms:Decrypt", fault, 1, "–").await;
}

#[tokio::test]
async fn a_denied_read_of_what_is_there() {
    let fault = refused("403 Forbidden", "AccessDenied", "Access Denied");
    is_a_miss_and_replaced("403 AccessDenied, as for another account's object", fault, 2, "–").await;
}

#[tokio::test]
async fn a_denied_read_of_what_was_not_there_yet_replaces_nothing() {
    let bench = Bench::filled(20_000, TASKS).await;
    bench.proxy.now(|request, before| {
        // Where nobody may list, a missing object is denied; meanwhile another run has stored it.
        match is_get(request) && is_for(request, BAD) && before <= TASKS {
            true => refused("403 Forbidden", "AccessDenied", "Access Denied")(),
            false => Fault::None,
        }
    });
    let run = bench.run("", TASKS).await;
    assert_eq!(run.counts(), (TASKS as u64 - 1, 1, 0), "{run:?}");
    assert_eq!((run.summary.already_there, run.warnings.len()), (1, 0), "{run:?}");
    assert!(!bench.proxy.seen().iter().any(is_replacement));
}

#[tokio::test]
async fn credentials_that_may_only_write_are_reported() {
    let bench = Bench::filled(20_000, TASKS).await;
    let denied = |request: &Seen, _| match is_get(request) {
        true => refused("403 Forbidden", "AccessDenied", "Access Denied")(),
        false => Fault::None,
    };
    let (run, added) = bench.spoiled("", TASKS, denied).await;
    assert_eq!(run.counts(), (0, TASKS as u64, 0), "{run:?}");
    assert_eq!(run.summary.already_there, TASKS as u64, "{run:?}");
    assert_eq!(run.warnings.len(), 1, "{run:?}");
    assert_eq!(run.warnings[0].title, "The S3 bucket refuses to be read");
    assert!(!bench.proxy.seen().iter().any(is_replacement));
    row(
        "403 to every GET, though writing works",
        "all tasks run",
        &run,
        added,
        "–",
    );
}

#[tokio::test]
async fn a_chunk_that_the_server_fails_to_give_is_replaced() {
    let bench = Bench::filled(24 << 20, 1).await;
    let bad = OnceLock::new();
    let failing = move |request: &Seen, _| {
        let is_bad = is_get(request)
            && is_for(request, "/c/")
            && *request.line == **bad.get_or_init(|| request.line.clone());
        match is_bad {
            true => refused("500 Internal Server Error", "InternalError", "No.")(),
            false => Fault::None,
        }
    };
    let (run, _) = bench.spoiled("", 1, failing).await;
    assert_eq!(
        (run.counts(), run.summary.already_there),
        ((0, 1, 0), 1),
        "{run:?}"
    );
    assert_eq!(run.warnings.len(), 1, "{run:?}");
    let seen = bench.proxy.seen();
    let replaced: Vec<_> = seen.iter().filter(|seen| is_replacement(seen)).collect();
    assert!(replaced.len() == 1 && is_for(replaced[0], "/c/"), "{replaced:?}");
}

#[tokio::test]
async fn an_archived_chunk_and_its_entry_are_replaced() {
    let bench = Bench::filled(24 << 20, 1).await;
    let archived = |request: &Seen, _| match is_get(request) && is_for(request, "/c/") {
        true => refused("403 Forbidden", "InvalidObjectState", "Archived.")(),
        false => Fault::None,
    };
    let (run, _) = bench.spoiled("", 1, archived).await;
    assert_eq!(run.counts(), (0, 1, 1), "{run:?}");
    assert_eq!(run.warnings.len(), 1, "{run:?}");
    let warning = &run.warnings[0];
    assert!(
        warning.title.contains("archived") && warning.body[0].contains("/c/"),
        "{run:?}"
    );
    let puts: Vec<_> = bench.proxy.seen().into_iter().filter(is_put).collect();
    assert!(puts.len() > 1 && puts.iter().all(is_replacement), "{puts:?}");
}
