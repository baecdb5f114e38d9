//! The texts whose words are counted, made from the book of the repository; the same bytes in every run.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::Path;

use crate::Result;

/// The book.
const BOOK: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/alice.txt");
/// The size of the small text, in bytes, at most.
const SMALL: usize = 40_000;
/// The size of the large text, in bytes, at least.
const LARGE: usize = 200_000_000;

/// Writes the beginning of the book, up to the end of a line.
pub(crate) fn small(path: &Path) -> Result<()> {
    let book = fs::read(BOOK)?;
    let head = book.get(..SMALL).ok_or("the book is too short")?;
    let end = head.iter().rposition(|byte| *byte == b'\n').ok_or("the book has no lines")?;
    fs::write(path, head.get(..=end).unwrap_or_default())?;
    Ok(())
}

/// Writes the book again and again, each time after a line with a word of its own.
pub(crate) fn large(path: &Path) -> Result<()> {
    let book = fs::read(BOOK)?;
    let mut file = BufWriter::new(File::create(path)?);
    let mut written = 0;
    let mut copy = 0;
    while written < LARGE {
        let title = format!("copy-{copy}\n");
        file.write_all(title.as_bytes())?;
        file.write_all(&book)?;
        written += title.len() + book.len();
        copy += 1;
    }
    file.flush()?;
    Ok(())
}
