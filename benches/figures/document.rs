//! The measured tables in docs/performance.md, each between two markers.

use std::collections::BTreeSet;
use std::path::PathBuf;

use crate::Result;
use crate::arguments::Part;
use crate::figure::Figure;
use crate::machine::Machine;

const PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/performance.md");

/// Replaces what is between the markers of each part that was measured; the others keep theirs.
pub(crate) fn write(machine: &Machine, figures: &[(Part, Figure)]) -> Result<PathBuf> {
    let path = PathBuf::from(PATH);
    let mut text = std::fs::read_to_string(&path)?;
    let parts: BTreeSet<Part> = figures.iter().map(|(part, _)| *part).collect();
    for part in parts {
        let name = part.name();
        let begin = format!("<!-- measured {name}: begin; written by tools/bench.sh --write -->\n");
        let end = format!("<!-- measured {name}: end -->\n");
        let (head, rest) = text.split_once(&begin).ok_or_else(|| format!("no line {begin:?} in {PATH}"))?;
        let (_, tail) = rest.split_once(&end).ok_or_else(|| format!("no line {end:?} in {PATH}"))?;
        let rows: String = figures.iter().filter(|(of, _)| *of == part).map(|(_, figure)| figure.row()).collect();
        text = format!("{head}{begin}\n{}\n\n{}{rows}\n{end}{tail}", machine.line(), Figure::HEAD);
    }
    // Beside its place first: a full disk leaves the old document whole.
    let part = path.with_extension("md.part");
    std::fs::write(&part, text)?;
    std::fs::rename(&part, &path)?;
    Ok(path)
}
