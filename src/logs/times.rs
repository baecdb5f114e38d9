//! When a line was written, as it says itself. Pure.

use std::borrow::Cow;
use std::sync::LazyLock;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use regex::bytes::{Captures, Regex};
use serde::Deserialize;
use serde_json::{Number, Value};
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;
use time::{OffsetDateTime, PrimitiveDateTime, UtcOffset};

/// How much of a line is looked at, in bytes, where it is no JSON document.
const BEGINNING: usize = 200;
/// How far the clock of whoever wrote a line may be ahead, and a time still be believed that could be something else.
const AHEAD: Duration = Duration::from_hours(24);

/// How a date and a time are written, after what stands between them was made the same everywhere.
const NUMBERS: &[BorrowedFormatItem<'_>] =
    format_description!(version = 2, "[year]-[month]-[day] [hour]:[minute]:[second]");
const NAMES: &[BorrowedFormatItem<'_>] = format_description!(
    version = 2,
    "[year]-[month repr:short case_sensitive:false]-[day padding:none] [hour]:[minute]:[second]"
);
const OFFSET: &[BorrowedFormatItem<'_>] =
    format_description!(version = 2, "[offset_hour sign:mandatory][offset_minute]");

/// The formats, each with the groups that it has of year, month or name, day, clock and zone, or of an epoch's seconds.
///
/// RFC 3339, `2026-11-22 07:50:12,123` and nginx's `2026/11/22 07:50:12`, with up to 16 characters before them; Spark's own
/// `26/11/22 07:50:12`; a web server's `[30/Nov/2026:08:47:39 +0000]`; syslog's `Nov 30 08:47:39`; glog's and klog's
/// `I1130 08:47:39.123456`; seconds since 1970 in 10 digits, or milliseconds in 13.
static FORMATS: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    let formats = [
        r"^.{0,16}?\b(?P<year>(?:20)?\d\d)[-/](?P<month>\d\d)[-/](?P<day>\d\d)[T ](?P<clock>\d\d:\d\d:\d\d)(?:[.,]\d+)?(?P<zone>Z| ?[+-]\d\d:?\d\d)?",
        r"^.{0,120}?\[(?P<day>\d\d)/(?P<name>[A-Z][a-z]{2})/(?P<year>20\d\d):(?P<clock>\d\d:\d\d:\d\d)(?P<zone> [+-]\d{4})?\]",
        r"^(?:<\d{1,3}>)?(?P<name>[A-Z][a-z]{2}) {1,2}(?P<day>\d{1,2}) (?P<clock>\d\d:\d\d:\d\d)\b",
        r"^[DIWEF](?P<month>\d\d)(?P<day>\d\d) (?P<clock>\d\d:\d\d:\d\d)\b",
        r"^\[?(?P<epoch>\d{10}|\d{13})(?:\.\d+)?(?:\b|$)",
    ];
    formats.iter().filter_map(|format| Regex::new(format).ok()).collect()
});

/// The fields of a JSON document that tell its time.
#[derive(Deserialize)]
struct Document {
    time: Option<Value>,
    ts: Option<Value>,
    timestamp: Option<Value>,
    #[serde(rename = "@timestamp")]
    at_timestamp: Option<Value>,
}

/// Reads times, those without a year as the last such day before a moment.
#[derive(Clone, Copy, Debug)]
pub(super) struct Times {
    now: SystemTime,
}

impl Times {
    pub(super) fn as_of(now: SystemTime) -> Self {
        Self { now }
    }

    /// When a line was written; without a zone it is UTC.
    pub(super) fn of(self, line: &[u8]) -> Option<SystemTime> {
        if line.trim_ascii_start().starts_with(b"{") {
            return self.of_document(serde_json::from_slice(line).ok()?);
        }
        self.of_text(line)
    }

    fn of_document(self, document: Document) -> Option<SystemTime> {
        let Document { time, ts, timestamp, at_timestamp } = document;
        [time, ts, timestamp, at_timestamp].into_iter().flatten().find_map(|value| match value {
            Value::String(text) => self.of_text(text.as_bytes()),
            Value::Number(number) => self.of_number(&number),
            _ => None,
        })
    }

    fn of_text(self, line: &[u8]) -> Option<SystemTime> {
        let beginning = &line[..line.len().min(BEGINNING)];
        FORMATS.iter().find_map(|format| self.of_groups(&format.captures(beginning)?))
    }

    fn of_groups(self, found: &Captures<'_>) -> Option<SystemTime> {
        let part = |name: &str| std::str::from_utf8(found.name(name)?.as_bytes()).ok();
        if let Some(epoch) = part("epoch") {
            return self.since_1970(epoch.parse().ok()?);
        }
        let (month, format) = part("name").map(|name| (name, NAMES)).or(part("month").map(|month| (month, NUMBERS)))?;
        let (day, clock, zone) = (part("day")?, part("clock")?, part("zone").unwrap_or("Z").trim_start());
        let time = |year: &str| moment(&format!("{year}-{month}-{day} {clock}"), format, zone);
        match part("year") {
            Some(year) if year.len() == 2 => time(&format!("20{year}")),
            Some(year) => time(year),
            None => {
                let year = OffsetDateTime::from(self.now).year();
                // A day may not be there in each year.
                let years = (-4..=1).rev().map(|later| (year + later).to_string());
                years.filter_map(|year| time(&year)).find(|time| self.is_believed(*time))
            }
        }
    }

