//! Credentials that may not do what a command needs: it says so, names the permission, and changes nothing.

use super::inventory::Inventory;
use super::setup::{Ran, Setup};
use crate::support::scripted::{Seen, error};

/// A bucket with an old entry, which refuses the requests that `refuses` picks.
async fn refusing(refuses: impl Fn(&Seen) -> bool + Send + Sync + 'static) -> Setup {
    let setup = Setup::new().await;
    Inventory::trusted(&setup).entry("1", &[], 40);
    let refusal =
        move |seen: &Seen| refuses(seen).then(|| error("403 Forbidden", "AccessDenied", "not authorized"));
    setup.intercepted(refusal).await
}

/// What people need to know, on one line however it was wrapped.
fn said(ran: &Ran) -> String {
    ran.stderr.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[tokio::test]
async fn to_list() {
    let setup = refusing(|seen| seen.is("GET", "list-type=2")).await;
    for args in [
        &["ls"][..],
        &["verify", "--all"],
        &["stats"],
        &["flush", "--age", "1d"],
        &["purge", "--run", "1"],
    ] {
        let ran = setup.run(args).await;
        assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{args:?}");
        let said = said(&ran);
        assert!(
            said.contains("access denied") && said.contains("Allow these credentials s3:ListBucket"),
            "{args:?}: {said}"
        );
    }
    assert!(setup.has("v1/t/e/1"));
}

#[tokio::test]
async fn to_read() {
    let setup = refusing(|seen| seen.is("GET", "") && !seen.is("GET", "list-type=2")).await;
    for args in [
        &["inspect", "1"][..],
        &["cat", "1"],
        &["verify", "1"],
        &["ls", "--long"],
    ] {
        let ran = setup.run(args).await;
        assert_eq!(ran.code, 2, "{args:?}: {}", ran.text());
        assert!(said(&ran).contains("s3:GetObject"), "{args:?}: {}", ran.text());
    }
    assert_eq!(setup.run(&["ls"]).await.code, 0);
}

#[tokio::test]
async fn to_delete() {
    let setup = refusing(|seen| seen.is("DELETE", "") || seen.is("POST", "")).await;
    for args in [&["flush", "--age", "1d"][..], &["purge", "1"]] {
        let ran = setup.run(args).await;
        assert_eq!(ran.code, 2, "{args:?}: {}", ran.text());
        assert!(said(&ran).contains("s3:DeleteObject"), "{args:?}: {}", ran.text());
    }
    assert!(setup.has("v1/t/e/1"));
}
