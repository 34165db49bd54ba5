//! `purge`: entries that should not be there go.

mod args;

use std::collections::BTreeSet;
use std::time::{Duration, SystemTime};

use futures_util::{StreamExt, TryStreamExt, stream};
use parking_lot::Mutex;
use serde::Serialize;

use super::bucket::{Bucket, Found, READS, ReadEntry, unread};
use super::deletion::{Deletion, Tally, What, confirm, delete};
use super::ui::{BAD, Ending, GOOD, interrupt::until_interrupted, print, progress::Progress};
use super::workspace::Workspace;
use crate::cache::bytes;
use crate::error::Error;
use crate::plain::plain;
use args::Times;

pub(super) use args::PurgeArgs;

/// Whether an entry goes.
enum Verdict {
    Goes,
    Stays,
    /// It can't be read; the text says why.
    Unknown(String),
}

/// Deletes what the arguments select, and reports what that was.
pub(super) async fn run(workspace: &Workspace, args: &PurgeArgs) -> Result<u8, Ending> {
    let bucket = Bucket::open(workspace).await?;
    let tally = Mutex::new(Tally::default());
    let work = purge(&bucket, args, &tally);
    let report = until_interrupted(work, || {
        format!("{}; run it again to finish", tally.lock().line())
    })
    .await?;
    report.print(args.how.json)
}

async fn purge(bucket: &Bucket, args: &PurgeArgs, tally: &Mutex<Tally>) -> Result<Report, Ending> {
    let entries = list(bucket, args).await?;
    let mut report = Report {
        dry_run: args.how.dry_run,
        ..Report::default()
    };
    let chosen = if args.names.is_empty() {
        described(bucket, args, entries, &mut report).await?
    } else {
        named(args, entries, &mut report)
    };
    let deletions: Vec<Deletion> = chosen.iter().map(deletion).collect();
    report.chose(&deletions);
    if !args.how.dry_run && !deletions.is_empty() {
        let mut planned = Tally::default();
        planned.deleted(&deletions);
        confirm(args.how.yes, &planned.question()).await?;
        delete(bucket, "Deleting entries", deletions, tally).await?;
    }
    Ok(report)
}

fn deletion(found: &Found) -> Deletion {
    Deletion {
        key: found.key.clone(),
        size: found.size,
        what: What::of(&found.at.object),
    }
}

async fn list(bucket: &Bucket, args: &PurgeArgs) -> Result<Vec<Found>, Ending> {
    let progress = Progress::counting("Listing objects");
    let fold = |mut entries: Vec<Found>, page: Vec<Found>| {
        progress.add(page.len() as u64);
        entries.extend(
            page.into_iter()
                .filter(|found| found.at.object.subject().is_some()),
        );
        std::future::ready(Ok(entries))
    };
    bucket.objects(&args.scope).try_fold(Vec::new(), fold).await
}

/// The entries with these names.
fn named(args: &PurgeArgs, entries: Vec<Found>, report: &mut Report) -> Vec<Found> {
    let mut missing: BTreeSet<&str> = args.names.iter().map(String::as_str).collect();
    let asked = missing.clone();
    let name = |found: &Found| {
        found
            .at
            .object
            .subject()
            .map(|subject| subject.as_str().to_owned())
    };
    let chosen: Vec<Found> = entries
        .into_iter()
        .filter(|found| name(found).is_some_and(|name| asked.contains(name.as_str())))
        .collect();
    for found in &chosen {
        if let Some(name) = name(found) {
            missing.remove(name.as_str());
        }
    }
    report.missing = missing.into_iter().map(str::to_owned).collect();
    chosen
}

/// The entries that fit the description, each of which is read for that.
async fn described(
    bucket: &Bucket,
    args: &PurgeArgs,
    entries: Vec<Found>,
    report: &mut Report,
) -> Result<Vec<Found>, Ending> {
    let progress = Progress::of("Reading entries", entries.len() as u64);
    let reading: Vec<_> = entries
        .into_iter()
        .map(|found| async {
            let verdict = verdict_on(bucket, args, &found).await?;
            progress.add(1);
            Ok((found, verdict))
        })
        .collect();
    // In order, so that the output is.
    let verdicts = stream::iter(reading).buffered(READS);
    let verdicts: Vec<(Found, Verdict)> = verdicts.try_collect().await?;
    let mut chosen = Vec::new();
    for (found, verdict) in verdicts {
        match verdict {
            Verdict::Goes => chosen.push(found),
            Verdict::Stays => {}
            Verdict::Unknown(why) => report.unreadable.push(Unreadable { key: found.key, why }),
        }
    }
    Ok(chosen)
}

