//! The chunks that nothing needs go.

use std::collections::HashSet;
use std::pin::pin;

use futures_util::TryStreamExt;

use super::Flush;
use super::fingerprints::of_object;
use super::part::Unneeded;
use super::references::{self, EntryReferences};
use crate::chunk::ChunkId;
use crate::cli::bucket::Found;
use crate::cli::deletion::What;
use crate::cli::scopes::Scopes;
use crate::cli::ui::Ending;
use crate::entry::Object;

/// What is in a scope when it is listed once more.
#[derive(Default)]
struct Again {
    /// The chunks that nothing needed, as they were, with their sizes.
    chunks: Vec<(ChunkId, u64)>,
    /// The chunks that entries need which were written since.
    needed: HashSet<ChunkId>,
    /// Whether one of these entries may need any chunk.
    doubt: bool,
}

impl Flush<'_> {
    /// Deletes the chunks of a part that nothing needs.
    pub(super) async fn sweep(&mut self, at: usize) -> Result<(), Ending> {
        let unneeded = self.parts[at].unneeded();
        let scope = self.parts[at].scope.clone();
        if self.args.how.dry_run {
            let name = scope.to_string();
            let report = &mut self.report;
            unneeded
                .iter()
                .for_each(|chunk| report.goes(&name, What::Chunk, chunk.size));
        }
        if self.args.how.dry_run || unneeded.is_empty() {
            return Ok(());
        }
        let Again {
            chunks,
            needed,
            doubt,
        } = self.look_again(at, &Unneeded::of(&unneeded)).await?;
        if doubt {
            return Ok(());
        }
        let (keys, name) = (self.bucket.keys(&scope), scope.to_string());
        for (id, size) in chunks {
            if !needed.contains(&id) {
                self.goes(&name, keys.chunk(&id), What::Chunk, size).await?;
            }
        }
        self.delete_rest().await
    }

    /// Looks at the scope again, just before its chunks go: entries that were written since need theirs, and chunks
    /// that were written or touched since are new.
    async fn look_again(&mut self, at: usize, unneeded: &Unneeded) -> Result<Again, Ending> {
        let (bucket, mut again) = (self.bucket, Again::default());
        let scope = Scopes::One(self.parts[at].scope.clone());
        let mut pages = pin!(bucket.objects(&scope));
        while let Some(page) = pages.try_next().await? {
            let mut new = Vec::new();
            for found in page {
                match &found.at.object {
                    Object::Chunk(id) if unneeded.has(id, &found) => again.chunks.push((*id, found.size)),
                    Object::Entry(_) | Object::Archive(_) | Object::Body(_) if self.is_new(at, &found) => {
                        new.push(found)
                    }
                    _ => {}
                }
            }
            let mut read = pin!(references::read(bucket, new));
            while let Some((_, references)) = read.try_next().await? {
                match references {
                    EntryReferences::Chunks(ids) => again.needed.extend(ids),
                    EntryReferences::Unknown(_) => again.doubt = true,
                    EntryReferences::Ignored(_) | EntryReferences::Gone => {}
                }
            }
        }
        Ok(again)
    }

    fn is_new(&mut self, at: usize, found: &Found) -> bool {
        let fingerprint = of_object(&found.key, found.modified);
        !self.parts[at].known.contains(fingerprint)
    }
}
