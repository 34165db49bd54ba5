//! A page that needs nothing but itself: no script, nothing from elsewhere, light or dark as the reader likes.

use std::path::Path;

use super::Ending;
use super::chart::html;

/// How it looks. The browser is told to load and run nothing, whatever a name from the bucket may say.
const STYLE: &str = "
:root { color-scheme: light dark; --bar: #2f6fd0; --track: #eef1f6; --line: #d5d8de; --dim: #5c6370; }
@media (prefers-color-scheme: dark) { :root { --bar: #6ea3f2; --track: #262a33; --line: #3a3f4a; --dim: #a0a6b2; } }
body { font: 15px/1.5 system-ui, sans-serif; margin: 2.5rem auto; max-width: 46rem; padding: 0 1rem; }
h1 { font-size: 1.6rem; margin-bottom: 0; } h2 { font-size: 1.1rem; margin: 2.2rem 0 .5rem; }
p { margin: .3rem 0; } .dim, dt { color: var(--dim); }
.figures { display: flex; flex-wrap: wrap; gap: .8rem; margin: 1.4rem 0; }
.figures div { border: 1px solid var(--line); border-radius: .5rem; flex: 1 1 7rem; box-sizing: border-box; padding: .6rem .9rem; }
dt { font-size: 13px; } dd { font-size: 1.4rem; font-weight: 600; margin: 0; white-space: nowrap; }
table { border-collapse: collapse; width: 100%; }
th, td { border-bottom: 1px solid var(--line); padding: .3rem 0 .3rem .8rem; text-align: left; font-weight: normal; }
th:first-child, td:first-child { padding-left: 0; } thead th { color: var(--dim); }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.bars { table-layout: fixed; } .bars th:first-child { width: 32%; overflow-wrap: anywhere; }
.bars .number { width: 13%; } .bar span { background: var(--bar); border-radius: 2px; display: block; height: .8rem; min-width: 2px; }
tbody .bar { background: linear-gradient(var(--track), var(--track)) .8rem center / calc(100% - .8rem) .8rem no-repeat; }
.chart { width: 100%; height: auto; } .chart rect { fill: var(--bar); } .chart line { stroke: var(--line); }
.chart text { fill: var(--dim); font-size: 13px; }
";

/// A page of sections.
pub(in crate::cli) struct Page {
    title: String,
    subtitle: String,
    sections: String,
}

impl Page {
    pub(in crate::cli) fn new(title: &str, subtitle: &str) -> Self {
        Self {
            title: html(title),
            subtitle: html(subtitle),
            sections: String::new(),
        }
    }

    /// Adds what matters most: what it is, and its value.
    pub(in crate::cli) fn figures(&mut self, figures: &[(&str, String)]) {
        let figure = |(name, value): &(&str, String)| {
            format!("<div><dt>{}</dt><dd>{}</dd></div>", html(name), html(value))
        };
        let figures: String = figures.iter().map(figure).collect();
        self.sections += &format!("<dl class=\"figures\">{figures}</dl>\n");
    }

    /// Adds a section; `content` is HTML already, `note` is text below it.
    pub(in crate::cli) fn section(&mut self, title: &str, content: &str, note: &str) {
        let note = match note {
            "" => String::new(),
            note => format!(r#"<p class="dim">{}</p>"#, html(note)),
        };
        self.sections += &format!("<section><h2>{}</h2>{content}{note}</section>\n", html(title));
    }

    /// The page as text.
    pub(in crate::cli) fn finish(&self) -> String {
        let Self {
            title,
            subtitle,
            sections,
        } = self;
        format!(
            r#"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>{title}</title>
<style>{STYLE}</style>
</head>
<body>
<h1>{title}</h1>
<p class="dim">{subtitle}</p>
{sections}</body>
</html>
"#
        )
    }

    /// Writes the page to `file`.
    pub(in crate::cli) fn write(&self, file: &Path) -> Result<(), Ending> {
        std::fs::write(file, self.finish())
            .map_err(|error| Ending::Unable(format!("{} can't be written: {error}", file.display())))
    }
}

/// A number with its thousands set apart.
pub(in crate::cli) fn number(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A table: its titles, and its rows of text, of which all but the first are numbers.
pub(in crate::cli) fn table(titles: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let class = |at: usize| if at == 0 { "" } else { r#" class="number""# };
    let titles = titles.iter().enumerate();
    let head: String = titles
        .map(|(at, title)| format!("<th scope=\"col\"{}>{}</th>", class(at), html(title)))
        .collect();
    let row = |cells: Vec<String>| {
        let cells = cells.iter().enumerate();
        let cells: String = cells
            .map(|(at, cell)| format!("<td{}>{}</td>", class(at), html(cell)))
            .collect();
        format!("<tr>{cells}</tr>")
    };
    let body: String = rows.into_iter().map(row).collect();
    format!("<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_set_apart() {
        for (value, text) in [(0, "0"), (999, "999"), (1000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(number(value), text);
        }
    }

    #[test]
    fn a_page_loads_nothing_and_shows_text_as_text() {
        let mut page = Page::new("<script>alert(1)</script>", "a & b");
        page.figures(&[("<s>", "<em>".to_owned())]);
        page.section(
            "<b>",
            &table(&["<i>"], [vec!["<u>".to_owned(), "1".to_owned()]]),
            "<p>",
        );
        let text = page.finish();
        for tag in [
            "<script", "<s>", "<em>", "<b>", "<i>", "<u>", "<link", "src=", "href=", "url(",
        ] {
            assert!(!text.contains(tag), "{tag}");
        }
        assert!(
            text.contains("default-src 'none'") && text.contains("&lt;script&gt;alert(1)&lt;/script&gt;")
        );
    }
}
