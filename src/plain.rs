//! Text from outside, safe for a terminal: what a server answers, an object holds or a credential process says.

use std::borrow::Cow;

/// `text` with everything escaped that a terminal would obey rather than show: control characters, and those that
/// turn the direction of writing or have no width. Whoever writes to the bucket chooses such text.
pub fn plain(text: &str) -> Cow<'_, str> {
    if !text.contains(obeyed) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for letter in text.chars() {
        if obeyed(letter) {
            shown.extend(letter.escape_default());
        } else {
            shown.push(letter);
        }
    }
    Cow::Owned(shown)
}

/// JSON `text` with everything escaped in its strings that a terminal would obey. What serde_json leaves of it is there
/// only; line feeds, which it escapes, are its own.
pub fn json(text: &str) -> Cow<'_, str> {
    let obeyed = |letter: char| letter != '\n' && obeyed(letter);
    if !text.contains(obeyed) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for letter in text.chars() {
        if obeyed(letter) {
            let units = letter.encode_utf16(&mut [0; 2]).to_vec();
            shown.extend(units.iter().map(|unit| format!("\\u{unit:04x}")));
        } else {
            shown.push(letter);
        }
    }
    Cow::Owned(shown)
}

/// `text` on one line, escaped like [`plain`], and cut after `most` characters.
pub fn line(text: &str, most: usize) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let line = plain(line.trim_end_matches(['.', ':']));
    match line.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line.into_owned(),
    }
}

/// `text` as a task printed it, with its lines and colours, and nothing else that a terminal would obey.
pub fn of_a_terminal(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(obeyed) {
        let (before, from) = rest.split_at(at);
        shown.push_str(before);
        let kept = colour(from).or_else(|| from.starts_with(['\n', '\t']).then_some(1));
        let taken = kept.unwrap_or_else(|| from.chars().next().map_or(0, char::len_utf8));
        let (order, after) = from.split_at(taken);
        if kept.is_some() {
            shown.push_str(order);
        } else {
            shown.push_str(&plain(order));
        }
        rest = after;
    }
    shown + rest
}

/// The length of the colour setting (`ESC [ 1 ; 31 m`) that `text` begins with.
fn colour(text: &str) -> Option<usize> {
    let numbers = text.strip_prefix("\u{1b}[")?;
    let end = numbers.find(|c: char| !c.is_ascii_digit() && c != ';')?;
    numbers[end..].starts_with('m').then_some(2 + end + 1)
}

/// Whether a terminal does something else with `letter` than show it.
fn obeyed(letter: char) -> bool {
    letter.is_control()
        || matches!(
            letter,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_be_shown_stays_as_it_is() {
        for text in ["", "dist/main.js", "Grüße/日本語/👋", "a b\\c"] {
            assert!(matches!(plain(text), Cow::Borrowed(shown) if shown == text));
        }
    }

    #[test]
    fn what_a_terminal_obeys_is_escaped() {
        assert_eq!(plain("a\u{1b}[2Jb\r\n"), "a\\u{1b}[2Jb\\r\\n");
        assert_eq!(plain("\u{9b}31m"), "\\u{9b}31m");
        assert_eq!(plain("exe\u{202e}gpj"), "exe\\u{202e}gpj");
        assert_eq!(plain("\u{7f}\0"), "\\u{7f}\\u{0}");
    }

    #[test]
    fn json_means_the_same_without_what_a_terminal_obeys() {
        for text in [
            "exe\u{202e}gpj",
            "\u{9b}31m \u{7f}\0\n\u{1b}",
            "tag\u{e0041}\\u",
            "Grüße 👋",
        ] {
            for printed in [
                serde_json::to_string(&[text]).unwrap(),
                serde_json::to_string_pretty(&[text]).unwrap(),
            ] {
                let shown = json(&printed);
                assert!(
                    !shown.contains(|letter| letter != '\n' && obeyed(letter)),
                    "{shown:?}"
                );
                assert_eq!(serde_json::from_str::<[String; 1]>(&shown).unwrap(), [text]);
            }
        }
        assert_eq!(json("\"\u{202e}\u{e0041}\""), "\"\\u202e\\udb40\\udc41\"");
    }

    #[test]
    fn a_text_becomes_one_short_line_without_orders_to_a_terminal() {
        assert_eq!(line(" two\n lines.\n", 100), "two lines");
        assert_eq!(
            line("no such\r\n vault\u{1b}[2J.", 100),
            "no such vault\\u{1b}[2J"
        );
        assert_eq!(
            line("zero\u{200b}width\u{ad}tag\u{e0041}", 100),
            "zero\\u{200b}width\\u{ad}tag\\u{e0041}"
        );
        assert_eq!(line(&"é".repeat(1000), 300), "é".repeat(300) + "…");
    }

    #[test]
    fn a_task_s_output_keeps_its_lines_and_colours_only() {
        assert_eq!(
            of_a_terminal("\u{1b}[1;32mok\u{1b}[0m\n\tdone"),
            "\u{1b}[1;32mok\u{1b}[0m\n\tdone"
        );
        assert_eq!(
            of_a_terminal("a\u{1b}[2Jb\u{1b}]0;t\u{7}"),
            "a\\u{1b}[2Jb\\u{1b}]0;t\\u{7}"
        );
        assert_eq!(of_a_terminal("\u{1b}"), "\\u{1b}");
    }
}
