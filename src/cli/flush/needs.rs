//! Asking entries what they need.

use futures_util::{StreamExt, TryStreamExt, stream};

use super::plan::{Need, Needs};
use crate::cli::bucket::{Bucket, Found};
use crate::cli::ending::Ending;
use crate::cli::progress::Progress;

/// Reads these entries, as many at once as `concurrency` allows.
pub(super) async fn read(bucket: &Bucket, entries: Vec<Found>) -> Result<Needs, Ending> {
    let progress = Progress::of("Reading entries", entries.len() as u64);
    let reading: Vec<_> = entries
        .into_iter()
        .map(|found| async {
            let need = need(bucket, &found).await?;
            progress.add(1);
            Ok((found.key, need))
        })
        .collect();
    let needs = stream::iter(reading)
        .buffer_unordered(bucket.config.bucket.concurrency)
        .try_collect();
    Ok(Needs(needs.await?))
}

async fn need(bucket: &Bucket, found: &Found) -> Result<Need, Ending> {
    let Some(read) = bucket.listed_entry(found).await? else {
        return Ok(Need::Gone);
    };
    Ok(match read.entry {
        Ok(entry) if entry.manifest.inline => Need::Chunks(Default::default()),
        // Whoever signed it, or didn't.
        Ok(entry) => Need::Chunks(entry.manifest.chunks.iter().map(|chunk| chunk.id).collect()),
        Err(error) if read.signature_needed && read.signer.is_err() => Need::Ignored(error.to_string()),
        Err(error) => Need::Unknown(error.to_string()),
    })
}
