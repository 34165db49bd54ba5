//! Whether what is in the bucket can be restored: by decoding the newest entries as a build would.

use std::pin::pin;
use std::sync::Arc;

use futures_util::TryStreamExt;

use super::connection::is_denied;
use super::report::{Report, Step};
use crate::bucket::{AlwaysOpen, Bucket, Found, Name, Namespace};
use crate::config::Config;
use crate::entry::{Error, Keys, MAX_ENTRY_OBJECT, Producer};
use crate::object_store::{self, ObjectStore};
use crate::remedy;
use crate::scope::Scope;
use crate::trust::Access;

const STEP: &str = "entries";
/// As many tell whether keys fit.
const SAMPLE: usize = 3;

/// Looks at each scope that this run reads.
pub(super) async fn examine(
    config: &Config,
    access: &Access,
    store: Arc<dyn ObjectStore>,
    report: &mut Report,
) {
    let (config, access, producer) = (config.clone(), access.clone(), Producer::default());
    let bucket = Bucket::new(config, access, store, Arc::new(AlwaysOpen), producer);
    match bucket.namespaces().await {
        Ok(namespaces) => {
            for namespace in &namespaces.reads {
                report.add(sample(&bucket, namespace).await);
            }
        }
        Err(error) => report.add(Step::bad(STEP, error.to_string())),
    }
}

async fn sample(bucket: &Bucket, from: &Namespace) -> Step {
    let names = match newest(bucket, &from.keys).await {
        Ok(names) => names,
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
    for name in names {
        // What is gone by now, or can't be read, says nothing of keys.
        let (subject, key) = (name.subject(), from.keys.of(name.subject()));
        let Ok(Some(object)) = bucket.store.get(&key, MAX_ENTRY_OBJECT).await else {
            continue;
        };
        tried += 1;
        problems.extend(from.codec.decode_entry(subject, &object).err());
    }
    step(&from.scope, tried, &problems)
}

/// The newest entries of the first pages, which are all of them in small caches.
async fn newest(bucket: &Bucket, keys: &Keys) -> Result<Vec<Name>, object_store::Error> {
    let mut listed = Vec::new();
    for prefix in [keys.entries(), keys.bodies()] {
        listed.extend(pin!(bucket.pages(prefix)).try_next().await?.unwrap_or_default());
    }
    listed.sort_by_key(|found| std::cmp::Reverse(found.modified));
    Ok(listed.iter().filter_map(Found::name).take(SAMPLE).collect())
}

fn step(scope: &Scope, tried: usize, problems: &[Error]) -> Step {
    match (tried, problems) {
        (0, _) => Step::good(STEP, format!("none in {scope} yet")),
        (1, []) => Step::good(STEP, format!("the one in {scope} can be restored")),
        (_, []) => Step::good(STEP, format!("the newest {tried} in {scope} can be restored")),
        (_, [first, ..]) => {
            let count = problems.len();
            let detail = format!("{count} of the newest {tried} in {scope} can't be restored: {first}");
            let grade = if count == tried { Step::bad } else { Step::poor };
            grade(STEP, detail).with(remedy::of_entry(first).remedy)
        }
    }
}
