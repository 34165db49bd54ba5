//! Servers that fail, lie, hang or are not there.

use std::time::{Duration, Instant};

use bytes::Bytes;
use nx_s3_cache::config::BucketConfig;
use nx_s3_cache::object_store::{Error, ObjectStore, PutMode};

use super::{scripted, scripted_with};
use crate::support::bucket;
use crate::support::scripted::{Reply, answer, error, object};

/// What `get` makes of this answer, without retries.
pub async fn get_of(reply: Reply) -> Result<Option<Bytes>, Error> {
    let (_server, store) = scripted_with([reply], |config| config.retries = 0).await;
    store.get("key", 200).await
}

pub fn slow_down() -> Reply {
    error("503 Slow Down", "SlowDown", "Please reduce your request rate.")
}

#[tokio::test]
async fn a_failure_that_passes_is_not_noticed() {
    let passing = [
        slow_down(),
        error("500 Internal Server Error", "InternalError", "Try again."),
        answer("429 Too Many Requests", "", ""),
        Reply::SendAndClose(Vec::new()),
        Reply::SendAndClose(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nshort".to_vec()),
    ];
    for reply in passing {
        let (server, store) = scripted([reply, object("body")]).await;
        assert_eq!(store.get("key", 100).await, Ok(Some("body".into())));
        assert_eq!(server.seen().len(), 2);
    }
}

#[tokio::test]
async fn a_failure_that_lasts_ends_after_the_retries() {
    let (server, store) = scripted([slow_down()]).await;
    assert_eq!(
        store.get("key", 100).await.unwrap_err().to_string(),
        "throttled: SlowDown: Please reduce your request rate (request REQ1)"
    );
    assert_eq!(server.seen().len(), 3);
}

#[tokio::test]
async fn a_body_that_breaks_off_is_a_server_error() {
    let short = Reply::SendAndClose(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nshort".to_vec());
    let outcome = get_of(short).await;
    assert!(matches!(outcome, Err(Error::Server { .. })), "{outcome:?}");
}

#[tokio::test]
async fn too_long_is_noticed_before_it_is_read() {
    let announced = Reply::Send(b"HTTP/1.1 200 OK\r\ncontent-length: 5000000000\r\n\r\n".to_vec());
    assert_eq!(
        get_of(announced).await,
        Err(Error::TooLarge {
            size: 5_000_000_000,
            limit: 200
        })
    );
}

#[tokio::test]
async fn too_long_is_noticed_without_an_announcement() {
    let unannounced = format!("HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n{}", "x".repeat(300));
    let outcome = get_of(Reply::SendAndClose(unannounced.into_bytes())).await;
    assert!(
        matches!(outcome, Err(Error::TooLarge { limit: 200, .. })),
        "{outcome:?}"
    );
}

#[tokio::test]
async fn a_wrong_checksum_is_damage_of_the_object_and_asked_for_once_more() {
    let lie = || answer("200 OK", "x-amz-checksum-crc32: AAAAAA==\r\n", "body");
    let (server, store) = scripted([lie()]).await;
    let outcome = store.get("key", 100).await;
    assert!(matches!(outcome, Err(Error::ChecksumMismatch)), "{outcome:?}");
    assert_eq!(server.seen().len(), 2);
    let (_server, store) = scripted([lie(), object("body")]).await;
    assert_eq!(store.get("key", 100).await, Ok(Some("body".into())));
}

#[tokio::test]
async fn an_answer_that_is_not_http_is_a_server_error() {
    let outcome = get_of(Reply::SendAndClose(b"220 mail.example.org ESMTP\r\n".to_vec())).await;
    assert!(matches!(outcome, Err(Error::Server { .. })), "{outcome:?}");
}

#[tokio::test]
async fn an_error_document_behind_a_200_is_an_error() {
    for document in [
        "<Error><Code>InternalError</Code><Message>Try again.</Message></Error>",
        "<?xml version=\"1.0\"?>\n<Error a=\"b\"><Code>InternalError</Code><Message>Try again.</Message></Error>",
    ] {
        let expected = "server error: InternalError: Try again";
        assert_eq!(get_of(object(document)).await.unwrap_err().to_string(), expected);
        let (server, store) = scripted([object(document), object("")]).await;
        store.put("key", "body".into(), PutMode::Replace).await.unwrap();
        assert_eq!(server.seen().len(), 2, "a put is repeated, too");
    }
}

#[tokio::test]
async fn a_server_that_hangs_costs_the_timeouts_and_no_more() {
    let stalls = Reply::Send(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nstall".to_vec());
    let short = Duration::from_millis(200);
    let long = Duration::from_secs(30);
    for (reply, read, stall, expected) in [
        (Reply::Hang, short, long, "unreachable: no answer within 0.2 s"),
        (
            stalls,
            long,
            short,
            "server error: the answer stalled: less than 1024 bytes per second for 0.2 s",
        ),
    ] {
        let (_server, store) = scripted_with([reply], |config| {
            (config.timeouts.read, config.timeouts.stall) = (read, stall);
            config.retries = 1;
        })
        .await;
        let start = Instant::now();
        assert_eq!(store.get("key", 100).await.unwrap_err().to_string(), expected);
        assert!(
            start.elapsed() < Duration::from_secs(2),
            "took {:?}",
            start.elapsed()
        );
    }
}

/// Fails within `limit`, and says that the host is unreachable, and why.
async fn is_unreachable(config: &BucketConfig, why: &str, limit: Duration) {
    let start = Instant::now();
    let error = bucket::open(config).get("key", 100).await.unwrap_err();
    let (took, message) = (start.elapsed(), error.to_string());
    assert!(
        message.starts_with("unreachable: ") && message.contains(why),
        "{message}"
    );
    assert!(took < limit, "took {took:?}");
}

#[tokio::test]
async fn a_closed_port_is_unreachable_at_once() {
    let mut config = bucket::at("http://127.0.0.1:1");
    config.retries = 0;
    is_unreachable(&config, "refused", Duration::from_secs(1)).await;
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_host_that_is_silent_costs_one_connect_timeout() {
    let host = crate::support::scripted::Swallowing::start().await;
    let mut config = bucket::at(&format!("http://{}", host.address));
    (config.timeouts.connect, config.timeouts.read) = (Duration::from_secs(8), Duration::from_secs(30));
    is_unreachable(&config, "connect timeout", Duration::from_secs(16)).await;
}

#[tokio::test]
async fn a_host_that_does_not_exist_is_unreachable() {
    let mut config = bucket::at("http://no-such-host.invalid");
    config.retries = 0;
    let outcome = bucket::open(&config).head("key").await;
    assert!(matches!(outcome, Err(Error::Unreachable { .. })), "{outcome:?}");
}
