//! Charts: bars of characters for a terminal, bars as SVG for a page.

use std::fmt::Write;

/// One bar.
pub(in crate::cli) struct Bar {
    /// What it is about.
    pub label: String,
    /// Its length, in any unit.
    pub value: f64,
    /// What there is to say of it; its length comes last.
    pub shown: Vec<String>,
}

/// Width and height of a page's chart, in its own units.
const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 160.0;

/// A bar of characters, `value` of `max` long.
pub(in crate::cli) fn line(value: f64, max: f64, width: usize) -> String {
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
pub(in crate::cli) fn html(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in crate::plain::plain(text).chars() {
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
/// value when pointed at. The chart is as high as `full`, or as the highest bar.
pub(in crate::cli) fn columns(title: &str, bars: &[Bar], full: Option<f64>) -> String {
    let (Some(first), Some(last)) = (bars.first(), bars.last()) else {
        return String::new();
    };
    let max = bars
        .iter()
        .map(|bar| bar.value)
        .fold(full.unwrap_or(0.0), f64::max);
    let step = WIDTH / bars.len() as f64;
    let mut svg = format!(
        r#"<svg class="chart" viewBox="0 0 {WIDTH} {}" role="img" aria-label="{}">"#,
        HEIGHT + 40.0,
        html(title)
    );
    for share in [0.0, 0.5, 1.0] {
        let y = 20.0 + HEIGHT * share;
        let _ = write!(svg, r#"<line x1="0" x2="{WIDTH}" y1="{y}" y2="{y}"/>"#);
    }
    for (at, bar) in bars.iter().enumerate() {
        let height = if max > 0.0 { bar.value / max * HEIGHT } else { 0.0 };
        let _ = write!(
            svg,
            r#"<rect x="{:.1}" y="{:.1}" width="{:.1}" height="{height:.1}"><title>{}: {}</title></rect>"#,
            at as f64 * step,
            20.0 + HEIGHT - height,
            (step - 2.0).max(1.0),
            html(&bar.label),
            html(&bar.shown.join(", "))
        );
    }
    let highest = bars.iter().max_by(|one, other| one.value.total_cmp(&other.value));
    let highest = highest
        .and_then(|bar| bar.shown.last())
        .map_or("", String::as_str);
    let _ = write!(
        svg,
        r#"<text x="0" y="14">highest: {}</text><text x="0" y="{bottom}">{}</text><text x="{WIDTH}" y="{bottom}" text-anchor="end">{}</text></svg>"#,
        html(highest),
        html(&first.label),
        html(&last.label),
        bottom = HEIGHT + 36.0,
    );
    svg
}

/// A table of bars, with their values to be read: label, bar and values. `titles` are those of the label and the values.
pub(in crate::cli) fn rows(titles: &[&str], bars: &[Bar]) -> String {
    let max = bars.iter().map(|bar| bar.value).fold(0.0, f64::max);
    let row = |bar: &Bar| {
        let share = if max > 0.0 { bar.value / max * 100.0 } else { 0.0 };
        // What there is of must be seen.
        let bar_seen = if bar.value > 0.0 {
            format!(r#"<span style="width:{share:.1}%"></span>"#)
        } else {
            String::new()
        };
        let values = bar.shown.iter();
        let values: String = values
            .map(|value| format!(r#"<td class="number">{}</td>"#, html(value)))
            .collect();
        format!(
            r#"<tr><th scope="row">{}</th><td class="bar">{bar_seen}</td>{values}</tr>"#,
            html(&bar.label)
        )
    };
    let (label, values) = titles.split_first().unwrap_or((&"", &[]));
    let values: String = values
        .iter()
        .map(|title| format!(r#"<th scope="col" class="number">{}</th>"#, html(title)))
        .collect();
    format!(
        r#"<table class="bars"><thead><tr><th scope="col">{}</th><td class="bar"></td>{values}</tr></thead><tbody>{}</tbody></table>"#,
        html(label),
        bars.iter().map(row).collect::<String>()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bar(label: &str, value: f64) -> Bar {
        Bar {
            label: label.into(),
            value,
            shown: vec!["7".into(), format!("{value} B")],
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
        let svg = columns("growth", &[bar("a", 1.0), bar("b", 4.0)], None);
        assert!(
            svg.contains(r#"height="40.0"><title>a: 7, 1 B"#)
                && svg.contains(r#"height="160.0"><title>b: 7, 4 B"#)
        );
        assert!(columns("rate", &[bar("a", 25.0)], Some(100.0)).contains(r#"height="40.0""#));
        assert!(!columns("none", &[bar("a", 0.0)], None).contains("NaN"));
        assert_eq!(columns("none", &[], None), "");
    }

    #[test]
    fn nothing_has_no_bar() {
        let page = rows(&["age", "bytes"], &[bar("a", 0.0), bar("b", 0.001)]);
        assert_eq!(page.matches("<span").count(), 1, "{page}");
    }

    #[test]
    fn names_stay_text_in_a_page() {
        let name = "<img src=x onerror='a()'>\"&\u{1b}";
        for page in [
            columns(name, &[bar(name, 1.0)], None),
            rows(&[name], &[bar(name, 1.0)]),
        ] {
            assert!(
                page.contains("&lt;img src=x onerror=&#39;a()&#39;&gt;&quot;&amp;\\u{1b}"),
                "{page}"
            );
            assert!(!page.contains("<img"));
        }
    }
}
