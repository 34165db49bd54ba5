//! Reads which chunks entries reference.

use std::collections::HashSet;

use futures_util::stream::{self, Stream, StreamExt};

use crate::chunk::ChunkId;
use crate::cli::bucket::{Bucket, Found, READS, unread};
use crate::cli::ui::Ending;
use crate::entry;
use crate::error::Error;
use crate::object_store::{self, UnreadableReason};

/// The chunks that an entry references; an unreadable entry may reference any.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum EntryReferences {
    /// These chunks.
    Chunks(HashSet<ChunkId>),
    /// Nobody knows; the text says why.
    Unknown(String),
    /// Nothing: it can't be read, which the text explains, and nothing shows that a trusted key signed it, so that no run
    /// restores it. Otherwise anybody who can write to the bucket could stop every flush.
    Ignored(String),
    /// It has gone since it was listed.
    Gone,
}

/// Reads these entries, some at once, in their order.
pub(super) fn read(
    bucket: &Bucket,
    entries: Vec<Found>,
) -> impl Stream<Item = Result<(Found, EntryReferences), Ending>> {
    let reading: Vec<_> = entries
        .into_iter()
        .map(|found| async {
            let references = entry_references(bucket, &found).await?;
            Ok((found, references))
        })
        .collect();
    stream::iter(reading).buffered(READS)
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
        // A trusted run may have signed it: with the right key that would show.
        Err(error) if matches!(read.signer, Err(entry::Error::Certificate(_))) => {
            EntryReferences::Unknown(error.to_string())
        }
        Err(error) if read.signature_needed && read.signer.is_err() => {
            EntryReferences::Ignored(error.to_string())
        }
        Err(error) => EntryReferences::Unknown(error.to_string()),
    })
}
