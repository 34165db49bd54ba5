//! Tables that fit the terminal. Elsewhere every cell is written whole.

use comfy_table::{CellAlignment, ColumnConstraint, ContentArrangement, Row, presets};
use console::Term;

use crate::plain::plain;

/// A table whose cells are safe to show, whatever they come from.
pub(in crate::cli) struct Table {
    table: comfy_table::Table,
    wide: Option<u16>,
}

/// How a column is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::cli) enum Column {
    /// Never cut: what people copy.
    Whole(&'static str),
    /// Cut where the terminal ends.
    Text(&'static str),
    /// To the right, never cut.
    Number(&'static str),
}

impl Column {
    fn title(self) -> &'static str {
        match self {
            Self::Whole(title) | Self::Text(title) | Self::Number(title) => title,
        }
    }
}

impl Table {
    /// A table for standard output.
    pub(in crate::cli) fn new(columns: &[Column]) -> Self {
        let terminal = Term::stdout();
        Self::of_width(columns, terminal.is_term().then(|| terminal.size().1))
    }

    fn of_width(columns: &[Column], wide: Option<u16>) -> Self {
        let mut table = comfy_table::Table::new();
        table.load_style(presets::NOTHING);
        table.set_truncation_indicator("…");
        let titles = columns.iter().map(|column| column.title());
        let mut header: Row = titles.collect::<Vec<_>>().into();
        if let Some(width) = wide {
            table
                .set_content_arrangement(ContentArrangement::Dynamic)
                .set_width(width);
            header.max_height(1);
        }
        table.set_header(header);
        for (column, set) in table.column_iter_mut().zip(columns) {
            column.set_padding((0, 2));
            match set {
                Column::Text(_) => {}
                Column::Whole(_) => drop(column.set_constraint(ColumnConstraint::ContentWidth)),
                Column::Number(_) => {
                    column.set_constraint(ColumnConstraint::ContentWidth);
                    column.set_cell_alignment(CellAlignment::Right);
                }
            }
        }
        Self { table, wide }
    }

    /// The same table, whose first columns are at least so wide, so that those of several tables stand below each
    /// other.
    pub(in crate::cli) fn at_least(mut self, widths: &[u16]) -> Self {
        for (column, width) in self.table.column_iter_mut().zip(widths) {
            let width = comfy_table::Width::Fixed(width + 2);
            column.set_constraint(ColumnConstraint::LowerBoundary(width));
        }
        self
    }

    /// Adds a row.
    pub(in crate::cli) fn row(&mut self, cells: impl IntoIterator<Item = impl AsRef<str>>) {
        let mut row: Row = cells
            .into_iter()
            .map(|cell| plain(cell.as_ref()).into_owned())
            .collect::<Vec<_>>()
            .into();
        if self.wide.is_some() {
            row.max_height(1);
        }
        self.table.add_row(row);
    }

    /// The lines of the table, its header first.
    pub(in crate::cli) fn lines(&self) -> Vec<String> {
        self.table
            .lines()
            .map(|line| line.trim_end().to_owned())
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: [Column; 3] = [
        Column::Whole("hash"),
        Column::Number("size"),
        Column::Text("path"),
    ];

    fn lines(wide: Option<u16>, path: &str) -> Vec<String> {
        let mut table = Table::of_width(&COLUMNS, wide);
        table.row(["12345678901234567890", "1.0 kB", path]);
        table.row(["1", "999 B", "a"]);
        table.lines()
    }

    #[test]
    fn columns_stand_below_each_other_and_numbers_to_the_right() {
        assert_eq!(
            lines(None, "dist/main.js"),
            [
                "hash                    size  path",
                "12345678901234567890  1.0 kB  dist/main.js",
                "1                      999 B  a",
            ]
        );
    }

    #[test]
    fn a_terminal_cuts_text_and_never_what_is_copied() {
        let path = "dist/".repeat(20);
        let narrow = lines(Some(50), &path);
        assert_eq!(narrow.len(), 3, "{narrow:#?}");
        assert!(
            narrow.iter().all(|line| line.chars().count() <= 50),
            "{narrow:#?}"
        );
        assert!(
            narrow[1].starts_with("12345678901234567890  1.0 kB  dist/") && narrow[1].ends_with('…'),
            "{narrow:#?}"
        );
        assert!(lines(None, &path)[1].ends_with(&path));
    }

    #[test]
    fn cells_give_a_terminal_no_orders() {
        let shown = lines(Some(80), "\u{1b}]0;title\u{7}\nnext").concat();
        assert!(!shown.contains(['\u{1b}', '\u{7}']), "{shown}");
    }
}
