//! `vela`: a drop-in for Vela's s3-cache plugin, over the same archives as `rebuild` and `restore`.

mod parameters;

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
        .map(|text| server_address(&text, bucket.as_deref().unwrap_or_default()));
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
        print::lines(&restored.lines(&name, began.elapsed()))?;
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
        None => print::line(&rebuild::nothing_kept(bucket))?,
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

/// What `server` says about the bucket's address.
#[derive(Debug, Default, PartialEq, Eq)]
struct Address {
    /// `None` is AWS.
    endpoint: Option<String>,
    region: Option<String>,
    path_style: bool,
}

/// Reads a URL or a host, with or without the bucket's name in front.
fn server_address(server: &str, bucket: &str) -> Address {
    let (scheme, host) = server.split_once("://").unwrap_or(("https", server));
    let host = host.trim_end_matches('/');
    let without_bucket = host.strip_prefix(bucket).and_then(|rest| rest.strip_prefix('.'));
    let host = without_bucket.unwrap_or(host);
    if let Some(aws) = host.strip_suffix(".amazonaws.com") {
        let region = aws
            .strip_prefix("s3")
            .map(|rest| rest.trim_start_matches(['.', '-']));
        return Address {
            region: region.filter(|region| !region.is_empty()).map(str::to_owned),
            ..Address::default()
        };
    }
    Address {
        endpoint: Some(format!("{scheme}://{host}")),
        region: None,
        path_style: without_bucket.is_none(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amazon_is_known_by_its_hosts_and_tells_the_region() {
        for (server, region) in [
            ("mybucket.s3-us-west-2.amazonaws.com", Some("us-west-2")),
            ("https://s3.eu-central-1.amazonaws.com/", Some("eu-central-1")),
            ("s3.amazonaws.com", None),
        ] {
            let region = region.map(str::to_owned);
            assert_eq!(
                server_address(server, "mybucket"),
                Address {
                    region,
                    ..Address::default()
                },
                "{server}"
            );
        }
    }

    #[test]
    fn other_servers_are_endpoints() {
        for (server, endpoint, path_style) in [
            ("http://localhost:9000", "http://localhost:9000", true),
            ("minio.example.com/", "https://minio.example.com", true),
            (
                "https://mybucket.minio.example.com",
                "https://minio.example.com",
                false,
            ),
        ] {
            let address = server_address(server, "mybucket");
            assert_eq!(
                (address.endpoint.as_deref(), address.path_style),
                (Some(endpoint), path_style),
                "{server}"
            );
        }
    }
}
