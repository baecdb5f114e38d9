//! The tables of docs/troubleshooting.md: a test that causes a failure demands the words that stand there.

use std::fs;
use std::path::Path;

use regex::Regex;

use super::lab::CHECKOUT;

/// Words of what people see, as a row's first column has them; without those that are examples there.
#[track_caller]
pub(crate) fn row(words: &str) -> &str {
    only(words);
    words
}

/// Demands the words of a row in what a command told, and the exit code of that row.
#[track_caller]
pub(crate) fn demand(words: &str, told: &str, code: Option<i32>) {
    let row = only(words);
    assert!(told.contains(words), "{words:?} is not in {told}");
    let codes = exit_codes(&row);
    assert!(code.is_some_and(|code| codes.contains(&code)), "the command ended with {code:?}, the docs say: {row}");
}

/// The exit codes that a row's first column has: none where no command ends.
pub(crate) fn exit_codes(row: &str) -> Vec<i32> {
    let codes = Regex::new(r"\((?:exit )?(\d)(?:; (\d) for [^)]*)?\)").unwrap();
    let Some(found) = codes.captures(row) else { return Vec::new() };
    found.iter().skip(1).flatten().map(|code| code.as_str().parse().unwrap()).collect()
}

/// The first column of all rows.
pub(crate) fn rows() -> Vec<String> {
    let text = fs::read_to_string(Path::new(CHECKOUT).join("docs/troubleshooting.md")).unwrap();
    let lines = text.lines().filter_map(|line| line.strip_prefix("| "));
    let columns = lines.filter_map(|line| line.split_once(" | ")).map(|(column, _)| column);
    columns.filter(|column| !column.starts_with("you see")).map(str::to_owned).collect()
}

/// The first column of the only row that has these words.
#[track_caller]
fn only(words: &str) -> String {
    let mut having: Vec<String> = rows().into_iter().filter(|row| row.contains(words)).collect();
    assert_eq!(having.len(), 1, "so many rows of docs/troubleshooting.md have {words:?}");
    having.remove(0)
}
