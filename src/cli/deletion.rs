//! Deleting objects, in batches.

use clap::Args;
use parking_lot::Mutex;

use super::bucket::Bucket;
use super::tally::{Tally, What};
use super::ui::{Ending, progress::Progress};
use crate::object_store::DELETE_BATCH;

/// How a command that deletes goes about it.
#[derive(Args, Clone, Debug, Default)]
pub(super) struct DeletionArgs {
    /// Change nothing, and tell what would go
    #[arg(long)]
    pub dry_run: bool,
    /// Do not ask on a terminal
    #[arg(long, short)]
    pub yes: bool,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// An object to delete.
pub(super) struct Deletion {
    /// Its key.
    pub key: String,
    /// Its size in bytes.
    pub size: u64,
    /// What it is.
    pub what: What,
}

impl Tally {
    pub(super) fn deleted(&mut self, batch: &[Deletion]) {
        batch
            .iter()
            .for_each(|deletion| self.add(deletion.what, deletion.size));
    }
}

/// Deletes these objects and counts them in `tally`. After an error, which tells what was deleted before, running again
/// finishes.
pub(super) async fn delete(
    bucket: &Bucket,
    title: &'static str,
    deletions: Vec<Deletion>,
    tally: &Mutex<Tally>,
) -> Result<(), Ending> {
    let progress = Progress::of(title, deletions.len() as u64);
    for batch in deletions.chunks(DELETE_BATCH) {
        let keys: Vec<String> = batch.iter().map(|deletion| deletion.key.clone()).collect();
        if let Err(error) = bucket.store.delete(&keys).await {
            let until_then = format!("Until then: {}.", tally.lock().line());
            return Err(Ending::of_bucket(&error, "s3:DeleteObject").and(&until_then));
        }
        tally.lock().deleted(batch);
        progress.add(batch.len() as u64);
    }
    Ok(())
}
