//! The arguments of `rebuild` and `restore`.

use std::path::PathBuf;

use clap::Args;

use crate::archive_name::ArchiveName;

/// Keep directories under a name in the bucket, for `restore`.
///
/// Sends only the chunks that the bucket doesn't have. Goes to the part of the cache that this run may write: an untrusted
/// run never changes what trusted runs restore. A run that may write nothing says so and ends with 0.
#[derive(Args, Clone, Debug)]
#[command(after_help = "Examples:
  nx-s3-cache rebuild shop/node_modules --mount node_modules
  nx-s3-cache rebuild shop/caches --preserve-path --mount apps/web/.next/cache --mount .gradle")]
pub(in crate::cli) struct RebuildArgs {
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

/// Put back what `rebuild` kept under a name, into the working directory.
///
/// Verifies everything first, then replaces files and links that are there and leaves alone what the archive doesn't have.
/// An archive is refused as a whole if it has anything called .git, or anything outside of the paths in --only. Ends with 0
/// whether there was something or not: without it, a build is only slower.
#[derive(Args, Clone, Debug)]
#[command(after_help = "Examples:
  nx-s3-cache restore shop/node_modules --only node_modules
  nx-s3-cache restore shop/caches --only apps/web/.next/cache --only .gradle")]
pub(in crate::cli) struct RestoreArgs {
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
