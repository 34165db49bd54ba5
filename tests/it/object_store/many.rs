//! Requests about many objects: listings and deletes.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest, Md5};
use nx_s3_cache::object_store::{Error, ObjectStore};

use super::scripted;
use crate::support::scripted::{Reply, answer, error, object};

fn keys() -> Vec<String> {
    vec!["a".into(), "b".into(), "c".into()]
}

fn gone() -> Reply {
    answer("204 No Content", "", "")
}

#[tokio::test]
async fn many_objects_are_deleted_in_one_request_with_both_checksums() {
    let (server, store) = scripted([object("<DeleteResult/>")]).await;
    assert_eq!(store.delete(&keys()).await, Ok(()));
    let [request] = &server.seen()[..] else { panic!() };
    assert!(
        request.line.starts_with("POST /tbucket/?delete"),
        "{}",
        request.line
    );
    assert!(request.header("x-amz-checksum-crc32").is_some());
    let md5 = STANDARD.encode(Md5::digest(&request.body));
    assert_eq!(request.header("content-md5"), Some(md5.as_str()));
}

#[tokio::test]
async fn a_server_that_refuses_batches_is_asked_for_each_object_from_then_on() {
    let refused = [
        error("501 Not Implemented", "NotImplemented", "No."),
        error("400 Bad Request", "InvalidRequest", "No."),
        error("405 Not Allowed", "MethodNotAllowed", "No."),
    ];
    for reply in refused {
        let (server, store) = scripted([reply, gone()]).await;
        for _ in 0..2 {
            assert_eq!(store.delete(&keys()).await, Ok(()));
        }
        let methods: Vec<_> = server
            .seen()
            .iter()
            .map(|request| request.line.split(' ').next().unwrap().to_owned())
            .collect();
        assert_eq!(methods.concat(), "POST".to_owned() + &"DELETE".repeat(6));
    }
}

#[tokio::test]
async fn an_object_that_may_not_be_deleted_is_an_error_though_the_answer_is_200() {
    let one_of = |code: &str| {
        let body = format!(
            "<DeleteResult><Error><Key>b</Key><Code>{code}</Code><Message>Said so.</Message></Error></DeleteResult>"
        );
        object(&body)
    };
    let (_server, store) = scripted([one_of("AccessDenied")]).await;
    let denied = store.delete(&keys()).await.unwrap_err();
    assert_eq!(denied.to_string(), "access denied (403): AccessDenied: Said so");
    let (_server, store) = scripted([one_of("NoSuchKey")]).await;
    assert_eq!(store.delete(&keys()).await, Ok(()));
}

#[tokio::test]
async fn a_listing_ends_where_the_server_says_so_even_with_a_token() {
    let page = |truncated: bool, key: &str| {
        object(&format!(
            "<ListBucketResult><IsTruncated>{truncated}</IsTruncated><Contents><Key>{key}</Key>\
             <Size>3</Size></Contents><NextContinuationToken>more+</NextContinuationToken></ListBucketResult>"
        ))
    };
    let (server, store) = scripted([page(true, "a"), page(false, "b")]).await;
    let first = store.list("p/", None).await.unwrap();
    assert_eq!(first.next.as_deref(), Some("more+"));
    assert_eq!((first.objects[0].size, first.objects[0].modified), (3, None));
    let last = store.list("p/", first.next.as_deref()).await.unwrap();
    assert_eq!((last.objects[0].key.as_str(), last.next), ("b", None));
    assert!(server.seen()[1].line.contains("continuation-token=more%2B"));
}

#[tokio::test]
async fn a_copy_that_fails_behind_a_200_is_an_error() {
    let late = "<Error><Code>InternalError</Code><Message>Try again.</Message></Error>";
    let (server, store) = scripted([object(late)]).await;
    let failed = store.copy("team a/x", "y").await;
    assert!(matches!(failed, Err(Error::Server { .. })), "{failed:?}");
    assert_eq!(
        server.seen()[0].header("x-amz-copy-source"),
        Some("tbucket/team%20a/x")
    );
}
