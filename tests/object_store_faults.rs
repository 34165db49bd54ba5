//! What the S3 store makes of servers that fail, refuse, lie or hang.
#![allow(clippy::unwrap_used)] // tests

mod support;

use std::time::{Duration, Instant};

use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider, future};
use bytes::Bytes;
use nx_s3_cache::config::{BucketConfig, ConditionalWrites};
use nx_s3_cache::object_store::http::http_client;
use nx_s3_cache::object_store::s3::S3Store;
use nx_s3_cache::object_store::{Error, ObjectStore, PutMode, PutOutcome};
use support::bucket;
use support::scripted::{Reply, Scripted, answer, error, object};

async fn scripted(replies: impl IntoIterator<Item = Reply>) -> (Scripted, S3Store) {
    scripted_with(replies, |_| {}).await
}

async fn scripted_with(
    replies: impl IntoIterator<Item = Reply>,
    change: impl FnOnce(&mut BucketConfig),
) -> (Scripted, S3Store) {
    let server = Scripted::start(replies).await;
    let mut config = bucket::at(&server.endpoint());
    change(&mut config);
    (server, bucket::open(&config))
}

/// What `get` makes of this answer, without retries.
async fn get_of(reply: Reply) -> Result<Option<Bytes>, Error> {
    let (_server, store) = scripted_with([reply], |config| config.retries = 0).await;
    store.get("key", 100).await
}

fn slow_down() -> Reply {
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
async fn every_attempt_sends_the_whole_body() {
    let (server, store) = scripted([slow_down(), object("")]).await;
    assert_eq!(
        store.put("key", "the body".into(), PutMode::Create).await,
        Ok(PutOutcome::Stored)
    );
    let bodies: Vec<_> = server.seen().into_iter().map(|request| request.body).collect();
    assert_eq!(bodies, [b"the body", b"the body"]);
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
async fn a_condition_that_the_server_does_not_know_is_left_out_from_then_on() {
    let unknown = [
        error(
            "501 Not Implemented",
            "NotImplemented",
            "A header you provided is not implemented.",
        ),
        error(
            "400 Bad Request",
            "InvalidArgument",
            "If-None-Match is not supported",
        ),
    ];
    for reply in unknown {
        let (server, store) = scripted([reply, object("")]).await;
        for _ in 0..2 {
            assert_eq!(
                store.put("key", "body".into(), PutMode::Create).await,
                Ok(PutOutcome::Stored)
            );
        }
        let asked: Vec<_> = server
            .seen()
            .iter()
            .map(|request| request.header("if-none-match").is_some())
            .collect();
        assert_eq!(asked, [true, false, false]);
    }
}

#[tokio::test]
async fn a_501_for_another_reason_is_not_blamed_on_the_condition() {
    let not_implemented = || error("501 Not Implemented", "NotImplemented", "No.");
    let (server, store) = scripted([not_implemented(), not_implemented(), object("")]).await;
    let refused = store
        .put("key", "body".into(), PutMode::Create)
        .await
        .unwrap_err();
    assert_eq!(
        refused.to_string(),
        "request refused (501): NotImplemented: No (request REQ1)"
    );
    store.put("key", "body".into(), PutMode::Create).await.unwrap();
    assert_eq!(server.seen()[2].header("if-none-match"), Some("*"));
}

#[tokio::test]
async fn a_required_condition_is_never_left_out() {
    let replies = [error("501 Not Implemented", "NotImplemented", "No.")];
    let (server, store) = scripted_with(replies, |config| {
        config.conditional_writes = ConditionalWrites::Require
    })
    .await;
    let put = store.put("key", "body".into(), PutMode::Create).await;
    assert!(matches!(put, Err(Error::Refused { status: 501, .. })), "{put:?}");
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn who_comes_second_finds_the_object_there() {
    for reply in [
        error(
            "412 Precondition Failed",
            "PreconditionFailed",
            "At least one condition did not hold.",
        ),
        error("409 Conflict", "ConditionalRequestConflict", "Try again."),
    ] {
        let (server, store) = scripted([reply]).await;
        assert_eq!(
            store.put("key", "body".into(), PutMode::Create).await,
            Ok(PutOutcome::AlreadyThere)
        );
        let replaced = store.put("key", "body".into(), PutMode::Replace).await;
        assert!(matches!(replaced, Err(Error::Refused { .. })), "{replaced:?}");
        assert_eq!(server.seen()[0].header("if-none-match"), Some("*"));
        assert_eq!(server.seen()[1].header("if-none-match"), None);
    }
}

#[tokio::test]
async fn refusals_are_told_apart() {
    let no = "403 Forbidden";
    let refusals = [
        (
            error(no, "AccessDenied", "No."),
            "access denied (403): AccessDenied: No (request REQ1)",
        ),
        (answer(no, "", ""), "access denied (403): HTTP 403"),
        (
            error("404 Not Found", "NoSuchBucket", "Not here."),
            "no such bucket: NoSuchBucket: Not here (request REQ1)",
        ),
        (
            error("400 Bad Request", "ExpiredToken", "Too late."),
            "no usable credentials: ExpiredToken: Too late (request REQ1)",
        ),
        (
            error(
                "400 Bad Request",
                "AuthorizationHeaderMalformed",
                "expecting 'eu-west-1'",
            ),
            "wrong region or endpoint: AuthorizationHeaderMalformed: expecting 'eu-west-1' (request REQ1)",
        ),
        (
            answer("301 Moved Permanently", "x-amz-bucket-region: eu-west-1\r\n", ""),
            "wrong region or endpoint: HTTP 301; the bucket is in eu-west-1",
        ),
        (
            answer(
                "404 Not Found",
                "content-type: text/html\r\n",
                "<html><body>nginx</body></html>",
            ),
            "wrong region or endpoint: HTTP 404 with a web page instead of an answer of S3",
        ),
        (
            answer("404 Not Found", "", ""),
            "wrong region or endpoint: HTTP 404 without an S3 error code: the endpoint may not be one of S3",
        ),
        (
            error("405 Not Allowed", "MethodNotAllowed", "No."),
            "request refused (405): MethodNotAllowed: No (request REQ1)",
        ),
        (answer("502 Bad Gateway", "", ""), "server error: HTTP 502"),
    ];
    for (reply, expected) in refusals {
        assert_eq!(get_of(reply).await.unwrap_err().to_string(), expected);
    }
}

#[tokio::test]
async fn a_missing_object_is_known_by_its_code() {
    let missing = "<Error><Code>NoSuchKey</Code></Error>";
    for kind in [
        "content-type: application/xml\r\n",
        "content-type: text/html\r\n",
        "",
    ] {
        assert_eq!(get_of(answer("404 Not Found", kind, missing)).await, Ok(None));
    }
    let by_id = answer("404 Not Found", "x-amz-request-id: REQ1\r\n", "");
    assert_eq!(get_of(by_id).await, Ok(None));
}

#[tokio::test]
async fn a_wrong_clock_is_named() {
    let skewed = error(
        "403 Forbidden",
        "RequestTimeTooSkewed",
        "The difference is too large.",
    );
    assert_eq!(
        get_of(skewed).await.unwrap_err().to_string(),
        "access denied (403): RequestTimeTooSkewed: The difference is too large; this machine's clock is wrong, \
         set it (request REQ1)"
    );
}

#[tokio::test]
async fn long_messages_become_one_short_line() {
    let reply = error("400 Bad Request", "Odd", &"many\nlines\n".repeat(200));
    let message = get_of(reply).await.unwrap_err().to_string();
    assert!(
        !message.contains('\n') && message.chars().count() < 400,
        "{message}"
    );
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
            limit: 100
        })
    );
}

