//! Buckets that deny or don't know what builds and commands ask for.

use std::sync::atomic::{AtomicBool, Ordering};

use super::{denied, finds, gated, notes, shows};
use crate::cli::setup::Setup;
use crate::support::scripted::{Seen, error, object};

#[tokio::test]
async fn each_permission_that_is_missing_is_named() {
    let put = gated(|seen| seen.is("PUT", "").then(denied)).await;
    finds(
        &put,
        "write",
        "access denied (403)",
        "Allow these credentials s3:PutObject",
    )
    .await;
    let get = gated(|seen| seen.is("GET", "/doctor-").then(denied)).await;
    notes_or_finds_reading(&get).await;
    let list = gated(|seen| seen.is("GET", "list-type=2").then(denied)).await;
    notes(
        &list,
        '!',
        "list",
        "access denied",
        "Builds list nothing, but with s3:ListBucket",
    )
    .await;
    let delete = gated(|seen| seen.is("DELETE", "").then(denied)).await;
    notes(&delete, '!', "delete", "access denied", "Builds delete nothing").await;
    let copy = gated(|seen| seen.header("x-amz-copy-source").map(|_| denied())).await;
    notes(&copy, '–', "copy", "Only the option `touchAfter` needs it", "").await;
}

async fn notes_or_finds_reading(setup: &Setup) {
    shows(
        setup,
        '!',
        "missing objects",
        "are answered with a refusal",
        "Allow s3:ListBucket",
    )
    .await;
    finds(
        setup,
        "read",
        "access denied",
        "Allow these credentials s3:GetObject",
    )
    .await;
}

#[tokio::test]
async fn a_refusal_instead_of_a_miss_is_worth_knowing() {
    let written = AtomicBool::new(false);
    let setup = gated(move |seen| {
        let written = written.fetch_or(seen.is("PUT", ""), Ordering::Relaxed);
        (seen.is("GET", "") && !written).then(denied)
    });
    notes(
        &setup.await,
        '!',
        "missing objects",
        "are answered with a refusal",
        "Allow s3:ListBucket",
    )
    .await;
}

#[tokio::test]
async fn servers_that_do_not_know_what_builds_ask_for_are_found() {
    let conditional = |seen: &Seen| {
        seen.header("if-none-match")
            .map(|_| error("501 Not Implemented", "NotImplemented", "no"))
    };
    notes(
        &gated(conditional).await,
        '!',
        "conditional write",
        "replaced an object",
        "Nothing depends on it",
    )
    .await;
    let required = gated(conditional).await.option("conditionalWrites", "require");
    finds(
        &required,
        "write",
        "request refused (501)",
        "The server doesn't accept such requests",
    )
    .await;
    let checksums = gated(|seen| {
        let checked = seen
            .headers
            .iter()
            .any(|header| header.starts_with("x-amz-checksum-"));
        let checked = checked && seen.is("PUT", "");
        checked.then(|| {
            error(
                "400 Bad Request",
                "InvalidRequest",
                "Unsupported header x-amz-checksum-crc32",
            )
        })
    });
    finds(
        &checksums.await,
        "write",
        "Unsupported header",
        "It works with `disableChecksum` set to true",
    )
    .await;
}

#[tokio::test]
async fn something_in_between_that_changes_answers_is_found() {
    let setup = gated(|seen| {
        let scratch = seen.is("GET", "/doctor-");
        scratch.then(|| object("something else"))
    });
    finds(
        &setup.await,
        "bucket",
        "",
        "Something between here and the bucket",
    )
    .await;
}
