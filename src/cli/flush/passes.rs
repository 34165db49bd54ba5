//! The passes over a scope. The first lists it: what goes for its age goes at once, and of the rest a few bytes are
//! remembered. The second looks again, and the chunks that nothing needs go.

use std::collections::HashSet;
use std::pin::pin;

use futures_util::TryStreamExt;

use super::Flush;
use super::part::{Part, Unneeded, of_object};
use super::references::{self, EntryReferences};
use crate::chunk::ChunkId;
use crate::cli::bucket::Found;
use crate::cli::deletion::What;
use crate::cli::scopes::Scopes;
use crate::cli::ui::{Ending, progress::Progress};
use crate::entry::Object;
use crate::scope::Scope;

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
    /// Lists everything, and reads the entries that stay where a chunk is old enough to go.
    pub(super) async fn survey(&mut self, chosen: &impl Fn(&Found) -> bool) -> Result<(), Ending> {
        let (bucket, progress) = (self.bucket, Progress::counting("Listing objects"));
        let scopes = self.args.scope.clone();
        let mut pages = pin!(bucket.objects(&scopes));
        while let Some(page) = pages.try_next().await? {
            progress.add(page.len() as u64);
            let mut stays = Vec::new();
            for found in page {
                self.list(found, chosen, &mut stays).await?;
            }
            self.keep(stays, chosen).await?;
        }
        self.delete_rest().await?;
        // Chunks are listed before entries, and after bodies.
        for at in 0..self.parts.len() {
            if self.parts[at].sweeps() && self.parts[at].unread > 0 {
                self.read_again(at, chosen).await?;
            }
        }
        Ok(())
    }

    async fn list(
        &mut self,
        found: Found,
        chosen: &impl Fn(&Found) -> bool,
        stays: &mut Vec<Found>,
    ) -> Result<(), Ending> {
        let name = found.at.scope.to_string();
        let at = self.part(&name, &found.at.scope);
        let is_ours = match &found.at.object {
            Object::Other(other) => other.starts_with("scratch/"),
            Object::Entry(_) | Object::Archive(_) | Object::Body(_) | Object::Chunk(_) => true,
        };
        self.report.listed(&name, if is_ours { found.size } else { 0 });
        let goes = match &found.at.object {
            Object::Entry(_) | Object::Archive(_) | Object::Body(_) => {
                self.rules.is_old(&found) && chosen(&found)
            }
            Object::Other(_) => is_ours && self.rules.may_go(&found),
            Object::Chunk(_) => false,
        };
        match &found.at.object {
            _ if goes => {
                let what = What::of(&found.at.object);
                self.goes(&name, found.key, what, found.size).await?;
            }
            Object::Chunk(id) if self.rules.may_go(&found) => self.parts[at].add_chunk(id, &found),
            Object::Entry(_) | Object::Archive(_) | Object::Body(_) => stays.push(found),
            Object::Chunk(_) | Object::Other(_) => {}
        }
        Ok(())
    }

    /// Takes note of entries that stay for their age.
    async fn keep(&mut self, stays: Vec<Found>, chosen: &impl Fn(&Found) -> bool) -> Result<(), Ending> {
        let mut read = Vec::new();
        for found in stays {
            let at = self.part(&found.at.scope.to_string(), &found.at.scope);
            if self.parts[at].sweeps() {
                read.push(found);
                continue;
            }
            self.parts[at].unread += 1;
            if self.rules.max_size.is_some() && chosen(&found) {
                self.parts[at].add_entry(&found, &EntryReferences::Gone, true);
            }
        }
        let mut read = pin!(references::read(self.bucket, read));
        while let Some((found, references)) = read.try_next().await? {
            let at = self.part(&found.at.scope.to_string(), &found.at.scope);
            self.report.read(&found, &references);
            let is_candidate = self.rules.max_size.is_some() && chosen(&found);
            self.parts[at].add_entry(&found, &references, is_candidate);
        }
        Ok(())
    }

    async fn read_again(&mut self, at: usize, chosen: &impl Fn(&Found) -> bool) -> Result<(), Ending> {
        let (bucket, scope) = (self.bucket, self.parts[at].scope.clone());
        let of_scope = format!("{}{scope}/", bucket.prefix());
        self.parts[at].forget_entries();
        self.report.forget(|key, _| key.starts_with(&of_scope));
        let scopes = Scopes::One(scope);
        let mut pages = pin!(bucket.objects(&scopes));
        while let Some(page) = pages.try_next().await? {
            let is_entry = |found: &Found| found.at.object.subject().is_some();
            self.keep(page.into_iter().filter(is_entry).collect(), chosen)
                .await?;
        }
        Ok(())
    }

    /// The part of a scope, which is made when it is listed first.
    fn part(&mut self, name: &str, scope: &Scope) -> usize {
        if let Some(at) = self.by_scope.get(name) {
            return *at;
        }
        let at = self.parts.len();
        self.parts.push(Part::new(scope.clone()));
        self.by_scope.insert(name.to_owned(), at);
        at
    }

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
