//! `vela`: a drop-in for Vela's s3-cache plugin, over the same archives as `rebuild` and `restore`.

mod parameters;
mod server;

use std::time::{Duration, Instant};

use super::bucket::{Bucket, Found};
use super::deletion::DeletionArgs;
use super::flush::{self, FlushArgs};
use super::rebuild::{self, Rebuild};
use super::restore::{self, PATIENCE, Restored, working_directory};
use super::scopes::Scopes;
use super::ui::{Ending, GOOD, print};
use super::workspace::Workspace;
use crate::archive_name::ArchiveName;
use crate::entry::Object;
use parameters::Parameters;

pub(super) use parameters::VelaArgs;

/// The plugin's defaults.
const FILENAME: &str = "archive.tgz";
const AGE: Duration = Duration::from_secs(14 * 24 * 3600);
/// Chunks that were written later than this stay, whoever needs them.
const GRACE: Duration = Duration::from_secs(24 * 3600);

/// What is to be done.
enum Action {
    Restore,
    Rebuild,
    Flush,
}

/// Does what the parameters say.
pub(super) async fn run(workspace: &Workspace, args: &VelaArgs) -> Result<u8, Ending> {
    let parameters = Parameters {
        args,
        environment: &workspace.environment,
    };
    let action = action(&parameters).map_err(Ending::Unable)?;
    let workspace = configured(workspace, &parameters).map_err(Ending::Unable)?;
    let quiet = matches!(
        parameters.get("log_level").as_deref(),
        Some("warn" | "error" | "fatal" | "panic")
    );
    let mut config = workspace.config().map_err(Ending::Unable)?;
    // The plugin's own parameters come before AWS_ACCESS_KEY_ID and the like.
    config.credentials.keys_first = parameters.get("access_key").is_some();
    let bucket = Bucket::configured(config, &workspace).await?;
    bucket.print_trust_warnings(matches!(action, Action::Rebuild));
    match action {
        Action::Restore => restore(&bucket, &parameters, quiet).await,
        Action::Rebuild => rebuild(&bucket, &parameters, quiet).await,
        Action::Flush => flush(&bucket, &parameters, quiet).await,
    }
}

fn action(parameters: &Parameters<'_>) -> Result<Action, String> {
    match parameters.need("action")?.as_str() {
        "restore" => Ok(Action::Restore),
        "rebuild" => Ok(Action::Rebuild),
        "flush" => Ok(Action::Flush),
        other => Err(format!(
            "invalid action {other:?}; expected restore, rebuild or flush"
        )),
    }
}

/// The workspace with the parameters as the options they stand for.
fn configured(workspace: &Workspace, parameters: &Parameters<'_>) -> Result<Workspace, String> {
    let mut environment = workspace.environment.clone();
    let mut set = |option: &str, value: Option<String>| {
        if let Some(value) = value {
            environment.set(format!("NX_S3_CACHE_{option}"), value);
        }
    };
    let bucket = parameters.get("bucket");
    let address = parameters
        .get("server")
        .map(|text| server::parse(&text, bucket.as_deref().unwrap_or_default()));
    let address = address.unwrap_or_default();
    set("BUCKET", bucket);
    set("FORCE_PATH_STYLE", address.path_style.then(|| "true".into()));
    set("REGION", parameters.get("region").or(address.region));
    set("ENDPOINT", address.endpoint);
    set(
        "ACCELERATE",
        parameters.get("accelerated_endpoint").map(|_| "true".into()),
    );
    set("ACCESS_KEY_ID", parameters.get("access_key"));
    set("SECRET_ACCESS_KEY", parameters.get("secret_key"));
    set("SESSION_TOKEN", parameters.get("session_token"));
    set("COMPRESSION_LEVEL", parameters.compression()?);
    Ok(Workspace {
        environment,
        ..workspace.clone()
    })
}

fn name(parameters: &Parameters<'_>) -> Result<ArchiveName, Ending> {
    let filename = parameters.get("filename").unwrap_or_else(|| FILENAME.into());
    let folder = parameters.folder().map_err(Ending::Unable)?;
    ArchiveName::parse(&format!("{folder}/{filename}")).map_err(|error| Ending::Unable(error.to_string()))
}

async fn restore(bucket: &Bucket, parameters: &Parameters<'_>, quiet: bool) -> Result<u8, Ending> {
    let began = Instant::now();
    let name = name(parameters)?;
    let patience = parameters.duration("timeout", PATIENCE).map_err(Ending::Unable)?;
    let directory = working_directory()?;
    let only = parameters.get("only").map(|_| parameters.paths("only"));
    let only = only.transpose().map_err(Ending::Unable)?.unwrap_or_default();
    let tree = restore::writable(&directory, &only)?;
    let restored = restore::restore(bucket, &directory, &tree, &name, patience).await?;
    let hit = matches!(restored, Restored::Yes { .. });
    if !(quiet && hit) {
        restored
            .lines(&name, began.elapsed())
            .iter()
            .try_for_each(|line| print::line(line))?;
    }
    Ok(GOOD)
}

async fn rebuild(bucket: &Bucket, parameters: &Parameters<'_>, quiet: bool) -> Result<u8, Ending> {
    let began = Instant::now();
    let name = name(parameters)?;
    let mounts = parameters.paths("mount").map_err(Ending::Unable)?;
    let what = Rebuild {
        name: &name,
        mounts: &mounts,
        preserve_path: parameters.flag("preserve_path").map_err(Ending::Unable)?,
        fresh: false,
    };
    let patience = parameters.duration("timeout", PATIENCE).map_err(Ending::Unable)?;
    let kept = rebuild::rebuild(bucket, &working_directory()?, &what, patience).await?;
    match kept {
        Some(_) if quiet => {}
        Some(kept) => print::line(&kept.line(&name, began.elapsed()))?,
        None => print::line(&rebuild::told_not_kept(bucket))?,
    }
    Ok(GOOD)
}

/// Deletes the archives of this path by their age, and every chunk that nothing needs.
async fn flush(bucket: &Bucket, parameters: &Parameters<'_>, quiet: bool) -> Result<u8, Ending> {
    let folder = parameters.folder().map_err(Ending::Unable)? + "/";
    let age = parameters.duration("age", AGE).map_err(Ending::Unable)?;
    let args = FlushArgs {
        age: Some(age),
        max_size: None,
        scope: Scopes::All,
        grace: GRACE,
        how: DeletionArgs {
            yes: true,
            ..DeletionArgs::default()
        },
    };
    let below = |found: &Found| matches!(&found.at.object, Object::Archive(name) if name.as_str().starts_with(&folder));
    let report = flush::flush(bucket, &args, below).await?;
    if quiet { Ok(GOOD) } else { report.print(false) }
}
