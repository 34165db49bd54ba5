//! Poison: what an attacker who may do anything to the bucket can make a trusted run restore. Nothing.

use std::sync::Arc;

use bytes::Bytes;
use nx_s3_cache::cache::RemoteCache;
use nx_s3_cache::config::environment::Environment;
use nx_s3_cache::config::{Config, OnBadSignature};
use nx_s3_cache::object_store::memory::MemoryStore;
use nx_s3_cache::object_store::{Error, Fetch, Head, ListPage, Object, ObjectStore, PutMode, PutOutcome};
use nx_s3_cache::sign::{KeyName, SigningKey};

use super::support::*;

const REFUSED: &str = "An S3 cache entry without a valid signature was refused";
const UNTRUSTED: &str = "v1/u/pr-1/e/1234567890";

pub fn key(name: &str) -> Arc<SigningKey> {
    Arc::new(SigningKey::generate(KeyName::parse(name).unwrap()).unwrap())
}

/// A GitHub Actions run for a push to the branch main.
const PUSH: [(&str, &str); 3] = [
    ("GITHUB_ACTIONS", "true"),
    ("GITHUB_EVENT_NAME", "push"),
    ("GITHUB_REF", "refs/heads/main"),
];
/// One for pull request 1.
const PULL_REQUEST: [(&str, &str); 3] = [
    ("GITHUB_ACTIONS", "true"),
    ("GITHUB_EVENT_NAME", "pull_request"),
    ("GITHUB_REF", "refs/pull/1/merge"),
];

/// Who runs the build, and with what.
#[derive(Clone)]
pub struct Who {
    pub config: Config,
    pub environment: Environment,
}

