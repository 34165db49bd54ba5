//! What is in the bucket, page by page: however much it is, one page is in memory.

use std::time::SystemTime;

use futures_util::stream::{self, Stream, StreamExt, TryStreamExt};

use super::Bucket;
use crate::cli::scopes::Scopes;
use crate::cli::ui::Ending;
use crate::entry::{Located, Object};
use crate::object_store::{ListPage, Listed};

/// The permission that listing needs.
const PERMISSION: &str = "s3:ListBucket";

/// An object of the cache in a listing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::cli) struct Found {
    /// Its key.
    pub key: String,
    /// What the key stands for.
    pub at: Located,
    /// Its size in bytes.
    pub size: u64,
    /// When it was written, where the server says so.
    pub modified: Option<SystemTime>,
}

impl Bucket {
    /// All objects of these scopes, in pages as the server hands them out.
    pub(in crate::cli) fn objects(&self, scopes: &Scopes) -> impl Stream<Item = Result<Vec<Found>, Ending>> {
        self.pages(format!("{}{}", self.prefix(), scopes.prefix()), scopes.clone())
    }

    /// The entries of these scopes, in such pages. Chunks are passed over where a single scope is asked for.
    pub(in crate::cli) fn entries(
        &self,
        scopes: &[Scopes],
    ) -> impl Stream<Item = Result<Vec<Found>, Ending>> {
        let pages = |scopes: Scopes| {
            let prefix = match &scopes {
                Scopes::One(scope) => self.keys(scope).entries(),
                several => format!("{}{}", self.prefix(), several.prefix()),
            };
            self.pages(prefix, scopes)
        };
        let is_entry = |found: &Found| matches!(found.at.object, Object::Entry(_));
        stream::iter(scopes.to_vec())
            .flat_map(pages)
            .map_ok(move |page| page.into_iter().filter(is_entry).collect())
    }

    fn pages(&self, prefix: String, scopes: Scopes) -> impl Stream<Item = Result<Vec<Found>, Ending>> {
        stream::try_unfold(Some(None), move |next: Option<Option<String>>| {
            let (prefix, scopes) = (prefix.clone(), scopes.clone());
            async move {
                let Some(after) = next else { return Ok(None) };
                let page = self.store.list(&prefix, after.as_deref()).await;
                let page: ListPage = page.map_err(|error| Ending::of_bucket(&error, PERMISSION))?;
                let found = page
                    .objects
                    .into_iter()
                    .filter_map(|listed| self.found(listed, &scopes));
                Ok(Some((found.collect(), page.next.map(Some))))
            }
        })
    }

    fn found(&self, listed: Listed, scopes: &Scopes) -> Option<Found> {
        let at = Located::parse(&self.config.cache_key_prefix, &listed.key)?;
        scopes.contain(&at.scope).then_some(Found {
            key: listed.key,
            at,
            size: listed.size,
            modified: listed.modified,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::sync::Arc;

    use futures_util::stream::TryStreamExt;

    use super::*;
    use crate::cli::testing::{Guarded, Request};
    use crate::config::Config;
    use crate::config::environment::Environment;
    use crate::trust;

    fn bucket(objects: Guarded) -> Bucket {
        let section = r#"{"bucket":"test-bucket","cacheKeyPrefix":"web"}"#;
        let root = std::path::Path::new("/");
        let config = Config::load(Some(section), &Environment::default(), false, root).unwrap();
        let facts = trust::detect(&Environment::default(), false);
        let access = trust::decide(&config.trust, &facts);
        Bucket::over(config, access, Arc::new(objects)).unwrap()
    }

    #[tokio::test]
    async fn all_pages_are_seen_and_nothing_that_is_not_ours() {
        let objects = Guarded::new(|_, _| false);
        for number in 0..25 {
            objects.objects.replace(&format!("web/v1/t/e/{number}"), "x");
            objects.objects.replace(&format!("web/v1/u/pr-1/e/{number}"), "x");
        }
        for key in [
            "web/v1/t/c/other",
            "web/v1/u/pr-1/scratch/x",
            "website/v1/t/e/1",
            "web/v1/x",
        ] {
            objects.objects.replace(key, "x");
        }
        let bucket = bucket(objects);
        for (scopes, entries, all) in [("t", 25, 26), ("u/*", 25, 26), ("u/pr-2", 0, 0), ("*", 50, 52)] {
            let scopes: Scopes = scopes.parse().unwrap();
            let found: Vec<_> = bucket.objects(&scopes).try_collect().await.unwrap();
            assert_eq!(found.concat().len(), all, "{scopes}");
            let found: Vec<_> = bucket.entries(&[scopes]).try_collect().await.unwrap();
            assert_eq!(found.concat().len(), entries);
        }
    }

    #[tokio::test]
    async fn whoever_may_not_list_is_told_the_permission() {
        let bucket = bucket(Guarded::new(|request, _| request == Request::List));
        let mut pages = pin!(bucket.objects(&Scopes::All));
        let Err(Ending::Unable(problem)) = pages.try_next().await else {
            unreachable!("it was listed")
        };
        assert!(
            problem.contains("AccessDenied") && problem.contains("Allow these credentials s3:ListBucket"),
            "{problem}"
        );
    }
}
