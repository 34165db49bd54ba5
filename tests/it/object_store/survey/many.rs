//! Thousands of objects: listed in pages, deleted in batches.

use aws_sdk_s3::types::{Delete, ObjectIdentifier};
use futures_util::{StreamExt, TryStreamExt, stream};
use nx_s3_cache::object_store::{Error, ObjectStore, PutMode};

use super::server::{Server, Store, status};
use super::{Finding, Findings, Verdict};

const PREFIX: &str = "many/";
const AT_ONCE: usize = 32;

pub(super) async fn survey(server: &Server) -> Findings {
    let store = server.store();
    let keys: Vec<String> = (0..server.objects)
        .map(|number| format!("{PREFIX}{:02x}/{number:05}", number % 256))
        .collect();
    let listing = match write(&store, &keys).await {
        Ok(()) => list(&store, keys.clone()).await,
        Err(error) => Finding::new(Verdict::Failed, error.to_string()),
    };
    Findings::from([
        ("listing", listing),
        ("batchDelete", delete(server, &store, &keys).await),
    ])
}

async fn write(store: &Store, keys: &[String]) -> Result<(), Error> {
    stream::iter(keys.to_vec())
        .map(|key| async move { store.put(&key, "x".into(), PutMode::Replace).await.map(drop) })
        .buffer_unordered(AT_ONCE)
        .try_collect()
        .await
}

/// Every key in the pages of a listing.
async fn pages(store: &Store) -> Result<(Vec<String>, usize), Error> {
    let (mut keys, mut count, mut after) = (Vec::new(), 0, None);
    loop {
        let page = store.list(PREFIX, after.as_deref()).await?;
        keys.extend(page.objects.into_iter().map(|object| object.key));
        count += 1;
        after = page.next;
        if after.is_none() {
            return Ok((keys, count));
        }
    }
}

async fn list(store: &Store, mut wanted: Vec<String>) -> Finding {
    wanted.sort();
    let (mut found, count) = match pages(store).await {
        Ok(listed) => listed,
        Err(error) => return Finding::new(Verdict::Failed, error.to_string()),
    };
    if found == wanted {
        return Finding::new(Verdict::Ok, format!("{} keys in {count} pages", wanted.len()));
    }
    found.sort();
    if found == wanted {
        return Finding::new(Verdict::Differs, format!("{count} pages, in no order"));
    }
    let detail = format!("{} of {} keys in {count} pages", found.len(), wanted.len());
    Finding::new(Verdict::Failed, detail)
}

async fn delete(server: &Server, store: &Store, keys: &[String]) -> Finding {
    let batches = takes_batches(server).await;
    let left = match store.delete(keys).await {
        Ok(()) => pages(store).await,
        Err(error) => Err(error),
    };
    match (left, batches) {
        (Ok((left, _)), _) if !left.is_empty() => {
            Finding::new(Verdict::Failed, format!("{} keys are left", left.len()))
        }
        (Ok(_), 200) => Finding::new(Verdict::Ok, ""),
        (Ok(_), status) => Finding::new(Verdict::Differs, format!("{status} without Content-MD5")),
        (Err(error), _) => Finding::new(Verdict::Failed, error.to_string()),
    }
}

/// The answer to a batch as the SDK sends it by itself, without the older checksum that the cache adds.
async fn takes_batches(server: &Server) -> u16 {
    let key = |name: &str| {
        let key = format!("{PREFIX}batch-{name}");
        ObjectIdentifier::builder().key(key).build().unwrap()
    };
    let batch = Delete::builder()
        .objects(key("a"))
        .objects(key("b"))
        .build()
        .unwrap();
    let client = server.raw();
    let sent = client
        .delete_objects()
        .bucket("tbucket")
        .delete(batch)
        .send()
        .await;
    status(&sent)
}
