//! Reports an artifact that could not be stored or restored.

use super::remote_cache::RemoteCache;
use crate::entry;
use crate::error::Error;
use crate::plain::plain;
use crate::remedy::{self, Advice};

/// Entries whose certificates can't be opened after which the encryption key counts as missing.
const UNOPENED: u64 = 5;

impl RemoteCache {
    /// Counts a failure, and warns of what the user can do something about.
    pub(super) fn report(&self, hash: &str, outcome: &str, error: &Error) {
        if matches!(error, Error::Off) {
            return; // reported when it was given up
        }
        let of_its_kind = self.counters.error(error.kind());
        // It may name a file of the archive.
        let cause = plain(&error.to_string()).into_owned();
        let task = self.tasks.label(hash);
        self.event(|| format!("{task}: {outcome}: {cause}"));
        let Some(Advice { code, title, remedy }) = remedy::of_artifact(error) else {
            return;
        };
        let effect = format!("Task {task} is {outcome}; the build goes on.");
        self.warnings
            .once(code, title, [cause, effect, remedy.to_owned()]);
        if let Error::Entry { source, .. } = error
            && self.shows_that_the_key_is_missing(source, of_its_kind)
        {
            self.health.refuse_writes();
        }
    }

    /// Whether what others stored is encrypted, and this run has no key: what it stored would not be. Where somebody has
    /// to vouch for entries, what nobody vouches for shows it only when there is much of it, and nothing else.
    fn shows_that_the_key_is_missing(&self, error: &entry::Error, of_its_kind: u64) -> bool {
        match error {
            entry::Error::KeyMissing => true,
            entry::Error::Certificate(why) => {
                **why == entry::Error::KeyMissing
                    && of_its_kind >= UNOPENED
                    && !self.bucket.downloader.has_read()
            }
            _ => false,
        }
    }
}
