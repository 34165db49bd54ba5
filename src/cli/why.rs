//! `why`: why a task of the last run was restored, or wasn't.

use std::pin::pin;

use clap::Args;
use futures_util::stream::{self, StreamExt, TryStreamExt};
use serde::Serialize;

use super::bucket::{Bucket, ReadEntry};
use super::last_run::{LastRun, Task};
use super::scopes::Scopes;
use super::top::{Sort, Top};
use super::ui::print::{self, Paint};
use super::ui::table::{Column, Table};
use super::ui::{BAD, Ending, GOOD, age};
use super::workspace::Workspace;
use crate::code::page;
use crate::entry::{Object, Producer};
use crate::plain::plain;

const COLUMNS: [Column; 5] = [
    Column::Whole("hash"),
    Column::Whole("scope"),
    Column::Number("age"),
    Column::Text("run"),
    Column::Text("made by"),
];

/// Tell why a task is not restored: whether its hash is in the bucket, and which other entries of the task are.
///
/// The hash is that of the last run of Nx on this machine. Exits 0 when a run would restore its entry, 1 when it
/// would not.
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  nx-s3-cache why web:build
  nx-s3-cache why web:build --scope '*'   also what pull requests stored
  nx-s3-cache why web:build --last 1000   look further back")]
pub(super) struct WhyArgs {
    /// The task: project:target or project:target:configuration
    #[arg(value_name = "PROJECT:TARGET")]
    pub task: String,
    /// The scopes: t, u/pr-123, u/pr-*, u/* or * [default: those that a run with this environment reads]
    #[arg(long)]
    pub scope: Option<Scopes>,
    /// Look for other entries of the task among so many of the newest: a request each
    #[arg(long, value_name = "COUNT", default_value_t = 200)]
    pub last: usize,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// All that is printed.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    task: String,
    hash: String,
    /// Entries of the hash, in the scopes that were asked.
    entries: Vec<Seen>,
    /// Entries of the task with other hashes, the newest first; none are looked for where there is one of the hash.
    others: Vec<Seen>,
    /// How many entries were read to find them.
    read: usize,
}

/// An entry.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Seen {
    hash: String,
    scope: String,
    /// Whether it is a body, which runs on the second way restore.
    body: bool,
    age_seconds: u64,
    producer: Option<Producer>,
    /// Why no run would restore it.
    problem: Option<String>,
}

/// Tells why.
pub(super) async fn run(workspace: &Workspace, options: &WhyArgs) -> Result<u8, Ending> {
    let last_run = LastRun::read(workspace)?;
    let task = &last_run.task(&options.task)?;
    let bucket = Bucket::open(workspace).await?;
    let scopes = bucket.asked_or_read(options.scope.as_ref());
    let found = bucket.find(&scopes, &task.hash).await?;
    let entries = found.iter().map(Seen::of);
    let mut answer = Answer {
        task: task.id.clone(),
        hash: task.hash.to_string(),
        entries: entries.collect(),
        others: Vec::new(),
        read: 0,
    };
    if answer.entries.is_empty() {
        (answer.others, answer.read) = others(&bucket, &scopes, task, options.last).await?;
    }
    if options.json {
        print::json(&answer);
    } else {
        let lines = answer.lines(
            &bucket.not_found(options.scope.as_ref(), &task.hash),
            &last_run.run.command,
        );
        print::lines(&lines)?;
    }
    let restorable = answer.entries.iter().any(|seen| seen.problem.is_none());
    Ok(if restorable { GOOD } else { BAD })
}

