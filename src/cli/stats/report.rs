//! The figures together: as JSON, and as tables for a terminal.

use serde::Serialize;

use super::census::{Amount, Band, Census, InScope};
use super::content::{Sharing, Summary};
use super::cost::Cost;
use crate::cache::bytes;
use crate::cli::ui::{
    chart,
    table::{Column, Table},
};

/// Everything that `stats` finds out.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Report {
    pub bucket: String,
    pub prefix: String,
    pub time: String,
    pub total: Amount,
    pub scopes: Vec<Scoped>,
    pub ages: Vec<Band>,
    pub sizes: Vec<Band>,
    pub growth: Vec<Band>,
    /// What each age limit would free.
    pub freed: Vec<Band>,
    pub content: Summary,
    pub cost: Cost,
}

/// What is counted of objects, and their bytes.
pub(super) const OBJECTS: [&str; 2] = ["objects", "bytes"];
/// The same of entries, and the bytes of what is in them.
pub(super) const ENTRIES: [&str; 2] = ["entries", "content"];

/// What a scope holds.
#[derive(Serialize)]
pub(super) struct Scoped {
    pub scope: String,
    #[serde(flatten)]
    pub holds: InScope,
}

impl Report {
    pub(super) fn new(
        bucket: &str,
        prefix: String,
        time: String,
        census: Census,
        content: Summary,
        cost: Cost,
    ) -> Self {
        let (ages, sizes) = (census.by_age(), census.by_size());
        let (growth, freed) = (census.growth(), census.freed());
        let mut scopes: Vec<_> = census
            .scopes
            .into_iter()
            .map(|(scope, holds)| Scoped { scope, holds })
            .collect();
        scopes.sort_by_key(|scoped| std::cmp::Reverse(scoped.holds.total().bytes));
        Self {
            bucket: bucket.to_owned(),
            prefix,
            time,
            total: census.total,
            scopes,
            ages,
            sizes,
            growth,
            freed,
            content,
            cost,
        }
    }

    /// The lines for a terminal.
    pub(super) fn lines(&self) -> Vec<String> {
        let mut lines = vec![format!(
            "{}, {}: {} objects, {}",
            self.bucket,
            self.prefix,
            self.total.objects,
            bytes(self.total.bytes)
        )];
        lines.extend(self.scope_lines());
        lines.extend(band_lines("age", OBJECTS, &self.ages));
        lines.extend(band_lines("size of object", OBJECTS, &self.sizes));
        lines.extend(band_lines("an age limit of … would free", OBJECTS, &self.freed));
        if self.content.read > 0 {
            lines.extend(band_lines("made by", ENTRIES, &self.content.producers));
            lines.extend(band_lines("on", ENTRIES, &self.content.platforms));
            lines.extend(band_lines("in the workflow", ENTRIES, &self.content.workflows));
            lines.push(String::new());
            lines.extend(sharing(&self.content.sharing));
        }
        lines.extend(self.content_notes().into_iter().map(|note| format!("  {note}")));
        if !self.cost.lines().is_empty() {
            lines.extend([String::new(), "At the prices given:".to_owned()]);
            let costs = self.cost.lines();
            lines.extend(
                costs
                    .iter()
                    .map(|(name, cost)| format!("  {name:<30} {cost:>10}")),
            );
        }
        lines
    }

    /// The titles of the table of scopes, and its rows.
    pub(super) fn scope_table(&self) -> (Vec<&'static str>, Vec<Vec<String>>) {
        let row = |scoped: &Scoped| {
            let holds = &scoped.holds;
            vec![
                scoped.scope.clone(),
                holds.entries.objects.to_string(),
                holds.archives.objects.to_string(),
                holds.chunks.objects.to_string(),
                holds.other.objects.to_string(),
                bytes(holds.total().bytes),
            ]
        };
        let titles = vec!["scope", "entries", "archives", "chunks", "other", "bytes"];
        (titles, self.scopes.iter().map(row).collect())
    }

    fn scope_lines(&self) -> Vec<String> {
        let (titles, rows) = self.scope_table();
        let columns: Vec<_> = titles
            .into_iter()
            .enumerate()
            .map(|(at, title)| {
                if at == 0 {
                    Column::Whole(title)
                } else {
                    Column::Number(title)
                }
            })
            .collect();
        let mut table = Table::new(&columns);
        rows.into_iter().for_each(|row| table.row(row));
        std::iter::once(String::new()).chain(table.lines()).collect()
    }

    /// What must be said beside the figures of what was read.
    pub(super) fn content_notes(&self) -> Vec<String> {
        let content = &self.content;
        let mut notes = Vec::new();
        if content.read < content.of {
            notes.push(format!(
                "Of {} entries {} were read, picked evenly; --sample all reads every one.",
                content.of, content.read
            ));
        }
        let unreadable = content.unreadable.iter();
        notes.extend(unreadable.map(|(why, count)| format!("{count} could not be read: {why}")));
        notes
    }
}

fn band_lines(title: &'static str, counted: [&'static str; 2], bands: &[Band]) -> Vec<String> {
    let max = bands.iter().map(|band| band.amount.bytes).max().unwrap_or(0);
    let mut table = Table::new(&[
        Column::Whole(title),
        Column::Number(counted[0]),
        Column::Number(counted[1]),
        Column::Text(""),
    ]);
    for Band { name, amount } in bands {
        table.row([
            name.clone(),
            amount.objects.to_string(),
            bytes(amount.bytes),
            chart::line(amount.bytes as f64, max as f64, 24),
        ]);
    }
    std::iter::once(String::new()).chain(table.lines()).collect()
}

/// What sharing and compression save, in words.
pub(super) fn sharing(sharing: &Sharing) -> Vec<String> {
    let Sharing {
        plain,
        unique,
        stored,
    } = *sharing;
    let saved = |before: u64, after: u64| match before {
        0 => 0,
        before => before.saturating_sub(after) * 100 / before,
    };
    vec![
        format!("Archives of the entries read    {:>10}", bytes(plain)),
        format!(
            "  with shared chunks once       {:>10}   {} % saved",
            bytes(unique),
            saved(plain, unique)
        ),
        format!(
            "  and compressed                {:>10}   {} % saved",
            bytes(stored),
            saved(unique, stored)
        ),
    ]
}
