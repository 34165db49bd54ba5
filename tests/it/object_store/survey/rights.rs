//! Who gets in, and who is kept out.

use nx_s3_cache::config::BucketConfig;
use nx_s3_cache::object_store::{Error, ObjectStore, PutMode};

use super::server::{Access, Keys, Server, Store};
use super::{Finding, Findings, Verdict};

pub(super) async fn survey(server: &Server) -> Findings {
    let store = server.store();
    for key in ["rights/there", "limited/there"] {
        store.put(key, "there".into(), PutMode::Replace).await.unwrap();
    }
    Findings::from([
        ("wrongKeys", Finding::of(wrong_keys(server).await)),
        ("missingBucket", missing_bucket(server).await),
        ("anonymousReads", anonymous_reads(server).await),
        ("readOnlyKey", read_only_key(server).await),
        ("prefixKey", prefix_key(server).await),
        ("sessionToken", session_token(server).await),
    ])
}

/// How wrong keys are reported.
async fn wrong_keys(server: &Server) -> Result<String, String> {
    let secret = server.keys.with_secret(&"0".repeat(64));
    let mut codes = Vec::new();
    for keys in [secret, Keys::new("GK000000000000000000000000", "nothing")] {
        let denied = server
            .store_with(&server.config(), Some(&keys))
            .get("rights/there", 10)
            .await;
        match &denied {
            Err(Error::AccessDenied { .. }) => codes.push(code(&denied)),
            other => return Err(format!("wrong keys: {other:?}")),
        }
    }
    Ok(codes.join(", "))
}

/// The code in the message of a refusal.
fn code<T>(denied: &Result<T, Error>) -> String {
    let message = denied.as_ref().err().map(Error::to_string).unwrap_or_default();
    let code = message.split(": ").nth(1).unwrap_or("403");
    code.split(' ').next().unwrap_or(code).to_owned()
}

async fn missing_bucket(server: &Server) -> Finding {
    let config = BucketConfig {
        name: "no-such-bucket".into(),
        ..server.config()
    };
    let store = server.store_with(&config, Some(&server.keys));
    let get = store.get("key", 10).await;
    match (&get, store.put("key", "x".into(), PutMode::Create).await) {
        (Err(Error::NoSuchBucket { .. }), Err(Error::NoSuchBucket { .. })) => Finding::new(Verdict::Ok, ""),
        (Err(Error::NoSuchBucket { .. }), Ok(_)) => Finding::new(Verdict::Differs, "a put makes it"),
        (get, put) => Finding::new(Verdict::Failed, format!("get: {get:?}, put: {put:?}")),
    }
}

async fn anonymous_reads(server: &Server) -> Finding {
    let private = server.store_with(&server.config(), None);
    if let Ok(found) = private.get("rights/there", 10).await {
        let detail = format!("unsigned get of what is not public: {found:?}");
        return Finding::new(Verdict::Failed, detail);
    }
    let Some(name) = &server.public_bucket else {
        return Finding::new(Verdict::No, "");
    };
    let config = BucketConfig {
        name: name.clone(),
        ..server.config()
    };
    let written = server.store_with(&config, Some(&server.keys));
    written
        .put("there", "there".into(), PutMode::Replace)
        .await
        .unwrap();
    Finding::of(reads_only(&server.store_with(&config, None), "there").await)
}

async fn read_only_key(server: &Server) -> Finding {
    let Some(access) = &server.read_only_key else {
        return Finding::new(Verdict::No, "");
    };
    let store = server.store_with(&server.config(), Some(&server.keys_of(access).await));
    Finding::of(reads_only(&store, "rights/there").await)
}

/// Gets `key`, misses another, and is refused all changes.
async fn reads_only(store: &Store, key: &str) -> Result<String, String> {
    let get = store.get(key, 10).await;
    if get != Ok(Some("there".into())) {
        return Err(format!("get: {get:?}"));
    }
    missing(store, "rights/missing").await?;
    denied("put", store.put(key, "changed".into(), PutMode::Replace).await)?;
    denied("delete", store.delete(&[key.to_owned()]).await)?;
    Ok(String::new())
}

async fn prefix_key(server: &Server) -> Finding {
    let Some(access) = &server.prefix_key else {
        return Finding::new(Verdict::No, "");
    };
    let store = server.store_with(&server.config(), Some(&server.keys_of(access).await));
    Finding::of(keeps_to_its_prefix(&store).await)
}

async fn keeps_to_its_prefix(store: &Store) -> Result<String, String> {
    let there = store.get("limited/there", 10).await;
    if there != Ok(Some("there".into())) {
        return Err(format!("get inside: {there:?}"));
    }
    missing(store, "limited/missing").await?;
    let put = store.put("limited/new", "new".into(), PutMode::Create).await;
    put.map_err(|error| format!("put inside: {error}"))?;
    denied("get outside", store.get("rights/there", 10).await)?;
    denied(
        "put outside",
        store.put("rights/there", "x".into(), PutMode::Replace).await,
    )?;
    denied(
        "put beside",
        store.put("limited-beside", "x".into(), PutMode::Replace).await,
    )?;
    Ok(String::new())
}

async fn session_token(server: &Server) -> Finding {
    let Some(sts) = &server.sts else {
        return Finding::new(Verdict::No, "");
    };
    let keys = match server.session(sts, None).await {
        Ok(keys) => Access::Keys(keys),
        Err(why) => return Finding::new(Verdict::Failed, why),
    };
    let store = server.store_with(&server.config(), Some(&server.keys_of(&keys).await));
    let put = store.put("rights/session", "x".into(), PutMode::Replace).await;
    let get = store.get("rights/session", 10).await;
    match (put, get) {
        (Ok(_), Ok(Some(_))) => Finding::new(Verdict::Ok, ""),
        other => Finding::new(Verdict::Failed, format!("{other:?}")),
    }
}

/// A miss, also for those who may not list: they are answered with 403.
async fn missing(store: &Store, key: &str) -> Result<(), String> {
    match store.get(key, 10).await {
        Ok(None) | Err(Error::AccessDenied { .. }) => Ok(()),
        other => Err(format!("get of a missing object: {other:?}")),
    }
}

fn denied<T: std::fmt::Debug>(what: &str, result: Result<T, Error>) -> Result<(), String> {
    match result {
        Err(Error::AccessDenied { .. }) => Ok(()),
        other => Err(format!("{what}: {other:?}")),
    }
}
