//! Deleting objects, in batches.

use parking_lot::Mutex;

use super::bucket::Bucket;
use super::ending::Ending;
use super::progress::Progress;
use super::tally::{Tally, What};

/// Keys in one request, which is S3's limit.
const BATCH: usize = 1000;

/// An object that goes.
pub(super) struct Doomed {
    /// Its key.
    pub key: String,
    /// Its size in bytes.
    pub size: u64,
    /// What it is.
    pub what: What,
}

/// Deletes these objects and counts them in `tally`. After an error, which tells what was deleted before, running again
/// finishes.
pub(super) async fn delete(
    bucket: &Bucket,
    title: &'static str,
    doomed: Vec<Doomed>,
    tally: &Mutex<Tally>,
) -> Result<(), Ending> {
    let progress = Progress::of(title, doomed.len() as u64);
    for batch in doomed.chunks(BATCH) {
        let keys: Vec<String> = batch.iter().map(|doomed| doomed.key.clone()).collect();
        if let Err(error) = bucket.store.delete(&keys).await {
            let until_then = format!("Until then: {}.", tally.lock().line());
            return Err(Ending::of_bucket(&error, "s3:DeleteObject").and(&until_then));
        }
        tally.lock().deleted(batch);
        progress.add(batch.len() as u64);
    }
    Ok(())
}
