//! Another bucket than the configured one, for one command.

use clap::Args;

use super::workspace::Workspace;

/// Which bucket, instead of the configured one.
#[derive(Args, Debug, Default)]
pub(super) struct Place {
    /// The bucket, or a store URL such as s3://bucket/prefix [default: NX_S3_CACHE_BUCKET or nx.json]
    #[arg(long, help_heading = "Bucket")]
    pub bucket: Option<String>,
    /// The server's URL, for S3-compatible storage [default: NX_S3_CACHE_ENDPOINT or nx.json]
    #[arg(long, value_name = "URL", help_heading = "Bucket")]
    pub endpoint: Option<String>,
    /// What all keys begin with [default: NX_S3_CACHE_CACHE_KEY_PREFIX or cacheKeyPrefix in nx.json]
    #[arg(long, help_heading = "Bucket")]
    pub prefix: Option<String>,
}

impl Place {
    /// The workspace with this bucket.
    pub(super) fn in_workspace(&self, mut workspace: Workspace) -> Workspace {
        for (variable, value) in [
            ("NX_S3_CACHE_BUCKET", &self.bucket),
            ("NX_S3_CACHE_ENDPOINT", &self.endpoint),
            ("NX_S3_CACHE_CACHE_KEY_PREFIX", &self.prefix),
        ] {
            if let Some(value) = value {
                workspace.environment.set(variable.to_owned(), value.clone());
            }
        }
        workspace
    }
}

/// The arguments of a command that works on a bucket.
#[derive(Args, Debug)]
pub(super) struct Placed<A: Args> {
    #[command(flatten)]
    pub place: Place,
    #[command(flatten)]
    pub args: A,
}
