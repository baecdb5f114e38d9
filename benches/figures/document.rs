//! The measured table in docs/performance.md, between two markers.

use std::path::PathBuf;

use crate::Result;
use crate::figure::Figure;
use crate::machine::Machine;

const PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/performance.md");
const BEGIN: &str = "<!-- measured: begin; written by tools/bench.sh --write -->\n";
const END: &str = "<!-- measured: end -->\n";

/// Replaces what is between the markers.
pub(crate) fn write(machine: &Machine, figures: &[Figure]) -> Result<PathBuf> {
    let path = PathBuf::from(PATH);
    let old = std::fs::read_to_string(&path)?;
    let (head, rest) = old.split_once(BEGIN).ok_or_else(|| format!("no line {BEGIN:?} in {PATH}"))?;
    let (_, tail) = rest.split_once(END).ok_or_else(|| format!("no line {END:?} in {PATH}"))?;
    let rows: String = figures.iter().map(Figure::row).collect();
    let new = format!("{head}{BEGIN}\n{}\n\n{}{rows}\n{END}{tail}", machine.line(), Figure::HEAD);
    // Beside its place first: a full disk leaves the old document whole.
    let part = path.with_extension("md.part");
    std::fs::write(&part, new)?;
    std::fs::rename(&part, &path)?;
    Ok(path)
}
