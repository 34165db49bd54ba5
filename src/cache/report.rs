//! Reports an artifact that could not be stored or restored.

use super::remote_cache::RemoteCache;
use crate::entry;
use crate::error::Error;
use crate::plain::plain;
use crate::remedy::{self, Advice};

impl RemoteCache {
    /// Counts a failure, and warns of what the user can do something about.
    pub(super) fn report(&self, hash: &str, outcome: &str, error: &Error) {
        if matches!(error, Error::Off) {
            return; // reported when it was given up
        }
        self.counters.error(error.kind());
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
        if matches!(
            error,
            Error::Entry {
                source: entry::Error::KeyMissing,
                ..
            }
        ) {
            self.health.refuse_writes();
        }
    }
}
