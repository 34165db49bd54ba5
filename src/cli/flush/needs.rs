//! Asking entries what they need.

use futures_util::{StreamExt, TryStreamExt, stream};

use super::plan::{Need, Needs};
use crate::cli::bucket::{Bucket, Found};
use crate::cli::ending::Ending;
use crate::cli::progress::Progress;
use crate::entry::MAX_ENTRY_OBJECT;
use crate::object_store::Extent;

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
    let object = match bucket.store.get(&found.key, MAX_ENTRY_OBJECT).await {
        Ok(Some(object)) => object,
        Ok(None) => return Ok(Need::Gone),
        Err(error) if error.extent() == Extent::Object => return Ok(Need::Unknown(error.to_string())),
        Err(error) => return Err(Ending::of_bucket(&error, "s3:GetObject")),
    };
    let Some(subject) = found.at.object.subject() else {
        return Ok(Need::Gone);
    };
    // Whoever signed it, or didn't: what is doubtful may need its chunks, too.
    Ok(
        match bucket.codec(&found.at.scope).decode_entry(subject, &object) {
            Ok(entry) if entry.manifest.inline => Need::Chunks(Default::default()),
            Ok(entry) => Need::Chunks(entry.manifest.chunks.iter().map(|chunk| chunk.id).collect()),
            Err(error) => Need::Unknown(error.to_string()),
        },
    )
}
