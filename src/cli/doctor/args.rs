//! What `doctor` can be asked for.

use clap::Args;

/// Check the whole set-up, step by step, and say what to do where something is wrong.
///
/// Reads nx.json's `s3` section and the environment as Nx's runs do. Writes, reads, copies and deletes a few scratch
/// objects that are no entries of the cache. Ends with 0 when all is well and with 1 when something is wrong.
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  nx-s3-cache doctor
  nx-s3-cache doctor --json > doctor.json     for a bug report; has no secrets
  nx-s3-cache doctor --attack                 with a pull request's credentials")]
pub(in crate::cli) struct DoctorArgs {
    /// Try to poison the cache with the credentials at hand, in scratch objects that are removed again
    ///
    /// Ends with 0 when no poison gets through, with 1 when some does, and with 2 when it could not be tried.
    #[arg(long)]
    pub attack: bool,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}