/// The entries of `task` among the `last` newest, and how many were read.
async fn others(
    bucket: &Bucket,
    scopes: &[Scopes],
    task: &Task,
    last: usize,
) -> Result<(Vec<Seen>, usize), Ending> {
    let mut newest = Top::new(Sort::Age, last);
    {
        let mut pages = pin!(bucket.entries(scopes));
        while let Some(mut page) = pages.try_next().await? {
            // No body tells its task.
            page.retain(|found| matches!(found.at.object, Object::Entry(_)));
            newest.add(page);
        }
    }
    let newest = newest.into_sorted();
    let count = newest.len();
    let read = stream::iter(newest).map(|found| async move {
        let read = bucket.listed_entry(&found).await?;
        Ok::<_, Ending>(read.and_then(|read| Seen::of_task(&task.id, &read)))
    });
    let read = read.buffered(bucket.config.bucket.concurrency);
    let seen: Vec<_> = read.try_collect().await?;
    Ok((seen.into_iter().flatten().collect(), count))
}

impl Seen {
    fn of(read: &ReadEntry) -> Self {
        let manifest = read.entry.as_ref().ok().map(|entry| &entry.manifest);
        Self {
            hash: read.name.subject().as_str().to_owned(),
            scope: read.namespace.scope.to_string(),
            body: read.name.is_body(),
            age_seconds: manifest.map_or(0, |manifest| age::since(age::at(manifest.created)).as_secs()),
            producer: manifest.map(|manifest| manifest.producer.clone()),
            problem: read.refusal().map(ToString::to_string),
        }
    }

    fn of_task(task: &str, read: &ReadEntry) -> Option<Self> {
        let entry = read.entry.as_ref().ok()?;
        let same = entry.manifest.producer.task.as_deref() == Some(task);
        same.then(|| Self::of(read))
    }

    fn cells(&self) -> Vec<String> {
        let producer = self.producer.clone().unwrap_or_default();
        let commit = producer
            .claimed
            .commit
            .as_deref()
            .map(|commit| commit.get(..12).unwrap_or(commit));
        let run: Vec<&str> = producer
            .claimed
            .run
            .as_deref()
            .into_iter()
            .chain(commit)
            .collect();
        vec![
            self.hash.clone(),
            self.scope.clone(),
            age::short(std::time::Duration::from_secs(self.age_seconds)),
            if run.is_empty() {
                "–".to_owned()
            } else {
                run.join(", ")
            },
            producer.to_string(),
        ]
    }
}

impl Answer {
    fn lines(&self, not_found: &str, command: &str) -> Vec<String> {
        let paint = Paint::of_stdout();
        let mut lines = vec![
            paint.bold(&plain(&self.task)),
            format!(
                "  hash {} in the last run of Nx here: {}",
                self.hash,
                plain(command)
            ),
        ];
        for seen in &self.entries {
            lines.push(match &seen.problem {
                None if seen.body => paint.good(&format!(
                    "✓ in {}, as a body: a run on the second way would restore it",
                    seen.scope
                )),
                None => paint.good(&format!("✓ in {}: a run would restore it", seen.scope)),
                Some(problem) => paint.bad(&format!(
                    "✗ in {}, and no run would restore it: {}",
                    seen.scope,
                    plain(problem)
                )),
            });
        }
        if self.entries.is_empty() {
            lines.push(paint.bad(&format!("✗ {}", plain(not_found))));
            lines.extend(self.about_others());
        } else {
            lines.extend(table(&self.entries));
        }
        lines
    }

    fn about_others(&self) -> Vec<String> {
        if self.others.is_empty() {
            return vec![format!(
                "  None of the newest {} entries is of this task. Either no run stored it, or they are older: --last looks further back.",
                self.read
            )];
        }
        let mut lines = vec![format!(
            "  Of the newest {} entries, these are of this task:",
            self.read
        )];
        lines.extend(table(&self.others));
        lines.push(format!(
            "→ Their inputs differ from those here: files, environment variables, versions. {}",
            page!("docs/troubleshooting.md#nothing-is-restored")
        ));
        lines
    }
}

fn table(seen: &[Seen]) -> Vec<String> {
    let mut table = Table::new(&COLUMNS);
    for seen in seen {
        table.row(seen.cells());
    }
    table.lines().iter().map(|line| format!("  {line}")).collect()
}
