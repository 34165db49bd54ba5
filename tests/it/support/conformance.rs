//! What every object store promises.

use bytes::Bytes;
use futures_util::future::join_all;
use nx_s3_cache::object_store::{Error, Fetch, Listed, ObjectStore, PutMode, PutOutcome};

/// As large as anything this project puts.
const LARGEST: usize = 8 << 20;

/// How a store may differ from the ideal.
#[derive(Clone, Copy)]
pub struct Traits {
    /// [`PutMode::Create`] keeps what is there.
    pub creates_once: bool,
    /// `a` and `A` are two keys.
    pub knows_case: bool,
    /// Keys may have what Windows allows in no file name.
    pub any_name: bool,
}

/// Checks every promise. `prefix` keeps the runs of several tests apart.
pub async fn conforms(store: &dyn ObjectStore, prefix: &str, traits: Traits) {
    keeps_objects(store, prefix, traits).await;
    works_with_many(store, prefix).await;
    copies(store, prefix).await;
    survives_races(store, prefix).await;
}

/// What is put can be got, whole and under its own key only.
pub async fn keeps_objects(store: &dyn ObjectStore, prefix: &str, traits: Traits) {
    let key = |name: &str| format!("{prefix}{name}");
    missing_objects_are_none(store, &key("missing")).await;
    for size in [0, 1, 1024, 65_537, LARGEST] {
        what_is_put_can_be_got(store, &key(&format!("size-{size}")), size).await;
    }
    larger_than_allowed_is_too_large(store, &key("limit")).await;
    replace_replaces(store, &key("replace")).await;
    if traits.creates_once {
        create_keeps_what_is_there(store, &key("create")).await;
    } else {
        create_writes_either_way(store, &key("create")).await;
    }
    if traits.knows_case {
        case_matters(store, &key("case")).await;
    }
    for name in [
        "v1/t/e/0",
        "a.b_c-d/e",
        "deep/er/and/deep/er/still",
        "a!-_.'()/x",
        "123",
    ] {
        what_is_put_can_be_got(store, &key(name), 10).await;
    }
    if traits.any_name {
        what_is_put_can_be_got(store, &key("a*/x"), 10).await;
    }
    a_key_is_not_its_prefix(store, &key("whole")).await;
}

/// Listings and deletes.
pub async fn works_with_many(store: &dyn ObjectStore, prefix: &str) {
    a_listing_has_all_objects_of_its_prefix_once(store, &format!("{prefix}list/")).await;
    what_is_deleted_is_gone_and_nothing_else(store, &format!("{prefix}delete/")).await;
}

/// Copies within the bucket.
pub async fn copies(store: &dyn ObjectStore, prefix: &str) {
    a_copy_is_the_same_and_replaces(store, &format!("{prefix}copy/")).await;
}

/// Writers at the same time.
pub async fn survives_races(store: &dyn ObjectStore, prefix: &str) {
    one_of_many_writers_wins_whole(store, &format!("{prefix}race"), PutMode::Replace).await;
    one_of_many_writers_wins_whole(store, &format!("{prefix}race-create"), PutMode::Create).await;
}

async fn missing_objects_are_none(store: &dyn ObjectStore, key: &str) {
    assert_eq!(store.get(key, 100).await, Ok(None));
    assert_eq!(store.head(key).await, Ok(None));
}

async fn what_is_put_can_be_got(store: &dyn ObjectStore, key: &str, size: usize) {
    let body = pattern(size, 0);
    assert_eq!(
        store.put(key, body.clone(), PutMode::Replace).await,
        Ok(PutOutcome::Stored),
        "{key}"
    );
    let exactly = size as u64;
    assert!(
        store.get(key, exactly).await.unwrap() == Some(body.clone()),
        "{key} came back different"
    );
    if size > 2 {
        let part = Fetch {
            range: Some(1..exactly - 1),
            ..Fetch::new(key, exactly - 2)
        };
        let part = store.fetch(&part).await.unwrap().unwrap();
        assert!(
            part.size == exactly && part.body == body.slice(1..size - 1),
            "{key}"
        );
    }
    let head = store.head(key).await.unwrap().unwrap();
    assert_eq!(head.size, exactly, "{key}");
    let fetched = store.fetch(&Fetch::new(key, exactly)).await.unwrap().unwrap();
    for modified in [head.modified, fetched.modified] {
        let age = modified.and_then(|time| time.elapsed().ok()).unwrap_or_default();
        assert!(modified.is_some() && age.as_secs() < 600, "{key}: {modified:?}");
    }
}

async fn larger_than_allowed_is_too_large(store: &dyn ObjectStore, key: &str) {
    for size in [1, 1000, LARGEST as u64] {
        store
            .put(key, pattern(size as usize, 1), PutMode::Replace)
            .await
            .unwrap();
        let limit = size - 1;
        assert_eq!(store.get(key, limit).await, Err(Error::TooLarge { size, limit }));
    }
    assert_eq!(
        store.get(key, 0).await,
        Err(Error::TooLarge {
            size: LARGEST as u64,
            limit: 0
        })
    );
}

async fn replace_replaces(store: &dyn ObjectStore, key: &str) {
    for body in ["first", "second, longer", "3"] {
        assert_eq!(
            store.put(key, body.into(), PutMode::Replace).await,
            Ok(PutOutcome::Stored)
        );
        assert_eq!(store.get(key, 100).await, Ok(Some(body.into())));
    }
}

