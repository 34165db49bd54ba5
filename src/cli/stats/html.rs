//! The figures as a page.

use super::census::Band;
use super::report::{Report, sharing};
use crate::cache::bytes;
use crate::cli::chart::{Bar, columns, html, rows};
use crate::cli::page::{Page, table};

/// The report as a page.
pub(super) fn page(report: &Report) -> Page {
    let total = format!("{} objects, {}", report.total.objects, bytes(report.total.bytes));
    let subtitle = format!("{} · {} · {}", report.prefix, total, report.time);
    let mut page = Page::new(&format!("Cache in {}", report.bucket), &subtitle);
    let (titles, scopes) = report.scope_table();
    page.section(
        "By scope",
        &table(&titles, scopes),
        "t is what trusted runs wrote; each u/… is one untrusted scope.",
    );
    page.section(
        "By age",
        &rows(&bars(&report.ages)),
        "Since an object was written.",
    );
    page.section("By size", &rows(&bars(&report.sizes)), "");
    page.section(
        "Growth",
        &columns("Bytes over time", &bars(&report.growth)),
        "Bytes of what is here now, by when it was written. What was deleted since is not counted.",
    );
    page.section(
        "What an age limit would free",
        &rows(&bars(&report.freed)),
        "Objects at least so old, as a lifecycle rule counts. `flush` keeps chunks that younger entries need.",
    );
    content(report, &mut page);
    let costs = report.cost.lines().into_iter();
    let costs: Vec<_> = costs
        .map(|(name, cost)| vec![name.to_owned(), format!("{cost:.4}")])
        .collect();
    if !costs.is_empty() {
        page.section("Cost", &table(&["at the prices given", ""], costs), "");
    }
    page
}

fn content(report: &Report, page: &mut Page) {
    let notes = report.content_notes().join(" ");
    if report.content.read == 0 {
        return;
    }
    let lines = sharing(&report.content.sharing).into_iter();
    let lines: String = lines.map(|line| format!("{}\n", html(&line))).collect();
    page.section("Made by", &rows(&bars(&report.content.producers)), &notes);
    page.section("Platforms", &rows(&bars(&report.content.platforms)), "");
    page.section(
        "What sharing and compression save",
        &format!("<pre>{lines}</pre>"),
        "",
    );
}

fn bars(bands: &[Band]) -> Vec<Bar> {
    let bar = |band: &Band| Bar {
        label: band.name.clone(),
        value: band.amount.bytes as f64,
        shown: format!("{} · {}", bytes(band.amount.bytes), band.amount.objects),
    };
    bands.iter().map(bar).collect()
}