#[tokio::test]
async fn too_long_is_noticed_without_an_announcement() {
    let unannounced = format!("HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n{}", "x".repeat(200));
    let outcome = get_of(Reply::SendAndClose(unannounced.into_bytes())).await;
    assert!(
        matches!(outcome, Err(Error::TooLarge { limit: 100, .. })),
        "{outcome:?}"
    );
}

#[tokio::test]
async fn a_wrong_checksum_is_a_server_error() {
    let lie = answer("200 OK", "x-amz-checksum-crc32: AAAAAA==\r\n", "body");
    let outcome = get_of(lie).await;
    assert!(matches!(outcome, Err(Error::Server { .. })), "{outcome:?}");
}

#[tokio::test]
async fn an_answer_that_is_not_http_is_a_server_error() {
    let outcome = get_of(Reply::SendAndClose(b"220 mail.example.org ESMTP\r\n".to_vec())).await;
    assert!(matches!(outcome, Err(Error::Server { .. })), "{outcome:?}");
}

#[tokio::test]
async fn an_error_document_behind_a_200_is_handed_on_as_it_is() {
    let document = "<Error><Code>InternalError</Code></Error>";
    assert_eq!(get_of(object(document)).await, Ok(Some(document.into())));
}

#[tokio::test]
async fn a_server_that_hangs_costs_the_timeouts_and_no_more() {
    let stalls = Reply::Send(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nstall".to_vec());
    for reply in [Reply::Hang, stalls] {
        let (_server, store) = scripted_with([reply], |config| {
            config.timeouts.read = Duration::from_millis(200);
            config.retries = 1;
        })
        .await;
        let start = Instant::now();
        let outcome = store.get("key", 100).await;
        assert!(matches!(outcome, Err(Error::TimedOut { .. })), "{outcome:?}");
        assert!(
            start.elapsed() < Duration::from_secs(2),
            "took {:?}",
            start.elapsed()
        );
    }
}

#[tokio::test]
async fn a_closed_port_is_unreachable_at_once() {
    let mut config = bucket::at("http://127.0.0.1:1");
    config.retries = 0;
    let start = Instant::now();
    let message = bucket::open(&config)
        .get("key", 100)
        .await
        .unwrap_err()
        .to_string();
    assert!(
        message.starts_with("unreachable: ") && message.contains("refused"),
        "{message}"
    );
    assert!(
        start.elapsed() < Duration::from_secs(1),
        "took {:?}",
        start.elapsed()
    );
}

/// Where a full queue of connections makes Linux ignore new ones.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_host_that_is_silent_costs_one_connect_timeout() {
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind((std::net::Ipv4Addr::LOCALHOST, 0).into()).unwrap();
    let listener = socket.listen(1).unwrap();
    let address = listener.local_addr().unwrap();
    let waiting = (0..2).map(|_| tokio::net::TcpStream::connect(address));
    let _waiting = futures_util::future::join_all(waiting).await;
    let mut config = bucket::at(&format!("http://{address}"));
    config.timeouts.connect = Duration::from_millis(300);
    let start = Instant::now();
    let message = bucket::open(&config)
        .get("key", 100)
        .await
        .unwrap_err()
        .to_string();
    assert!(
        message.starts_with("unreachable: ") && message.contains("connect timeout"),
        "{message}"
    );
    assert!(
        start.elapsed() < Duration::from_millis(900),
        "took {:?}",
        start.elapsed()
    );
}

