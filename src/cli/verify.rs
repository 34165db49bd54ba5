//! `verify`: whether entries are what a run would restore, without restoring them.

use std::pin::pin;

use clap::{ArgGroup, Args};
use futures_util::stream::{self, StreamExt, TryStreamExt};
use parking_lot::Mutex;
use serde::Serialize;

use super::bucket::{Bucket, ReadEntry, Stop, unread};
use super::scopes::Scopes;
use super::ui::{
    BAD, Ending, GOOD, UNABLE,
    interrupt::until_interrupted,
    print::{self, Paint},
    progress::Progress,
};
use super::workspace::Workspace;
use crate::cache::{bytes, counted};
use crate::entry;
use crate::error::Error;
use crate::plain::plain;
use crate::task_hash::TaskHash;

/// Entries that are checked at once: each holds up to 40 MiB of chunks.
const AT_ONCE: usize = 4;

/// Check entries as a restore would, without writing anything: signature, encryption, every chunk, every path.
///
/// Exits 0 when all are good, 1 when one is not, which is named, and 2 when they could not be read.
/// The memory it takes doesn't depend on how many entries there are; a chunk that several of them share is fetched for
/// each.
#[derive(Args, Debug)]
#[command(group(ArgGroup::new("what").required(true).args(["hash", "all"])))]
#[command(after_help = "Examples:
  nx-s3-cache verify 12208083561620463533
  nx-s3-cache verify --all                 what runs with this environment read
  nx-s3-cache verify --all --scope '*' --json")]
pub(super) struct VerifyArgs {
    /// The task hash
    #[arg(value_parser = TaskHash::parse)]
    pub hash: Option<TaskHash>,
    /// Every entry
    #[arg(long)]
    pub all: bool,
    /// The scopes: t, u/pr-123, u/pr-*, u/* or * [default: those that a run with this environment reads]
    #[arg(long)]
    pub scope: Option<Scopes>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// What was found so far.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Tally {
    checked: u64,
    archive_bytes: u64,
    bad: Vec<Finding>,
    /// Entries that are encrypted, where there is no key: nothing but their signatures could be checked.
    unreadable: u64,
}

/// An entry that no run would restore.
#[derive(Clone, Debug, Serialize)]
struct Finding {
    key: String,
    problem: String,
}

/// Checks.
pub(super) async fn run(workspace: &Workspace, options: &VerifyArgs) -> Result<u8, Ending> {
    let bucket = Bucket::open(workspace).await?;
    let tally = Mutex::new(Tally::default());
    let progress = Progress::counting("Entries checked:");
    let check = Check {
        bucket: &bucket,
        tally: &tally,
        progress: &progress,
        prints: !options.json,
    };
    let work = async {
        match &options.hash {
            Some(hash) => check.one(options.scope.as_ref(), hash).await,
            None => check.all(options.scope.as_ref()).await,
        }
    };
    until_interrupted(work, || summary(&tally.lock())).await?;
    drop(progress);
    let tally = tally.lock().clone();
    if options.json {
        print::json(&tally);
    } else if tally.checked > 0 {
        print::line(&summary(&tally))?;
    }
    Ok(exit_code(&tally))
}

fn exit_code(tally: &Tally) -> u8 {
    if tally.unreadable > 0 {
        print::note(&format!(
            "{} are encrypted, and no encryptionKey is set: nothing but their signatures could be checked. Set \
             NX_S3_CACHE_ENCRYPTION_KEY.",
            tally.unreadable
        ));
    }
    match tally {
        Tally { bad, .. } if !bad.is_empty() => BAD,
        Tally { unreadable: 1.., .. } => UNABLE,
        Tally { checked: 0, .. } => BAD,
        Tally { .. } => GOOD,
    }
}

fn summary(tally: &Tally) -> String {
    let (entries, size) = (counted(tally.checked, "entry"), bytes(tally.archive_bytes));
    match tally.bad.len() {
        0 => format!("{entries} checked ({size}), none bad"),
        bad => format!("{entries} checked ({size}), {bad} bad"),
    }
}

struct Check<'a> {
    bucket: &'a Bucket,
    tally: &'a Mutex<Tally>,
    progress: &'a Progress,
    prints: bool,
}

impl Check<'_> {
    async fn one(&self, asked: Option<&Scopes>, hash: &TaskHash) -> Result<(), Ending> {
        let found = self.bucket.find(&self.bucket.asked_or_read(asked), hash).await?;
        if found.is_empty() {
            print::note(&self.bucket.not_found(asked, hash));
        }
        for read in &found {
            self.entry(read).await?;
        }
        Ok(())
    }

    async fn all(&self, asked: Option<&Scopes>) -> Result<(), Ending> {
        let scopes = self.bucket.asked_or_read(asked);
        let mut pages = pin!(self.bucket.entries(&scopes));
        while let Some(page) = pages.try_next().await? {
            let checks = stream::iter(page).map(|found| async move {
                let Some(name) = found.name() else {
                    return Ok(());
                };
                match self.bucket.read_entry(&found.at.scope, name).await {
                    Ok(Some(read)) => self.entry(&read).await,
                    // What is gone since it was listed is nobody's problem.
                    Ok(None) => Ok(()),
                    Err(Error::Object { key, source }) => {
                        self.count(0);
                        self.found(key, source.to_string())
                    }
                    Err(error) => Err(unread(&error)),
                }
            });
            checks.buffer_unordered(AT_ONCE).try_collect::<()>().await?;
        }
        if self.tally.lock().checked == 0 {
            print::note("there are no entries to check");
        }
        Ok(())
    }

    async fn entry(&self, read: &ReadEntry) -> Result<(), Ending> {
        let problem = self.problem(read).await?;
        self.count(read.entry.as_ref().map_or(0, |entry| entry.manifest.size));
        match (problem, &read.entry) {
            (None, _) => Ok(()),
            (Some(problem), Err(entry::Error::KeyMissing))
                if problem == entry::Error::KeyMissing.to_string() =>
            {
                self.tally.lock().unreadable += 1;
                Ok(())
            }
            (Some(problem), _) => self.found(read.key.clone(), problem),
        }
    }

    fn count(&self, archive_bytes: u64) {
        let mut tally = self.tally.lock();
        tally.checked += 1;
        tally.archive_bytes += archive_bytes;
        self.progress.add(1);
    }

    /// Counts a bad entry and prints it.
    fn found(&self, key: String, problem: String) -> Result<(), Ending> {
        let finding = Finding { key, problem };
        let mut tally = self.tally.lock();
        let printed = self.print(&finding);
        tally.bad.push(finding);
        printed
    }

    /// Why no run would restore the entry.
    async fn problem(&self, read: &ReadEntry) -> Result<Option<String>, Ending> {
        let (None, Ok(entry)) = (read.refusal(), &read.entry) else {
            return Ok(read.refusal().map(ToString::to_string));
        };
        let looked = self.bucket.look_through(read, entry, (), |(), _| Ok(())).await;
        match looked.1 {
            Ok(()) | Err(Stop::Enough) => Ok(None),
            Err(Stop::Bad(error)) => Ok(Some(error.to_string())),
            Err(Stop::Ends(ending)) => Err(ending),
        }
    }

    fn print(&self, finding: &Finding) -> Result<(), Ending> {
        if !self.prints {
            return Ok(());
        }
        let line = format!("✗ {}: {}", plain(&finding.key), plain(&finding.problem));
        self.progress
            .beside(|| print::line(&Paint::of_stdout().bad(&line)))
    }
}
