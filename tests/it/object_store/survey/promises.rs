//! The promises of the conformance suite, in each manner of talking.

use std::future::Future;
use std::panic::AssertUnwindSafe;

use futures_util::FutureExt;
use nx_s3_cache::config::BucketConfig;

use super::server::{Server, Store};
use super::{Finding, Findings, Verdict};
use crate::support::conformance::{Traits, conforms, copies, keeps_objects, survives_races, works_with_many};

pub(super) async fn survey(server: &Server, creates_once: bool) -> Findings {
    let traits = Traits {
        creates_once,
        knows_case: true,
        any_name: true,
    };
    let store = server.store();
    Findings::from([
        ("objects", kept(keeps_objects(&store, "a/", traits)).await),
        ("copies", kept(copies(&store, "a/")).await),
        ("wholeObjects", kept(survives_races(&store, "a/")).await),
        ("noChecksums", no_checksums(server, traits).await),
        ("hostStyle", host_style(server, traits).await),
        ("oddPrefixes", odd_prefixes(&store).await),
        ("longKeys", long_keys(&store).await),
    ])
}

async fn no_checksums(server: &Server, traits: Traits) -> Finding {
    let config = BucketConfig {
        disable_checksum: true,
        ..server.config()
    };
    let store = server.store_with(&config, Some(&server.keys));
    kept(conforms(&store, "b/", traits)).await
}

async fn host_style(server: &Server, traits: Traits) -> Finding {
    let Some(endpoint) = &server.host_style else {
        return Finding::new(Verdict::No, "");
    };
    kept(conforms(&server.host_style_store(endpoint), "c/", traits)).await
}

/// All that a prefix may have.
async fn odd_prefixes(store: &Store) -> Finding {
    for prefix in ["!-_.*'()/", "team/web.v2-(old)/", "0/1/2/3/4/5/6/7/8/9/"] {
        let found = kept(works_below(store, prefix)).await;
        if found.result != Verdict::Ok {
            return Finding::new(found.result, format!("{prefix}: {}", found.how));
        }
    }
    Finding::new(Verdict::Ok, "")
}

/// The longest prefix with the longest key behind it.
async fn long_keys(store: &Store) -> Finding {
    let scope = format!("v1/u/{}/c/00/{}/", "s".repeat(80), "0".repeat(64));
    let long = kept(works_below(store, &format!("{}/{scope}", "p".repeat(200)))).await;
    match long.result {
        Verdict::Ok => long,
        _ => Finding::new(Verdict::No, "refused"),
    }
}

async fn works_below(store: &Store, prefix: &str) {
    works_with_many(store, prefix).await;
    copies(store, prefix).await;
}

/// Whether a promise is kept; if not, the words in which it isn't.
async fn kept(promise: impl Future<Output = ()>) -> Finding {
    let checked = AssertUnwindSafe(promise).catch_unwind().await;
    Finding::of(checked.map(|()| "").map_err(|panic| {
        let words = panic.downcast_ref::<String>().cloned();
        words
            .or(panic.downcast_ref::<&str>().map(|words| (*words).to_owned()))
            .unwrap_or_default()
    }))
}
