//! The tables of docs/troubleshooting.md: a test that causes a failure demands the words that stand there.

use std::fs;
use std::path::Path;

use super::lab::CHECKOUT;

/// Words of what people see, as a row's first column has them; without those that are examples there.
#[track_caller]
pub(crate) fn row(words: &str) -> &str {
    let having = rows().into_iter().filter(|row| row.contains(words)).count();
    assert_eq!(having, 1, "so many rows of docs/troubleshooting.md have {words:?}");
    words
}

/// The first column of all rows.
pub(crate) fn rows() -> Vec<String> {
    let text = fs::read_to_string(Path::new(CHECKOUT).join("docs/troubleshooting.md")).unwrap();
    let lines = text.lines().filter_map(|line| line.strip_prefix("| "));
    let columns = lines.filter_map(|line| line.split_once(" | ")).map(|(column, _)| column);
    columns.filter(|column| !column.starts_with("you see")).map(str::to_owned).collect()
}
