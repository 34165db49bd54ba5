//! The bucket as the commands open it, and how a failure of it ends a command.

use std::io::{self, BufRead};
use std::pin::pin;
use std::sync::Arc;

use futures_util::stream::{self, Stream, StreamExt, TryStreamExt};
use parking_lot::Mutex;

use super::scopes::Scopes;
use super::ui::{Ending, print};
use super::workspace::Workspace;
use crate::archive::{self, Item, Limits};
use crate::bucket::{AlwaysOpen, Name};
use crate::config::Config;
use crate::connect;
use crate::entry::{Entry, Object, Producer};
use crate::error::Error;
use crate::object_store::ObjectStore;
use crate::scope::Scope;
use crate::task_hash::TaskHash;
use crate::trust::{self, Access};

pub(super) use crate::bucket::{Bucket, Found, ReadEntry};

/// The permissions that reading and listing need.
const GET: &str = "s3:GetObject";
const LIST: &str = "s3:ListBucket";

/// Entries that a command reads at once: each may have more than 4 MiB.
pub(super) const READS: usize = 32;

/// Why an artifact was not looked through to its end.
#[derive(Debug)]
pub(super) enum Stop {
    /// Something is wrong with it: no run would restore it.
    Bad(Error),
    /// Whoever looks has seen enough.
    Enough,
    /// The command ends.
    Ends(Ending),
}

impl From<archive::Error> for Stop {
    fn from(error: archive::Error) -> Self {
        Self::Bad(error.into())
    }
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        match error {
            Error::Store(error) => Self::Ends(Ending::of_bucket(&error, GET)),
            error => Self::Bad(error),
        }
    }
}

/// How a command ends that couldn't read an object.
pub(super) fn unread(error: &Error) -> Ending {
    match error {
        Error::Store(error) | Error::Object { source: error, .. } => Ending::of_bucket(error, GET),
        error => Ending::Unable(error.to_string()),
    }
}

impl Bucket {
    /// Reads the configuration, finds credentials and derives the key. Asks the bucket for nothing.
    pub(super) async fn open(workspace: &Workspace) -> Result<Self, Ending> {
        Self::configured(workspace.config().map_err(Ending::Unable)?, workspace).await
    }

    /// The same with a configuration that is there already.
    pub(super) async fn configured(config: Config, workspace: &Workspace) -> Result<Self, Ending> {
        for unknown in &config.unknown {
            print::note(&format!("ignored: {unknown}"));
        }
        let access = trust::decide(&config.trust, &workspace.facts());
        let connection = connect::dial(&config.bucket, &config.credentials, None)
            .await
            .map_err(|error| Ending::of_bucket(&error, ""))?;
        let producer = Producer::here(None, &workspace.environment);
        Self::over(config, access, connection.store, producer).await
    }

    /// The same with a store that is there already.
    pub(super) async fn over(
        config: Config,
        access: Access,
        store: Arc<dyn ObjectStore>,
        producer: Producer,
    ) -> Result<Self, Ending> {
        let bucket = Self::new(config, access, store, Arc::new(AlwaysOpen), producer);
        let key = bucket.namespaces().await;
        key.map_err(|error| Ending::Unable(format!("the encryption key can't be used: {error}")))?;
        Ok(bucket)
    }

    /// Says on standard error what must be known about this run's trust; `stores` where it is meant to store something.
    pub(super) fn print_trust_warnings(&self, stores: bool) {
        for warning in self.access.warnings_for(stores) {
            print::note(&format!("{}\n{}", warning.title(), warning.body().join("\n")));
        }
    }

    /// The scopes that were asked for, or else those that a run with this environment reads.
    pub(super) fn asked_or_read(&self, asked: Option<&Scopes>) -> Vec<Scopes> {
        let read = || {
            self.access
                .reads
                .iter()
                .map(|read| Scopes::One(read.scope.clone()))
                .collect()
        };
        asked.map_or_else(read, |scopes| vec![scopes.clone()])
    }

    /// All objects of these scopes, in pages as the server hands them out.
    pub(super) fn objects(&self, scopes: &Scopes) -> impl Stream<Item = Result<Vec<Found>, Ending>> {
        self.pages_of(self.prefix() + &scopes.prefix(), scopes.clone())
    }

    /// The entries of tasks in these scopes, bodies included, in such pages. Chunks are passed over where a single scope is
    /// asked for.
    pub(super) fn entries(&self, scopes: &[Scopes]) -> impl Stream<Item = Result<Vec<Found>, Ending>> {
        let pages = move |scopes: Scopes| {
            let folders: &[&str] = match scopes {
                Scopes::One(_) => &["e/", "b/"],
                _ => &[""],
            };
            let prefix = self.prefix() + &scopes.prefix();
            stream::iter(folders)
                .flat_map(move |folder| self.pages_of(format!("{prefix}{folder}"), scopes.clone()))
        };
        let is_entry = |found: &Found| matches!(found.at.object, Object::Entry(_) | Object::Body(_));
        stream::iter(scopes.to_vec())
            .flat_map(pages)
            .map_ok(move |page| page.into_iter().filter(is_entry).collect())
    }

    fn pages_of(&self, prefix: String, scopes: Scopes) -> impl Stream<Item = Result<Vec<Found>, Ending>> {
        let asked = move |found: &Found| scopes.contain(&found.at.scope);
        self.pages(prefix)
            .map_ok(move |page| page.into_iter().filter(&asked).collect())
            .map_err(|error| Ending::of_bucket(&error, LIST))
    }