impl Who {
    /// A run that believes `keys`.
    pub fn believing(keys: &[&SigningKey], environment: Environment) -> Self {
        let keys: Vec<String> = keys
            .iter()
            .map(|key| format!("\"{}\"", key.public_key()))
            .collect();
        let options = format!(r#""trust":{{"publicKeys":[{}]}}"#, keys.join(","));
        Self {
            config: config(&options),
            environment,
        }
    }

    pub fn run(&self, bucket: &Arc<MemoryStore>) -> Arc<RemoteCache> {
        run_in(bucket, self.config.clone(), &self.environment)
    }
}

/// Whoever has no keys: as long as nobody has, everybody; afterwards, the attacker.
fn keyless() -> Who {
    Who {
        config: config(""),
        environment: Environment::default(),
    }
}

/// A push to main with the signing key.
fn trusted(key: &Arc<SigningKey>) -> Who {
    let mut who = Who::believing(&[key], PUSH.into());
    who.config.trust.signing_key = Some(key.clone());
    who
}

pub fn pull_request(key: &SigningKey) -> Who {
    Who::believing(&[key], PULL_REQUEST.into())
}

fn developer(key: &SigningKey) -> Who {
    Who::believing(&[key], Environment::default())
}

/// Stores one output with `content`.
pub async fn store(bucket: &Arc<MemoryStore>, who: Who, content: &str) {
    let machine = Machine::new();
    machine
        .output("dist/app.js", content)
        .store(&who.run(bucket))
        .await;
}

/// What a run restores, and the run.
pub async fn restored(bucket: &Arc<MemoryStore>, who: Who) -> (Option<String>, Arc<RemoteCache>) {
    let (machine, cache) = (Machine::new(), who.run(bucket));
    let hit = machine.retrieve(&cache).await.is_some();
    let app = machine.outputs().join("dist/app.js");
    assert!(hit || machine.names().is_empty(), "a miss left something behind");
    (hit.then(|| std::fs::read_to_string(app).unwrap()), cache)
}

/// The entry in the bucket must be a miss with a warning for a trusted run, which then replaces it.
async fn is_poison(bucket: &Arc<MemoryStore>, key: &Arc<SigningKey>, why: &str) {
    let (found, cache) = restored(bucket, trusted(key)).await;
    assert_eq!(found, None, "{why}");
    assert_eq!(titles(cache.take_warnings()), [REFUSED], "{why}");
    Machine::new()
        .output("dist/app.js", "rebuilt")
        .store(&cache)
        .await;
    assert_eq!(
        restored(bucket, trusted(key)).await.0.as_deref(),
        Some("rebuilt"),
        "{why}"
    );
}

#[tokio::test]
async fn without_keys_poison_gets_through() {
    let bucket = bucket();
    store(&bucket, keyless(), "poison").await;
    assert_eq!(restored(&bucket, keyless()).await.0.as_deref(), Some("poison"));
}

#[tokio::test]
async fn what_a_trusted_run_signed_is_restored_by_everybody() {
    let (bucket, key) = (bucket(), key("main"));
    store(&bucket, trusted(&key), "good").await;
    for access in [trusted(&key), pull_request(&key), developer(&key)] {
        let (found, cache) = restored(&bucket, access).await;
        assert_eq!(found.as_deref(), Some("good"));
        assert_eq!(titles(cache.take_warnings()), [""; 0]);
    }
}

#[tokio::test]
async fn an_unsigned_entry_is_refused_and_replaced() {
    let (bucket, key) = (bucket(), key("main"));
    store(&bucket, keyless(), "poison").await;
    is_poison(&bucket, &key, "unsigned").await;
}

#[tokio::test]
async fn an_entry_of_another_signer_is_refused_even_under_our_keys_name() {
    let ours = key("main");
    for theirs in [key("main"), key("other")] {
        let bucket = bucket();
        store(&bucket, trusted(&theirs), "poison").await;
        is_poison(&bucket, &ours, theirs.name().as_str()).await;
    }
}

#[tokio::test]
async fn a_signed_entry_does_not_pass_under_another_hash_scope_or_namespace() {
    let key = key("main");
    let good = bucket();
    store(&good, trusted(&key), "good").await;
    let signed = good.object(ENTRY).unwrap();

    let other_hash = bucket();
    other_hash.replace("v1/t/e/42", signed.clone());
    let cache = trusted(&key).run(&other_hash);
    assert!(
        cache
            .retrieve("42", Machine::new().path())
            .await
            .unwrap()
            .is_none()
    );
    assert_eq!(titles(cache.take_warnings()), [REFUSED]);

    let other_namespace = bucket();
    other_namespace.replace(&format!("team-b/{ENTRY}"), signed.clone());
    let mut team_b = trusted(&key);
    team_b.config.cache_key_prefix = "team-b".into();
    let cache = team_b.run(&other_namespace);
    assert!(Machine::new().retrieve(&cache).await.is_none());
    assert_eq!(titles(cache.take_warnings()), [REFUSED]);

    // Copied from an untrusted scope: nothing is ever promoted.
    let promoted = bucket();
    store(&promoted, pull_request(&key), "poison").await;
    promoted.replace(ENTRY, promoted.object(UNTRUSTED).unwrap());
    is_poison(&promoted, &key, "promoted").await;
}

#[tokio::test]
async fn any_flipped_bit_of_a_signed_entry_is_refused() {
    let (bucket, key) = (bucket(), key("main"));
    store(&bucket, trusted(&key), "good").await;
    let good = bucket.object(ENTRY).unwrap();
    for at in 0..good.len() {
        let mut changed = good.to_vec();
        changed[at] ^= 1 << (at % 8);
        bucket.replace(ENTRY, changed);
        assert_eq!(restored(&bucket, trusted(&key)).await.0, None, "byte {at}");
    }
}

#[tokio::test]
async fn a_signature_that_was_stripped_or_moved_is_refused() {
    let (bucket, key) = (bucket(), key("main"));
    store(&bucket, trusted(&key), "good").await;
    let good = bucket.object(ENTRY).unwrap();
    let signature_len = usize::from(u16::from_le_bytes([good[8], good[9]]));
    let (head, rest) = good.split_at(8);
    let stripped = [head, &[0, 0], &rest[2 + signature_len..]].concat();

    let evil = super::support::bucket();
    store(&evil, keyless(), "poison").await;
    let poison = evil.object(ENTRY).unwrap();
    let moved = [head, &rest[..2 + signature_len], &poison[10..]].concat();
    for (entry, why) in [(stripped, "stripped"), (moved, "moved to other content")] {
        bucket.replace(ENTRY, entry);
        is_poison(&bucket, &key, why).await;
    }
}

#[tokio::test]
async fn a_replaced_chunk_does_not_get_past_the_signed_entry() {
    let (bucket, key) = (bucket(), key("main"));
    let machine = Machine::new();
    machine
        .output("dist/app.js", noise(12 << 20, 5))
        .store(&trusted(&key).run(&bucket))
        .await;
    let chunks: Vec<_> = bucket
        .keys()
        .into_iter()
        .filter(|key| key.contains("/c/"))
        .collect();
    bucket.replace(&chunks[0], bucket.object(&chunks[1]).unwrap());
    let (to, cache) = (Machine::new(), trusted(&key).run(&bucket));
    assert!(to.retrieve(&cache).await.is_none());
    assert_eq!(to.names(), [""; 0]);
    assert_eq!(cache.take_warnings().len(), 1);
}

#[tokio::test]
async fn keys_rotate_without_a_cold_cache_and_a_revoked_key_is_refused() {
    let (bucket, old, new) = (bucket(), key("main-2025"), key("main-2026"));
    store(&bucket, trusted(&old), "good").await;
    let with = |keys: &[&SigningKey]| Who::believing(keys, PUSH.into());
    assert_eq!(
        restored(&bucket, with(&[&old, &new])).await.0.as_deref(),
        Some("good")
    );
    let (found, cache) = restored(&bucket, with(&[&new])).await;
    assert_eq!(found, None);
    assert!(titles(cache.take_warnings()).contains(&REFUSED.to_owned()));
}

#[tokio::test]
async fn a_pull_request_reads_and_writes_its_own_scope_and_never_the_trusted_one() {
    let (bucket, key) = (bucket(), key("main"));
    store(&bucket, pull_request(&key), "of the pull request").await;
    assert_eq!(bucket.keys(), [UNTRUSTED]);
    assert_eq!(
        restored(&bucket, pull_request(&key)).await.0.as_deref(),
        Some("of the pull request")
    );
    assert_eq!(
        restored(&bucket, trusted(&key)).await.0,
        None,
        "nothing is read across scopes"
    );
}

#[tokio::test]
async fn a_poisoned_trusted_entry_does_not_keep_a_pull_request_from_its_own() {
    let (bucket, key) = (bucket(), key("main"));
    store(&bucket, pull_request(&key), "of the pull request").await;
    bucket.replace(ENTRY, "poison");
    let (found, cache) = restored(&bucket, pull_request(&key)).await;
    assert_eq!(found.as_deref(), Some("of the pull request"));
    assert_eq!(cache.take_warnings().len(), 1);
}

#[tokio::test]
async fn a_trusted_entry_wins_over_the_runs_own() {
    let (bucket, key) = (bucket(), key("main"));
    store(&bucket, pull_request(&key), "of the pull request").await;
    store(&bucket, trusted(&key), "good").await;
    assert_eq!(
        restored(&bucket, pull_request(&key)).await.0.as_deref(),
        Some("good")
    );
}

#[tokio::test]
async fn a_developer_reads_what_is_trusted_and_writes_nothing() {
    let (bucket, key) = (bucket(), key("main"));
    let machine = Machine::new();
    assert!(
        !machine
            .output("dist/app.js", "mine")
            .store(&developer(&key).run(&bucket))
            .await
    );
    store(&bucket, keyless(), "poison").await;
    let (found, cache) = restored(&bucket, developer(&key)).await;
    assert_eq!(found, None);
    assert_eq!(titles(cache.take_warnings()), [REFUSED]);
}

#[tokio::test]
async fn a_forged_environment_without_the_key_gains_nothing() {
    let (bucket, key) = (bucket(), key("main"));
    store(&bucket, Who::believing(&[&key], PUSH.into()), "poison").await;
    assert_eq!(restored(&bucket, trusted(&key)).await.0, None);
}

#[tokio::test]
async fn both_scopes_are_asked_with_one_get_each() {
    let (bucket, key) = (bucket(), key("main"));
    assert_eq!(restored(&bucket, pull_request(&key)).await.0, None);
    let get = |key: &str| nx_s3_cache::object_store::memory::Call::Get(key.into());
    assert_eq!(bucket.calls(), [get(ENTRY), get(UNTRUSTED)]);
}

#[tokio::test]
async fn a_bad_signature_stops_the_run_for_those_who_ask_for_it() {
    let (bucket, key) = (bucket(), key("main"));
    store(&bucket, keyless(), "poison").await;
    let mut strict = trusted(&key);
    strict.config.trust.on_bad_signature = OnBadSignature::Fail;
    let (cache, machine) = (strict.run(&bucket), Machine::new());
    let error = cache.retrieve(HASH, machine.path()).await.unwrap_err();
    assert!(error.is_fatal());
    assert!(error.to_string().contains(ENTRY), "{error}");
    assert_eq!(machine.names(), [""; 0]);
}

/// A server that says yes to everything and gives what it likes.
struct Liar;

#[async_trait::async_trait]
impl ObjectStore for Liar {
    async fn fetch(&self, fetch: &Fetch<'_>) -> Result<Option<Object>, Error> {
        fetch.progress.begin();
        fetch.progress.receive(3);
        Ok(Some(Object {
            body: "yes".into(),
            size: 3,
            modified: None,
        }))
    }

