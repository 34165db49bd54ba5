//! What can be asked for on the command line. Each command's own arguments live with the command.

use clap::{Args, Parser, Subcommand};

use super::cat::CatArgs;
use super::doctor::DoctorArgs;
use super::flush::FlushArgs;
use super::inspect::InspectArgs;
use super::keygen::KeygenArgs;
use super::ls::LsArgs;
use super::purge::PurgeArgs;
use super::rebuild::RebuildArgs;
use super::restore::RestoreArgs;
use super::shell::{CompletionsArgs, ManArgs};
use super::stats::StatsArgs;
use super::vela::VelaArgs;
use super::verify::VerifyArgs;
use super::why::WhyArgs;
use super::workspace::Workspace;

/// Inspect and maintain an Nx remote cache in S3.
#[derive(Debug, Parser)]
#[command(name = "nx-s3-cache", version, propagate_version = true, max_term_width = 100)]
#[command(after_help = "Examples:
  nx-s3-cache doctor              why does it not work?
  nx-s3-cache why web:build       why was this task not restored?
  nx-s3-cache inspect 1234567     what is in this entry?
  nx-s3-cache stats               what is in the bucket?
  nx-s3-cache flush --age 30d     delete what is old

Exit codes:
  0    all is well
  1    something is wrong
  2    usage or runtime error
  130  Ctrl-C was pressed

Each command has --help with examples.")]
pub(super) struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    Keygen(KeygenArgs),
    Doctor(WithBucket<DoctorArgs>),
    Ls(WithBucket<LsArgs>),
    Inspect(WithBucket<InspectArgs>),
    Why(WithBucket<WhyArgs>),
    Cat(WithBucket<CatArgs>),
    Verify(WithBucket<VerifyArgs>),
    Stats(WithBucket<StatsArgs>),
    Flush(WithBucket<FlushArgs>),
    Purge(WithBucket<PurgeArgs>),
    Rebuild(WithBucket<RebuildArgs>),
    Restore(WithBucket<RestoreArgs>),
    Vela(Box<VelaArgs>),
    Completions(CompletionsArgs),
    Man(ManArgs),
}

/// Which bucket, instead of the configured one.
#[derive(Args, Debug, Default)]
pub(super) struct BucketArgs {
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

impl BucketArgs {
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
pub(super) struct WithBucket<A: Args> {
    #[command(flatten)]
    pub bucket: BucketArgs,
    #[command(flatten)]
    pub args: A,
}
