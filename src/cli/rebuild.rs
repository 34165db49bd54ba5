//! `rebuild`: keeps directories under a name, for `restore`.
//!
//! A name is no hash of content: whoever may write it decides what others restore. So the scopes that keep entries apart keep
//! archives apart, and what trusted runs restore is signed. As with entries, the trusted scope comes first.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use clap::Args;
use serde_json::json;
use tokio::time::timeout;

use super::bucket::Bucket;
use super::restore::{PATIENCE, working_directory};
use super::ui::{Ending, GOOD, interrupt::until_interrupted, print};
use super::workspace::Workspace;
use crate::archive::Mounts;
use crate::archive_name::ArchiveName;
use crate::bucket::{Name, Source, Upload, Uploaded};
use crate::cache::{bytes, counted};
use crate::error::Error;
use crate::remedy;

/// Keep directories under a name in the bucket, for `restore`.
///
/// Sends only the chunks that the bucket doesn't have. Goes to the part of the cache that this run may write: an untrusted
/// run never changes what trusted runs restore. A run that may write nothing says so and exits 0.
#[derive(Args, Clone, Debug)]
#[command(after_help = "Examples:
  nx-s3-cache rebuild shop/node_modules --mount node_modules
  nx-s3-cache rebuild shop/caches --preserve-path --mount apps/web/.next/cache --mount .gradle")]
pub(super) struct RebuildArgs {
    /// The name to keep them under
    #[arg(value_parser = ArchiveName::parse)]
    pub name: ArchiveName,
    /// A file or directory to keep; several times for several
    #[arg(long, required = true, value_name = "PATH")]
    pub mount: Vec<PathBuf>,
    /// Keep the path of each mount, and not only its last name
    #[arg(long)]
    pub preserve_path: bool,
    /// Send every chunk again: mends an archive that was damaged in the bucket
    #[arg(long)]
    pub fresh: bool,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// What was kept.
pub(super) struct Kept {
    scope: String,
    uploaded: Uploaded,
}

/// What is to be kept.
pub(super) struct Rebuild<'a> {
    pub name: &'a ArchiveName,
    pub mounts: &'a [PathBuf],
    pub preserve_path: bool,
    pub fresh: bool,
}

pub(super) async fn run(workspace: &Workspace, args: &RebuildArgs) -> Result<u8, Ending> {
    let began = Instant::now();
    let bucket = Bucket::open(workspace).await?;
    bucket.print_trust_warnings(true);
    let what = Rebuild {
        name: &args.name,
        mounts: &args.mount,
        preserve_path: args.preserve_path,
        fresh: args.fresh,
    };
    let kept = rebuild(&bucket, &working_directory()?, &what, PATIENCE).await?;
    match kept {
        Some(kept) if args.json => print::json(&kept.json()),
        Some(kept) => print::line(&kept.line(&args.name, began.elapsed()))?,
        None if args.json => print::json(&json!(null)),
        None => print::line(&nothing_kept(&bucket))?,
    }
    Ok(GOOD)
}

/// Keeps mounts under a name; `None` where this run may write nothing.
pub(super) async fn rebuild(
    bucket: &Bucket,
    directory: &Path,
    what: &Rebuild<'_>,
    patience: Duration,
) -> Result<Option<Kept>, Ending> {
    let mounts = Mounts::find(directory, what.mounts, what.preserve_path);
    let mounts = mounts.map_err(|error| Ending::Unable(format!("nothing was kept: {error}")))?;
    if !bucket.config.mode.writes() {
        return Ok(None);
    }
    let writes = bucket.writes().await;
    let Some(namespace) = writes.map_err(|error| not_kept(what.name, error))? else {
        return Ok(None);
    };
    let upload = Upload {
        name: Name::Archive(what.name.clone()),
        code: 0,
        source: Source::Mounts(mounts),
        fresh: what.fresh,
        task: None,
    };
    let work = async {
        let turn = bucket.uploader.turn().await;
        let upload = async { bucket.uploader.upload(turn?, &namespace, upload).await };
        let uploaded = timeout(patience, upload).await;
        let uploaded = uploaded.unwrap_or(Err(Error::Deadline));
        uploaded.map_err(|error| not_kept(what.name, error))
    };
    let uploaded = until_interrupted(work, || format!("{} is as it was before", what.name)).await?;
    bucket.finish().await;
    Ok(Some(Kept {
        scope: namespace.scope.to_string(),
        uploaded,
    }))
}

fn not_kept(name: &ArchiveName, error: Error) -> Ending {
    match error {
        Error::Store(error) => Ending::of_bucket(&error, "s3:GetObject and s3:PutObject"),
        Error::Deadline => Ending::Unable("it took too long".into()),
        Error::NotCertified(error) => Ending::Unable(format!("{error}. {}", remedy::of_certificate(&error))),
        error => Ending::Unable(error.to_string()),
    }
    .and(&format!("{name} is as it was before."))
}

impl Kept {
    /// What happened, for people.
    pub(super) fn line(&self, name: &ArchiveName, took: Duration) -> String {
        let Self { scope, uploaded } = self;
        format!(
            "Kept {name} in {scope}: {}, {}; sent {} of {} chunks, {}, in {:.1} s.",
            counted(uploaded.files, "file"),
            bytes(uploaded.bytes),
            uploaded.chunks_sent,
            uploaded.chunks,
            bytes(uploaded.bytes_sent),
            took.as_secs_f64()
        )
    }

    fn json(&self) -> serde_json::Value {
        let Self { scope, uploaded } = self;
        json!({
            "scope": scope, "files": uploaded.files, "bytes": uploaded.bytes, "chunks": uploaded.chunks,
            "chunksSent": uploaded.chunks_sent, "bytesSent": uploaded.bytes_sent,
        })
    }
}

pub(super) fn nothing_kept(bucket: &Bucket) -> String {
    format!(
        "Nothing was kept, as this run may write nothing: {}",
        bucket.access.why
    )
}
