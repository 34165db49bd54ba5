//! Charts: bars of characters for a terminal, bars as SVG for a page.

use std::fmt::Write;

/// One bar.
pub(super) struct Bar {
    /// What it is about.
    pub label: String,
    /// Its length, in any unit.
    pub value: f64,
    /// Its length for people.
    pub shown: String,
}

/// Width and height of a page's chart, in its own units.
const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 160.0;

/// A bar of characters, `value` of `max` long.
pub(super) fn line(value: f64, max: f64, width: usize) -> String {
    let share = if max > 0.0 {
        (value / max).clamp(0.0, 1.0)
    } else {
        0.0
    };
    let length = (share * width as f64).round() as usize;
    // What there is of must be seen.
    "█".repeat(length.max(usize::from(value > 0.0)))
}

/// `text` for HTML, in elements and attributes.
pub(super) fn html(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in super::plain::plain(text).chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            letter => escaped.push(letter),
        }
    }
    escaped
}

/// Upright bars from left to right, as an SVG element. The first, the last and the highest are labelled; each tells its
/// value when pointed at.
pub(super) fn columns(title: &str, bars: &[Bar]) -> String {
    let (Some(first), Some(last)) = (bars.first(), bars.last()) else {
        return String::new();
    };
    let max = bars.iter().map(|bar| bar.value).fold(0.0, f64::max);
    let step = WIDTH / bars.len() as f64;
    let mut svg = format!(
        r#"<svg class="chart" viewBox="0 0 {WIDTH} {}" role="img" aria-label="{}">"#,
        HEIGHT + 40.0,
        html(title)
    );
    for (at, bar) in bars.iter().enumerate() {
        let height = if max > 0.0 { bar.value / max * HEIGHT } else { 0.0 };
        let _ = write!(
            svg,
            r#"<rect x="{:.1}" y="{:.1}" width="{:.1}" height="{height:.1}"><title>{}: {}</title></rect>"#,
            at as f64 * step,
            20.0 + HEIGHT - height,
            (step - 2.0).max(1.0),
            html(&bar.label),
            html(&bar.shown)
        );
    }
    let highest = bars.iter().max_by(|one, other| one.value.total_cmp(&other.value));
    let highest = highest.map_or("", |bar| bar.shown.as_str());
    let _ = write!(
        svg,
        r#"<text x="0" y="14">{}</text><text x="0" y="{bottom}">{}</text><text x="{WIDTH}" y="{bottom}" text-anchor="end">{}</text></svg>"#,
        html(highest),
        html(&first.label),
        html(&last.label),
        bottom = HEIGHT + 36.0,
    );
    svg
}

/// A table of bars, with their values to be read: label, bar and value.
pub(super) fn rows(bars: &[Bar]) -> String {
    let max = bars.iter().map(|bar| bar.value).fold(0.0, f64::max);
    let row = |bar: &Bar| {
        let share = if max > 0.0 { bar.value / max * 100.0 } else { 0.0 };
        format!(
            r#"<tr><th scope="row">{}</th><td class="bar"><span style="width:{share:.1}%"></span></td><td class="number">{}</td></tr>"#,
            html(&bar.label),
            html(&bar.shown)
        )
    };
    format!("<table>{}</table>", bars.iter().map(row).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bar(label: &str, value: f64) -> Bar {
        Bar {
            label: label.into(),
            value,
            shown: format!("{value} B"),
        }
    }

    #[test]
    fn a_line_is_as_long_as_its_share_and_seen_if_there_is_any() {
        assert_eq!(line(50.0, 100.0, 10), "█████");
        assert_eq!(line(0.001, 100.0, 10), "█");
        assert_eq!(line(0.0, 100.0, 10), "");
        assert_eq!(line(0.0, 0.0, 10), "");
        assert_eq!(line(200.0, 100.0, 3), "███");
    }

    #[test]
    fn columns_are_as_high_as_their_share() {
        let svg = columns("growth", &[bar("a", 1.0), bar("b", 4.0)]);
        assert!(
            svg.contains(r#"height="40.0"><title>a: 1 B"#) && svg.contains(r#"height="160.0"><title>b: 4 B"#)
        );
        assert!(!columns("none", &[bar("a", 0.0)]).contains("NaN"));
        assert_eq!(columns("none", &[]), "");
    }

    #[test]
    fn names_stay_text_in_a_page() {
        let name = "<img src=x onerror='a()'>\"&\u{1b}";
        for page in [columns(name, &[bar(name, 1.0)]), rows(&[bar(name, 1.0)])] {
            assert!(
                page.contains("&lt;img src=x onerror=&#39;a()&#39;&gt;&quot;&amp;\\u{1b}"),
                "{page}"
            );
            assert!(!page.contains("<img"));
        }
    }
}
