//! Typed values out of a document. What does not fit is noted with its position, and reading goes on.

use std::ops::RangeInclusive;

use hcl::edit::Span;
use hcl::edit::expr::{Expression, ObjectKey};
use hcl::edit::structure::Block;
use hcl::edit::template::{Element, Template};

use super::document::{Document, start};
use super::problem::{Complaint, Problem};

/// A value and the byte offset where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct At<T> {
    pub(super) value: T,
    pub(super) offset: usize,
}

/// Reads a document and collects what is wrong with it.
#[derive(Debug)]
pub(super) struct Reader<'a> {
    pub(super) document: &'a Document<'a>,
    pub(super) problems: Vec<Problem>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(document: &'a Document<'a>) -> Self {
        Self { document, problems: Vec::new() }
    }

    /// Notes what is wrong at a byte offset.
    pub(super) fn complain(&mut self, offset: usize, complaint: Complaint) {
        self.problems.push(complaint.at(self.document.location(offset)));
    }

    /// The text of a block's first label.
    pub(super) fn label(block: &Block) -> Option<At<String>> {
        let label = block.labels.first()?;
        Some(At { value: label.as_str().to_owned(), offset: start(label) })
    }

    /// The text of a literal string or heredoc.
    pub(super) fn string(&mut self, expression: &'a Expression) -> Option<At<String>> {
        let value = match expression {
            Expression::String(string) => string.value().clone(),
            Expression::StringTemplate(template) => self.literal(template)?,
            Expression::HeredocTemplate(heredoc) => self.literal(&heredoc.template)?,
            other => {
                let complaint = mismatch("a string", other);
                let complaint = match other {
                    Expression::Number(_) | Expression::Bool(_) | Expression::Variable(_) => {
                        complaint.help(format!("write it in quotes: `\"{}\"`", self.written(other)))
                    }
                    _ => complaint,
                };
                self.complain(start(other), complaint);
                return None;
            }
        };
        Some(At { value, offset: start(expression) })
    }

    /// The text of a template that stands for nothing but itself.
    fn literal(&mut self, template: &'a Template) -> Option<String> {
        let mut text = String::new();
        let mut literal = true;
        for element in template {
            let (sign, offset) = match element {
                Element::Literal(part) => {
                    text.push_str(part);
                    continue;
                }
                Element::Interpolation(interpolation) => ('$', start(interpolation)),
                Element::Directive(directive) => ('%', start(&**directive)),
            };
            let complaint = Complaint::new(format!("a spec has no variables for `{sign}{{…}}`"));
            self.complain(offset, complaint.help(format!("write `{sign}{sign}{{` if the text has a `{sign}{{` in it")));
            literal = false;
        }
        literal.then_some(text)
    }

    /// `true` or `false`.
    pub(super) fn boolean(&mut self, expression: &'a Expression) -> Option<bool> {
        if let Expression::Bool(boolean) = expression {
            return Some(*boolean.value());
        }
        let mut complaint = mismatch("`true` or `false`", expression);
        if let Some(text @ ("true" | "false")) = expression.as_str() {
            complaint = complaint.help(format!("write it without quotes: `{text}`"));
        }
        self.complain(start(expression), complaint);
        None
    }

    /// A whole number within the bounds, which are those of its type or narrower.
    pub(super) fn whole<T: TryFrom<u32>>(
        &mut self,
        expression: &'a Expression,
        bounds: &RangeInclusive<u32>,
    ) -> Option<At<T>> {
        let offset = start(expression);
        let expected = format!("a whole number from {} to {}", bounds.start(), bounds.end());
        let Expression::Number(number) = expression else {
            let mut complaint = mismatch(&expected, expression);
            if let Some(text) = expression.as_str()
                && text.parse::<u32>().is_ok_and(|number| bounds.contains(&number))
            {
                complaint = complaint.help(format!("write it without quotes: `{text}`"));
            }
            self.complain(offset, complaint);
            return None;
        };
        let value = number.value().as_u64().and_then(|number| u32::try_from(number).ok());
        let value = value.filter(|value| bounds.contains(value)).and_then(|value| T::try_from(value).ok());
        if let Some(value) = value {
            return Some(At { value, offset });
        }
        let complaint = Complaint::new(format!("expected {expected}, found `{}`", self.written(expression)));
        self.complain(offset, complaint);
        None
    }

    /// The strings of a list.
    pub(super) fn strings(&mut self, expression: &'a Expression) -> Option<Vec<At<String>>> {
        if let Expression::Array(array) = expression {
            return Some(array.iter().filter_map(|item| self.string(item)).collect());
        }
        let mut complaint = mismatch("a list of strings", expression);
        if expression.is_str() {
            complaint = complaint.help(format!("write it in brackets: `[{}]`", self.written(expression)));
        }
        self.complain(start(expression), complaint);
        None
    }

    /// The keys and values of an object , in the order of the file.
    pub(super) fn entries(&mut self, expression: &'a Expression) -> Vec<(At<String>, &'a Expression)> {
        let Expression::Object(object) = expression else {
            let complaint = mismatch("an object", expression);
            self.complain(start(expression), complaint.help("write `{ \"spark.key\" = \"value\" }`"));
            return Vec::new();
        };
        let mut entries = Vec::with_capacity(object.len());
        for (key, value) in object {
            let offset = start(key);
            if self.document.is_repeated(offset) {
                continue;
            }
            let key = match key {
                ObjectKey::Ident(ident) => Some(At { value: ident.as_str().to_owned(), offset }),
                ObjectKey::Expression(key @ Expression::Traversal(_)) => {
                    let complaint = Complaint::new("a key with dots needs quotes");
                    self.complain(offset, complaint.help(format!("write `\"{}\"`", self.written(key))));
                    None
                }
                ObjectKey::Expression(key) => self.string(key),
            };
            if let Some(key) = key {
                entries.push((key, value.expr()));
            }
        }
        entries
    }

    /// A value of a type of its own, from its text.
    pub(super) fn parse<T>(&mut self, text: &At<String>, read: impl Fn(&str) -> Result<T, Complaint>) -> Option<T> {
        read(&text.value).map_err(|complaint| self.complain(text.offset, complaint)).ok()
    }

    /// An expression as it stands in the file.
    fn written(&self, expression: &Expression) -> &'a str {
        expression.span().map_or("", |span| self.document.text(span))
    }
}

fn mismatch(expected: &str, found: &Expression) -> Complaint {
    Complaint::new(format!("expected {expected}, found {}", kind(found)))
}

/// What an expression is, in words.
fn kind(expression: &Expression) -> &'static str {
    match expression {
        Expression::Null(_) => "null",
        Expression::Bool(_) => "a bool",
        Expression::Number(_) => "a number",
        Expression::String(_) | Expression::StringTemplate(_) | Expression::HeredocTemplate(_) => "a string",
        Expression::Array(_) => "a list",
        Expression::Object(_) => "an object",
        Expression::Variable(_) | Expression::Traversal(_) => "a variable, which a spec does not have",
        Expression::FuncCall(_) => "a function call, which a spec does not have",
        _ => "an expression, which a spec does not have",
    }
}
