//! Deleting objects: what goes, the question before, the batches, and the count.

use std::io::{self, IsTerminal, Write};
use std::thread;

use clap::Args;
use parking_lot::Mutex;
use serde::Serialize;
use tokio::sync::oneshot;

use super::bucket::Bucket;
use super::ui::{Ending, progress::Progress};
use crate::cache::{bytes, counted};
use crate::entry::Object;
use crate::object_store::DELETE_BATCH;

/// How a command that deletes goes about it.
#[derive(Args, Clone, Debug, Default)]
pub(super) struct DeletionArgs {
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

/// An object to delete.
pub(super) struct Deletion {
    /// Its key.
    pub key: String,
    /// Its size in bytes.
    pub size: u64,
    /// What it is.
    pub what: What,
}

/// Deletes these objects and counts them in `tally`. After an error, which says what was deleted before, running again
/// finishes.
pub(super) async fn delete(
    bucket: &Bucket,
    title: &'static str,
    deletions: Vec<Deletion>,
    tally: &Mutex<Tally>,
) -> Result<(), Ending> {
    let progress = Progress::of(title, deletions.len() as u64);
    for batch in deletions.chunks(DELETE_BATCH) {
        let keys: Vec<String> = batch.iter().map(|deletion| deletion.key.clone()).collect();
        if let Err(error) = bucket.store.delete(&keys).await {
            let until_then = format!("Until then: {}.", tally.lock().line());
            return Err(Ending::of_bucket(&error, "s3:DeleteObject").and(&until_then));
        }
        tally.lock().deleted(batch);
        progress.add(batch.len() as u64);
    }
    Ok(())
}

/// Asks on a terminal whether to go on; elsewhere, as in a scheduled job, and with `yes` nobody is asked.
pub(super) async fn confirm(yes: bool, question: &str) -> Result<(), Ending> {
    if yes || !io::stdin().is_terminal() || !io::stderr().is_terminal() {
        return Ok(());
    }
    let _ = write!(io::stderr(), "{question} (y/N) ");
    let (sender, answer) = oneshot::channel();
    // A thread of its own, so that Ctrl-C ends the command while it waits: nothing ends the reading.
    thread::spawn(move || {
        let mut line = String::new();
        let read = io::stdin().read_line(&mut line);
        let _ = sender.send(read.is_ok() && is_yes(&line));
    });
    match answer.await {
        Ok(true) => Ok(()),
        _ => Err(Ending::Unable("nothing was deleted".into())),
    }
}

fn is_yes(answer: &str) -> bool {
    ["y", "yes"].contains(&answer.trim().to_lowercase().as_str())
}

/// What an object is to whoever reads the summary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    Entry,
    Archive,
    Chunk,
    Scratch,
}

impl What {
    pub(super) fn of(object: &Object) -> Self {
        match object {
            Object::Entry(_) | Object::Body(_) => Self::Entry,
            Object::Archive(_) => Self::Archive,
            Object::Chunk(_) => Self::Chunk,
            Object::Other(_) => Self::Scratch,
        }
    }
}

/// Objects by what they are, and their bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct Tally {
    pub entries: u64,
    pub archives: u64,
    pub chunks: u64,
    pub scratch: u64,
    pub bytes: u64,
}

impl Tally {
    pub(super) fn add(&mut self, what: What, size: u64) {
        let count = match what {
            What::Entry => &mut self.entries,
            What::Archive => &mut self.archives,
            What::Chunk => &mut self.chunks,
            What::Scratch => &mut self.scratch,
        };
        *count += 1;
        self.bytes += size;
    }

    pub(super) fn deleted(&mut self, batch: &[Deletion]) {
        batch
            .iter()
            .for_each(|deletion| self.add(deletion.what, deletion.size));
    }

    /// Whether there is nothing to report.
    pub(super) fn is_empty(&self) -> bool {
        self.entries + self.archives + self.chunks + self.scratch == 0
    }

    /// What was deleted, in words.
    pub(super) fn line(&self) -> String {
        if self.is_empty() {
            return "nothing was deleted".into();
        }
        format!("{} deleted, {} freed", self.objects(), bytes(self.bytes))
    }

    /// Whether it is to be deleted, for a person to answer.
    pub(super) fn question(&self) -> String {
        format!("Delete {}, {}?", self.objects(), bytes(self.bytes))
    }

    /// `12 entries, 1 archive and 30 chunks`.
    pub(super) fn objects(&self) -> String {
        let counts = [
            (self.entries, "entry"),
            (self.archives, "archive"),
            (self.chunks, "chunk"),
            (self.scratch, "scratch object"),
        ];
        let counts = counts.into_iter().filter(|(count, _)| *count > 0);
        let named: Vec<String> = counts.map(|(count, what)| counted(count, what)).collect();
        match named.as_slice() {
            [] => "nothing".into(),
            [one] => one.clone(),
            [first @ .., last] => format!("{} and {last}", first.join(", ")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_are_counted_in_words() {
        let mut tally = Tally::default();
        assert_eq!(tally.line(), "nothing was deleted");
        tally.add(What::Entry, 1000);
        assert_eq!(tally.line(), "1 entry deleted, 1.0 kB freed");
        tally.add(What::Chunk, 500);
        tally.add(What::Chunk, 500);
        tally.add(What::Archive, 0);
        assert_eq!(
            tally.line(),
            "1 entry, 1 archive and 2 chunks deleted, 2.0 kB freed"
        );
    }

    #[test]
    fn only_a_clear_yes_is_one() {
        assert!(is_yes("y\n") && is_yes(" YES\r\n"));
        for answer in ["", "\n", "n\n", "yeah\n", "yno\n"] {
            assert!(!is_yes(answer), "{answer:?}");
        }
    }
}
