//! Objects by key, in a bucket or in memory. Nothing here knows what an object means.

use async_trait::async_trait;
use bytes::Bytes;

mod answer;
mod cause;
pub mod error;
mod failure;
pub mod http;
pub mod memory;
mod retry;
pub mod s3;
mod trust;

pub use error::Error;

/// Whether a put may replace an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PutMode {
    /// Only where there is no object yet. Best effort: some servers ignore the condition, some honour it
    /// unless two writers race, so nothing may depend on it.
    Create,
    /// Replaces what is there.
    Replace,
}

/// What a put did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PutOutcome {
    /// The object was written.
    Stored,
    /// With [`PutMode::Create`]: there was one already, which stays.
    AlreadyThere,
}

/// The calls this project makes to a bucket. Bodies are in memory, so that every attempt can send the same
/// bytes again.
///
/// A key is a relative path of ASCII letters, digits and `-_./`, behind a prefix that the user chooses.
#[async_trait]
pub trait ObjectStore: Send + Sync + 'static {
    /// The object's bytes; `None` where there is no such object.
    ///
    /// A body of more than `limit` bytes is [`Error::TooLarge`], noticed before it is in memory.
    async fn get(&self, key: &str, limit: u64) -> Result<Option<Bytes>, Error>;

    /// The object's size in bytes; `None` where there is no such object.
    async fn head(&self, key: &str) -> Result<Option<u64>, Error>;

    /// Writes the object, whole or not at all.
    async fn put(&self, key: &str, body: Bytes, mode: PutMode) -> Result<PutOutcome, Error>;
}
