//! A spec's HCL as a tree that knows where everything stands.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::ops::Range;

use hcl::edit::Span;
use hcl::edit::parser::parse_body;
use hcl::edit::structure::Body;

use super::Source;
use super::lines::Lines;
use super::problem::{Complaint, Location, Problem};

/// The parser stops at the first repeated name, so each costs a parse; more of them than this are not looked for.
const MOST_REPEATED: usize = 20;

/// A spec file, parsed as far as it could be.
#[derive(Debug)]
pub(super) struct Document<'a> {
    source: &'a Source,
    lines: Lines<'a>,
    /// Where names stand that were set before; what is said about them is said already.
    repeated: BTreeSet<usize>,
}

impl<'a> Document<'a> {
    /// Parses the source. Without a body, the problems say why; with one, they tell the names that are set twice.
    pub(super) fn parse(source: &'a Source) -> (Self, Option<Body>, Vec<Problem>) {
        let mut document = Self { source, lines: Lines::new(&source.text), repeated: BTreeSet::new() };
        let mut problems = Vec::new();
        let mut text = Cow::Borrowed(source.text.as_str());
        let body = loop {
            let error = match parse_body(&text) {
                Ok(body) => break Some(body),
                Err(error) => error,
            };
            let offset = error.location().offset();
            let name = if error.message().contains("redefined") { name_at(&source.text, offset) } else { None };
            let Some(name) = name.filter(|_| document.repeated.len() < MOST_REPEATED) else {
                let complaint = Complaint::new(format!("syntax error: {}", error.message()));
                problems.push(complaint.at(document.location(offset)));
                break None;
            };
            if !document.repeated.insert(offset) {
                break None;
            }
            let complaint = Complaint::new(format!("`{}` is set twice", &source.text[name.clone()]));
            problems.push(complaint.at(document.location(offset)));
            // Another name of the same length lets the parser go on, with every later position as it was.
            text.to_mut().replace_range(name.clone(), &placeholder(name.len(), document.repeated.len()));
        };
        (document, body, problems)
    }

    /// The text of a range of the file, as it was written.
    pub(super) fn text(&self, range: Range<usize>) -> &'a str {
        self.source.text.get(range).unwrap_or_default()
    }

    /// The place of a byte offset.
    pub(super) fn location(&self, offset: usize) -> Location {
        let (line, column) = self.lines.position(offset);
        Location::File { name: self.source.name.clone(), line, column }
    }

    /// Whether the name at this offset was set before.
    pub(super) fn is_repeated(&self, offset: usize) -> bool {
        self.repeated.contains(&offset)
    }
}

/// Where a node of the tree begins. The parser gives every node a span; its absence would only cost the position.
pub(super) fn start(node: &impl Span) -> usize {
    node.span().map_or(0, |span| span.start)
}

/// The range of the identifier at an offset, or of what is between the quotes there.
fn name_at(text: &str, offset: usize) -> Option<Range<usize>> {
    let rest = text.get(offset..)?;
    let (start, length) = if let Some(quoted) = rest.strip_prefix('"') {
        (offset + 1, quoted.find(['"', '\\', '\n', '$', '%']).filter(|&end| quoted[end..].starts_with('"'))?)
    } else {
        let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_' && c != '-').unwrap_or(rest.len());
        (offset, end)
    };
    (length > 0).then_some(start..start + length)
}

/// A name of this many bytes that nobody writes, a different one for each number.
fn placeholder(length: usize, number: usize) -> String {
    const LETTERS: &[u8; 26] = b"zyxwvutsrqponmlkjihgfedcba";
    let letter = char::from(LETTERS[number % LETTERS.len()]);
    std::iter::once(letter).chain(std::iter::repeat('_')).take(length).collect()
}
