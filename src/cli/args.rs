//! What can be asked for on the command line. Each command's own arguments live with the command.

use clap::{Parser, Subcommand};

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

/// Look after Nx's remote cache in an S3 bucket.
#[derive(Debug, Parser)]
#[command(name = "nx-s3-cache", version, propagate_version = true, max_term_width = 100)]
#[command(after_help = "Examples:
  nx-s3-cache doctor              why does it not work?
  nx-s3-cache inspect 1234567     why was this task not restored?
  nx-s3-cache stats               what is in the bucket?
  nx-s3-cache flush --age 30d     delete what is old

Exit codes:
  0    all is well
  1    something is wrong
  2    the command could not do its work
  130  Ctrl-C was pressed

Each command has --help with examples.")]
pub(super) struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    Keygen(KeygenArgs),
    Doctor(DoctorArgs),
    Ls(LsArgs),
    Inspect(InspectArgs),
    Cat(CatArgs),
    Verify(VerifyArgs),
    Stats(StatsArgs),
    Flush(FlushArgs),
    Purge(PurgeArgs),
    Rebuild(RebuildArgs),
    Restore(RestoreArgs),
    Vela(Box<VelaArgs>),
    Completions(CompletionsArgs),
    Man(ManArgs),
}
