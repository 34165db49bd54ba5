//! Keys in environment variables.

use super::machine::{Machine, pair};

#[test]
fn takes_the_keys_of_the_environment() {
    let report = Machine::new()
        .environment("ENV")
        .variable("AWS_SESSION_TOKEN", "token")
        .resolve();
    assert_eq!(report.source.as_deref(), Some("environment"));
    assert_eq!(report.access_key_id.as_deref(), Some("ENV"));
    assert_eq!(report.secret_access_key.as_deref(), Some("secret"));
    assert_eq!(report.session_token.as_deref(), Some("token"));
    assert_eq!(report.requests, Vec::<String>::new());
}

#[test]
fn half_a_pair_of_keys_is_named() {
    let error = Machine::new().variable("AWS_ACCESS_KEY_ID", "ENV").error();
    assert_eq!(
        error,
        "no credentials from environment: AWS_ACCESS_KEY_ID is set, but AWS_SECRET_ACCESS_KEY is not. Set both \
         or neither."
    );
    let error = Machine::new().variable("AWS_SECRET_ACCESS_KEY", "hush").error();
    assert!(
        error.contains("AWS_ACCESS_KEY_ID is not") && !error.contains("hush"),
        "{error}"
    );
}

#[test]
fn blank_variables_count_as_not_set() {
    let machine = Machine::new()
        .variable("AWS_ACCESS_KEY_ID", "")
        .variable("AWS_SECRET_ACCESS_KEY", " ")
        .variable("AWS_PROFILE", "")
        .credentials("[default]\naws_access_key_id = FILE\naws_secret_access_key = s\n");
    assert_eq!(machine.found(), pair("profile default (keys)", "FILE"));
}
