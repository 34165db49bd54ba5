//! What the user is told of an artifact that could not be stored or restored.

use super::RemoteCache;
use crate::archive;
use crate::entry;
use crate::error::Error;
use crate::object_store::{self, UnreadableReason};
use crate::plain::plain;

impl RemoteCache {
    /// Counts a failure, and warns of what the user can do something about.
    pub(super) fn report(&self, hash: &str, outcome: &str, error: &Error) {
        if matches!(error, Error::Off) {
            return; // told when it was given up
        }
        self.counters.error(error.kind());
        // It may name a file of the archive.
        let cause = plain(&error.to_string()).into_owned();
        let task = self.tasks.label(hash);
        self.event(|| format!("{task}: {outcome}: {cause}"));
        let Some((kind, title, remedy)) = advice(error) else {
            return;
        };
        let effect = format!("Task {task} is {outcome}; the build goes on.");
        self.warnings
            .once(kind, title, [cause, effect, remedy.to_owned()]);
        if matches!(
            error,
            Error::Entry {
                source: entry::Error::KeyMissing,
                ..
            }
        ) {
            self.requests.refuse_writes();
        }
    }
}

/// The kind of a failure, what to call it and what to do about it; `None` where it was told of elsewhere.
fn advice(error: &Error) -> Option<(&'static str, &'static str, &'static str)> {
    Some(match error {
        // Told by the error itself, as the run ends with it.
        Error::Off | Error::Untrusted { .. } => return None,
        // The health of the requests tells of these.
        Error::Store(_) => return None,
        Error::Object { source, .. } => of_object(source)?,
        Error::Config(_) | Error::TaskHash(_) | Error::Internal(_) => (
            "internal",
            "An S3 cache entry could not be used",
            "Please report this.",
        ),
        Error::Entry { source, .. } => match source {
            entry::Error::KeyMissing => (
                "key-missing",
                "The S3 cache is encrypted, and this run has no encryption key",
                "Nothing is restored, and nothing stored, since it would not be encrypted. Set NX_S3_CACHE_ENCRYPTION_KEY.",
            ),
            entry::Error::NotSealed | entry::Error::Seal(_) => (
                "encryption",
                "S3 cache entries don't fit the encryption key",
                "Use one `encryptionKey` everywhere. Entries that don't fit are misses, and storing replaces them.",
            ),
            entry::Error::Signature(_) => (
                "signature",
                "An S3 cache entry without a valid signature was refused",
                "It counts as a miss, and the next trusted run replaces it. If you don't know why it is there, find out who writes to the bucket.",
            ),
            entry::Error::Newer(_) => (
                "newer",
                "S3 cache entries of a newer version",
                "They count as misses, and storing replaces them. Use one version of nx-s3-cache everywhere.",
            ),
            _ => DAMAGED,
        },
        Error::ChunkMissing { .. } => (
            "chunk-missing",
            "A chunk is missing in the S3 bucket",
            "It counts as a miss, and storing puts it back. Lifecycle rules must not delete chunks (…/c/…) earlier than entries.",
        ),
        Error::Archive(archive::Error::Gone { .. }) => (
            "gone",
            "An artifact was removed before it could be stored in S3",
            "If another run of Nx was rebuilding it, there is nothing to do. Otherwise raise `maxCacheSize` in nx.json, or free some of the disk, from whose size Nx derives it.",
        ),
        Error::Archive(archive::Error::Changed { .. }) => (
            "changed",
            "An artifact changed before it could be stored in S3",
            "If another run of Nx rebuilt it, that run stores it, and there is nothing to do. If Nx was removing it to make room, raise `maxCacheSize` in nx.json.",
        ),
        Error::Archive(archive) if archive.is_too_many_files() => (
            "files",
            "The S3 cache may not open enough files",
            "Raise the limit of open files (`ulimit -n`), or lower `concurrency` or Nx's `parallel`.",
        ),
        Error::Archive(archive) => of_archive(archive.origin()),
        Error::TooLarge { .. } => (
            "too-large",
            "An artifact is too large for the S3 cache",
            "Raise `maxEntrySize`, or cache fewer outputs.",
        ),
        Error::Deadline => (
            "deadline",
            "The S3 cache is too slow",
            "Raise `timeouts.deadline` if the network is meant to be this slow.",
        ),
        Error::TooSlow { .. } => (
            "too-slow",
            "A download from the S3 bucket was dropped, since it would not be done in time",
            "Raise `timeouts.deadline` to wait longer, or lower `maxEntrySize`, so that nobody waits for artifacts of this size.",
        ),
    })
}

const DAMAGED: (&str, &str, &str) = (
    "damaged",
    "A damaged object in the S3 bucket",
    "It counts as a miss, and storing replaces it. If it comes back, find out who else writes to the bucket.",
);

/// What keeps an object from being read as it is in the bucket.
fn of_object(error: &object_store::Error) -> Option<(&'static str, &'static str, &'static str)> {
    use object_store::Error as Store;
    Some(match error {
        Store::TooLarge { .. } => DAMAGED,
        Store::ChecksumMismatch => (
            "checksum",
            "An object in the S3 bucket doesn't match its checksum",
            "It counts as a miss, and storing replaces it. If it happens with every object, something on the way changes them, or the server's checksums are wrong: set `disableChecksum`.",
        ),
        Store::Unreadable { reason, .. } => match reason {
            UnreadableReason::Archived => (
                "archived",
                "An object in the S3 bucket is archived and can't be read",
                "It counts as a miss, and storing replaces it. A lifecycle rule moved it to an archive storage class: let cache objects expire instead.",
            ),
            UnreadableReason::KmsKey => (
                "kms",
                "An object in the S3 bucket is encrypted with a KMS key that this run can't use",
                "It counts as a miss, and storing replaces it. Allow kms:Decrypt on the key that the message or `kmsKeyId` names, and check that it is enabled.",
            ),
            UnreadableReason::CustomerKey => (
                "customer-key",
                "An object in the S3 bucket is encrypted with a key that only its writer has (SSE-C)",
                "It counts as a miss, and storing replaces it. Find out who else writes to the bucket.",
            ),
        },
        // Say nothing about an object; the health of the requests tells of them.
        Store::Misconfigured { .. }
        | Store::Credentials { .. }
        | Store::AccessDenied { .. }
        | Store::NoSuchBucket { .. }
        | Store::WrongRegion { .. }
        | Store::Unreachable { .. }
        | Store::Silent { .. }
        | Store::Unanswered { .. }
        | Store::TimedOut { .. }
        | Store::Throttled { .. }
        | Store::Server { .. }
        | Store::Refused { .. } => return None,
    })
}

fn of_archive(origin: archive::Origin) -> (&'static str, &'static str, &'static str) {
    match origin {
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
    }
}
