//! Who looks on sees every attempt, and no secret.

use std::sync::{Arc, Mutex};

use nx_s3_cache::object_store::ObjectStore;
use nx_s3_cache::object_store::http::http_client;
use nx_s3_cache::object_store::s3::S3Store;
use nx_s3_cache::object_store::watch::{About, Exchange, watched};

use crate::support::bucket::{at, keys};
use crate::support::scripted::{Reply, Scripted, answer, error};

/// The exchanges of getting one object so many times from a server that answers with `replies`.
async fn exchanges(attempts: usize, replies: impl IntoIterator<Item = Reply>) -> Vec<Exchange> {
    let server = Scripted::start(replies).await;
    let seen = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&seen);
    let watcher = Arc::new(move |exchange: &Exchange| log.lock().unwrap().push(exchange.clone()));
    let bucket = at(&server.endpoint());
    let http = watched(http_client(None).unwrap(), &bucket, About::Bucket, watcher);
    let store = S3Store::open(&bucket, keys(), http, "us-east-1");
    for _ in 0..attempts {
        let _ = store.get("v1/t/e/1", 1000).await;
    }
    let url = format!("{}/tbucket/v1/t/e/1", server.endpoint());
    let exchanges = seen.lock().unwrap().clone();
    assert!(
        exchanges.iter().all(|exchange| exchange.url == url),
        "{exchanges:?}"
    );
    exchanges
}

#[tokio::test]
async fn every_attempt_is_seen_with_its_answer() {
    let headers = "server: Tester\r\nx-amz-checksum-crc32: AAAAAA==\r\nset-cookie: secret\r\n";
    let seen = exchanges(
        2,
        [
            error("503 Slow Down", "SlowDown", "later"),
            answer("200 OK", headers, "body"),
        ],
    )
    .await;
    let [first, second] = &seen[..] else {
        panic!("{seen:?}")
    };
    assert_eq!((first.attempt, first.answer.as_ref().unwrap().status), (1, 503));
    let answer = second.answer.as_ref().unwrap();
    assert_eq!((second.attempt, answer.status, answer.received), (2, 200, 4));
    assert_eq!(answer.header("server"), Some("Tester"));
    assert!(answer.has_checksum() && answer.header("set-cookie").is_none());
    let all = format!("{seen:?}");
    assert!(
        !all.contains("test-secret") && !all.contains("Signature"),
        "{all}"
    );
}

#[tokio::test]
async fn headers_are_seen_without_what_steers_a_terminal() {
    let headers = "server: Mini\u{202e}OI\u{9b}2J\r\n";
    let seen = exchanges(1, [answer("200 OK", headers, "body")]).await;
    let answer = seen[0].answer.as_ref().unwrap();
    assert_eq!(answer.header("server"), Some("Mini\\u{202e}OI\\u{9b}2J"));
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_seen_as_none() {
    let broken = Reply::SendAndClose(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf".to_vec());
    let seen = exchanges(1, [broken]).await;
    assert_eq!(seen.len(), 1);
    assert!(seen.iter().all(|exchange| exchange.answer.is_err()), "{seen:?}");
}
