//! What is sent, and what is left out.

use std::time::Duration;

use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider, future};
use bytes::Bytes;
use nx_s3_cache::config::ConditionalWrites;
use nx_s3_cache::object_store::http::http_client;
use nx_s3_cache::object_store::s3::S3Store;
use nx_s3_cache::object_store::{Error, ObjectStore, PutMode, PutOutcome};

use super::faults::slow_down;
use super::{scripted, scripted_with};
use crate::support::bucket;
use crate::support::scripted::{Scripted, error, object};

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
