use super::*;
use crate::object_store::UnreadableReason;

fn health(reads_only: bool) -> (Health, Arc<Warnings>) {
    let warnings = Arc::new(Warnings::default());
    (Health::new("b".into(), reads_only, warnings.clone()), warnings)
}

fn access_denied(code: &str) -> Error {
    Error::AccessDenied {
        status: 403,
        code: Some(code.into()),
        detail: format!("{code}: no"),
    }
}

fn denied() -> Error {
    access_denied("AccessDenied")
}

fn server() -> Error {
    Error::Server { detail: "500".into() }
}

fn refused() -> Error {
    Error::Refused {
        status: 400,
        detail: "x".into(),
    }
}

fn unreachable(lasting: bool) -> Error {
    Error::Unreachable {
        detail: "refused".into(),
        proxy: None,
        lasting,
    }
}

fn unanswered() -> Error {
    Error::Unanswered { detail: "4 s".into() }
}

fn silent() -> Error {
    Error::Silent {
        detail: "no answer within 10 s".into(),
    }
}

/// Requests for so many objects fail, one after the other.
fn fail(health: &Health, purpose: Purpose, objects: usize, error: &Error) {
    for object in 0..objects {
        health.failed(purpose, &format!("{purpose:?} {object}"), error);
    }
}

fn is_on(health: &Health) -> bool {
    health.allows(Purpose::Read) && health.allows(Purpose::Write)
}

fn is_off(health: &Health) -> bool {
    !health.allows(Purpose::Read) && !health.allows(Purpose::Write)
}

fn titles(warnings: &Warnings) -> Vec<String> {
    warnings.take().into_iter().map(|warning| warning.title).collect()
}

#[test]
fn an_endpoint_that_never_answered_is_given_up_at_once_with_one_warning() {
    let (health, warnings) = health(false);
    fail(&health, Purpose::Read, 3, &unreachable(true));
    assert!(is_off(&health));
    assert_eq!(warnings.take().len(), 1);
}

#[test]
fn single_failures_are_forgiven_and_failures_of_several_objects_in_a_row_open_the_breaker() {
    for error in [server(), unreachable(false), refused()] {
        let (health, warnings) = health(false);
        for _ in 0..20 {
            health.answered(Purpose::Read);
            health.failed(Purpose::Read, "v1/t/e/1", &error);
        }
        assert!(is_on(&health));
        fail(&health, Purpose::Read, BREAKER_THRESHOLD - 1, &error);
        assert!(is_off(&health), "{error}");
        assert_eq!(warnings.take().len(), 1);
    }
}

#[test]
fn downloads_that_are_given_up_open_the_breaker_like_other_failures() {
    let (health, warnings) = health(false);
    let given_up = |objects| {
        for object in 0..objects {
            health.gave_up(&format!("v1/t/e/{object}"), &error::Error::Deadline);
        }
    };
    for _ in 0..3 {
        given_up(BREAKER_THRESHOLD - 1);
        health.answered(Purpose::Read);
    }
    health.end();
    assert!(is_on(&health) && warnings.take().is_empty());
    given_up(BREAKER_THRESHOLD);
    assert!(is_off(&health));
    assert_eq!(warnings.take().len(), 1);
}

#[test]
fn one_object_never_opens_the_breaker_however_often_it_fails() {
    for error in [server(), unreachable(false), refused(), denied()] {
        let (health, warnings) = health(false);
        health.answered(Purpose::Write);
        for purpose in [Purpose::Read, Purpose::Write, Purpose::Read] {
            for _ in 0..20 {
                health.failed(purpose, "v1/t/e/1", &error);
            }
        }
        assert!(is_on(&health), "{error}");
        assert_eq!(titles(&warnings), [""; 0]);
    }
}

#[test]
fn damaged_and_unreadable_objects_say_nothing_about_others() {
    let (health, warnings) = health(false);
    let unreadable = Error::Unreadable {
        reason: UnreadableReason::Archived,
        detail: "InvalidObjectState".into(),
    };
    for error in [
        unreadable,
        Error::ChecksumMismatch,
        Error::TooLarge { size: 2, limit: 1 },
    ] {
        fail(&health, Purpose::Read, 100, &error);
    }
    assert!(is_on(&health));
    health.end();
    assert_eq!(titles(&warnings), [""; 0]);
}

#[test]
fn trouble_that_lasts_to_the_end_of_a_short_run_is_reported() {
    let (health, warnings) = health(false);
    health.failed(Purpose::Read, "v1/t/e/1", &server());
    health.answered(Purpose::Read);
    health.end();
    assert_eq!(titles(&warnings), [""; 0], "something worked after it");
    health.failed(Purpose::Read, "v1/t/e/1", &server());
    health.end();
    health.end();
    assert_eq!(titles(&warnings), ["The last requests to the S3 bucket failed"]);
}

