//! Text in lines that fit a terminal.

/// Columns of a line. Few terminals are narrower, and wider lines are hard to read.
const WIDTH: usize = 100;

/// `text` with lines that end within the width when the first begins at column `indent`, as the others then do, too.
/// Words are never broken, so that what is copied from the text stays whole; its own line breaks are kept.
pub(super) fn wrapped(text: &str, indent: usize) -> String {
    let room = WIDTH.saturating_sub(indent).max(1);
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
        let lines = wrapped(&text, 20);
        let mut lines = lines.lines();
        assert!(
            lines
                .next()
                .is_some_and(|line| line.chars().count() <= WIDTH - 20)
        );
        for line in lines {
            assert!(
                line.starts_with(&" ".repeat(20)) && line.len() <= WIDTH,
                "{line:?}"
            );
        }
    }

    #[test]
    fn long_words_and_line_breaks_stay_as_they_are() {
        let address = "x".repeat(2 * WIDTH);
        assert_eq!(
            wrapped(&format!("see {address} there"), 4),
            format!("see\n    {address}\n    there")
        );
        assert_eq!(wrapped("one\n\n  - two", 2), "one\n\n    - two");
        assert_eq!(wrapped("", 2), "");
    }
}
