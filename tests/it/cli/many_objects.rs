//! However many objects the bucket has: `stats`, `ls` and `flush` take the same memory, and time in proportion.
//!
//! The bucket is a listing that a server makes up page by page. `NX_S3_CACHE_TEST_OBJECTS=10000000` makes it as large as
//! docs/retention.md says.
#![cfg(target_os = "linux")] // reads the memory of a process

use std::fmt::Write;
use std::process::Stdio;
use std::time::{Duration, Instant};

use super::setup::Setup;
use crate::support::scripted::{Reply, Scripted, Seen, answer, error};

const USUAL: u64 = 200_000;
const PAGE: u64 = 1000;
/// One object in so many is a chunk.
const CHUNKS: u64 = 5;
/// AWS's price of a listing request, in dollars.
const LISTING: f64 = 5e-6;

fn objects() -> u64 {
    std::env::var("NX_S3_CACHE_TEST_OBJECTS").map_or(USUAL, |count| count.parse().unwrap())
}

/// The key of object `n` in the order of keys: chunks come before entries.
fn key(n: u64, chunks: u64) -> String {
    if n < chunks {
        let id = format!("{:016x}{:048x}", n * (u64::MAX / chunks), n);
        format!("v1/t/c/{}/{id}", &id[..2])
    } else {
        format!("v1/t/e/{n:020}")
    }
}

/// The page of the listing that `request` asks for; other requests find nothing.
fn page(request: &Seen, objects: u64) -> Reply {
    let (_, query) = request.target().split_once('?').unwrap_or_default();
    let parameter = |name: &str| {
        let mut parts = query.split('&').filter_map(|part| part.split_once('='));
        parts.find(|(found, _)| *found == name).map(|(_, value)| value)
    };
    if parameter("list-type").is_none() {
        return error("404 Not Found", "NoSuchKey", "no such key");
    }
    let chunks = objects / CHUNKS;
    let begin = match parameter("prefix") {
        Some(prefix) if prefix.ends_with("e%2F") => chunks,
        // There are no bodies.
        Some(prefix) if prefix.ends_with("b%2F") => objects,
        _ => 0,
    };
    let from = parameter("continuation-token").map_or(begin, |token| token.parse().unwrap());
    let to = objects.min(from + PAGE);
    let mut body = String::from("<ListBucketResult>");
    for n in from..to {
        let key = key(n, chunks);
        let day = 1 + n % 28;
        write!(
            body,
            "<Contents><Key>{key}</Key><Size>4096</Size><LastModified>2026-01-{day:02}T00:00:00Z</LastModified></Contents>"
        )
        .unwrap();
    }
    if to < objects {
        write!(
            body,
            "<IsTruncated>true</IsTruncated><NextContinuationToken>{to}</NextContinuationToken>"
        )
        .unwrap();
    }
    body.push_str("</ListBucketResult>");
    answer("200 OK", "content-type: application/xml\r\n", &body)
}

/// The most memory that the command took in MB; prints that with time and requests.
async fn memory(setup: &Setup, server: &Scripted, args: &[&str]) -> f64 {
    let (began, before) = (Instant::now(), server.seen().len());
    let mut command = setup.command(args);
    let mut running = command.stdout(Stdio::null()).spawn().unwrap();
    let status = format!("/proc/{}/status", running.id().unwrap());
    let mut peak = 0.0_f64;
    let code = loop {
        if let Some(ended) = running.try_wait().unwrap() {
            break ended.code();
        }
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<f64>().ok());
        peak = peak.max(kib.unwrap_or_default() * 1.024e-3);
        tokio::time::sleep(Duration::from_millis(5)).await;
    };
    let requests = server.seen().len() - before;
    println!(
        "{} of {} objects: {peak:.0} MB, {:.1} s, {requests} requests, ${:.4}",
        args[0],
        objects(),
        began.elapsed().as_secs_f64(),
        requests as f64 * LISTING
    );
    assert_eq!(code, Some(0), "{args:?}");
    assert!(requests as u64 <= objects().div_ceil(PAGE) + 2, "{requests}");
    peak
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listing_takes_the_same_memory_however_many_objects_there_are() {
    let all = objects();
    let server = Scripted::answering(move |request| page(request, all));
    let setup = Setup::new().await.option("endpoint", server.endpoint());
    // mimalloc keeps freed pages for its threads.
    let most = if cfg!(target_env = "musl") { 96.0 } else { 48.0 };
    for args in [
        &["stats", "--sample", "0", "--json"][..],
        &["ls", "--json"],
        &["ls", "--sort", "age", "--limit", "100"],
        &["flush", "--age", "9999d", "--grace", "9999d", "--dry-run"],
        &["flush", "--age", "1d", "--grace", "9999d", "--dry-run"],
    ] {
        let peak = memory(&setup, &server, args).await;
        assert!((1.0..most).contains(&peak), "{args:?}: {peak} MB");
    }
}