async fn create_keeps_what_is_there(store: &dyn ObjectStore, key: &str) {
    assert_eq!(
        store.put(key, "first".into(), PutMode::Create).await,
        Ok(PutOutcome::Stored)
    );
    assert_eq!(
        store.put(key, "second".into(), PutMode::Create).await,
        Ok(PutOutcome::AlreadyThere)
    );
    assert_eq!(store.get(key, 100).await, Ok(Some("first".into())));
}

async fn create_writes_either_way(store: &dyn ObjectStore, key: &str) {
    for body in ["first", "second"] {
        assert_eq!(
            store.put(key, body.into(), PutMode::Create).await,
            Ok(PutOutcome::Stored)
        );
        assert_eq!(store.get(key, 100).await, Ok(Some(body.into())));
    }
}

async fn case_matters(store: &dyn ObjectStore, key: &str) {
    let (lower, upper) = (format!("{key}/abc"), format!("{key}/ABC"));
    store.put(&lower, "lower".into(), PutMode::Replace).await.unwrap();
    assert_eq!(store.get(&upper, 100).await, Ok(None));
    store.put(&upper, "upper".into(), PutMode::Replace).await.unwrap();
    assert_eq!(store.get(&lower, 100).await, Ok(Some("lower".into())));
}

async fn a_key_is_not_its_prefix(store: &dyn ObjectStore, key: &str) {
    store
        .put(&format!("{key}-and-more"), "more".into(), PutMode::Replace)
        .await
        .unwrap();
    assert_eq!(store.get(key, 100).await, Ok(None));
    assert_eq!(store.get(&format!("{key}-and-more/x"), 100).await, Ok(None));
}

/// All pages of a listing.
async fn listed(store: &dyn ObjectStore, prefix: &str) -> Vec<Listed> {
    let mut objects = Vec::new();
    let mut after = None;
    loop {
        let page = store.list(prefix, after.as_deref()).await.unwrap();
        objects.extend(page.objects);
        after = page.next;
        if after.is_none() {
            return objects;
        }
    }
}

async fn keys_of(store: &dyn ObjectStore, prefix: &str) -> Vec<String> {
    listed(store, prefix)
        .await
        .into_iter()
        .map(|object| object.key)
        .collect()
}

async fn a_listing_has_all_objects_of_its_prefix_once(store: &dyn ObjectStore, prefix: &str) {
    assert_eq!(store.list(prefix, None).await.unwrap().next, None);
    let mut wanted = Vec::new();
    for size in 0..25 {
        let key = format!("{prefix}in/{size:02}");
        store.put(&key, pattern(size, 2), PutMode::Replace).await.unwrap();
        wanted.push((key, size as u64));
    }
    store
        .put(&format!("{prefix}other"), "x".into(), PutMode::Replace)
        .await
        .unwrap();
    let objects = listed(store, &format!("{prefix}in/")).await;
    assert!(objects.iter().all(|object| object.modified.is_some()));
    let found: Vec<_> = objects
        .into_iter()
        .map(|object| (object.key, object.size))
        .collect();
    assert_eq!(found, wanted);
}

async fn what_is_deleted_is_gone_and_nothing_else(store: &dyn ObjectStore, prefix: &str) {
    let key = |name: &str| format!("{prefix}{name}");
    for name in ["a", "b/c", "d", "kept"] {
        store.put(&key(name), "x".into(), PutMode::Replace).await.unwrap();
    }
    assert_eq!(store.delete(&[]).await, Ok(()));
    assert_eq!(store.delete(&[key("a")]).await, Ok(()));
    assert_eq!(
        store.delete(&[key("b/c"), key("d"), key("missing")]).await,
        Ok(())
    );
    assert_eq!(store.delete(&[key("missing")]).await, Ok(()));
    assert_eq!(keys_of(store, prefix).await, [key("kept")]);
}

async fn a_copy_is_the_same_and_replaces(store: &dyn ObjectStore, prefix: &str) {
    let key = |name: &str| format!("{prefix}{name}");
    store
        .put(&key("from"), "body".into(), PutMode::Replace)
        .await
        .unwrap();
    store
        .put(&key("there"), "old".into(), PutMode::Replace)
        .await
        .unwrap();
    for to in [key("new"), key("there"), key("from")] {
        assert_eq!(store.copy(&key("from"), &to).await, Ok(true));
        assert_eq!(store.get(&to, 100).await, Ok(Some("body".into())));
    }
    assert_eq!(store.copy(&key("missing"), &key("nowhere")).await, Ok(false));
    assert_eq!(store.head(&key("nowhere")).await, Ok(None));
}

async fn one_of_many_writers_wins_whole(store: &dyn ObjectStore, key: &str, mode: PutMode) {
    let bodies: Vec<Bytes> = (1..=12).map(|writer| pattern(40_000 + writer, writer)).collect();
    let puts = join_all(bodies.iter().map(|body| store.put(key, body.clone(), mode))).await;
    assert!(puts.iter().all(Result::is_ok), "{puts:?}");
    let winner = store.get(key, 100_000).await.unwrap().unwrap();
    assert!(bodies.contains(&winner), "the object is a mixture of two");
}

/// Bytes that differ for each seed and don't repeat in step with anything.
fn pattern(size: usize, seed: usize) -> Bytes {
    (0..size).map(|at| ((at + seed * 7) % 251) as u8).collect()
}
