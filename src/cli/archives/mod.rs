//! `rebuild` and `restore`: directories kept under a name.
//!
//! A name is no hash of content: whoever may write it decides what others restore. So the scopes that keep entries apart keep
//! archives apart, and what trusted runs restore is signed. As with entries, the trusted scope comes first.

mod args;
mod download;
mod upload;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::json;
use tokio::time::timeout;

use super::bucket::Bucket;
use super::ui::{Ending, GOOD, age, interrupt::until_interrupted, print};
use super::workspace::Workspace;
use crate::archive::{Mounts, WorkingTree};
use crate::archive_name::ArchiveName;
use crate::cache::{Touches, bytes, counted};
use crate::config::OnBadSignature;
use crate::entry::{self, Producer};
use crate::error::Error;
use download::Outcome;
use upload::{Kept, Upload};

pub(super) use args::{RebuildArgs, RestoreArgs};

/// How long either may take, unless something else is asked for.
pub(super) const PATIENCE: Duration = Duration::from_secs(600);

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

/// What is to be kept.
pub(super) struct Rebuild<'a> {
    pub name: &'a ArchiveName,
    pub mounts: &'a [PathBuf],
    pub preserve_path: bool,
    pub fresh: bool,
}

pub(super) async fn run_rebuild(workspace: &Workspace, args: &RebuildArgs) -> Result<u8, Ending> {
    let began = Instant::now();
    let bucket = Bucket::open(workspace).await?;
    bucket.print_trust_warnings(true);
    let what = Rebuild {
        name: &args.name,
        mounts: &args.mount,
        preserve_path: args.preserve_path,
        fresh: args.fresh,
    };
    let kept = rebuild(&bucket, workspace, &working_directory()?, &what, PATIENCE).await?;
    match kept {
        Some(kept) if args.json => print::json(&kept),
        Some(kept) => print::line(&told_kept(&args.name, &kept, began.elapsed()))?,
        None if args.json => print::json(&json!(null)),
        None => print::line(&told_not_kept(&bucket))?,
    }
    Ok(GOOD)
}

pub(super) async fn run_restore(workspace: &Workspace, args: &RestoreArgs) -> Result<u8, Ending> {
    let began = Instant::now();
    let directory = working_directory()?;
    let tree = writable(&directory, &args.only)?;
    let bucket = Bucket::open(workspace).await?;
    bucket.print_trust_warnings(false);
    let restored = restore(&bucket, &directory, &tree, &args.name, PATIENCE).await?;
    if args.json {
        print::json(&restored.json());
    } else {
        restored
            .lines(&args.name, began.elapsed())
            .iter()
            .try_for_each(|line| print::line(line))?;
    }
    Ok(GOOD)
}

/// Keeps mounts under a name; `None` where this run may write nothing.
pub(super) async fn rebuild(
    bucket: &Bucket,
    workspace: &Workspace,
    directory: &Path,
    what: &Rebuild<'_>,
    patience: Duration,
) -> Result<Option<Kept>, Ending> {
    let mounts = Mounts::find(directory, what.mounts, what.preserve_path);
    let mounts = mounts.map_err(|error| Ending::Unable(format!("nothing was kept: {error}")))?;
    let Some(scope) = bucket
        .access
        .writes
        .clone()
        .filter(|_| bucket.config.mode.writes())
    else {
        return Ok(None);
    };
    let upload = Upload {
        bucket,
        scope,
        producer: Producer::here(None, &workspace.environment),
        fresh: what.fresh,
        touches: bucket.touches(),
    };
    let touches = upload.touches.clone();
    let work = async {
        let kept = timeout(patience, upload.keep(what.name, mounts)).await;
        let kept = kept.unwrap_or(Err(Error::Deadline));
        kept.map_err(|error| not_kept(what.name, error))
    };
    let kept = until_interrupted(work, || format!("{} is as it was before", what.name)).await?;
    touches.finish().await;
    Ok(Some(kept))
}

fn not_kept(name: &ArchiveName, error: Error) -> Ending {
    match error {
        Error::Store(error) => Ending::of_bucket(&error, "s3:GetObject and s3:PutObject"),
        Error::Deadline => Ending::Unable("it took too long".into()),
        error => Ending::Unable(error.to_string()),
    }
    .and(&format!("{name} is as it was before."))
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
    let touches = bucket.touches();
    let work = async {
        let restored = timeout(patience, restore_first(bucket, directory, tree, name, &touches)).await;
        restored.unwrap_or_else(|_| Ok(Restored::No(vec!["it took too long".into()])))
    };
    let restored = until_interrupted(work, || "nothing was put in place".into()).await?;
    touches.finish().await;
    Ok(restored)
}

async fn restore_first(
    bucket: &Bucket,
    directory: &Path,
    tree: &WorkingTree,
    name: &ArchiveName,
    touches: &Arc<Touches>,
) -> Result<Restored, Ending> {
    let mut problems = Vec::new();
    for from in &bucket.access.reads {
        let outcome = match download::find(bucket, from, name, touches).await {
            Ok(None) => continue,
            Ok(Some(found)) => found
                .restore(directory, tree)
                .await
                .map(|outcome| (outcome, found.modified)),
            Err(error) => Err(error),
        };
        match outcome {
            Ok((Outcome::Restored(unpacked), modified)) => {
                return Ok(Restored::Yes {
                    scope: from.scope.to_string(),
                    files: unpacked.files,
                    bytes: unpacked.bytes,
                    age: modified.map(age::since),
                });
            }
            Ok((Outcome::Blocked(conflicts), _)) => {
                let paths: Vec<String> = conflicts.iter().map(|path| path.display().to_string()).collect();
                let why = "a directory is in the way of a file, or the other way";
                return Ok(Restored::No(vec![format!(
                    "nothing was changed, since {why}: {}",
                    paths.join(", ")
                )]));
            }
            Err(Error::Entry {
                source: source @ entry::Error::Signature(_),
                key,
            }) if bucket.config.trust.on_bad_signature == OnBadSignature::Fail => {
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

impl Restored {
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
            Self::No(why) => why
                .iter()
                .map(|why| format!("{name} was not restored: {why}"))
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

pub(super) fn told_kept(name: &ArchiveName, kept: &Kept, took: Duration) -> String {
    format!(
        "Kept {name} in {}: {}, {}; sent {} of {} chunks, {}, in {:.1} s.",
        kept.scope,
        counted(kept.files, "file"),
        bytes(kept.bytes),
        kept.chunks_sent,
        kept.chunks,
        bytes(kept.bytes_sent),
        took.as_secs_f64()
    )
}

pub(super) fn told_not_kept(bucket: &Bucket) -> String {
    format!(
        "Nothing was kept, as this run may write nothing: {}",
        bucket.access.why
    )
}

/// Where relative paths start.
pub(super) fn working_directory() -> Result<PathBuf, Ending> {
    std::env::current_dir().map_err(|error| Ending::Unable(format!("the working directory is gone: {error}")))
}
