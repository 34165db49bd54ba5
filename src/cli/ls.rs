//! `ls`: which entries are in the bucket.

use std::pin::pin;

use clap::Args;
use futures_util::stream::{self, StreamExt, TryStreamExt};
use serde_json::{Value, json};

use super::bucket::{Bucket, Found, READS, ReadEntry};
use super::scopes::Scopes;
use super::top::{Sort, Top};
use super::ui::{
    Ending, GOOD, age, print,
    table::{Column, Table},
};
use super::workspace::Workspace;
use crate::cache::bytes;
use crate::entry::{self, Manifest, Object};
use crate::sign::SignedBy;

/// List the entries in the bucket.
///
/// One line for each task's result: its hash, the scope it was stored in, the size of its entry object and its age.
/// Large results have chunks besides, which --long adds up. Without --sort entries come as the bucket lists them, page
/// by page, however many there are.
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  nx-s3-cache ls                         what runs with this environment read
  nx-s3-cache ls --sort age --limit 20   the newest
  nx-s3-cache ls --scope 'u/*' --long    what pull requests stored
  nx-s3-cache ls --json | jq -r .hash    one JSON document a line")]
pub(super) struct LsArgs {
    /// The scopes: t, u/pr-123, u/pr-*, u/* or * [default: those that a run with this environment reads]
    #[arg(long)]
    pub scope: Option<Scopes>,
    /// Maximum number of entries
    #[arg(long, value_name = "COUNT")]
    pub limit: Option<usize>,
    /// Newest, or largest first. Without --limit all entries are kept in memory for that, a few hundred bytes each
    #[arg(long, value_name = "BY")]
    pub sort: Option<Sort>,
    /// Read every entry, and show what is in it: one more request an entry
    #[arg(long, short)]
    pub long: bool,
    /// Print JSON, a line an entry
    #[arg(long)]
    pub json: bool,
}

/// Lists.
pub(super) async fn run(workspace: &Workspace, options: &LsArgs) -> Result<u8, Ending> {
    let bucket = Bucket::open(workspace).await?;
    let scopes = bucket.asked_or_read(options.scope.as_ref());
    let mut pages = pin!(bucket.entries(&scopes));
    let only_trusted = scopes.iter().all(|scope| scope.to_string() == "t");
    let mut rows = Rows::new(options.long, options.json, only_trusted);
    let mut left = options.limit.unwrap_or(usize::MAX);
    if let Some(sort) = options.sort {
        let mut top = Top::new(sort, left);
        while let Some(page) = pages.try_next().await? {
            top.add(page);
        }
        print_page(&bucket, &mut rows, top.into_sorted()).await?;
    } else {
        while left > 0
            && let Some(mut page) = pages.try_next().await?
        {
            page.truncate(left);
            left -= page.len();
            print_page(&bucket, &mut rows, page).await?;
        }
    }
    if rows.printed == 0 && options.limit != Some(0) {
        let scopes: Vec<_> = scopes.iter().map(ToString::to_string).collect();
        print::note(&format!(
            "no entries in {} under {}",
            scopes.join(" and "),
            bucket.prefix()
        ));
    }
    Ok(GOOD)
}

async fn print_page(bucket: &Bucket, rows: &mut Rows, page: Vec<Found>) -> Result<(), Ending> {
    let found = stream::iter(page);
    if !rows.long {
        return rows.print(found.map(|found| (found, None)).collect().await);
    }
    let read = found.map(|found| async {
        let read = bucket.listed_entry(&found).await?;
        Ok::<_, Ending>((found, read))
    });
    // Some at a time, so that lines appear while others are read.
    let mut read = read.buffered(READS).try_ready_chunks(100);
    while let Some(some) = read.try_next().await.map_err(|error| error.1)? {
        rows.print(some)?;
    }
    Ok(())
}

/// How wide a task hash of Nx is.
const HASH: u16 = 20;
/// Digits of a commit that tell it from others.
const COMMIT: usize = 8;
/// How wide the scope of a pull request is.
const SCOPE: u16 = 8;

const SHORT: [Column; 4] = [
    Column::Whole("hash"),
    Column::Whole("scope"),
    Column::Number("entry"),
    Column::Number("age"),
];
/// What a terminal of 80 columns has room for: the size of the entry object says less than that of what is in it.
const LONG: [Column; 9] = [
    Column::Whole("hash"),
    Column::Whole("scope"),
    Column::Number("age"),
    Column::Number("size"),
    Column::Number("files"),
    Column::Whole("commit"),
    Column::Whole("signed by"),
    Column::Text("task"),
    Column::Text("made by"),
];