#[tokio::test]
async fn a_server_that_fell_silent_is_given_up_at_once_and_who_waits_is_notified() {
    let (health, warnings) = health(false);
    fail(&health, Purpose::Read, 1, &unanswered());
    assert_eq!(warnings.take().len(), 1, "it took its time at first");
    health.answered(Purpose::Read);
    health.failed(Purpose::Read, "v1/t/e/1", &silent());
    health.closed().await;
    assert!(is_off(&health));
    health.end();
    assert_eq!(warnings.take().len(), 1);
}

#[test]
fn a_storm_of_throttling_is_forgiven_until_it_lasts() {
    let (health, warnings) = health(false);
    let throttled = Error::Throttled {
        detail: "SlowDown".into(),
        retry_after: None,
    };
    fail(&health, Purpose::Read, 100, &throttled);
    assert!(is_on(&health));
    let Some(long_ago) = Instant::now().checked_sub(STORM) else {
        return;
    };
    *health.worked.lock() = long_ago;
    fail(&health, Purpose::Read, 1, &throttled);
    assert!(is_off(&health));
    assert_eq!(warnings.take().len(), 1);
}

#[test]
fn a_bucket_that_has_not_answered_yet_is_reported_once_and_what_it_turns_out_to_be_too() {
    let (health, warnings) = health(false);
    fail(&health, Purpose::Read, 2, &unanswered());
    fail(&health, Purpose::Write, 2, &unanswered());
    assert!(is_on(&health));
    assert_eq!(titles(&warnings), ["The S3 bucket doesn't answer"]);
    fail(&health, Purpose::Read, 1, &access_denied("SignatureDoesNotMatch"));
    assert!(is_off(&health));
    let warnings = warnings.take();
    assert_eq!(warnings.len(), 1);
    assert!(warnings[0].body[0].contains("SignatureDoesNotMatch") && warnings[0].body[2].contains("secret"));
}

#[test]
fn a_bucket_that_never_answers_is_reported_once() {
    let (health, warnings) = health(false);
    fail(&health, Purpose::Read, 2, &unanswered());
    fail(&health, Purpose::Write, 2, &silent());
    assert!(is_off(&health));
    assert_eq!(titles(&warnings), ["The S3 bucket doesn't answer"]);
}

#[test]
fn denied_and_refused_writes_end_storing_and_leave_restoring_alone() {
    for error in [denied(), refused()] {
        let (health, warnings) = health(false);
        health.answered(Purpose::Read);
        fail(&health, Purpose::Write, 2, &error);
        assert!(health.allows(Purpose::Read) && !health.allows(Purpose::Write));
        assert_eq!(titles(&warnings), ["Results of this run are not stored in S3"]);
    }
}

#[test]
fn writes_that_are_refused_after_one_worked_end_storing_when_it_is_several_in_a_row() {
    let (health, warnings) = health(false);
    health.answered(Purpose::Write);
    fail(&health, Purpose::Write, BREAKER_THRESHOLD - 1, &denied());
    health.answered(Purpose::Read);
    assert!(health.allows(Purpose::Write) && warnings.take().is_empty());
    fail(&health, Purpose::Write, BREAKER_THRESHOLD, &denied());
    assert!(health.allows(Purpose::Read) && !health.allows(Purpose::Write));
    assert_eq!(warnings.take().len(), 1);
}

#[test]
fn a_wrong_secret_ends_caching_and_is_not_taken_for_a_missing_permission() {
    let (health, warnings) = health(false);
    health.failed(Purpose::Read, "v1/t/e/1", &access_denied("SignatureDoesNotMatch"));
    assert!(is_off(&health));
    assert!(warnings.take()[0].body[2].contains("secret"));
}

#[test]
fn a_denied_repair_leaves_storing_alone_and_names_the_object() {
    let (health, warnings) = health(false);
    health.failed(Purpose::Repair, "v1/t/e/1", &denied());
    assert!(health.allows(Purpose::Write));
    assert!(warnings.take()[0].body[0].contains("v1/t/e/1"));
}

#[test]
fn a_denied_read_is_only_reported_where_no_write_can_decide() {
    let (reading_and_writing, warnings) = health(false);
    fail(&reading_and_writing, Purpose::Read, 10, &denied());
    assert!(reading_and_writing.allows(Purpose::Read) && warnings.take().is_empty());

    let (reading, warnings) = health(true);
    fail(&reading, Purpose::Read, 10, &denied());
    assert!(reading.allows(Purpose::Read));
    assert_eq!(warnings.take().len(), 1);
}

#[test]
fn what_concerns_every_request_ends_caching_at_once() {
    let detail = || "x".to_string();
    for error in [
        Error::Misconfigured { detail: detail() },
        Error::Credentials {
            code: None,
            detail: detail(),
            asked: Vec::new(),
        },
        Error::NoSuchBucket { detail: detail() },
        Error::InvalidBucketName { detail: detail() },
        Error::WrongEndpoint { detail: detail() },
        Error::WrongRegion {
            region: None,
            detail: detail(),
        },
    ] {
        let (health, warnings) = health(false);
        health.answered(Purpose::Read);
        health.failed(Purpose::Read, "v1/t/e/1", &error);
        assert!(is_off(&health), "{error}");
        assert_eq!(warnings.take().len(), 1);
    }
}
