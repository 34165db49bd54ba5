//! `flush`: evicts entries by age or total size, then the chunks that nothing references.
//!
//! Mark and sweep beside running builds; `docs/retention.md` has the reasoning. Whatever ends it half way, what is left
//! is complete: an entry goes before its chunks, so that running again finds them unneeded.

mod inventory;
mod plan;
mod references;
mod report;
mod sweep;

use std::time::{Duration, SystemTime};

use clap::{ArgGroup, Args};
use futures_util::TryStreamExt;
use parking_lot::Mutex;

use super::bucket::{Bucket, Found};
use super::deletion::delete;
use super::scopes::Scopes;
use super::tally::Tally;
use super::ui::{Ending, age, confirm::confirm, interrupt::until_interrupted, progress::Progress};
use super::workspace::Workspace;
use crate::config::units;
use inventory::Inventories;
use plan::{Part, References, Rules};
use report::Report;

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
pub(super) struct FlushArgs {
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

/// Deletes what the arguments say, and tells what that was.
pub(super) async fn run(workspace: &Workspace, args: &FlushArgs) -> Result<u8, Ending> {
    let bucket = Bucket::open(workspace).await?;
    let report = flush(&bucket, args, |_| true).await?;
    report.print(args.json)
}

/// Flushes those entries that `chosen` picks; chunks that nothing references go anyway.
pub(super) async fn flush(
    bucket: &Bucket,
    args: &FlushArgs,
    chosen: impl Fn(&Found) -> bool,
) -> Result<Report, Ending> {
    let rules = Rules {
        age: args.age,
        max_size: args.max_size,
        grace: args.grace,
        now: SystemTime::now(),
    };
    let tally = Mutex::new(Tally::default());
    let work = async {
        let inventory = list(bucket, args).await?;
        let (mut parts, references) = plan(bucket, inventory, &rules, chosen).await?;
        let mut report = Report::new(args.dry_run, &parts, &references);
        let mut planned = Tally::default();
        for part in &parts {
            let deletions = sweep::entries(part, &rules).into_iter();
            let deletions: Vec<_> = deletions.chain(sweep::chunks(bucket, part, &rules)).collect();
            planned.deleted(&deletions);
            if args.dry_run {
                report.add(part, &deletions);
            }
        }
        if args.dry_run {
            *tally.lock() = planned;
        } else if !planned.is_empty() {
            confirm(args.yes, &planned.question()).await?;
            carry_out(bucket, &mut parts, &rules, &tally, &mut report).await?;
        }
        Ok(report)
    };
    until_interrupted(work, || {
        format!("{}; run it again to finish", tally.lock().line())
    })
    .await
}

async fn list(bucket: &Bucket, args: &FlushArgs) -> Result<Inventories, Ending> {
    let progress = Progress::counting("Listing objects");
    let pages = bucket.objects(&args.scope);
    let fold = |mut inventory: Inventories, page: Vec<Found>| {
        progress.add(page.len() as u64);
        inventory::add(&mut inventory, page);
        std::future::ready(Ok(inventory))
    };
    pages.try_fold(Inventories::new(), fold).await
}

/// Decides what goes. Entries are read only where that matters: where a chunk is old enough to go.
async fn plan(
    bucket: &Bucket,
    inventory: Inventories,
    rules: &Rules,
    chosen: impl Fn(&Found) -> bool,
) -> Result<(Vec<Part>, References), Ending> {
    let size: u64 = inventory.values().map(inventory::Inventory::size).sum();
    let mut parts: Vec<Part> = inventory
        .into_values()
        .map(|inventory| Part::new(inventory, rules, &chosen))
        .collect();
    let asked = parts.iter().filter(|part| part.sweeps);
    let asked: Vec<Found> = asked.flat_map(Part::retained).cloned().collect();
    let references = references::read(bucket, asked).await?;
    for part in &mut parts {
        part.count_all(&references);
    }
    if let Some(most) = rules.max_size.filter(|most| size > *most) {
        plan::shrink(&mut parts, &references, most, rules, &chosen);
    }
    Ok((parts, references))
}

async fn carry_out(
    bucket: &Bucket,
    parts: &mut [Part],
    rules: &Rules,
    tally: &Mutex<Tally>,
    report: &mut Report,
) -> Result<(), Ending> {
    for part in parts.iter() {
        let deletions = sweep::entries(part, rules);
        report.add(part, &deletions);
        delete(bucket, "Deleting entries", deletions, tally).await?;
    }
    for part in parts {
        if part.unneeded(rules).is_empty() {
            continue;
        }
        sweep::look_again(bucket, part, rules).await?;
        let deletions = sweep::chunks(bucket, part, rules);
        report.add(part, &deletions);
        delete(bucket, "Deleting chunks", deletions, tally).await?;
    }
    Ok(())
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
