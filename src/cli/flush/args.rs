//! The arguments of `flush`.

use std::time::Duration;

use clap::{ArgGroup, Args};

use crate::cli::scopes::Scopes;
use crate::cli::ui::age;
use crate::config::units;

/// Evict entries by age or total size.
///
/// Deletes entries first, then the chunks that no entry needs.
/// Lists the bucket, and where chunks may go, reads the entries that stay, to know what they need. Builds may run
/// meanwhile: what they ask for may be gone, which is a miss. Exits 0 when all was done, and 1 when chunks had to
/// stay since an entry that may need them can't be read.
#[derive(Args, Clone, Debug)]
#[command(group = ArgGroup::new("limit").required(true).multiple(true).args(["age", "max_size"]))]
#[command(after_help = "Examples:
  nx-s3-cache flush --age 14d --dry-run           what would go
  nx-s3-cache flush --age 30d --max-size 50GB     in a scheduled job
  nx-s3-cache flush --age 3d --scope 'u/*'        what pull requests left")]
pub(in crate::cli) struct FlushArgs {
    /// Delete entries and archives that were written longer ago: 2w, 14d, 12h, 30m
    #[arg(long, value_parser = age::parse, allow_hyphen_values = true)]
    pub age: Option<Duration>,
    /// Delete the oldest entries and archives until the rest takes no more than this: 50GB, 500MiB
    #[arg(long, value_name = "SIZE", value_parser = size, allow_hyphen_values = true)]
    pub max_size: Option<u64>,
    /// Only these scopes: t, u/pr-123, u/pr-* or u/*
    #[arg(long, default_value = "*")]
    pub scope: Scopes,
    /// Keep chunks that were written later than this: a store that is under way may need them
    #[arg(long, value_name = "AGE", value_parser = age::parse, default_value = "1d")]
    pub grace: Duration,
    /// Change nothing, and tell what would go
    #[arg(long)]
    pub dry_run: bool,
    /// Do not ask on a terminal
    #[arg(long, short)]
    pub yes: bool,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// Reads a size in bytes such as `50GB` or `500MiB`. A unit is needed.
fn size(text: &str) -> Result<u64, String> {
    let has_unit = text.ends_with(|c: char| c.is_ascii_alphabetic());
    units::size(text)
        .filter(|_| has_unit)
        .ok_or_else(|| format!("{text:?} is not a size: write 500MB, 50GB or 1.5TB (or MiB, GiB, TiB)"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_a_number_and_a_unit() {
        assert_eq!(size("50GB"), Ok(50_000_000_000));
        assert_eq!(size("1.5GiB"), Ok(3 << 29));
        assert_eq!(size("0B"), Ok(0));
        for text in ["", "50", "-1GB", "GB", "50 gigs"] {
            let problem = size(text).unwrap_err();
            assert!(problem.contains("50GB"), "{problem}");
        }
    }
}
