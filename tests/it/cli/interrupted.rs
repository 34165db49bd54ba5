//! Ctrl-C ends a command that takes long, which says what was done.
#![cfg(unix)]

use std::process::{Output, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::process::{Child, Command};
use tokio::sync::Notify;

use super::inventory::Inventory;
use super::setup::Setup;
use crate::support::faulty::{Fault, Faulty};
use crate::support::scripted::{Reply, Scripted, Seen};

#[tokio::test]
async fn a_verification_says_how_far_it_came() {
    let silent = Scripted::start([Reply::Hang]).await;
    let setup = Setup::new().await.option("endpoint", silent.endpoint());
    let mut command = setup.command(&["verify", "--all"]);
    let running = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    while silent.seen().is_empty() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let ran = interrupt(running).await;
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
    let late = move |request: &Seen, _| {
        if !request.is("PUT", "") {
            return Fault::None;
        }
        seen.store(true, Ordering::Relaxed);
        Fault::Late(Duration::from_millis(300))
    };
    let setup = setup.through(late).await;
    let mut command = setup.command(&["doctor", "--attack"]);
    let running = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    while !writing.load(Ordering::Relaxed) {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let ran = interrupt(running).await;
    let said = String::from_utf8(ran.stderr).unwrap();
    assert_eq!(ran.status.code(), Some(130), "{said}");
    assert!(said.contains("all scratch objects were removed"), "{said}");
    assert!(setup.objects().is_empty(), "{:?}", setup.objects());
}

#[tokio::test]
async fn a_flush_says_what_it_deleted_and_running_it_again_finishes() {
    let setup = Setup::new().await;
    let scope = Inventory::trusted(&setup);
    let (entry, chunk) = (scope.entry("1", &["a"], 20), scope.chunk("a", 40));
    // The entries' deletion passes, that of the chunks never ends.
    let (reached, deletions) = (Arc::new(Notify::new()), AtomicUsize::new(0));
    let notify = reached.clone();
    let rule = move |seen: &Seen, _| {
        let deletes = seen.is("DELETE", "") || seen.is("POST", "");
        if !deletes || deletions.fetch_add(1, Ordering::Relaxed) == 0 {
            return Fault::None;
        }
        notify.notify_one();
        Fault::Instead(Reply::Hang)
    };
    let proxy = Faulty::start(setup.server.address, rule).await;
    let mut command = setup.command(&["flush", "--age", "14d"]);
    let running = command
        .env("NX_S3_CACHE_ENDPOINT", proxy.endpoint())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    reached.notified().await;
    let ran = interrupt(running).await;
    let said = String::from_utf8(ran.stderr).unwrap();
    assert_eq!(ran.status.code(), Some(130), "{said}");
    assert!(
        said.contains("interrupted: 1 entry deleted, ") && said.ends_with("; run it again to finish\n"),
        "{said}"
    );
    assert_eq!((setup.has(&entry), setup.has(&chunk)), (false, true));
    let again = setup.run(&["flush", "--age", "14d"]).await;
    assert_eq!((again.code, setup.objects().len()), (0, 0), "{}", again.text());
}

#[tokio::test]
async fn pressing_it_again_ends_what_would_still_clean_up() {
    let setup = Setup::new().await;
    let reached = Arc::new(Notify::new());
    let notify = reached.clone();
    let rule = move |seen: &Seen, _| {
        if !seen.line.starts_with("PUT") {
            return Fault::None;
        }
        notify.notify_one();
        Fault::Instead(Reply::Hang)
    };
    let proxy = Faulty::start(setup.server.address, rule).await;
    let mut command = setup.command(&["doctor", "--attack"]);
    let running = command
        .env("NX_S3_CACHE_ENDPOINT", proxy.endpoint())
        .env("NX_S3_CACHE_TIMEOUTS_READ", "60s")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    reached.notified().await;
    press(&running).await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    let ran = tokio::time::timeout(Duration::from_secs(20), interrupt(running)).await;
    assert_eq!(ran.unwrap().status.code(), Some(130));
}

/// Presses Ctrl-C and waits for the end.
async fn interrupt(running: Child) -> Output {
    press(&running).await;
    running.wait_with_output().await.unwrap()
}

async fn press(running: &Child) {
    let id = running.id().unwrap().to_string();
    let sent = Command::new("kill").args(["-INT", &id]).status().await.unwrap();
    assert!(sent.success());
}
