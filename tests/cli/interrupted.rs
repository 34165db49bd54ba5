//! Ctrl-C ends a command that takes long, which says what was done.
#![cfg(unix)]

use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::process::Command;

use crate::guard;
use crate::setup::Setup;

#[tokio::test]
async fn a_verification_says_how_far_it_came() {
    // A server that takes every request and answers none.
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", silent.local_addr().unwrap());
    let setup = Setup::new().await.option("endpoint", endpoint);
    let mut command = setup.command(&["verify", "--all"]);
    let running = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let _connection = silent.accept().await.unwrap();
    let id = running.id().unwrap().to_string();
    let sent = Command::new("kill").args(["-INT", &id]).status().await.unwrap();
    assert!(sent.success());
    let ran = running.wait_with_output().await.unwrap();
    let said = String::from_utf8(ran.stderr).unwrap();
    assert_eq!(ran.status.code(), Some(130), "{said}");
    assert_eq!(
        said,
        "nx-s3-cache: interrupted: 0 entries checked (0 B), none bad\n"
    );
}

#[tokio::test]
async fn an_attack_removes_its_scratch_objects() {
    let setup = Setup::new().await;
    let writing = Arc::new(AtomicBool::new(false));
    let seen = writing.clone();
    // Each answer to a write comes late, so that there is time to interrupt the attack.
    let late = move |head: &guard::Head| {
        if head.starts_with("put ") {
            seen.store(true, Ordering::Relaxed);
            std::thread::sleep(Duration::from_millis(300));
        }
        None
    };
    let gate = guard::before(setup.server.address, Arc::new(late)).await;
    let setup = setup.option("endpoint", format!("http://{gate}"));
    let mut command = setup.command(&["doctor", "--attack"]);
    let running = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    while !writing.load(Ordering::Relaxed) {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let id = running.id().unwrap().to_string();
    assert!(
        Command::new("kill")
            .args(["-INT", &id])
            .status()
            .await
            .unwrap()
            .success()
    );
    let ran = running.wait_with_output().await.unwrap();
    let said = String::from_utf8(ran.stderr).unwrap();
    assert_eq!(ran.status.code(), Some(130), "{said}");
    assert!(said.contains("all scratch objects were removed"), "{said}");
    assert!(setup.objects().is_empty(), "{:?}", setup.objects());
}