/// What is printed of each entry.
type Row = (Found, Option<ReadEntry>);

/// Prints entries as they come.
struct Rows {
    long: bool,
    json: bool,
    /// The columns are at least so wide, so that those of all pages stand below each other.
    widths: Vec<u16>,
    printed: usize,
}

impl Rows {
    /// For entries of `t` only, or of other scopes as well.
    fn new(long: bool, json: bool, only_trusted: bool) -> Self {
        let scope = if only_trusted { 1 } else { SCOPE };
        let widths = match long {
            true => vec![HASH, scope, 6, 8, 5, 6, 9, 9],
            false => vec![HASH, scope, 8, 6],
        };
        Self {
            long,
            json,
            widths,
            printed: 0,
        }
    }

    fn print(&mut self, rows: Vec<Row>) -> Result<(), Ending> {
        if rows.is_empty() {
            return Ok(());
        }
        let first = self.printed == 0;
        self.printed += rows.len();
        if self.json {
            return rows.iter().try_for_each(|row| print::json_line(&to_json(row)));
        }
        let columns: &[Column] = if self.long { &LONG } else { &SHORT };
        let mut table = Table::new(columns).at_least(&self.widths);
        for row in &rows {
            table.row(cells(row));
        }
        print::lines(&table.lines()[usize::from(!first)..])
    }
}

fn hash(found: &Found) -> &str {
    let subject = found.at.object.subject();
    subject.map_or(found.key.as_str(), |subject| subject.as_str())
}

fn cells((found, read): &Row) -> Vec<String> {
    let age = found
        .modified
        .map_or_else(|| "?".into(), |time| age::short(age::since(time)));
    let mark = match found.at.object {
        Object::Body(_) => " (body)",
        _ => "",
    };
    let mut cells = vec![format!("{}{mark}", hash(found)), found.at.scope.to_string()];
    match read.as_ref().map(|read| (&read.entry, &read.signer)) {
        None => cells.extend([bytes(found.size), age]),
        Some((Ok(entry), signer)) => {
            cells.push(age);
            cells.extend(of_manifest(&entry.manifest, signer, commit(read)));
        }
        Some((Err(error), _)) => {
            cells.extend([age, "".into(), "".into(), "".into(), "".into(), error.to_string()])
        }
    }
    cells
}

/// The first digits of the commit that it was made from.
fn commit(read: &Option<ReadEntry>) -> String {
    let provenance = read.as_ref().and_then(ReadEntry::provenance);
    let commit = provenance.and_then(|(from, _)| from.commit.as_deref());
    commit.unwrap_or("–").chars().take(COMMIT).collect()
}

fn of_manifest(manifest: &Manifest, signer: &Result<SignedBy, entry::Error>, commit: String) -> [String; 6] {
    let producer = &manifest.producer;
    let signer = signer.as_ref().map_or_else(|_| "–".to_owned(), SignedBy::name);
    let nx = producer.nx.as_deref().unwrap_or("?");
    let failed = match manifest.code {
        0 => String::new(),
        code => format!(", exit code {code}"),
    };
    [
        bytes(manifest.size),
        manifest.files.to_string(),
        commit,
        signer,
        producer.task.clone().unwrap_or_default(),
        format!("Nx {nx}, {} {}{failed}", producer.os, producer.arch),
    ]
}

fn to_json((found, read): &Row) -> Value {
    let mut line = json!({
        "hash": hash(found),
        "scope": found.at.scope.to_string(),
        "key": found.key,
        "objectSize": found.size,
        "modified": found.modified.map(age::utc),
    });
    if let Some(read) = read {
        line["provenance"] = json!(read.provenance().map(|(from, vouches)| json!({
            "vouchedBy": vouches.map(ToString::to_string),
            "claims": from,
        })));
        line["signedBy"] = json!(read.signer.as_ref().ok().map(SignedBy::name));
        match &read.entry {
            Ok(entry) => line["manifest"] = json!(entry.manifest),
            Err(error) => line["problem"] = json!(error.to_string()),
        }
    }
    line
}
