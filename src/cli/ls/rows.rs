//! One line an entry: of a table, or JSON.

use serde_json::{Value, json};

use crate::cache::bytes;
use crate::cli::bucket::{Found, ReadEntry};
use crate::cli::ui::{
    Ending, age, print,
    table::{Column, Table},
};
use crate::entry::{self, Manifest, Object};
use crate::sign::SignedBy;

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
pub(super) type Row = (Found, Option<ReadEntry>);

/// Prints entries as they come.
pub(super) struct Rows {
    long: bool,
    json: bool,
    /// The columns are at least so wide, so that those of all pages stand below each other.
    widths: Vec<u16>,
    printed: usize,
}

impl Rows {
    /// For entries of `t` only, or of other scopes as well.
    pub(super) fn new(long: bool, json: bool, only_trusted: bool) -> Self {
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

    /// Whether what is in the entries is shown.
    pub(super) fn wants_entries(&self) -> bool {
        self.long
    }

    pub(super) fn none_printed(&self) -> bool {
        self.printed == 0
    }

    pub(super) fn print(&mut self, rows: Vec<Row>) -> Result<(), Ending> {
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
        let lines = table.lines();
        let mut lines = lines.iter().skip(if first { 0 } else { 1 });
        lines.try_for_each(|line| print::line(line))
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
