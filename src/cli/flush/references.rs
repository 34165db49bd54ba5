//! Reads which chunks the retained entries reference.

use futures_util::{StreamExt, TryStreamExt, stream};

use super::plan::{EntryReferences, References};
use crate::cli::bucket::{Bucket, Found, unread};
use crate::cli::ui::{Ending, progress::Progress};
use crate::error::Error;
use crate::object_store::{self, UnreadableReason};

/// Reads these entries, as many at once as `concurrency` allows.
pub(super) async fn read(bucket: &Bucket, entries: Vec<Found>) -> Result<References, Ending> {
    let progress = Progress::of("Reading entries", entries.len() as u64);
    let reading: Vec<_> = entries
        .into_iter()
        .map(|found| async {
            let references = entry_references(bucket, &found).await?;
            progress.add(1);
            Ok((found.key, references))
        })
        .collect();
    let references = stream::iter(reading)
        .buffer_unordered(bucket.config.bucket.concurrency)
        .try_collect();
    Ok(References(references.await?))
}

async fn entry_references(bucket: &Bucket, found: &Found) -> Result<EntryReferences, Ending> {
    let Some(name) = found.name() else {
        return Ok(EntryReferences::Gone);
    };
    let read = match bucket.read_entry(&found.at.scope, name).await {
        Ok(Some(read)) => read,
        Ok(None) => return Ok(EntryReferences::Gone),
        // Nobody restores it, and nobody can tell that a trusted run wrote it. Another object that can't be read may be
        // one that only this caller can't read, such as one under a KMS key.
        Err(Error::Object {
            source:
                source @ object_store::Error::Unreadable {
                    reason: UnreadableReason::Archived,
                    ..
                },
            ..
        }) if bucket.wants_signatures(&found.at.scope) => {
            return Ok(EntryReferences::Ignored(source.to_string()));
        }
        Err(Error::Object { source, .. }) => return Ok(EntryReferences::Unknown(source.to_string())),
        Err(error) => return Err(unread(&error)),
    };
    Ok(match read.entry {
        Ok(entry) if entry.manifest.inline => EntryReferences::Chunks(Default::default()),
        // Whoever signed it, or didn't.
        Ok(entry) => EntryReferences::Chunks(entry.manifest.chunks.iter().map(|chunk| chunk.id).collect()),
        Err(error) if read.signature_needed && read.signer.is_err() => {
            EntryReferences::Ignored(error.to_string())
        }
        Err(error) => EntryReferences::Unknown(error.to_string()),
    })
}
