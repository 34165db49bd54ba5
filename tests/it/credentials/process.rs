//! `credential_process`, with real scripts.

use std::time::{Duration, Instant};

use super::machine::{Machine, assert_starts_with, pair};

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
    assert_starts_with(
        &error,
        "no credentials from profile default (credential_process): ",
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
    assert_starts_with(
        &error,
        "no credentials from profile default (credential_process): ",
    );
    assert!(error.contains("JSON") && !error.contains("hush"), "{error}");
}

#[test]
fn a_process_that_hangs_is_ended_with_all_it_started() {
    let machine = machine("echo $$ > $0.pid; sleep 60 & echo $! >> $0.pid; wait")
        .options(|task| task.limit_ms = Some(1000));
    let report = machine.resolve();
    let pids = machine.home().join("script.sh.pid");
    let error = report.error.unwrap();
    assert_starts_with(
        &error,
        "no credentials from profile default (credential_process): no answer within 1 s.",
    );
    assert!(report.seconds < 10.0, "{} s", report.seconds);
    for pid in std::fs::read_to_string(pids).unwrap().lines() {
        let until = Instant::now() + Duration::from_secs(30);
        while is_running(pid) {
            assert!(Instant::now() < until, "{pid} goes on");
        }
    }
}

/// Whether there is such a process; one that ended and waits for its parent doesn't count.
fn is_running(pid: &str) -> bool {
    let found = std::process::Command::new("ps")
        .args(["-o", "stat=", "-p", pid])
        .output()
        .unwrap();
    let state = String::from_utf8_lossy(&found.stdout).trim().to_owned();
    !state.is_empty() && !state.starts_with('Z')
}
