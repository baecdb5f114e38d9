//! Values on the command line that are more than text.

use std::time::{Duration, SystemTime};

/// A number above 0.
pub(super) fn positive_factor(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(factor) if factor.is_finite() && (0.01..=1e6).contains(&factor) => Ok(factor),
        _ => Err("a factor is a number such as 0.5 or 10".to_owned()),
    }
}

/// A moment in the past: so long ago, or a time in UTC.
pub(super) fn moment(text: &str) -> Result<SystemTime, String> {
    if let Ok(ago) = humantime::parse_duration(text) {
        return SystemTime::now().checked_sub(ago).ok_or_else(|| "that is too long ago".to_owned());
    }
    humantime::parse_rfc3339_weak(text)
        .map_err(|error| format!("{error}; a duration looks like 10m, a time like 2026-11-22T07:50:00Z"))
}

/// How many words are printed.
pub(super) fn words_shown(text: &str) -> Result<u32, String> {
    let number = text.parse().ok().filter(|number| *number <= 10_000);
    number.ok_or_else(|| "expected a whole number from 0 to 10000".to_owned())
}

/// A duration such as 90s or 5m that is longer than nothing.
pub(super) fn positive_duration(text: &str) -> Result<Duration, String> {
    match humantime::parse_duration(text) {
        Ok(duration) if duration.is_zero() => Err("it must be longer than nothing".to_owned()),
        Ok(duration) => Ok(duration),
        Err(error) => Err(format!("{error}; a duration looks like 90s or 5m")),
    }
}
