//! What the doctor finds in buckets that refuse something, and in what is stored there.

use std::path::Path;
use std::sync::Arc;

use super::bucket::Trial;
use super::entries;
use super::report::{Report, State};
use crate::cli::testing::{Guarded, Request};
use crate::config::Config;
use crate::config::environment::Environment;
use crate::entry::{Codec, Keys, Manifest, Producer};
use crate::scope::Scope;
use crate::seal::MasterKey;
use crate::secret::Secret;
use crate::task_hash::TaskHash;
use crate::trust::{decide, detect};

const SCRATCH: &str = "v1/t/scratch/doctor-1";

fn config(options: &str) -> Config {
    let section = format!(r#"{{"bucket":"test-bucket"{options}}}"#);
    Config::load(Some(&section), &Environment::default(), false, Path::new("/")).unwrap()
}

/// The steps that are not good, or too slow on a machine that is busy.
async fn findings(bucket: &Guarded, options: &str) -> Vec<(&'static str, State)> {
    let mut report = Report::new(true);
    let trial = Trial {
        config: &config(options),
        store: bucket,
        key: SCRATCH.into(),
    };
    trial.examine(&mut report).await;
    let states = report.states().into_iter();
    states
        .filter(|(name, state)| *state != State::Good && *name != "throughput")
        .collect()
}

#[tokio::test]
async fn a_bucket_that_allows_everything_is_good_and_empty_afterwards() {
    let bucket = Guarded::new(|_, _| false);
    assert_eq!(findings(&bucket, "").await, []);
    assert!(bucket.objects.keys().is_empty());
}

#[tokio::test]
async fn denied_writes_end_it_and_denied_reads_are_found() {
    let no_writes = Guarded::new(|request, _| request == Request::Create);
    assert_eq!(findings(&no_writes, "").await, [("write", State::Bad)]);
    let no_reads = Guarded::new(|request, _| request == Request::Get);
    let bad = [("read", State::Bad), ("head", State::Bad)];
    assert_eq!(findings(&no_reads, "").await, bad);
}

#[tokio::test]
async fn what_no_build_needs_is_no_failure_and_what_stays_is_named() {
    let bucket =
        Guarded::new(|request, _| matches!(request, Request::List | Request::Delete | Request::Copy));
    let found = findings(&bucket, "").await;
    assert_eq!(
        found,
        [
            ("copy", State::Skipped),
            ("list", State::Poor),
            ("delete", State::Poor)
        ]
    );
    assert_eq!(
        bucket.objects.keys(),
        [SCRATCH.to_owned(), format!("{SCRATCH}-load")]
    );
}

#[tokio::test]
async fn copies_that_are_denied_matter_where_they_are_asked_for() {
    let bucket = Guarded::new(|request, _| request == Request::Copy);
    assert_eq!(findings(&bucket, "").await, [("copy", State::Skipped)]);
    let asked = r#","touchAfter":"7d""#;
    assert_eq!(findings(&bucket, asked).await, [("copy", State::Poor)]);
}

#[tokio::test]
async fn a_server_that_ignores_conditions_fails_where_they_are_required() {
    let bucket = Guarded {
        conditional: false,
        ..Guarded::new(|_, _| false)
    };
    let step = "conditional write";
    assert_eq!(findings(&bucket, "").await, [(step, State::Poor)]);
    let required = r#","conditionalWrites":"require""#;
    assert_eq!(findings(&bucket, required).await, [(step, State::Bad)]);
    let off = r#","conditionalWrites":"off""#;
    assert_eq!(findings(&bucket, off).await, [(step, State::Skipped)]);
}

/// A bucket with entries of tasks 1 to `count`, stored with this encryption key.
async fn stored(count: u32, key: Option<&str>) -> Guarded {
    let key = key.map(|key| Arc::new(MasterKey::derive(&Secret::new(key.into())).unwrap()));
    let codec = Codec::new(String::new(), Scope::Trusted, key);
    let bucket = Guarded::new(|_, _| false);
    for hash in 1..=count {
        let hash = TaskHash::parse(&hash.to_string()).unwrap();
        let manifest = Manifest {
            hash: hash.to_string(),
            scope: Scope::Trusted.to_string(),
            code: 0,
            files: 0,
            size: 0,
            stored_size: 0,
            inline: true,
            chunks: Vec::new(),
            level: None,
            producer: Producer::default(),
            created: 0,
        };
        let object = codec.encode_entry(&hash, &manifest, Vec::new()).unwrap();
        let key = Keys::new("", &Scope::Trusted).entry(&hash);
        bucket.objects.replace(&key, object);
    }
    bucket
}

/// What the doctor says of the entries of a bucket, good or not.
async fn entries_of(bucket: Guarded, options: &str) -> (State, String) {
    let config = config(options);
    let access = decide(&config.trust, &detect(&Environment::default(), false));
    let mut report = Report::new(true);
    entries::examine(&config, &access, Arc::new(bucket), &mut report).await;
    (report.states()[0].1, report.texts(|_| true).remove(0))
}

#[tokio::test]
async fn entries_that_fit_the_keys_are_good() {
    let (state, text) = entries_of(stored(5, None).await, "").await;
    assert!(
        state == State::Good && text.contains("the newest 3 in t"),
        "{text}"
    );
    let key = r#","encryptionKey":"a passphrase""#;
    assert_eq!(
        entries_of(stored(1, Some("a passphrase")).await, key).await.0,
        State::Good
    );
    assert!(
        entries_of(stored(0, None).await, "")
            .await
            .1
            .contains("none in t yet")
    );
}

#[tokio::test]
async fn entries_that_do_not_fit_the_keys_are_found_with_what_to_do() {
    let sealed = || stored(2, Some("a passphrase"));
    let trust = r#","trust":{"publicKeys":["main-2026:h9CVy0HqWSu/YGOoC6wBvaMn5L3zBq8DgGdNYc1PlNY="]}"#;
    let other = r#","encryptionKey":"another passphrase""#;
    for (bucket, options, expected) in [
        (sealed().await, "", "Set NX_S3_CACHE_ENCRYPTION_KEY"),
        (sealed().await, other, "another `encryptionKey`"),
        (stored(2, None).await, other, "set it everywhere"),
        (
            stored(2, None).await,
            trust,
            "No key in `trust.publicKeys` signed them",
        ),
    ] {
        let (state, text) = entries_of(bucket, options).await;
        assert!(state == State::Bad && text.contains(expected), "{text}");
    }
}

#[tokio::test]
async fn a_stranger_among_good_entries_is_worth_knowing() {
    let bucket = stored(2, None).await;
    bucket.objects.replace("v1/t/e/999", "something else");
    let (state, text) = entries_of(bucket, "").await;
    assert!(state == State::Poor && text.contains("cacheKeyPrefix"), "{text}");
}

#[tokio::test]
async fn entries_that_may_not_be_listed_are_not_looked_at() {
    let bucket = Guarded::new(|request, _| request == Request::List);
    assert_eq!(entries_of(bucket, "").await.0, State::Skipped);
}