    /// Fetches and reads an entry that was listed; `None` where it is none, or gone since.
    pub(super) async fn listed_entry(&self, found: &Found) -> Result<Option<ReadEntry>, Ending> {
        let Some(name) = found.name() else {
            return Ok(None);
        };
        let read = self.read_entry(&found.at.scope, name).await;
        read.map_err(|error| unread(&error))
    }

    /// The entries of `hash` in these scopes, in their order, that of a body last. A single scope is asked with two requests;
    /// several are listed, which takes as long as they are large.
    pub(super) async fn find(&self, scopes: &[Scopes], hash: &TaskHash) -> Result<Vec<ReadEntry>, Ending> {
        let mut found = Vec::new();
        for scopes in scopes {
            for scope in self.scopes_with(scopes, hash).await? {
                for name in [Name::Task(hash.clone()), Name::Body(hash.clone())] {
                    let read = self.read_entry(&scope, name).await;
                    found.extend(read.map_err(|error| unread(&error))?);
                }
            }
        }
        Ok(found)
    }

    /// The scopes that may have an entry of `hash`.
    async fn scopes_with(&self, scopes: &Scopes, hash: &TaskHash) -> Result<Vec<Scope>, Ending> {
        if let Scopes::One(scope) = scopes {
            return Ok(vec![scope.clone()]);
        }
        let mut with = Vec::new();
        let scopes = [scopes.clone()];
        let mut pages = pin!(self.entries(&scopes));
        while let Some(page) = pages.try_next().await? {
            let those = page.into_iter().filter(|found| {
                matches!(&found.at.object, Object::Entry(other) | Object::Body(other) if other == hash)
            });
            with.extend(those.map(|found| found.at.scope));
        }
        with.dedup();
        Ok(with)
    }

    /// Says that `hash` is in none of these scopes.
    pub(super) fn not_found(&self, asked: Option<&Scopes>, hash: &TaskHash) -> String {
        let scopes: Vec<_> = self
            .asked_or_read(asked)
            .iter()
            .map(ToString::to_string)
            .collect();
        let elsewhere = match asked {
            None => " Runs with this environment look nowhere else; --scope '*' looks everywhere.",
            Some(_) => "",
        };
        format!(
            "there is no entry of {hash} in {} under {}.{elsewhere}",
            scopes.join(" and "),
            self.prefix()
        )
    }

    /// Shows everything in the artifact of `entry` to `look`, with all the checks of a restore, and returns `seen` as
    /// `look` left it.
    ///
    /// What `look` sees first was not yet checked to its end: only when there is no error, a run would restore all
    /// of it. A body is read to its end, and shows nothing.
    pub(super) async fn look_through<S: Send + 'static>(
        &self,
        read: &ReadEntry,
        entry: &Arc<Entry>,
        seen: S,
        look: impl Fn(&mut S, Item<'_>) -> Result<(), Stop> + Send + Sync + 'static,
    ) -> (Option<S>, Result<(), Stop>) {
        let limits = Limits {
            bytes: self.config.max_entry_size,
            ..Limits::default()
        };
        let seen = Arc::new(Mutex::new(seen));
        let scan = {
            let (seen, is_body) = (seen.clone(), read.name.is_body());
            move |_: &_, plain: &mut dyn BufRead| {
                if is_body {
                    io::copy(plain, &mut io::sink()).map_err(archive::Error::Stream)?;
                    return Ok(Ok(()));
                }
                let mut seen = seen.lock();
                Ok(archive::scan(plain, &limits, &mut |item| look(&mut seen, item)))
            }
        };
        let (namespace, name) = (read.namespace.clone(), read.name.clone());
        let looked = self
            .downloader
            .read_entry(namespace, name, entry.clone(), scan)
            .await;
        let looked = looked.unwrap_or_else(|error| Err(error.into()));
        (Arc::into_inner(seen).map(Mutex::into_inner), looked)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::testing::{Guarded, Request};
    use crate::config::environment::Environment;

    async fn bucket(objects: Guarded) -> Bucket {
        let section = r#"{"bucket":"test-bucket","cacheKeyPrefix":"web"}"#;
        let root = std::path::Path::new("/");
        let config = Config::load(Some(section), &Environment::default(), false, root).unwrap();
        let facts = trust::detect(&Environment::default(), false);
        let access = trust::decide(&config.trust, &facts);
        Bucket::over(config, access, Arc::new(objects), Producer::default())
            .await
            .unwrap()
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
        let bucket = bucket(objects).await;
        for (scopes, entries, all) in [("t", 25, 26), ("u/*", 25, 26), ("u/pr-2", 0, 0), ("*", 50, 52)] {
            let scopes: Scopes = scopes.parse().unwrap();
            let found: Vec<_> = bucket.objects(&scopes).try_collect().await.unwrap();
            assert_eq!(found.concat().len(), all, "{scopes}");
            let found: Vec<_> = bucket.entries(&[scopes]).try_collect().await.unwrap();
            assert_eq!(found.concat().len(), entries);
        }
    }

    #[tokio::test]
    async fn without_the_right_to_list_the_missing_permission_is_named() {
        let bucket = bucket(Guarded::new(|request, _| request == Request::List)).await;
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