    fn of_number(self, number: &Number) -> Option<SystemTime> {
        self.since_1970(number.as_u64().or_else(|| seconds(number.as_f64()?))?)
    }

    /// Seconds since 1970, or a thousandth, a millionth or a billionth of them.
    fn since_1970(self, count: u64) -> Option<SystemTime> {
        let seconds = match count {
            1_000_000_000..10_000_000_000 => count,
            1_000_000_000_000..10_000_000_000_000 => count / 1_000,
            1_000_000_000_000_000..10_000_000_000_000_000 => count / 1_000_000,
            1_000_000_000_000_000_000..10_000_000_000_000_000_000 => count / 1_000_000_000,
            _ => return None,
        };
        Some(UNIX_EPOCH + Duration::from_secs(seconds)).filter(|time| self.is_believed(*time))
    }

    fn is_believed(self, time: SystemTime) -> bool {
        time.duration_since(self.now).is_ok_and(|ahead| ahead <= AHEAD) || time <= self.now
    }
}

/// A date and a time in a zone.
fn moment(text: &str, format: &[BorrowedFormatItem<'_>], zone: &str) -> Option<SystemTime> {
    let time = PrimitiveDateTime::parse(text, format).ok()?;
    let zone: Cow<'_, str> = if zone == "Z" { "+0000".into() } else { zone.replace(':', "").into() };
    Some(time.assume_offset(UtcOffset::parse(&zone, OFFSET).ok()?).into())
}

/// The whole seconds of a number of seconds.
fn seconds(number: f64) -> Option<u64> {
    Duration::try_from_secs_f64(number).ok().map(|since| since.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(text: &str) -> SystemTime {
        humantime::parse_rfc3339(text).unwrap()
    }

    fn told(line: &str, now: &str) -> Option<SystemTime> {
        Times::as_of(moment(now)).of(line.as_bytes())
    }

    #[test]
    fn times_are_read_as_programs_write_them() {
        let expected = Some(moment("2026-11-22T07:50:12Z"));
        for line in [
            "2026-11-22T07:50:12Z hello",
            "2026-11-22T07:50:12.123456Z [INFO] nomad",
            "2026-11-22T08:50:12+01:00 hello",
            "2026-11-22 08:50:12 +0100 hello",
            "2026-11-22T02:20:12-0530 hello",
            "2026-11-22 07:50:12,345 WARN log4j",
            "2026/11/22 07:50:12 [error] nginx",
            "26/11/22 07:50:12 INFO SparkContext: Running Spark",
            "[2026-11-22 07:50:12] hello",
            "ERROR 2026-11-22 07:50:12 hello",
            "Nov 22 07:50:12 host app[1]: hello",
            "<34>Nov 22 07:50:12 host app[1]: hello",
            r#"127.0.0.1 - frank [22/Nov/2026:07:50:12 +0000] "GET / HTTP/1.1" 200 1"#,
            r#"2001:db8::1 - - [22/Nov/2026:09:50:12 +0200] "GET / HTTP/1.1" 200 1"#,
            "[22/Nov/2026:07:50:12] hello",
            "I1122 07:50:12.123456   12345 main.go:1] glog",
            "1795333812 hello",
            "1795333812.345 hello",
            "1795333812345 hello",
            "[1795333812] hello",
            r#"{"ts":"2026-11-22T07:50:12.001Z","level":"INFO"}"#,
            r#"{"level":"info","msg":"started","time":"2026-11-22T07:50:12Z"}"#,
            r#"{"level": "info", "@timestamp": "2026-11-22T07:50:12Z"}"#,
            r#"{"level": "info", "msg": "{", "timestamp": "2026-11-22 07:50:12,001"}"#,
            r#"{"level": "info", "ts": 1795333812.345}"#,
            r#"{"level": "info", "time": 1795333812345, "ts": 3}"#,
            r#"{"level": "info", "ts": null, "timestamp": 1795333812345678}"#,
        ] {
            assert_eq!(told(line, "2026-11-22T08:00:00Z"), expected, "{line}");
        }
    }

    #[test]
    fn what_is_no_time_is_none() {
        for line in [
            "",
            "hello",
            "at 07:50:12",
            "2026-13-45 99:00:00 hello",
            "1.2.3.4 - - 2026",
            "Foo 22 07:50:12 hello",
            "E9922 07:50:12.1 hello",
            // Not yet, or no number of seconds.
            "4155551234 called",
            "12345678901 hello",
            "17953338120 hello",
            r#"{"ts": 12, "msg": "2026-11-22T07:50:12Z"}"#,
            r#"{"msg": {"ts": 1795333812}}"#,
            r#"{"ts": "2026-11-22T07:50:12Z", "#,
        ] {
            assert_eq!(told(line, "2026-11-22T08:00:00Z"), None, "{line}");
        }
    }

    #[test]
    fn a_day_without_a_year_is_the_last_one() {
        let line = "Dec 31 23:59:59 host app: hello";
        assert_eq!(told(line, "2027-01-01T00:00:05Z"), Some(moment("2026-12-31T23:59:59Z")));
        assert_eq!(told("I0101 00:00:01.0 1 m.go:1] x", "2026-12-31T23:59:59Z"), Some(moment("2027-01-01T00:00:01Z")));
        assert_eq!(told("Feb 29 12:00:00 host x", "2026-03-01T00:00:00Z"), Some(moment("2024-02-29T12:00:00Z")));
        assert_eq!(told("Feb  9 12:00:00 host x", "2026-03-01T00:00:00Z"), Some(moment("2026-02-09T12:00:00Z")));
    }
}
