//! What is in the bucket, page by page: however much it is, one page is in memory.

use std::time::SystemTime;

use futures_util::stream::{self, Stream};

use super::namespace::Name;
use crate::entry::{Located, Object};
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

impl Found {
    /// What it stands for, if it is an entry.
    pub fn name(&self) -> Option<Name> {
        match &self.at.object {
            Object::Entry(hash) => Some(Name::Task(hash.clone())),
            Object::Archive(name) => Some(Name::Archive(name.clone())),
            Object::Body(hash) => Some(Name::Body(hash.clone())),
            Object::Chunk(_) | Object::Other(_) => None,
        }
    }
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
