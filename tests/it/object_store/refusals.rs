//! What the answers of servers mean.

use nx_s3_cache::object_store::{Error, ObjectStore, PutMode, PutOutcome, UnreadableReason};

use super::faults::get_of;
use super::scripted;
use crate::support::scripted::{answer, error};

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
            "not an S3 endpoint: a web page instead of an answer of S3",
        ),
        (
            answer("404 Not Found", "", ""),
            "not an S3 endpoint: HTTP 404 without an S3 error code",
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
async fn the_region_that_a_server_names_is_a_fact_of_the_error() {
    let message = "the region 'us-east-1' is wrong; expecting 'eu-west-1'";
    for (reply, expected) in [
        (
            answer("301 Moved Permanently", "x-amz-bucket-region: eu-west-1\r\n", ""),
            Some("eu-west-1"),
        ),
        (
            error("400 Bad Request", "AuthorizationHeaderMalformed", message),
            Some("eu-west-1"),
        ),
        (
            error(
                "400 Bad Request",
                "AuthorizationHeaderMalformed",
                "expecting 'a b'",
            ),
            None,
        ),
        (answer("301 Moved Permanently", "", ""), None),
    ] {
        match get_of(reply).await {
            Err(Error::WrongRegion { region, .. }) => assert_eq!(region.as_deref(), expected),
            other => panic!("{other:?}"),
        }
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
async fn an_object_that_exists_and_can_not_be_read_is_told_apart_from_a_denied_one() {
    let (forbidden, bad) = ("403 Forbidden", "400 Bad Request");
    let archived = error(
        forbidden,
        "InvalidObjectState",
        "The operation is not valid for the object's storage class",
    );
    let user = "User: arn:aws:iam::1:user/ci is not authorized to perform";
    let kms = [
        error(
            forbidden,
            "AccessDenied",
            &format!("{user}: kms:Decrypt on resource: arn:aws:kms:x"),
        ),
        error(
            forbidden,
            "AccessDenied",
            "The ciphertext refers to a customer master key that does not exist, or you are not allowed to access.",
        ),
        error(bad, "KMS.DisabledException", "arn:aws:kms:x is disabled."),
    ];
    let customer = error(
        bad,
        "InvalidRequest",
        "The object was stored using a form of Server Side Encryption. The correct parameters must be provided to \
         retrieve the object.",
    );
    let kms = kms.map(|reply| (reply, UnreadableReason::KmsKey));
    let others = [
        (archived, UnreadableReason::Archived),
        (customer, UnreadableReason::CustomerKey),
    ];
    for (reply, expected) in others.into_iter().chain(kms) {
        match get_of(reply).await {
            Err(Error::Unreadable { reason, .. }) => assert_eq!(reason, expected),
            other => panic!("{other:?}"),
        }
    }
    let denied = error(forbidden, "AccessDenied", &format!("{user}: s3:GetObject"));
    assert!(matches!(get_of(denied).await, Err(Error::AccessDenied { .. })));
    let busy = error(bad, "KMS.ThrottlingException", "Rate exceeded");
    assert!(matches!(get_of(busy).await, Err(Error::Throttled { .. })));
}

#[tokio::test]
async fn a_head_tells_of_an_archive_storage_class() {
    for (headers, archived) in [
        ("x-amz-storage-class: GLACIER\r\n", true),
        ("x-amz-storage-class: DEEP_ARCHIVE\r\n", true),
        (
            "x-amz-storage-class: INTELLIGENT_TIERING\r\nx-amz-archive-status: ARCHIVE_ACCESS\r\n",
            true,
        ),
        ("x-amz-storage-class: GLACIER_IR\r\n", false),
        ("", false),
    ] {
        let (_server, store) = scripted([answer("200 OK", headers, "")]).await;
        assert_eq!(
            store.head("key").await.unwrap().unwrap().archived,
            archived,
            "{headers}"
        );
    }
}

#[tokio::test]
async fn nothing_that_a_server_says_steers_a_terminal() {
    let evil = "a&#x1b;[2J\u{9b}31m\u{202e}b\u{200b}c&#x7;";
    for (status, code) in [
        ("403 Forbidden", evil),
        ("403 Forbidden", "AccessDenied"),
        ("403 Forbidden", "InvalidObjectState"),
        ("404 Not Found", "NoSuchBucket"),
        ("301 Moved Permanently", "PermanentRedirect"),
        ("500 Internal Server Error", "InternalError"),
        ("503 Slow Down", "SlowDown"),
        ("400 Bad Request", "ExpiredToken"),
        ("400 Bad Request", "Odd"),
    ] {
        let headers = "x-amz-request-id: R\u{202e}1\r\nx-amz-bucket-region: eu\u{202e}\r\n";
        let body = format!("<Error><Code>{code}</Code><Message>{evil}</Message></Error>");
        let message = get_of(answer(status, headers, &body))
            .await
            .unwrap_err()
            .to_string();
        assert!(
            message.contains("a\\u{1b}[2J\\u{9b}31m\\u{202e}b\\u{200b}c"),
            "{message}"
        );
        let obeyed = |c: char| c.is_control() || matches!(c, '\u{202e}' | '\u{200b}');
        assert!(!message.contains(obeyed), "{message:?}");
    }
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
async fn swift_accepts_the_slower_of_two_writers_with_a_web_page() {
    let page = answer(
        "200 OK",
        "content-type: text/html\r\nx-amz-request-id: tx1\r\n",
        "<html><h1>Accepted</h1><p>The request is accepted for processing.</p></html>",
    );
    let (_server, store) = scripted([page]).await;
    let put = store.put("key", "body".into(), PutMode::Replace).await;
    assert_eq!(put, Ok(PutOutcome::Stored));
}
