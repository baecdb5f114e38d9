//! Keeps `${` and `%{` in values from starting a template in a variable file.
//!
//! hcl-rs escapes only the first of them in a string, and leaves a literal `$${` as it is, which then reads as `${`. So
//! they are put out of its sight while it writes, and written as HCL has them afterwards.

use hcl::Value;

/// Stands for a `$` before `{` while hcl-rs writes; no value holds this noncharacter.
const DOLLAR: char = '\u{fdd0}';
/// Stands for a `%` before `{` while hcl-rs writes; no value holds this noncharacter.
const PERCENT: char = '\u{fdd1}';

/// Replaces each run of `$` or `%` before a `{`, in all strings of a value.
pub(super) fn mask(value: &mut Value) {
    match value {
        Value::String(text) => *text = masked(text),
        Value::Array(values) => values.iter_mut().for_each(mask),
        Value::Object(object) => object.values_mut().for_each(mask),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn masked(text: &str) -> String {
    // From the end: what is masked depends on what follows.
    let mut reversed = Vec::with_capacity(text.len());
    let mut next = None;
    for character in text.chars().rev() {
        let masked = match (character, next) {
            ('$', Some('{' | DOLLAR)) => DOLLAR,
            ('%', Some('{' | PERCENT)) => PERCENT,
            _ => character,
        };
        reversed.push(masked);
        next = Some(masked);
    }
    reversed.into_iter().rev().collect()
}

/// Writes what was masked: one `$` as `$${`, which people know; a longer run with the character's code, because parsers
/// do not agree on what `$$${` means.
pub(super) fn unmask(text: &str) -> String {
    let mut written = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find([DOLLAR, PERCENT]) {
        let (before, masked) = rest.split_at(start);
        let (stand_in, pair, code) =
            if masked.starts_with(DOLLAR) { (DOLLAR, "$$", r"\u0024") } else { (PERCENT, "%%", r"\u0025") };
        let after = masked.trim_start_matches(stand_in);
        let run = (masked.len() - after.len()) / stand_in.len_utf8();
        written.push_str(before);
        if run == 1 {
            written.push_str(pair);
        } else {
            written.push_str(&code.repeat(run));
        }
        rest = after;
    }
    written.push_str(rest);
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(text: &str) -> String {
        let mut value = Value::from(text);
        mask(&mut value);
        let Value::String(masked) = value else { panic!("a string stays one") };
        unmask(&masked)
    }

    #[test]
    fn every_marker_of_a_string_is_escaped() {
        assert_eq!(written("${a} ${b} %{c}"), "$${a} $${b} %%{c}");
        assert_eq!(written("${a} $${x}"), r"$${a} \u0024\u0024{x}");
        assert_eq!(written("%{a} %%{y}"), r"%%{a} \u0025\u0025{y}");
        assert_eq!(written("$$%{y}"), "$$%%{y}");
        assert_eq!(written("$ and $$ and %% and {}"), "$ and $$ and %% and {}");
    }
}