async fn verdict_on(bucket: &Bucket, args: &PurgeArgs, found: &Found) -> Result<Verdict, Ending> {
    let Some(name) = found.name() else {
        return Ok(Verdict::Stays);
    };
    let read = match bucket.read_entry(&found.at.scope, name).await {
        Ok(Some(read)) => read,
        Ok(None) => return Ok(Verdict::Stays),
        Err(error @ Error::Object { .. }) => return Ok(Verdict::Unknown(error.to_string())),
        Err(error) => return Err(unread(&error)),
    };
    if args.key.is_some() && read.claimed_key != args.key {
        return Ok(Verdict::Stays);
    }
    if !args.describes_content() {
        return Ok(Verdict::Goes);
    }
    Ok(content_verdict(args, found, &read))
}

/// The same by what is in the entry.
fn content_verdict(args: &PurgeArgs, found: &Found, read: &ReadEntry) -> Verdict {
    let manifest = match &read.entry {
        Ok(entry) => &entry.manifest,
        Err(error) => return Verdict::Unknown(error.to_string()),
    };
    let at = |seconds| SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds));
    let claimed = read.claimed_run.as_ref();
    let times = Times {
        created: at(manifest.created),
        issued: claimed
            .and_then(|run| run.as_ref().ok())
            .and_then(|run| at(run.issued)),
        modified: found.modified,
    };
    if !args.fit_times(&times) || !args.fit_producer(&manifest.producer) {
        return Verdict::Stays;
    }
    match (&read.signer, claimed) {
        _ if !args.names_run() => Verdict::Goes,
        (Err(_), Some(Ok(run))) if args.fit_run(&run.provenance) => Verdict::Goes,
        // What the manifest claims is of no use: a run's token says where it comes from, and nobody knows whether it is one.
        (Err(error), Some(_)) => Verdict::Unknown(error.to_string()),
        _ if read.provenance().is_some_and(|(from, _)| args.fit_run(from)) => Verdict::Goes,
        _ => Verdict::Stays,
    }
}

/// What went, and what could not be found or read.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Report {
    dry_run: bool,
    deleted: Tally,
    keys: Vec<String>,
    /// What was named and isn't in the bucket.
    missing: Vec<String>,
    /// Entries of which nobody knows who made them.
    unreadable: Vec<Unreadable>,
}

#[derive(Debug, Serialize)]
struct Unreadable {
    key: String,
    why: String,
}

impl Report {
    fn chose(&mut self, deletions: &[Deletion]) {
        self.deleted.deleted(deletions);
        self.keys
            .extend(deletions.iter().map(|deletion| deletion.key.clone()));
    }

    /// Prints it; returns the exit code.
    fn print(&self, json: bool) -> Result<u8, Ending> {
        if json {
            print::json(self);
        } else {
            self.lines()
                .iter()
                .try_for_each(|line| print::line(&plain(line)))?;
        }
        let all_well = self.missing.is_empty() && self.unreadable.is_empty();
        Ok(if all_well { GOOD } else { BAD })
    }

    fn lines(&self) -> Vec<String> {
        let mut lines: Vec<String> = self.keys.iter().map(|key| format!("  {key}")).collect();
        let outcome = if self.dry_run {
            "would be deleted"
        } else {
            "deleted"
        };
        lines.push(if self.deleted.is_empty() {
            "Nothing to delete.".into()
        } else {
            format!(
                "{} {outcome}, {}.",
                self.deleted.objects(),
                bytes(self.deleted.bytes)
            )
        });
        if self.dry_run {
            lines.push("Nothing was changed: this was a dry run.".into());
        } else if !self.deleted.is_empty() {
            lines.push("Chunks that nothing needs any more go with the next flush.".into());
        }
        lines.extend(
            self.missing
                .iter()
                .map(|name| format!("✗ {name}: not in these scopes")),
        );
        lines.extend(
            self.unreadable
                .iter()
                .map(|one| format!("! {}: {}", one.key, one.why)),
        );
        if !self.unreadable.is_empty() {
            lines.push("    → Who made these can't be told. Set the encryption key that they were stored with, let their issuer be reached, or purge them by hash.".into());
        }
        lines
    }
}
