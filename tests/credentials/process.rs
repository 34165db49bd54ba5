//! `credential_process`, with real scripts.

use super::machine::{Machine, pair};

/// A machine whose default profile runs a shell script.
fn machine(script: &str) -> Machine {
    let machine = Machine::new().file("script.sh", script);
    let path = machine.home().join("script.sh");
    machine.config(&format!(
        "[default]\ncredential_process = sh {} --for build\n",
        path.display()
    ))
}

#[test]
fn takes_what_the_process_prints() {
    let script =
        r#"echo '{"Version": 1, "AccessKeyId": "'$2'", "SecretAccessKey": "s", "SessionToken": "t"}'"#;
    assert_eq!(
        machine(script).found(),
        pair("profile default (credential_process)", "build")
    );
}

#[test]
fn a_process_that_fails_is_an_error_with_what_it_said() {
    let error = machine("echo 'no such vault' >&2; exit 1").error();
    assert!(
        error.starts_with("no credentials from profile default (credential_process): "),
        "{error}"
    );
    assert!(
        error.contains("exit status: 1") && error.contains("no such vault"),
        "{error}"
    );
    assert!(error.ends_with("and to exit with 0."), "{error}");
}

#[test]
fn a_process_that_prints_garbage_is_an_error_without_the_garbage() {
    let error = machine("echo '{\"SecretAccessKey\": \"hush\", oops'").error();
    assert!(
        error.starts_with("no credentials from profile default (credential_process): "),
        "{error}"
    );
    assert!(error.contains("JSON") && !error.contains("hush"), "{error}");
}

#[test]
fn a_process_that_hangs_is_given_up() {
    let report = machine("exec sleep 60")
        .options(|task| task.limit_ms = Some(1000))
        .resolve();
    let error = report.error.unwrap();
    assert!(
        error.starts_with("no credentials from profile default (credential_process): no answer within 1 s."),
        "{error}"
    );
    assert!(report.seconds < 10.0, "{} s", report.seconds);
}
