//! What docs/troubleshooting.md tells is what nomspark says.

use std::fs;
use std::path::{Path, PathBuf};

use regex::Regex;

use crate::support::lab::CHECKOUT;
use crate::support::rows::{exit_codes, rows};

#[test]
fn every_failure_that_is_described_is_caused_by_a_test() {
    let sources: Vec<String> = sources(&Path::new(CHECKOUT).join("tests/it"));
    let words_of = |call: &str| -> Vec<String> {
        let call = Regex::new(&format!(r#"\b{call}\(\s*(?:&[a-z]+, )?"((?:[^"\\]|\\.)*)",?\s*\)"#)).unwrap();
        let calls = sources.iter().flat_map(|source| call.captures_iter(source));
        calls.map(|call| call[1].replace("\\\"", "\"").replace("\\\\", "\\")).collect()
    };
    let (words, words_with_codes) = (words_of("row"), words_of("shows(?:_with_causes)?"));
    let has = |row: &String, words: &[String]| words.iter().any(|words| row.contains(words.as_str()));
    let is_caused = |row: &String| has(row, &words_with_codes) || (has(row, &words) && exit_codes(row).is_empty());
    let rows = rows();
    let missing: Vec<&String> = rows.iter().filter(|row| !is_caused(row)).collect();
    assert!(missing.is_empty(), "no test demands the words of these rows: {missing:#?}");
}

/// The tests, those with a fake Nomad aside.
fn sources(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let is_test = |path: &PathBuf| !path.ends_with("faults") && !path.ends_with("support");
    let read = |path: PathBuf| if path.is_dir() { sources(&path) } else { vec![fs::read_to_string(path).unwrap()] };
    entries.filter(is_test).flat_map(read).collect()
}