    async fn head(&self, _: &str) -> Result<Option<Head>, Error> {
        Ok(Some(Head {
            size: 3,
            modified: None,
            archived: false,
        }))
    }

    async fn put(&self, _: &str, _: Bytes, _: PutMode) -> Result<PutOutcome, Error> {
        Ok(PutOutcome::Stored)
    }

    async fn list(&self, _: &str, _: Option<&str>) -> Result<ListPage, Error> {
        Ok(ListPage::default())
    }

    async fn delete(&self, _: &[String]) -> Result<(), Error> {
        Ok(())
    }

    async fn copy(&self, _: &str, _: &str) -> Result<bool, Error> {
        Ok(true)
    }
}

#[tokio::test]
async fn a_server_that_says_yes_to_everything_poisons_nothing() {
    let who = trusted(&key("main"));
    let cache = run_in(&Arc::new(Liar), who.config.clone(), &who.environment);
    let machine = Machine::new();
    assert!(machine.retrieve(&cache).await.is_none());
    assert_eq!(machine.names(), [""; 0]);
    assert_eq!(cache.take_warnings().len(), 1);
    machine.output("dist/large.bin", noise(8 << 20, 1));
    assert!(machine.store(&cache).await);
}

#[tokio::test]
async fn of_two_writers_that_race_only_the_trusted_one_is_ever_restored() {
    let (bucket, key) = (bucket(), key("main"));
    for round in 0..20 {
        bucket.remove(ENTRY);
        let poison = store(&bucket, keyless(), "poison");
        let good = store(&bucket, trusted(&key), "good");
        match round % 2 {
            0 => drop(tokio::join!(poison, good)),
            _ => drop(tokio::join!(good, poison)),
        }
        let found = restored(&bucket, trusted(&key)).await.0;
        assert!(matches!(found.as_deref(), None | Some("good")), "{found:?}");
    }
}
