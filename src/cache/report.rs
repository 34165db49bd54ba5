//! What the user is told of an artifact that could not be stored or restored.

use super::RemoteCache;
use crate::archive;
use crate::entry;
use crate::error::Error;

impl RemoteCache {
    /// Counts a failure, and warns of what the user can do something about.
    pub(super) fn report(&self, hash: &str, outcome: &str, error: &Error) {
        if matches!(error, Error::Off) {
            return; // told when it was given up
        }
        self.counters.error();
        self.event(|| format!("{hash}: {outcome}: {error}"));
        let effect = || format!("Task {hash} is {outcome}; the build goes on.");
        let warn = |kind: &str, title: &str, remedy: &str| {
            self.warnings
                .once(kind, title, [error.to_string(), effect(), remedy.to_owned()]);
        };
        match error {
            // The health of the requests tells of these.
            Error::Store(_) | Error::Off => {}
            Error::Config(_) | Error::TaskHash(_) | Error::Internal(_) => warn(
                "internal",
                "An S3 cache entry could not be used",
                "Please report this.",
            ),
            Error::Entry { source, .. } => match source {
                entry::Error::KeyMissing | entry::Error::NotSealed | entry::Error::Seal(_) => warn(
                    "encryption",
                    "S3 cache entries don't fit the encryption key",
                    "Use one `encryptionKey` everywhere. Entries that don't fit are misses, and storing replaces them.",
                ),
                _ => warn(
                    "damaged",
                    "A damaged object in the S3 bucket",
                    "It counts as a miss, and storing replaces it. If it comes back, find out who else writes to the bucket.",
                ),
            },
            Error::ChunkMissing { .. } => warn(
                "chunk-missing",
                "A chunk is missing in the S3 bucket",
                "It counts as a miss, and storing puts it back. Lifecycle rules must not delete chunks (…/c/…) earlier than entries.",
            ),
            Error::Archive(archive) => self.report_archive(archive, &effect()),
            Error::TooLarge { .. } => warn(
                "too-large",
                "An artifact is too large for the S3 cache",
                "Raise `maxEntrySize`, or cache fewer outputs.",
            ),
            Error::Deadline => warn(
                "deadline",
                "The S3 cache is too slow",
                "Raise `timeouts.deadline` if the network is meant to be this slow.",
            ),
        }
    }

    fn report_archive(&self, error: &archive::Error, effect: &str) {
        let (kind, title, remedy) = match error.origin() {
            archive::Origin::Outputs => (
                "outputs",
                "Outputs that can't be stored in S3",
                "Change what the task leaves in its outputs, or exclude the path from them.",
            ),
            archive::Origin::Disk => (
                "disk",
                "An artifact could not be restored to disk",
                "Check the free space and the permissions of Nx's cache directory.",
            ),
            archive::Origin::Archive => (
                "hostile",
                "An unsafe archive in the S3 bucket was refused",
                "Nothing of it was kept. Somebody may have tampered with the bucket: find out who can write to it.",
            ),
            archive::Origin::Stream => (
                "stream",
                "An artifact could not be passed on",
                "Please report this.",
            ),
        };
        self.warnings.once(
            kind,
            title,
            [error.to_string(), effect.to_owned(), remedy.to_owned()],
        );
    }
}
