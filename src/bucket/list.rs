//! What is in the bucket, page by page: however much it is, one page is in memory.

use std::time::SystemTime;

use futures_util::stream::{self, Stream};

use crate::entry::Located;
use crate::object_store::{Error, ObjectStore};

/// An object of the cache in a listing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Its key.
    pub key: String,
    /// What the key stands for.
    pub at: Located,
    /// Its size in bytes.
    pub size: u64,
    /// When it was written, where the server says so.
    pub modified: Option<SystemTime>,
}

/// The objects of the cache whose keys begin with `prefix`, in pages as the server hands them out. `key_prefix` is that of
/// the configuration; what isn't an object of the cache under it is passed over.
pub fn pages<'a>(
    store: &'a dyn ObjectStore,
    key_prefix: &'a str,
    prefix: String,
) -> impl Stream<Item = Result<Vec<Found>, Error>> + 'a {
    let found = move |objects: Vec<crate::object_store::Listed>| {
        let found = objects.into_iter().filter_map(|listed| {
            Some(Found {
                at: Located::parse(key_prefix, &listed.key)?,
                key: listed.key,
                size: listed.size,
                modified: listed.modified,
            })
        });
        found.collect()
    };
    stream::try_unfold(Some(None), move |next: Option<Option<String>>| {
        let prefix = prefix.clone();
        async move {
            let Some(after) = next else { return Ok(None) };
            let page = store.list(&prefix, after.as_deref()).await?;
            Ok(Some((found(page.objects), page.next.map(Some))))
        }
    })
}
