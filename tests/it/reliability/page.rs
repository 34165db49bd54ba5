//! The page and the tests belong together.

use std::fs;
use std::path::Path;

use crate::support::reliability::{of_test, page};

#[test]
fn every_row_names_a_test_that_exists() {
    for test in page().lines().filter_map(of_test) {
        let mut parts = test.split("::").collect::<Vec<_>>();
        let (function, file) = (parts.pop().unwrap(), parts.join("/"));
        let source = ["tests/it", "__test__"]
            .map(|folder| Path::new(env!("CARGO_MANIFEST_DIR")).join(folder).join(&file));
        let found = source.iter().any(|path| {
            let text = fs::read_to_string(path.with_extension("rs"))
                .or_else(|_| fs::read_to_string(path))
                .unwrap_or_default();
            text.contains(&format!("fn {function}(")) || text.contains(&format!("'{function}'"))
        });
        assert!(
            found,
            "docs/reliability.md names {test}, which does not exist: remove its row"
        );
    }
}

#[test]
fn every_row_names_a_test() {
    let page = page();
    for (line, next) in page.lines().zip(page.lines().skip(1)) {
        let is_row = line.starts_with("| ") && !next.starts_with("|---");
        assert!(
            !is_row || of_test(line).is_some(),
            "docs/reliability.md has a row without a test: {line}"
        );
    }
}
