//! The public error: what a failure means for the build.

use std::time::Duration;

use crate::config::ConfigErrors;
use crate::issuer::NoCertificate;
use crate::sign::SignatureError;
use crate::task_hash::InvalidTaskHash;
use crate::{archive, entry, object_store};

/// Why the cache could not be opened, or an artifact not be stored or restored.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The configuration is wrong: nothing should run with it.
    #[error(transparent)]
    Config(#[from] ConfigErrors),
    /// The task hash can't be a file name or key.
    #[error(transparent)]
    TaskHash(#[from] InvalidTaskHash),
    /// The bucket could not be asked.
    #[error(transparent)]
    Store(#[from] object_store::Error),
    /// An object can't be had as it is in the bucket, whatever it contains.
    #[error("{key}: {source}")]
    Object {
        /// The object's key.
        key: String,
        /// Why not.
        source: object_store::Error,
    },
    /// An object in the bucket is not what it should be.
    #[error("{key}: {source}")]
    Entry {
        /// The object's key.
        key: String,
        /// What is wrong with it.
        source: entry::Error,
    },
    /// An entry has no valid signature, and the option `trust.onBadSignature` says that this ends the run.
    #[error(
        "the run stops, since {key} has no valid signature ({source}), and trust.onBadSignature is \
         \"fail\". Find out who wrote it; with \"miss\" the task would run instead."
    )]
    Untrusted {
        /// The entry's key.
        key: String,
        /// What is wrong with its signature.
        source: SignatureError,
    },
    /// This run has no key, and its CI system doesn't certify one, so it stores nothing.
    #[error(transparent)]
    NotCertified(#[from] NoCertificate),
    /// An entry needs a chunk that is not in the bucket.
    #[error("{key}: no such chunk, though an entry needs it")]
    ChunkMissing {
        /// The chunk's key.
        key: String,
    },
    /// Packing or unpacking failed.
    #[error(transparent)]
    Archive(#[from] archive::Error),
    /// The artifact is larger than the option `maxEntrySize` allows.
    #[error("artifact of more than {limit} bytes, the limit set by `maxEntrySize`")]
    TooLarge {
        /// The limit in bytes.
        limit: u64,
    },
    /// It took longer than `timeouts.deadline` allows.
    #[error("not done within the deadline (`timeouts.deadline`)")]
    Deadline,
    /// A download was dropped, since it would have taken longer than `timeouts.deadline` allows.
    #[error(
        "too slow: {:.1} MB to go at {} kB/s, and {} s left of `timeouts.deadline`",
        *rest as f64 / 1e6, rate / 1000, left.as_secs()
    )]
    TooSlow {
        /// Bytes that had not arrived.
        rest: u64,
        /// Bytes per second that had, of all downloads of the run together.
        rate: u64,
        /// What was left of the deadline.
        left: Duration,
    },
    /// Caching was given up earlier in this run; the reason was reported then.
    #[error("remote caching is off for this run")]
    Off,
    /// A fault of this program.
    #[error("internal error: {0}")]
    Internal(String),
}

impl Error {
    /// What kind of failure it is: a stable word for records and statistics.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Config(_) => "configuration",
            Self::TaskHash(_) => "task-hash",
            Self::Store(error) | Self::Object { source: error, .. } => error.kind(),
            Self::Entry { source, .. } => source.kind(),
            Self::Untrusted { .. } => entry::Error::BAD_SIGNATURE,
            Self::NotCertified(_) => "no-identity",
            Self::ChunkMissing { .. } => "chunk-missing",
            Self::Archive(error) => match error.origin() {
                archive::Origin::Outputs => "outputs",
                archive::Origin::Disk => "disk",
                archive::Origin::Archive => "unsafe-archive",
                archive::Origin::Stream => "stream",
            },
            Self::TooLarge { .. } => "too-large",
            Self::Deadline => "deadline",
            Self::TooSlow { .. } => "too-slow",
            Self::Off => "off",
            Self::Internal(_) => "internal",
        }
    }

    /// Whether the run must stop. Everything else costs the build no more than its speed.
    pub fn is_fatal(&self) -> bool {
        match self {
            Self::Config(ConfigErrors::NotConfigured | ConfigErrors::Invalid(_)) | Self::Untrusted { .. } => {
                true
            }
            Self::Config(ConfigErrors::KeyRemoved)
            | Self::TaskHash(_)
            | Self::Store(_)
            | Self::Object { .. }
            | Self::Entry { .. }
            | Self::NotCertified(_)
            | Self::ChunkMissing { .. }
            | Self::Archive(_)
            | Self::TooLarge { .. }
            | Self::Deadline
            | Self::TooSlow { .. }
            | Self::Off
            | Self::Internal(_) => false,
        }
    }
}
