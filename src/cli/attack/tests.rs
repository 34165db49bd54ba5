//! Attacks on buckets with policies.

use std::path::Path;
use std::sync::Arc;

use super::client::Client;
use super::findings::{Findings, Kind, Lock2};
use super::lock::Bucket;
use super::target::Target;
use crate::cli::scratch;
use crate::cli::testing::{Guarded, Request};
use crate::config::Config;
use crate::config::environment::Environment;
use crate::sign::{KeyName, SigningKey};
use crate::trust::{decide, detect};

const EXISTING: &str = "v1/t/e/123";

fn in_trusted(request: Request, key: &str) -> bool {
    key.starts_with("v1/t/") && !matches!(request, Request::Get | Request::List)
}

/// Attacks `bucket`, in which there is an entry already.
async fn attack(bucket: Guarded, keys: bool) -> Findings {
    let key = SigningKey::generate(KeyName::parse("main").unwrap()).unwrap();
    let trust = if keys {
        format!(r#","trust":{{"publicKeys":["{}"]}}"#, key.public_key())
    } else {
        String::new()
    };
    let section = format!(r#"{{"bucket":"test-bucket"{trust}}}"#);
    let config = Config::load(Some(&section), &Environment::default(), false, Path::new("/")).unwrap();
    let access = decide(&config.trust, &detect(&Environment::default(), false));
    bucket.objects.replace(EXISTING, "an entry");
    let store = Arc::new(bucket);
    let mut target = Target {
        config: &config,
        access: &access,
        store: store.clone(),
        directory: tempfile::tempdir().unwrap(),
        name: scratch::name().unwrap(),
        written: Vec::new(),
    };
    let attempts = target.attack().await.unwrap();
    let left_behind = target.clean_up().await;
    let mut there = left_behind.clone();
    there.push(EXISTING.into());
    there.sort();
    assert_eq!(store.objects.keys(), there);
    assert_eq!(store.objects.object(EXISTING).unwrap(), "an entry");
    Findings {
        bucket: "test-bucket".into(),
        credentials: "environment".into(),
        run: access.why.clone(),
        trusted_run: access.sign,
        keys,
        attempts,
        left_behind,
    }
}

fn bucket_of(findings: &Findings, kind: Kind) -> &Bucket {
    let attempt = findings.attempts.iter().find(|attempt| attempt.kind == kind);
    &attempt.unwrap().bucket
}

#[tokio::test]
async fn a_bucket_that_guards_the_trusted_scope_is_closed_and_the_client_is_tried_nevertheless() {
    let findings = attack(Guarded::new(in_trusted), true).await;
    assert_eq!((findings.lock2(), findings.code()), (Lock2::Closed, 0));
    assert_eq!(bucket_of(&findings, Kind::Copied), &Bucket::Denied);
    let refused = |client: &Client| matches!(client, Client::Refused(_));
    assert_eq!(
        findings
            .attempts
            .iter()
            .filter_map(|attempt| attempt.client.as_ref())
            .filter(|client| refused(client))
            .count(),
        4
    );
}

#[tokio::test]
async fn a_closed_bucket_does_not_make_a_client_without_keys_safe() {
    let findings = attack(Guarded::new(in_trusted), false).await;
    assert_eq!((findings.lock2(), findings.code()), (Lock2::Closed, 1));
}

#[tokio::test]
async fn credentials_that_write_nowhere_are_kept_out_though_there_is_nothing_to_copy() {
    let reads_only = |request, _: &str| !matches!(request, Request::Get | Request::List);
    let findings = attack(Guarded::new(reads_only), true).await;
    assert_eq!(findings.lock2(), Lock2::Closed);
    assert!(matches!(bucket_of(&findings, Kind::Copied), Bucket::Unknown(_)));
}

#[tokio::test]
async fn a_bucket_that_only_forbids_overwriting_is_partly_open() {
    let findings = attack(Guarded::new(|request, _| request == Request::Replace), true).await;
    assert_eq!(findings.lock2(), Lock2::Partly);
    assert_eq!(bucket_of(&findings, Kind::Overwritten), &Bucket::Denied);
}

#[tokio::test]
async fn what_can_not_be_deleted_is_named() {
    let findings = attack(Guarded::new(|request, _| request == Request::Delete), true).await;
    // Four entries, and what one of them was copied from.
    assert_eq!(findings.left_behind.len(), 5);
    assert!(findings.left_behind.iter().all(|key| key.contains("/e/doctor-")));
}

#[tokio::test]
async fn a_bucket_that_can_not_be_read_back_does_not_hide_what_the_client_takes() {
    let findings = attack(Guarded::new(|request, _| request == Request::Get), false).await;
    assert_eq!((findings.lock2(), findings.code()), (Lock2::Open, 1));
}
