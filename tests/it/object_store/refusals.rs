//! What the answers of servers mean.

use nx_s3_cache::object_store::{ObjectStore, PutMode, PutOutcome};

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
            "wrong region or endpoint: a web page instead of an answer of S3",
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
