//! `restore`: puts back what `rebuild` kept under a name.

use std::io::BufRead;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use clap::Args;
use serde_json::json;
use tokio::time::timeout;

use super::bucket::{Bucket, unread};
use super::ui::{Ending, GOOD, age, interrupt::until_interrupted, print};
use super::workspace::Workspace;
use crate::archive::{self, Limits, Staging, Unpacked, WorkingTree};
use crate::archive_name::ArchiveName;
use crate::bucket::{Deadline, FoundEntry, Name};
use crate::cache::{bytes, counted};
use crate::config::OnBadSignature;
use crate::entry;
use crate::error::Error;
use crate::plain::plain;

/// How long `rebuild` or `restore` may take, unless something else is asked for.
pub(super) const PATIENCE: Duration = Duration::from_secs(600);

/// Put back what `rebuild` kept under a name, into the working directory.
///
/// Verifies everything first, then replaces files and links that are there and leaves alone what the archive doesn't have.
/// An archive is refused as a whole if it has anything called .git, or anything outside of the paths in --only. Exits 0
/// whether there was something or not: without it, a build is only slower.
#[derive(Args, Clone, Debug)]
#[command(after_help = "Examples:
  nx-s3-cache restore shop/node_modules --only node_modules
  nx-s3-cache restore shop/caches --only apps/web/.next/cache --only .gradle")]
pub(super) struct RestoreArgs {
    /// The name it was kept under
    #[arg(value_parser = ArchiveName::parse)]
    pub name: ArchiveName,
    /// A path that may be written, with all below it; several times for several [default: the working directory]
    #[arg(long, value_name = "PATH")]
    pub only: Vec<PathBuf>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// What a restore came to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Restored {
    /// It is in place.
    Yes {
        scope: String,
        files: u64,
        bytes: u64,
        age: Option<Duration>,
    },
    /// There is no such archive, or none that may be used; the lines say why.
    No(Vec<String>),
}

pub(super) async fn run(workspace: &Workspace, args: &RestoreArgs) -> Result<u8, Ending> {
    let began = Instant::now();
    let directory = working_directory()?;
    let tree = writable(&directory, &args.only)?;
    let bucket = Bucket::open(workspace).await?;
    bucket.print_trust_warnings(false);
    let restored = restore(&bucket, &directory, &tree, &args.name, PATIENCE).await?;
    if args.json {
        print::json(&restored.json());
    } else {
        print::lines(&restored.lines(&args.name, began.elapsed()))?;
    }
    Ok(GOOD)
}

/// What a restore may write: the paths in `only`, or all of `directory` without any.
pub(super) fn writable(directory: &Path, only: &[PathBuf]) -> Result<WorkingTree, Ending> {
    WorkingTree::only(directory, only).map_err(|error| Ending::Unable(format!("--only: {error}")))
}

/// Restores what is kept under a name, from the trusted scope or else from this run's own one.
pub(super) async fn restore(
    bucket: &Bucket,
    directory: &Path,
    tree: &WorkingTree,
    name: &ArchiveName,
    patience: Duration,
) -> Result<Restored, Ending> {
    if !bucket.config.mode.reads() {
        return Ok(Restored::No(vec!["this run restores nothing (mode)".into()]));
    }
    let work = async {
        let restored = timeout(patience, restore_first(bucket, directory, tree, name)).await;
        restored.unwrap_or_else(|_| Ok(Restored::No(vec!["it took too long".into()])))
    };
    let restored = until_interrupted(work, || "nothing was put in place".into()).await?;
    bucket.finish().await;
    Ok(restored)
}

