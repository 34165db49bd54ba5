//! `credential_process`, with real batch files.

use std::time::Duration;

use super::machine::{Machine, assert_starts_with, pair};

/// A machine whose default profile runs a batch file.
fn machine(script: &str) -> Machine {
    let machine = Machine::new().file("a script.cmd", script);
    let path = machine.home().join("a script.cmd");
    machine.config(&format!(
        "[default]\ncredential_process = \"{}\" --for build\n",
        path.display()
    ))
}

#[test]
fn takes_what_the_process_prints_and_keeps_the_quotes_of_the_command() {
    let script = "@echo {\"Version\": 1, \"AccessKeyId\": \"%2\", \"SecretAccessKey\": \"s\", \"SessionToken\": \"t\"}\r\n";
    assert_eq!(
        machine(script).found(),
        pair("profile default (credential_process)", "build")
    );
}

#[test]
fn a_process_that_hangs_is_ended_with_all_it_started() {
    // The loop is in a process that the batch file starts, and waits for.
    let script = "@if \"%1\"==\"loop\" goto loop\r\n@cmd /c \"%~f0\" loop\r\n@exit\r\n:loop\r\n\
                  @echo beat>>\"%~dp0beats\"\r\n@ping -n 2 127.0.0.1 >nul\r\n@goto loop\r\n";
    let machine = machine(script).options(|task| task.limit_ms = Some(3000));
    let report = machine.resolve();
    assert_starts_with(
        &report.error.unwrap(),
        "no credentials from profile default (credential_process): no answer within 3 s.",
    );
    let beats = || std::fs::metadata(machine.home().join("beats")).map_or(0, |found| found.len());
    let before = beats();
    assert!(before > 0, "it ran");
    std::thread::sleep(Duration::from_secs(4));
    assert_eq!(beats(), before, "it goes on");
}
