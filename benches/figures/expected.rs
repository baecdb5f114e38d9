//! What a count must be. Nothing here is shared with nomspark or with Spark.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use crate::Result;

/// Words and how often they occur.
pub(crate) type Counts = HashMap<Vec<u8>, u64>;

/// Counts the words of a file: runs of bytes other than the white space of the C locale.
pub(crate) fn count(path: &Path) -> Result<Counts> {
    let text = fs::read(path)?;
    let mut counts = Counts::new();
    let is_space = |byte: &u8| matches!(byte, b' ' | b'\t'..=b'\r');
    for word in text.split(is_space).filter(|word| !word.is_empty()) {
        match counts.get_mut(word) {
            Some(count) => *count += 1,
            None => drop(counts.insert(word.to_vec(), 1)),
        }
    }
    Ok(counts)
}

/// Compares a result file of nomspark with every count: the same lines in the same order.
pub(crate) fn check(result: &Path, expected: &Counts) -> Result<()> {
    let mut sorted: Vec<(&Vec<u8>, &u64)> = expected.iter().collect();
    sorted.sort_by(|(word, count), (other, others)| others.cmp(count).then(word.cmp(other)));
    let mut lines = Vec::new();
    for (word, count) in sorted {
        lines.extend_from_slice(format!("{count}\t").as_bytes());
        lines.extend_from_slice(word);
        lines.push(b'\n');
    }
    if fs::read(result)? == lines { Ok(()) } else { Err("nomspark counted other words than there are".into()) }
}

/// Reads what Spark's wordcount.py prints: lines of a word, a colon and a count. The empty words, which it finds between
/// neighbouring spaces and in empty lines, are left out.
pub(crate) fn printed(output: &str) -> Result<Counts> {
    let mut counts = Counts::new();
    for line in output.lines() {
        let (word, count) = line.rsplit_once(": ").ok_or_else(|| format!("wordcount.py printed {line:?}"))?;
        if !word.is_empty() {
            counts.insert(word.as_bytes().to_vec(), count.parse()?);
        }
    }
    Ok(counts)
}
