//! Words of others on a terminal.

/// Text on one line that cannot move the cursor: names and words of servers are not ours.
pub(super) fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}
