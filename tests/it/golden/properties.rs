//! Java's properties files, and the two actions that nomspark puts into Nomad's templates.

use std::collections::BTreeMap;

/// The action that stands for itself: two opening braces.
const BRACES: &str = "{{\"{{\"}}";
/// The only other action of nomspark's job files: a variable of the allocation's environment.
const ENVIRONMENT: &str = "{{ env \"";

/// What Nomad's template engine makes of a text; a variable becomes its name.
pub(super) fn evaluate(template: &str) -> String {
    let mut text = String::new();
    let mut rest = template;
    while let Some((before, _)) = rest.split_once("{{") {
        text.push_str(before);
        let action = &rest[before.len()..];
        if let Some(after) = action.strip_prefix(BRACES) {
            text.push_str("{{");
            rest = after;
        } else {
            let variable = action.strip_prefix(ENVIRONMENT).and_then(|variable| variable.split_once("\" }}"));
            let (name, after) = variable.unwrap_or_else(|| panic!("another action: {action}"));
            text.push_str(name);
            rest = after;
        }
    }
    text + rest
}

/// Reads a properties file as `java.util.Properties` does, from its documentation; continued lines are not handled, as
/// nothing writes them.
pub(super) fn read(text: &str) -> BTreeMap<String, String> {
    let mut properties = BTreeMap::new();
    // Java's lines end with \n, \r or both, and with nothing else that Unicode calls a line end.
    for line in text.split(['\n', '\r']) {
        let line = line.trim_start_matches([' ', '\t', '\u{c}']);
        if line.is_empty() || line.starts_with(['#', '!']) {
            continue;
        }
        let end = end_of_key(line);
        let value = line[end..].trim_start_matches([' ', '\t', '\u{c}']);
        let value = value.strip_prefix(['=', ':']).unwrap_or(value).trim_start_matches([' ', '\t', '\u{c}']);
        properties.insert(unescape(&line[..end]), unescape(value));
    }
    properties
}

/// The first separator that no backslash stands before.
fn end_of_key(line: &str) -> usize {
    let mut escaped = false;
    for (index, c) in line.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '=' | ':' | ' ' | '\t' | '\u{c}' => return index,
            _ => {}
        }
    }
    line.len()
}

fn unescape(text: &str) -> String {
    let mut plain = String::new();
    let mut characters = text.chars();
    while let Some(c) = characters.next() {
        if c != '\\' {
            plain.push(c);
            continue;
        }
        match characters.next().expect("a continued line") {
            't' => plain.push('\t'),
            'n' => plain.push('\n'),
            'r' => plain.push('\r'),
            'f' => plain.push('\u{c}'),
            'u' => {
                let digits: String = characters.by_ref().take(4).collect();
                plain.push(char::from_u32(u32::from_str_radix(&digits, 16).unwrap()).unwrap());
            }
            other => plain.push(other),
        }
    }
    plain
}

#[test]
fn the_reader_reads_as_java_does() {
    let text = "# no\n! no\n  a = b c \nd:e\nf g\nh\ni\\ j=k\nl==\nm=\\\\n\\u0041\\n\\q\n\n";
    let expected = [("a", "b c "), ("d", "e"), ("f", "g"), ("h", ""), ("i j", "k"), ("l", "="), ("m", "\\nA\nq")];
    let expected = expected.map(|(key, value)| (key.to_owned(), value.to_owned()));
    assert_eq!(read(text), BTreeMap::from(expected));
    assert_eq!(evaluate("a {{\"{{\"}} b }} {{ env \"X\" }}"), "a {{ b }} X");
}
