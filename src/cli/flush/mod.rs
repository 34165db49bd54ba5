//! `flush`: evicts entries by age or total size, then the chunks that nothing references.
//!
//! Mark and sweep beside running builds; `docs/retention.md` has the reasoning. Whatever ends it half way, what is left
//! is complete: an entry goes before its chunks, so that running again finds them unneeded.

mod args;
mod inventory;
mod plan;
mod references;
mod report;
mod sweep;

use std::time::SystemTime;

use futures_util::TryStreamExt;
use parking_lot::Mutex;

use super::bucket::{Bucket, Found};
use super::deletion::delete;
use super::tally::Tally;
use super::ui::{Ending, confirm::confirm, interrupt::until_interrupted, progress::Progress};
use super::workspace::Workspace;
use inventory::Inventories;
use plan::{Part, References, Rules};
use report::Report;

pub(super) use args::FlushArgs;

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
