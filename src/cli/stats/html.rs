//! The figures as a page.

use super::census::Band;
use super::report::{ENTRIES, OBJECTS, Report, sharing};
use crate::cache::bytes;
use crate::cli::ui::{
    chart::{Bar, columns, html, rows},
    page::{Page, number, table},
};

/// The report as a page.
pub(super) fn page(report: &Report) -> Page {
    let subtitle = format!("{} · {}", report.prefix, report.time);
    let mut page = Page::new(&format!("Cache in {}", report.bucket), &subtitle);
    page.figures(&figures(report));
    let (titles, scopes) = report.scope_table();
    page.section(
        "By scope",
        &table(&titles, scopes),
        "t is what trusted runs wrote; each u/… is one untrusted scope.",
    );
    page.section(
        "By age",
        &rows(&titled("age", OBJECTS), &bars(&report.ages)),
        "Since an object was written.",
    );
    page.section(
        "By size",
        &rows(&titled("size of object", OBJECTS), &bars(&report.sizes)),
        "",
    );
    // One day is no growth.
    if report.growth.len() > 1 {
        page.section(
            "Growth",
            &columns("Bytes over time", &bars(&report.growth), None),
            "Bytes of what is here now, by when it was written. What was deleted since is not counted.",
        );
    }
    page.section(
        "What an age limit would free",
        &rows(&titled("age limit", OBJECTS), &bars(&report.freed)),
        "Objects at least so old, as a lifecycle rule counts. `flush` keeps chunks that younger entries need.",
    );
    content(report, &mut page);
    let costs = report.cost.lines().into_iter();
    let costs: Vec<_> = costs.map(|(name, cost)| vec![name.to_owned(), cost]).collect();
    if !costs.is_empty() {
        page.section("Cost", &table(&["at the prices given", ""], costs), "");
    }
    page
}

/// What matters most.
fn figures(report: &Report) -> Vec<(&'static str, String)> {
    let entries = report.scopes.iter().map(|scope| scope.holds.entries.objects);
    let mut figures = vec![
        ("in the bucket", bytes(report.total.bytes)),
        ("objects", number(report.total.objects)),
        ("entries", number(entries.sum())),
    ];
    let sharing = &report.content.sharing;
    let saved = sharing.plain.saturating_sub(sharing.stored) * 100;
    if let Some(percent) = saved.checked_div(sharing.plain) {
        figures.push(("saved in all", format!("{percent} %")));
    }
    figures
}

fn titled<'a>(label: &'a str, counted: [&'a str; 2]) -> [&'a str; 3] {
    [label, counted[0], counted[1]]
}

fn content(report: &Report, page: &mut Page) {
    let notes = report.content_notes().join(" ");
    if report.content.read == 0 {
        return;
    }
    let lines = sharing(&report.content.sharing).into_iter();
    let lines: String = lines.map(|line| format!("{}\n", html(&line))).collect();
    let producers = rows(&titled("program", ENTRIES), &bars(&report.content.producers));
    page.section("Made by", &producers, &notes);
    let platforms = rows(&titled("platform", ENTRIES), &bars(&report.content.platforms));
    page.section("Platforms", &platforms, "");
    let workflows = rows(&titled("workflow", ENTRIES), &bars(&report.content.workflows));
    page.section("Workflows", &workflows, "");
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
        shown: vec![number(band.amount.objects), bytes(band.amount.bytes)],
    };
    bands.iter().map(bar).collect()
}
