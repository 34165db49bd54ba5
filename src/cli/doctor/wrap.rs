//! Text in lines that fit a terminal.

use console::Term;

/// The most columns of a line: wider ones are hard to read.
const MOST: usize = 100;
/// The fewest: narrower ones are, too.
const FEWEST: usize = 60;

/// How many columns a line has on standard output.
pub(super) fn width() -> usize {
    let terminal = Term::stdout();
    if terminal.is_term() {
        usize::from(terminal.size().1).clamp(FEWEST, MOST)
    } else {
        MOST
    }
}

/// `text` with lines that end within `width` when the first begins at column `indent`, as the others then do, too.
/// Words are never broken, so that what is copied from the text stays whole; its own line breaks are kept.
pub(super) fn wrapped(text: &str, indent: usize, width: usize) -> String {
    let room = width.saturating_sub(indent).max(1);
    let mut lines: Vec<String> = Vec::new();
    for line in text.lines() {
        let own_indent: String = line.chars().take_while(|c| *c == ' ').collect();
        let mut current = own_indent.clone();
        let mut is_empty = true;
        for word in line.split_whitespace() {
            let length = current.chars().count() + usize::from(!is_empty) + word.chars().count();
            if !is_empty && length > room {
                lines.push(std::mem::replace(&mut current, own_indent.clone()));
                is_empty = true;
            }
            if !is_empty {
                current.push(' ');
            }
            current.push_str(word);
            is_empty = false;
        }
        lines.push(current);
    }
    let lines: Vec<&str> = lines.iter().map(|line| line.trim_end()).collect();
    let separator = format!("\n{}", " ".repeat(indent));
    // An empty line has no trailing spaces either.
    lines.join(&separator).replace(&format!("{separator}\n"), "\n\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_within_the_width_and_begin_below_the_first() {
        let text = "word ".repeat(40);
        let lines = wrapped(&text, 20, 80);
        let mut lines = lines.lines();
        assert!(lines.next().is_some_and(|line| line.chars().count() <= 80 - 20));
        for line in lines {
            assert!(line.starts_with(&" ".repeat(20)) && line.len() <= 80, "{line:?}");
        }
    }

    #[test]
    fn long_words_and_line_breaks_stay_as_they_are() {
        let address = "x".repeat(200);
        assert_eq!(
            wrapped(&format!("see {address} there"), 4, 80),
            format!("see\n    {address}\n    there")
        );
        assert_eq!(wrapped("one\n\n  - two", 2, 80), "one\n\n    - two");
        assert_eq!(wrapped("", 2, 80), "");
    }
}
