//! From a plan to the objects that go.

use std::collections::HashMap;

use futures_util::TryStreamExt;

use super::inventory::Inventory;
use super::plan::{EntryReferences, Part, References, Rules, is_scratch};
use super::references;
use crate::chunk::ChunkId;
use crate::cli::bucket::{Bucket, Found};
use crate::cli::deletion::Deletion;
use crate::cli::scopes::Scopes;
use crate::cli::tally::What;
use crate::cli::ui::Ending;

/// The entries and scratch objects that go.
pub(super) fn entries(part: &Part, rules: &Rules) -> Vec<Deletion> {
    let deletion = |found: &Found, what| Deletion {
        key: found.key.clone(),
        size: found.size,
        what,
    };
    let entries = part.inventory.entries.iter();
    let entries = entries.filter(|found| part.deletions.contains(&found.key));
    let scratch = part
        .inventory
        .scratch
        .iter()
        .filter(|found| is_scratch(found, rules));
    entries
        .map(|found| deletion(found, What::of(&found.at.object)))
        .chain(scratch.map(|found| deletion(found, What::Scratch)))
        .collect()
}

/// The chunks that go.
pub(super) fn chunks(bucket: &Bucket, part: &Part, rules: &Rules) -> Vec<Deletion> {
    let keys = bucket.keys(&part.inventory.scope);
    let deletion = |id: ChunkId| Deletion {
        key: keys.chunk(&id),
        size: part.inventory.chunks.get(&id).map_or(0, |chunk| chunk.size),
        what: What::Chunk,
    };
    part.unneeded(rules).into_iter().map(deletion).collect()
}

/// Looks at the scope again, just before its chunks go: entries that were written since need theirs, and chunks
/// that were written or touched since are new.
pub(super) async fn look_again(bucket: &Bucket, part: &mut Part, rules: &Rules) -> Result<(), Ending> {
    let mut now = Inventory::new(part.inventory.scope.clone());
    let scope = Scopes::One(part.inventory.scope.clone());
    bucket
        .objects(&scope)
        .try_for_each(|page| {
            page.into_iter().for_each(|found| now.add(found));
            std::future::ready(Ok(()))
        })
        .await?;
    part.inventory.chunks.retain(|id, chunk| {
        now.chunks
            .get(id)
            .is_some_and(|now| now.modified == chunk.modified)
            && rules.may_go(chunk)
    });
    let known: HashMap<_, _> = part
        .retained()
        .map(|found| (&found.key, found.modified))
        .collect();
    let is_new = |found: &Found| known.get(&found.key) != Some(&found.modified);
    let new: Vec<Found> = now.entries.into_iter().filter(is_new).collect();
    for entry in references::read(bucket, new).await?.0.values() {
        part.count(entry);
    }
    Ok(())
}

/// The entries that stay of a part and can't be read, where `why` picks the reason of those that are asked for.
pub(super) fn unreadable<'a>(
    part: &Part,
    references: &'a References,
    why: impl Fn(&'a EntryReferences) -> Option<&'a String>,
) -> Vec<(String, String)> {
    let retained = part.retained().filter_map(|found| {
        let why = why(references.0.get(&found.key)?)?;
        Some((found.key.clone(), why.clone()))
    });
    let mut unreadable: Vec<_> = retained.collect();
    unreadable.sort_unstable();
    unreadable
}
