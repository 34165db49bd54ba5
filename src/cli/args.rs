//! What can be asked for on the command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::sign::KeyName;

/// Look after Nx's remote cache in an S3 bucket.
#[derive(Debug, Parser)]
#[command(name = "nx-s3-cache", version, propagate_version = true, max_term_width = 100)]
pub(super) struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    Keygen(KeygenArgs),
    Doctor(DoctorArgs),
}

/// Make a key pair, so that only what trusted runs stored is restored.
///
/// The public key goes into nx.json, where every run verifies with it. The secret key goes to trusted jobs only.
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  nx-s3-cache keygen --name main-2026
  nx-s3-cache keygen --name main-2026 --secret-file ~/nx-cache.key")]
pub(super) struct KeygenArgs {
    /// The key's name, such as main-2026: it is part of both keys and of every signature
    #[arg(long, value_parser = KeyName::parse)]
    pub name: KeyName,
    /// Write the secret key to this new file, for its owner's eyes only, instead of printing it
    #[arg(long, value_name = "FILE")]
    pub secret_file: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// Check the whole set-up, step by step, and say what to do where something is wrong.
///
/// Reads nx.json's `s3` section and the environment as Nx's runs do. Writes, reads and deletes one small object that is
/// no entry of the cache. Ends with 0 when all is well and with 1 when something is wrong.
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  nx-s3-cache doctor
  nx-s3-cache doctor --json > report.json   for a bug report: it holds no secrets
  nx-s3-cache doctor --attack               with the credentials of a pull request, in a scheduled job")]
pub(super) struct DoctorArgs {
    /// Try to poison the cache with the credentials at hand, in scratch objects that are removed again
    ///
    /// Ends with 0 when no poison gets through, with 1 when some does, and with 2 when it could not be tried.
    #[arg(long)]
    pub attack: bool,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}
