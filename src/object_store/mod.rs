//! Objects by key, in a bucket or in memory. Nothing here knows what an object means.

use std::ops::Range;
use std::sync::Arc;
use std::time::SystemTime;

use async_trait::async_trait;
use bytes::Bytes;

mod answer;
pub mod documents;
pub mod error;
mod failure;
pub mod http;
pub mod memory;
mod pace;
mod parts;
pub mod progress;
pub mod proxy;
mod refusal;
pub mod retry;
pub mod s3;
mod throughput;
mod trust;
pub mod watch;
mod wrapped;

pub use error::{Error, Extent, UnreadableReason};
pub use progress::Progress;
pub use proxy::Proxy;

/// Keys in one request to delete objects, which is S3's limit.
pub const DELETE_BATCH: usize = 1000;

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

/// What is asked for: an object, or a part of it.
#[derive(Clone, Debug)]
pub struct Fetch<'a> {
    /// The object's key.
    pub key: &'a str,
    /// The bytes asked for, fewer where the object ends earlier; all of them without it.
    pub range: Option<Range<u64>>,
    /// Bytes accepted at most.
    pub limit: u64,
    /// Bytes that the object probably has, 0 where nobody knows: a large one comes from far away in several requests,
    /// since a connection that loses packets carries little.
    pub size: u64,
    /// Begins when the request is sent, and counts bytes as they arrive, or at the end where the store can't tell.
    pub progress: Arc<Progress>,
}

impl<'a> Fetch<'a> {
    /// The whole object under `key`, of at most `limit` bytes.
    pub fn new(key: &'a str, limit: u64) -> Self {
        Self {
            key,
            range: None,
            limit,
            size: 0,
            progress: Arc::default(),
        }
    }
}

/// An object that was got, or a part of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Object {
    /// The bytes that were asked for.
    pub body: Bytes,
    /// Bytes of the whole object.
    pub size: u64,
    /// When it was written, where the server says so.
    pub modified: Option<SystemTime>,
}

/// What is known of an object without getting it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// Its size in bytes.
    pub size: u64,
    /// When it was written, where the server says so.
    pub modified: Option<SystemTime>,
    /// Whether it is in an archive storage class, and can't be read as it is.
    pub archived: bool,
}

/// A part of a listing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListPage {
    /// Some of the objects, in the order of their keys on most servers. There may be none, and still a next page.
    pub objects: Vec<Listed>,
    /// Where the listing goes on, as only the store understands; `None` at its end.
    pub next: Option<String>,
}

/// An object in a listing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Its key.
    pub key: String,
    /// Its size in bytes.
    pub size: u64,
    /// When it was written, where the server says so.
    pub modified: Option<SystemTime>,
}

/// The calls this project makes to a bucket. Bodies are in memory, so that every attempt can send the same
/// bytes again.
///
/// A key is a relative path of ASCII letters, digits and `-_./`, behind a prefix that the user chooses.
#[async_trait]
pub trait ObjectStore: Send + Sync + 'static {
    /// Makes contact: `Ok` after any answer at all, so that whatever is asked next finds an open connection. What
    /// the server thinks of the caller is left to the requests that need it.
    async fn probe(&self) -> Result<(), Error> {
        Ok(())
    }

    /// The object; `None` where there is no such object.
    ///
    /// More bytes than the limit are [`Error::TooLarge`], noticed before they are in memory. An object that is there and
    /// can't be had as it is fails with an error of [`Extent::Object`].
    async fn fetch(&self, fetch: &Fetch<'_>) -> Result<Option<Object>, Error>;

    /// The bytes of the object, of which there may be `limit`.
    async fn get(&self, key: &str, limit: u64) -> Result<Option<Bytes>, Error> {
        let object = self.fetch(&Fetch::new(key, limit)).await?;
        Ok(object.map(|object| object.body))
    }

    /// The object's size and age; `None` where there is no such object.
    async fn head(&self, key: &str) -> Result<Option<Head>, Error>;

    /// Writes the object, whole or not at all.
    async fn put(&self, key: &str, body: Bytes, mode: PutMode) -> Result<PutOutcome, Error>;

    /// A page of the objects whose keys begin with `prefix`: the first, or the one that `after`, the
    /// [`ListPage::next`] of the page before, leads to.
    async fn list(&self, prefix: &str, after: Option<&str>) -> Result<ListPage, Error>;

    /// Deletes the objects, as far as they exist. After an error some may be deleted.
    async fn delete(&self, keys: &[String]) -> Result<(), Error>;

    /// Writes a copy of `from` to `to`, whatever is there; `false` where there is no object `from`. A copy of an
    /// object onto itself makes it as new.
    async fn copy(&self, from: &str, to: &str) -> Result<bool, Error>;
}