async fn restore_first(
    bucket: &Bucket,
    directory: &Path,
    tree: &WorkingTree,
    name: &ArchiveName,
) -> Result<Restored, Ending> {
    let namespaces = &bucket.namespaces().await.map_err(|error| unread(&error))?.reads;
    let name = Name::Archive(name.clone());
    let deadline = &mut Deadline::unlimited();
    let found = bucket.downloader.find(namespaces, &name, deadline).await;
    let found = found.map_err(|error| unread(&error))?;
    let mut problems = Vec::new();
    for (from, found) in namespaces.iter().zip(found) {
        let restored = match found {
            Ok(None) => continue,
            Ok(Some(found)) => put_in_place(bucket, directory, tree, found).await,
            Err(error) => Err(error),
        };
        match restored {
            Ok((unpacked, age)) => {
                return Ok(match unpacked {
                    Ok(unpacked) => Restored::Yes {
                        scope: from.scope.to_string(),
                        files: unpacked.files,
                        bytes: unpacked.bytes,
                        age,
                    },
                    Err(conflicts) => Restored::blocked(&conflicts),
                });
            }
            Err(Error::Entry {
                source: entry::Error::Signature(source),
                key,
            }) if bucket.config.trust.on_bad_signature == OnBadSignature::Fail
                && !source.is_unverifiable() =>
            {
                return Err(Ending::Unable(format!(
                    "{key}: {source}, and trust.onBadSignature is \"fail\""
                )));
            }
            Err(error) => problems.push(format!("from {}: {error}", from.scope)),
        }
    }
    if problems.is_empty() {
        let looked: Vec<String> = bucket.access.reads.iter().map(ToString::to_string).collect();
        problems.push(format!("not there: looked in {}", looked.join(", then in ")));
    }
    Ok(Restored::No(problems))
}

/// Unpacks an archive beside `directory`, and then moves it there, as far as `tree` may be written. Returns what it has, or
/// what stands in the way, and its age.
async fn put_in_place(
    bucket: &Bucket,
    directory: &Path,
    tree: &WorkingTree,
    found: FoundEntry,
) -> Result<(Result<Unpacked, Vec<PathBuf>>, Option<Duration>), Error> {
    let age = found.modified().map(age::since);
    let limits = Limits {
        bytes: bucket.config.max_entry_size,
        working_tree: Some(tree.clone()),
        ..Limits::default()
    };
    let directory = directory.to_owned();
    let unpack = move |_: &_, plain: &mut dyn BufRead| {
        archive::sweep(&directory);
        let staging = Staging::create(&directory)?;
        let unpacked = archive::unpack(plain, staging.path(), &limits)?;
        let conflicts = archive::merge(staging.path(), &directory)?.conflicts;
        Ok(if conflicts.is_empty() {
            Ok(unpacked)
        } else {
            Err(conflicts)
        })
    };
    let unpacked = bucket
        .downloader
        .read(found, &mut Deadline::unlimited(), unpack)
        .await?;
    Ok((unpacked, age))
}

impl Restored {
    fn blocked(conflicts: &[PathBuf]) -> Self {
        let paths: Vec<String> = conflicts.iter().map(|path| path.display().to_string()).collect();
        let why = "a directory is in the way of a file, or the other way";
        Self::No(vec![format!(
            "nothing was changed, since {why}: {}",
            paths.join(", ")
        )])
    }

    /// What happened, for people.
    pub(super) fn lines(&self, name: &ArchiveName, took: Duration) -> Vec<String> {
        match self {
            Self::Yes {
                scope,
                files,
                bytes: size,
                age,
            } => {
                let age = age
                    .map(|age| format!(", kept {} ago", age::short(age)))
                    .unwrap_or_default();
                vec![format!(
                    "Restored {name} from {scope}: {}, {}{age}, in {:.1} s.",
                    counted(*files, "file"),
                    bytes(*size),
                    took.as_secs_f64()
                )]
            }
            // It may name files of the archive.
            Self::No(why) => why
                .iter()
                .map(|why| format!("{name} was not restored: {}", plain(why)))
                .collect(),
        }
    }

    fn json(&self) -> serde_json::Value {
        match self {
            Self::Yes {
                scope,
                files,
                bytes,
                age,
            } => json!({
                "restored": true, "scope": scope, "files": files, "bytes": bytes, "ageSeconds": age.map(|age| age.as_secs()),
            }),
            Self::No(why) => json!({ "restored": false, "why": why }),
        }
    }
}

/// Where relative paths start.
pub(super) fn working_directory() -> Result<PathBuf, Ending> {
    std::env::current_dir().map_err(|error| Ending::Unable(format!("the working directory is gone: {error}")))
}
