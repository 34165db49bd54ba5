//! Text in lines that fit a terminal.

use console::Term;
use textwrap::{Options, WordSplitter};

/// The most columns of a line: wider ones are hard to read.
const MOST: usize = 100;
/// The fewest: narrower ones are, too.
const FEWEST: usize = 60;

/// How many columns a line has on standard output.
pub(in crate::cli) fn width() -> usize {
    let terminal = Term::stdout();
    if terminal.is_term() {
        usize::from(terminal.size().1).clamp(FEWEST, MOST)
    } else {
        MOST
    }
}

/// `text` with lines that end within `width` when the first begins at column `indent`, as the others then do, too.
/// Words are never broken, so that what is copied from the text stays whole; its own line breaks and indents are kept.
pub(in crate::cli) fn wrapped(text: &str, indent: usize, width: usize) -> String {
    let wrap = |line: &str| {
        let words = line.trim_start();
        let own_indent = &line[..line.len() - words.len()];
        let options = Options::new(width.saturating_sub(indent))
            .initial_indent(own_indent)
            .subsequent_indent(own_indent)
            .break_words(false)
            .word_splitter(WordSplitter::NoHyphenation);
        textwrap::fill(words, options)
    };
    let lines: Vec<String> = text.lines().map(wrap).collect();
    let space = " ".repeat(indent);
    let indented = textwrap::indent(&lines.join("\n"), &space);
    indented.strip_prefix(&space).unwrap_or(&indented).to_owned()
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
        assert_eq!(wrapped("  - one two-three", 2, 12), "  - one\n    two-three");
        assert_eq!(wrapped("", 2, 80), "");
    }
}
