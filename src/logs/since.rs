//! Leaves out what was written before a moment, as far as lines say when they were written. Pure.

use std::sync::LazyLock;
use std::time::SystemTime;

use regex::bytes::Regex;

/// A date and a time near the beginning of a line: RFC 3339, log4j's and syslog-ng's `2026-11-22 07:50:12,123`, Spark's own
/// `26/11/22 07:50:12`, also as a field of a JSON document.
static TIME: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"^(?:.{0,16}?|.{0,200}?[\x22\x27](?:ts|time|timestamp|@timestamp)[\x22\x27]: ?[\x22\x27])\b(?:20)?(\d\d)[-/](\d\d)[-/](\d\d)[T ](\d\d:\d\d:\d\d)(?:[.,]\d+)?(Z|[+-]\d\d:?\d\d)?").ok()
});

/// The lines of one log that were written at a moment or later. A line that tells no time is as old as the one before.
#[derive(Clone, Copy, Debug)]
pub struct Since {
    moment: SystemTime,
    is_reached: bool,
    /// Whether there was a line, and whether any said when it was written.
    has_read: bool,
    knows_time: bool,
}

impl Since {
    /// From this moment on.
    #[must_use]
    pub fn new(moment: SystemTime) -> Self {
        Self { moment, is_reached: false, has_read: false, knows_time: false }
    }

    /// Whether the next line of the log is told.
    pub fn keeps(&mut self, line: &[u8]) -> bool {
        let time = written_at(line);
        self.has_read = true;
        self.knows_time |= time.is_some();
        // What was written later comes later.
        self.is_reached = self.is_reached || time.is_some_and(|time| time >= self.moment);
        self.is_reached
    }

    /// Whether there were lines, and none said when it was written: then nothing could be chosen.
    #[must_use]
    pub fn could_not_choose(&self) -> bool {
        self.has_read && !self.knows_time
    }
}

/// When a line was written, as it says itself; without a zone it is UTC.
fn written_at(line: &[u8]) -> Option<SystemTime> {
    let found = TIME.as_ref()?.captures(line)?;
    let part = |index: usize| std::str::from_utf8(found.get(index)?.as_bytes()).ok();
    let text = format!("20{}-{}-{}T{}Z", part(1)?, part(2)?, part(3)?, part(4)?);
    let time = humantime::parse_rfc3339(&text).ok()?;
    let Some(zone) = part(5).filter(|zone| *zone != "Z") else { return Some(time) };
    let digits: String = zone.chars().filter(char::is_ascii_digit).collect();
    let (hours, minutes) = (digits.get(..2)?.parse::<u64>().ok()?, digits.get(2..)?.parse::<u64>().ok()?);
    let offset = std::time::Duration::from_secs(hours * 3_600 + minutes * 60);
    if zone.starts_with('+') { time.checked_sub(offset) } else { time.checked_add(offset) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(text: &str) -> SystemTime {
        humantime::parse_rfc3339(text).unwrap()
    }

    #[test]
    fn times_are_read_as_programs_write_them() {
        let expected = Some(moment("2026-11-22T07:50:12Z"));
        for line in [
            "2026-11-22T07:50:12Z hello",
            "2026-11-22T07:50:12.123456Z [INFO] nomad",
            "2026-11-22T08:50:12+01:00 hello",
            "2026-11-22T02:20:12-0530 hello",
            "2026-11-22 07:50:12,345 WARN log4j",
            "26/11/22 07:50:12 INFO SparkContext: Running Spark",
            r#"{"ts":"2026-11-22T07:50:12.001Z","level":"INFO"}"#,
            "[2026-11-22 07:50:12] hello",
            r#"{"level":"info","msg":"started","ts":"2026-11-22T07:50:12Z"}"#,
            r#"{"level": "info", "@timestamp": "2026-11-22T07:50:12Z"}"#,
        ] {
            assert_eq!(written_at(line.as_bytes()), expected, "{line}");
        }
        for line in ["", "hello", "at 07:50:12", "2026-13-45 99:00:00 hello", "1.2.3.4 - - 2026"] {
            assert_eq!(written_at(line.as_bytes()), None, "{line}");
        }
    }

    #[test]
    fn a_line_without_a_time_is_as_old_as_the_one_before() {
        let mut since = Since::new(moment("2026-11-22T07:50:00Z"));
        let mut kept = |line: &str| since.keeps(line.as_bytes());
        assert!(!kept("no time"));
        assert!(!kept("26/11/22 07:49:59 ERROR old"));
        assert!(!kept("\tat org.example.Main.main(Main.java:7)"));
        assert!(kept("26/11/22 07:50:00 ERROR new"));
        assert!(kept("\tat org.example.Main.main(Main.java:7)"));
    }
}
