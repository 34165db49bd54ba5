//! What the doctor finds in buckets that refuse something.

use std::path::Path;

use super::bucket::examine;
use super::report::{Report, State};
use crate::cli::testing::{Guarded, Request};
use crate::config::Config;
use crate::config::environment::Environment;
use crate::trust::{decide, detect};

/// The steps that are not good.
async fn findings(bucket: &Guarded, options: &str) -> Vec<(&'static str, State)> {
    let section = format!(r#"{{"bucket":"test-bucket"{options}}}"#);
    let config = Config::load(Some(&section), &Environment::default(), false, Path::new("/")).unwrap();
    let access = decide(&config.trust, &detect(&Environment::default(), false));
    let mut report = Report::new(true);
    examine(&config, &access, bucket, &mut report).await;
    let states = report.states().into_iter();
    states.filter(|(_, state)| *state != State::Good).collect()
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
    assert_eq!(
        findings(&no_reads, "").await,
        [
            ("bucket", State::Poor),
            ("read", State::Bad),
            ("head", State::Bad)
        ]
    );
}

#[tokio::test]
async fn what_no_build_needs_is_no_failure() {
    let bucket = Guarded::new(|request, _| matches!(request, Request::List | Request::Delete));
    assert_eq!(
        findings(&bucket, "").await,
        [("list", State::Poor), ("delete", State::Poor)]
    );
}

#[tokio::test]
async fn a_server_that_ignores_conditions_fails_where_they_are_required() {
    let bucket = Guarded {
        conditional: false,
        ..Guarded::new(|_, _| false)
    };
    assert_eq!(findings(&bucket, "").await, [("conditional write", State::Poor)]);
    let required = r#","conditionalWrites":"require""#;
    assert_eq!(
        findings(&bucket, required).await,
        [("conditional write", State::Bad)]
    );
    let off = r#","conditionalWrites":"off""#;
    assert_eq!(
        findings(&bucket, off).await,
        [("conditional write", State::Skipped)]
    );
}