#[tokio::test]
async fn a_host_that_does_not_exist_is_unreachable() {
    let mut config = bucket::at("http://no-such-host.invalid");
    config.retries = 0;
    let outcome = bucket::open(&config).head("key").await;
    assert!(matches!(outcome, Err(Error::Unreachable { .. })), "{outcome:?}");
}

#[tokio::test]
async fn options_that_exclude_each_other_are_a_misconfiguration() {
    let mut config = bucket::at("http://127.0.0.1:1");
    config.endpoint = None;
    config.accelerate = true;
    assert_eq!(
        bucket::open(&config)
            .get("key", 100)
            .await
            .unwrap_err()
            .to_string(),
        "the configuration cannot work: Path-style addressing cannot be used with S3 Accelerate"
    );
}

#[derive(Debug)]
enum Provider {
    Fails,
    Hangs,
}

impl ProvideCredentials for Provider {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        match self {
            Self::Fails => {
                future::ProvideCredentials::ready(Err(CredentialsError::provider_error("expired")))
            }
            Self::Hangs => future::ProvideCredentials::new(std::future::pending()),
        }
    }
}

#[tokio::test]
async fn credentials_that_can_not_be_renewed_are_told_apart_from_the_server() {
    let server = Scripted::start([object("")]).await;
    let mut config = bucket::at(&server.endpoint());
    config.timeouts.attempt = Duration::from_millis(200);
    config.retries = 0;
    for provider in [Provider::Fails, Provider::Hangs] {
        let credentials = Some(SharedCredentialsProvider::new(provider));
        let store = S3Store::open(&config, credentials, http_client(None).unwrap(), "us-east-1");
        let outcome = store.get("key", 100).await;
        assert!(matches!(outcome, Err(Error::Credentials { .. })), "{outcome:?}");
    }
    assert!(server.seen().is_empty());
}

#[tokio::test]
async fn without_credentials_nothing_is_signed() {
    let server = Scripted::start([object("body")]).await;
    let store = S3Store::open(
        &bucket::at(&server.endpoint()),
        None,
        http_client(None).unwrap(),
        "us-east-1",
    );
    assert_eq!(store.get("key", 100).await, Ok(Some("body".into())));
    assert_eq!(server.seen()[0].header("authorization"), None);
}

#[tokio::test]
async fn what_the_options_say_about_new_objects_is_sent_with_each() {
    let (server, store) = scripted_with([object("")], |config| {
        config.server_side_encryption = Some("aws:kms".into());
        config.kms_key_id = Some("alias/cache".into());
        config.storage_class = Some("STANDARD_IA".into());
    })
    .await;
    store.put("key", "body".into(), PutMode::Create).await.unwrap();
    let put = &server.seen()[0];
    assert_eq!(put.header("x-amz-server-side-encryption"), Some("aws:kms"));
    assert_eq!(
        put.header("x-amz-server-side-encryption-aws-kms-key-id"),
        Some("alias/cache")
    );
    assert_eq!(put.header("x-amz-storage-class"), Some("STANDARD_IA"));
}

#[tokio::test]
async fn over_http_the_body_is_signed() {
    let (server, store) = scripted([object("")]).await;
    store.put("key", Bytes::new(), PutMode::Create).await.unwrap();
    let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"; // SHA-256 of nothing
    assert_eq!(server.seen()[0].header("x-amz-content-sha256"), Some(empty));
}

#[tokio::test]
async fn without_checksums_none_is_sent() {
    let (server, store) = scripted_with([object("")], |config| config.disable_checksum = true).await;
    store.put("key", "body".into(), PutMode::Create).await.unwrap();
    store.get("key", 100).await.unwrap();
    for request in server.seen() {
        let header = request.headers.iter().find(|header| header.contains("checksum"));
        assert_eq!(header, None);
    }
}
