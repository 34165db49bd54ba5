//! `stats`: what the bucket holds, what it costs, and how well it serves.

mod census;
mod content;
mod cost;
mod html;
mod report;
mod runs;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::pin::pin;
use std::time::SystemTime;

use clap::Args;
use futures_util::stream::{self, StreamExt, TryStreamExt};

use super::bucket::{Bucket, Found, READS};
use super::scopes::Scopes;
use super::ui::{Ending, GOOD, age, interrupt::until_interrupted, print, progress::Progress};
use super::workspace::Workspace;
use crate::entry::Object;
use census::Census;
use content::{Content, Summary};
use cost::{Cost, Prices};
use report::Report;

/// Count what is in the bucket: by scope, age, size, platform and producer; what sharing saves; what it costs.
///
/// Lists every object once (a request for each 1,000) and reads a sample of the entries, for what only they tell.
/// With --runs it reads no bucket, but the records of runs, and shows hit rate and speed over time.
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  nx-s3-cache stats
  nx-s3-cache stats --sample all --html cache.html
  nx-s3-cache stats --storage-price 0.023 --put-price 0.005 --get-price 0.0004
  nx-s3-cache stats --runs runs.jsonl   what NX_S3_CACHE_STATS wrote")]
pub(super) struct StatsArgs {
    /// The scopes: t, u/pr-123, u/pr-*, u/* or *
    #[arg(long, default_value = "*")]
    pub scope: Scopes,
    /// How many entries to read: a number, 0 for none, or all. Each takes a request, and each chunk of theirs 50 bytes
    /// of memory
    #[arg(long, value_name = "COUNT", default_value = "1000", value_parser = sample_size)]
    pub sample: usize,
    #[command(flatten)]
    pub prices: Prices,
    /// Write a page with charts to this file
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
    /// Read the records of runs, a line of JSON each, instead of the bucket
    #[arg(long, value_name = "FILE", conflicts_with_all = ["scope", "sample", "storage_price", "put_price", "get_price"])]
    pub runs: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

fn sample_size(text: &str) -> Result<usize, String> {
    match text {
        "all" => Ok(usize::MAX),
        number => number
            .parse()
            .map_err(|_| format!("{text:?} is neither a number nor all")),
    }
}

/// Counts.
pub(super) async fn run(workspace: &Workspace, options: &StatsArgs) -> Result<u8, Ending> {
    if let Some(file) = &options.runs {
        return runs::run(file, options.html.as_deref(), options.json);
    }
    let bucket = Bucket::open(workspace).await?;
    let progress = Progress::counting("Objects counted:");
    let counting = count(&bucket, options, &progress);
    let (census, sample) =
        until_interrupted(counting, || format!("{} objects counted", progress.done())).await?;
    drop(progress);
    let progress = Progress::of("Entries read:", sample.len() as u64);
    let reading = read(&bucket, sample, census.entries(), &progress);
    let content = until_interrupted(reading, || format!("{} entries read", progress.done())).await?;
    drop(progress);
    let cost = Cost::estimate(options.prices, &census, &content);
    let time = age::utc(SystemTime::now());
    let report = Report::new(
        &bucket.config.bucket.name,
        bucket.prefix(),
        time,
        census,
        content,
        cost,
    );
    if let Some(file) = &options.html {
        html::page(&report).write(file)?;
    }
    if options.json {
        print::json(&report);
    } else {
        print::lines(&report.lines())?;
    }
    Ok(GOOD)
}

/// Lists everything, and picks the entries to read.
async fn count(
    bucket: &Bucket,
    options: &StatsArgs,
    progress: &Progress,
) -> Result<(Census, Vec<Found>), Ending> {
    let mut census = Census::new(SystemTime::now());
    let mut sample = Sample::new(options.sample);
    let mut pages = pin!(bucket.objects(&options.scope));
    while let Some(page) = pages.try_next().await? {
        progress.add(page.len() as u64);
        for found in page {
            census.add(&found);
            if matches!(found.at.object, Object::Entry(_) | Object::Body(_)) {
                sample.add(found);
            }
        }
    }
    Ok((census, sample.into_entries()))
}

async fn read(bucket: &Bucket, entries: Vec<Found>, of: u64, progress: &Progress) -> Result<Summary, Ending> {
    let mut content = Content::default();
    let reads = stream::iter(entries).map(|found| async move { bucket.listed_entry(&found).await });
    let mut reads = pin!(reads.buffer_unordered(READS));
    while let Some(read) = reads.try_next().await? {
        progress.add(1);
        if let Some(read) = read {
            content.add(&read);
        }
    }
    Ok(content.summary(of))
}

/// So many of the entries that are added, the same each time: those whose keys' hashes come first. That is as good as
/// drawing lots, as nobody chooses a key for its hash.
struct Sample {
    size: usize,
    kept: BTreeMap<[u8; 32], Found>,
}

impl Sample {
    fn new(size: usize) -> Self {
        Self {
            size,
            kept: BTreeMap::new(),
        }
    }

    fn add(&mut self, found: Found) {
        self.kept.insert(blake3::hash(found.key.as_bytes()).into(), found);
        if self.kept.len() > self.size {
            self.kept.pop_last();
        }
    }

    fn into_entries(self) -> Vec<Found> {
        self.kept.into_values().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry::Located;

    fn sample(size: usize, keys: impl Iterator<Item = u32>) -> Vec<String> {
        let mut sample = Sample::new(size);
        for number in keys {
            let key = format!("v1/t/e/{number}");
            let at = Located::parse("", &key).unwrap();
            sample.add(Found {
                key,
                at,
                size: 1,
                modified: None,
            });
        }
        sample.into_entries().into_iter().map(|found| found.key).collect()
    }

    #[test]
    fn it_has_its_size_and_does_not_depend_on_the_order() {
        let (one, other) = (sample(10, 0..1000), sample(10, (0..1000).rev()));
        assert_eq!((one.len(), &one), (10, &other));
        assert_eq!(sample(10, 0..3).len(), 3);
        assert_eq!(sample(0, 0..3).len(), 0);
    }
}
