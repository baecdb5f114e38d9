//! Times, dates and numbers, as the page writes them.

/// A time as people say it: `310 ms`, `1.24 s`, `12.3 s`, `124 s`. Three digits are what the samples are good for.
pub(super) fn duration(milliseconds: u64) -> String {
    let hundredths = milliseconds.saturating_add(5) / 10;
    let tenths = milliseconds.saturating_add(50) / 100;
    if milliseconds < 1_000 {
        format!("{milliseconds}\u{a0}ms")
    } else if hundredths < 1_000 {
        format!("{}.{:02}\u{a0}s", hundredths / 100, hundredths % 100)
    } else if tenths < 1_000 {
        format!("{}.{}\u{a0}s", tenths / 10, tenths % 10)
    } else {
        format!("{}\u{a0}s", milliseconds.saturating_add(500) / 1_000)
    }
}

/// A time that somebody chose, exactly: `5 s`, `2500 ms`.
pub(super) fn chosen(milliseconds: u64) -> String {
    if milliseconds.is_multiple_of(1_000) {
        format!("{}\u{a0}s", milliseconds / 1_000)
    } else {
        format!("{milliseconds}\u{a0}ms")
    }
}

/// A moment after the fault, or before it.
pub(super) fn moment(milliseconds: i64) -> String {
    let sign = if milliseconds < 0 { "−" } else { "" };
    format!("{sign}{}", duration(milliseconds.unsigned_abs()))
}

/// The date and the time of day that RFC 3339 joins by a letter.
pub(super) fn date(rfc3339: &str) -> String {
    match rfc3339.split_once('T') {
        Some((day, time)) => match time.strip_suffix('Z') {
            Some(time) => format!("{day} {time} UTC"),
            None => format!("{day} {time}"),
        },
        None => rfc3339.to_owned(),
    }
}

/// So many of something.
pub(super) fn counted(number: u64, one: &str, many: &str) -> String {
    let noun = if number == 1 { one } else { many };
    format!("{number}\u{a0}{noun}")
}

/// How wide a text in a drawing is at the most, in pixels: nobody measures it before it is shown, and fonts differ.
pub(super) fn width(text: &str) -> i64 {
    let halves: i64 = text.chars().map(|letter| if letter.is_ascii() || letter == '\u{a0}' { 15 } else { 26 }).sum();
    halves / 2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_three_digits() {
        let spoken = [0, 310, 999, 1_000, 1_244, 9_994, 9_995, 12_345, 99_949, 99_950, u64::MAX].map(duration);
        let expected =
            ["0 ms", "310 ms", "999 ms", "1.00 s", "1.24 s", "9.99 s", "10.0 s", "12.3 s", "99.9 s", "100 s"];
        assert_eq!(spoken[..10], expected.map(|time| time.replace(' ', "\u{a0}")));
        assert_eq!(moment(-40), "−40\u{a0}ms");
        assert_eq!((chosen(5_000), chosen(2_500)), ("5\u{a0}s".to_owned(), "2500\u{a0}ms".to_owned()));
    }

    #[test]
    fn dates_are_written_apart() {
        assert_eq!(date("2026-02-11T14:03:22Z"), "2026-02-11 14:03:22 UTC");
        assert_eq!(date("2026-02-11T14:03:22+01:00"), "2026-02-11 14:03:22+01:00");
        assert_eq!(date("yesterday"), "yesterday");
    }

    #[test]
    fn numbers_agree_with_their_nouns() {
        assert_eq!(counted(1, "round", "rounds"), "1\u{a0}round");
        assert_eq!(counted(0, "round", "rounds"), "0\u{a0}rounds");
    }
}
