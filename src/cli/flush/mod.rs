//! `flush`: evicts entries by age or total size, then the chunks that nothing references.
//!
//! Mark and sweep beside running builds; `docs/retention.md` has the reasoning. Whatever ends it half way, what is left
//! is complete: an entry goes before its chunks, so that running again finds them unneeded.

mod part;
mod passes;
mod references;
mod report;
mod shrink;

use std::collections::HashMap;
use std::pin::pin;
use std::time::{Duration, SystemTime};

use clap::{ArgGroup, Args};
use futures_util::TryStreamExt;
use parking_lot::Mutex;

use super::bucket::{Bucket, Found};
use super::deletion::{Deletion, DeletionArgs, Tally, What, confirm, delete};
use super::scopes::Scopes;
use super::ui::{Ending, age, interrupt::until_interrupted};
use super::workspace::Workspace;
use crate::config::units;
use crate::object_store::DELETE_BATCH;
use part::{Fingerprints, Part, Rules, of_object};
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
    #[command(flatten)]
    pub how: DeletionArgs,
}

/// Reads a size in bytes such as `50GB` or `500MiB`. A unit is needed.
fn size(text: &str) -> Result<u64, String> {
    let has_unit = text.ends_with(|c: char| c.is_ascii_alphabetic());
    units::size(text)
        .filter(|_| has_unit)
        .ok_or_else(|| format!("{text:?} is not a size: write 500MB, 50GB or 1.5TB (or MiB, GiB, TiB)"))
}

/// Deletes what the arguments say, and reports what that was.
pub(super) async fn run(workspace: &Workspace, args: &FlushArgs) -> Result<u8, Ending> {
    let bucket = Bucket::open(workspace).await?;
    if !args.how.dry_run {
        let name = &bucket.config.bucket.name;
        let question = format!(
            "Evict from {name:?}, {}, in the scopes {}?",
            bucket.prefix(),
            args.scope
        );
        confirm(args.how.yes, &question).await?;
    }
    let report = flush(&bucket, args, |_| true).await?;
    report.print(args.how.json)
}

/// Flushes those entries that `chosen` picks; chunks that nothing references go anyway.
pub(super) async fn flush(
    bucket: &Bucket,
    args: &FlushArgs,
    chosen: impl Fn(&Found) -> bool,
) -> Result<Report, Ending> {
    let tally = Mutex::new(Tally::default());
    let flush = Flush {
        bucket,
        args,
        rules: Rules {
            age: args.age,
            max_size: args.max_size,
            grace: args.grace,
            now: SystemTime::now(),
        },
        tally: &tally,
        report: Report::new(args.how.dry_run),
        parts: Vec::new(),
        by_scope: HashMap::new(),
        going: Vec::new(),
    };
    until_interrupted(flush.run(&chosen), || {
        format!("{}; run it again to finish", tally.lock().line())
    })
    .await
}

/// A flush under way.
struct Flush<'a> {
    bucket: &'a Bucket,
    args: &'a FlushArgs,
    rules: Rules,
    /// What was deleted.
    tally: &'a Mutex<Tally>,
    /// What goes, deleted or not.
    report: Report,
    parts: Vec<Part>,
    /// Where the parts are, by the names of their scopes.
    by_scope: HashMap<String, usize>,
    /// What goes with the next request.
    going: Vec<Deletion>,
}

impl Flush<'_> {
    async fn run(mut self, chosen: &impl Fn(&Found) -> bool) -> Result<Report, Ending> {
        self.survey(chosen).await?;
        if let Some(most) = self.rules.max_size {
            self.shrink(most).await?;
        }
        for at in 0..self.parts.len() {
            self.sweep(at).await?;
        }
        Ok(self.report)
    }

    /// Deletes the oldest entries until the rest takes no more than `most` bytes.
    async fn shrink(&mut self, most: u64) -> Result<(), Ending> {
        let marked = shrink::shrink(&mut self.parts, self.report.left(), most);
        if marked.is_empty() {
            return Ok(());
        }
        for at in &marked {
            let (part, row) = (&self.parts[at.part], &self.parts[at.part].rows[at.row]);
            let what = if row.is_archive {
                What::Archive
            } else {
                What::Entry
            };
            self.report.goes(&part.scope.to_string(), what, row.size);
        }
        let of_row = |at: &shrink::Marked| self.parts[at.part].rows[at.row].fingerprint;
        let mut marked: Fingerprints = marked.iter().map(of_row).collect();
        self.report.forget(|_, fingerprint| marked.contains(fingerprint));
        if self.args.how.dry_run {
            return Ok(());
        }
        let bucket = self.bucket;
        let mut pages = pin!(bucket.objects(&self.args.scope));
        while let Some(page) = pages.try_next().await? {
            for found in page {
                if found.at.object.subject().is_some()
                    && marked.contains(of_object(&found.key, found.modified))
                {
                    self.delete(found.key, What::of(&found.at.object), found.size)
                        .await?;
                }
            }
        }
        self.delete_rest().await
    }

    /// Counts an object that goes, and deletes it.
    async fn goes(&mut self, scope: &str, key: String, what: What, size: u64) -> Result<(), Ending> {
        self.report.goes(scope, what, size);
        if self.args.how.dry_run {
            return Ok(());
        }
        self.delete(key, what, size).await
    }

    /// Deletes an object, as soon as there are enough for a request.
    async fn delete(&mut self, key: String, what: What, size: u64) -> Result<(), Ending> {
        self.going.push(Deletion { key, size, what });
        if self.going.len() < DELETE_BATCH {
            return Ok(());
        }
        self.delete_rest().await
    }

    async fn delete_rest(&mut self) -> Result<(), Ending> {
        let going = std::mem::take(&mut self.going);
        if going.is_empty() {
            return Ok(());
        }
        delete(self.bucket, "Deleting", going, self.tally).await
    }
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
