//! Whether what is in the bucket can be restored: by decoding the newest entries as a build would.

use std::sync::Arc;

use super::connection::is_denied;
use super::report::{Report, Step};
use crate::config::Config;
use crate::entry::{Codec, Error, Keys, MAX_ENTRY_OBJECT};
use crate::object_store::{self, ObjectStore};
use crate::remedy;
use crate::seal::MasterKey;
use crate::task_hash::TaskHash;
use crate::trust::{Access, ReadScope};

const STEP: &str = "entries";
/// As many tell whether keys fit.
const SAMPLE: usize = 3;

/// Looks at each scope that this run reads.
pub(super) async fn examine(config: &Config, access: &Access, store: &dyn ObjectStore, report: &mut Report) {
    let key = config.encryption_key.as_ref().map(MasterKey::derive).transpose();
    let key = match key {
        Ok(key) => key.map(Arc::new),
        Err(error) => return report.add(Step::bad(STEP, error.to_string())),
    };
    for from in &access.reads {
        let verifying = from.verified.then(|| Arc::new(config.trust.public_keys.clone()));
        let codec = Codec::new(config.cache_key_prefix.clone(), from.scope.clone(), key.clone());
        report.add(sample(config, from, &codec.trusting(verifying), store).await);
    }
}

async fn sample(config: &Config, from: &ReadScope, codec: &Codec, store: &dyn ObjectStore) -> Step {
    let keys = Keys::new(&config.cache_key_prefix, &from.scope);
    let hashes = match newest(&keys, store).await {
        Ok(hashes) => hashes,
        Err(error) if is_denied(&error) => {
            return Step::skipped(
                STEP,
                format!("not looked at in {}, since listing is denied", from.scope),
            );
        }
        Err(error) => return Step::poor(STEP, format!("could not be listed in {}: {error}", from.scope)),
    };
    let mut problems = Vec::new();
    let mut tried = 0;
    for hash in hashes {
        // What is gone by now, or can't be read, says nothing of keys.
        let Ok(Some(object)) = store.get(&keys.entry(&hash), MAX_ENTRY_OBJECT).await else {
            continue;
        };
        tried += 1;
        problems.extend(codec.decode_entry(&hash, &object).err());
    }
    told(from, tried, &problems)
}

/// The hashes of the newest entries of the first page, which is all of them in small caches.
async fn newest(keys: &Keys, store: &dyn ObjectStore) -> Result<Vec<TaskHash>, object_store::Error> {
    let prefix = keys.entries();
    let mut objects = store.list(&prefix, None).await?.objects;
    objects.sort_by_key(|object| std::cmp::Reverse(object.modified));
    let hash = |key: &str| TaskHash::parse(key.strip_prefix(&prefix)?).ok();
    Ok(objects
        .iter()
        .filter_map(|object| hash(&object.key))
        .take(SAMPLE)
        .collect())
}

fn told(from: &ReadScope, tried: usize, problems: &[Error]) -> Step {
    let scope = &from.scope;
    match (tried, problems) {
        (0, _) => Step::good(STEP, format!("none in {scope} yet")),
        (1, []) => Step::good(STEP, format!("the one in {scope} can be restored")),
        (_, []) => Step::good(STEP, format!("the newest {tried} in {scope} can be restored")),
        (_, [first, ..]) => {
            let count = problems.len();
            let detail = format!("{count} of the newest {tried} in {scope} can't be restored: {first}");
            let step = if count == tried {
                Step::bad(STEP, detail)
            } else {
                Step::poor(STEP, detail)
            };
            step.with(remedy::of_entry(first).remedy)
        }
    }
}
