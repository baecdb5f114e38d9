//! Quantities: memory, cores and durations, each with its unit in the type.
//!
//! Spark and Nomad count memory differently on paper but not in fact: Spark's `1g` and Nomad's `memory = 1024` are both
//! binary. nomspark writes `1GiB` and keeps whole mebibytes, the finest step that both of them take.

use std::fmt;
use std::num::NonZeroU32;
use std::str::FromStr;
use std::time::Duration;

use serde::{Serialize, Serializer};

/// An amount of memory in whole mebibytes (2^20 bytes), at least 1 MiB and at most 16 TiB.
///
/// Nomad's `resources.memory` and Spark's memory settings are both read into whole MiB. The upper bound keeps every sum
/// of a few of them within the 32-bit integer that Spark uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Memory(u64);

/// What is wrong with an amount of memory.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MemoryError {
    /// The text has no unit.
    #[error("`{0}` has no unit")]
    NoUnit(String),
    /// The unit is a decimal one, such as `GB`, which Spark would silently read as binary.
    #[error("`{text}` is in decimal {unit}, which Spark and Nomad do not count in")]
    Decimal {
        /// What was written.
        text: String,
        /// The decimal unit, in its usual spelling.
        unit: &'static str,
        /// What to write instead.
        instead: String,
    },
    /// The text is not a number followed by a unit.
    #[error("`{0}` is not an amount of memory")]
    Unreadable(String),
    /// The amount is not a whole number of mebibytes.
    #[error("`{0}` is not a whole number of MiB")]
    Fraction(String),
    /// The amount is zero or larger than 16 TiB.
    #[error("`{0}` is out of range: from 1MiB to 16TiB")]
    Range(String),
}

impl MemoryError {
    /// What to write instead.
    #[must_use]
    pub fn help(&self) -> String {
        let is_read = |text: &str| text.parse::<Memory>().is_ok();
        match self {
            Self::NoUnit(text) if is_read(&format!("{text}MiB")) => format!("write `{text}MiB` or `{text}GiB`"),
            Self::NoUnit(text) if is_read(&format!("{text}GiB")) => format!("write `{text}GiB`"),
            Self::Decimal { instead, .. } if is_read(instead) => format!("write `{instead}`"),
            _ => "write for example `1GiB`, `1536MiB`, or Spark's `1g`, `1536m`".to_owned(),
        }
    }
}

impl Memory {
    /// The largest amount, 16 TiB.
    pub const MAX: Self = Self(16 << 20);

    /// An amount in MiB, if it is within the bounds.
    #[must_use]
    pub const fn from_mib(mib: u64) -> Option<Self> {
        if mib >= 1 && mib <= Self::MAX.0 { Some(Self(mib)) } else { None }
    }

    /// An amount in GiB that is known when nomspark is compiled; one that is out of range does not compile.
    #[must_use]
    pub(crate) const fn gib(gib: u64) -> Self {
        assert!(gib >= 1 && gib <= 16 << 10, "out of range");
        Self(gib << 10)
    }

    /// The amount in MiB.
    #[must_use]
    pub const fn mib(self) -> u64 {
        self.0
    }

    /// The amount as Spark and the JVM's `-Xmx` read it: `1024m`.
    #[must_use]
    pub fn spark(self) -> String {
        format!("{}m", self.0)
    }

    /// The sum, unless it is out of range.
    #[must_use]
    pub const fn checked_add(self, other: Self) -> Option<Self> {
        match self.0.checked_add(other.0) {
            Some(mib) => Self::from_mib(mib),
            None => None,
        }
    }

    /// The difference, unless nothing is left.
    #[must_use]
    pub const fn checked_sub(self, other: Self) -> Option<Self> {
        match self.0.checked_sub(other.0) {
            Some(mib) => Self::from_mib(mib),
            None => None,
        }
    }

    /// The product, unless it is out of range.
    #[must_use]
    pub const fn checked_mul(self, factor: u64) -> Option<Self> {
        match self.0.checked_mul(factor) {
            Some(mib) => Self::from_mib(mib),
            None => None,
        }
    }
}

impl fmt::Display for Memory {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_multiple_of(1 << 10) {
            write!(formatter, "{}GiB", self.0 >> 10)
        } else {
            write!(formatter, "{}MiB", self.0)
        }
    }
}

/// A unit's binary bytes, or what to write instead of a decimal unit.
enum Unit {
    Binary(u128),
    Decimal(&'static str, &'static str),
}

fn unit(letters: &str) -> Option<Unit> {
    Some(match letters.to_ascii_lowercase().as_str() {
        "k" | "kib" => Unit::Binary(1 << 10),
        "m" | "mib" => Unit::Binary(1 << 20),
        "g" | "gib" => Unit::Binary(1 << 30),
        "t" | "tib" => Unit::Binary(1 << 40),
        "kb" => Unit::Decimal("kilobytes", "KiB"),
        "mb" => Unit::Decimal("megabytes", "MiB"),
        "gb" => Unit::Decimal("gigabytes", "GiB"),
        "tb" => Unit::Decimal("terabytes", "TiB"),
        _ => return None,
    })
}

impl FromStr for Memory {
    type Err = MemoryError;

    fn from_str(text: &str) -> Result<Self, MemoryError> {
        let unreadable = || MemoryError::Unreadable(text.escape_debug().to_string());
        let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
        let (number, letters) = text.split_at(end);
        let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
        let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        if !digits(whole) || !digits(fraction) {
            return Err(unreadable());
        }
        if letters.is_empty() {
            return Err(MemoryError::NoUnit(text.to_owned()));
        }
        let bytes_per_unit = match unit(letters).ok_or_else(unreadable)? {
            Unit::Binary(bytes) => bytes,
            Unit::Decimal(unit, instead) => {
                return Err(MemoryError::Decimal {
                    text: text.to_owned(),
                    unit,
                    instead: format!("{number}{instead}"),
                });
            }
        };
        // A TiB is 2^20 MiB, so no whole number of MiB needs more than 20 decimals; 10^20 keeps `scale` within 128 bits.
        let fraction = fraction.trim_end_matches('0');
        let scale = u32::try_from(fraction.len())
            .ok()
            .filter(|&decimals| decimals <= 20)
            .map(|decimals| 10_u128.pow(decimals))
            .ok_or_else(|| MemoryError::Fraction(text.to_owned()))?;
        let out_of_range = || MemoryError::Range(text.to_owned());
        let scaled: u128 = format!("{whole}{fraction}").parse().map_err(|_| out_of_range())?;
        let scaled = scaled.checked_mul(bytes_per_unit).ok_or_else(out_of_range)?;
        let scaled_mib = scale << 20;
        if !scaled.is_multiple_of(scaled_mib) {
            return Err(MemoryError::Fraction(text.to_owned()));
        }
        u64::try_from(scaled / scaled_mib).ok().and_then(Self::from_mib).ok_or_else(out_of_range)
    }
}

impl Serialize for Memory {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// How many tasks a worker runs at once (Spark's `SPARK_WORKER_CORES`), from 1 to 1024.
///
/// Spark's cores are slots for tasks, not reserved processors, so they need not match the node's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Cores(NonZeroU32);

/// A number of cores that is not a whole number from 1 to 1024.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a number of cores: a whole number from 1 to 1024")]
pub struct CoresError(String);

impl Cores {
    /// One core.
    pub const ONE: Self = Self(NonZeroU32::MIN);
    /// The largest number of cores.
    pub const MAX: u32 = 1024;

    /// The number.
    #[must_use]
    pub const fn get(self) -> u32 {
        self.0.get()
    }
}

impl TryFrom<u32> for Cores {
    type Error = CoresError;

    fn try_from(cores: u32) -> Result<Self, CoresError> {
        NonZeroU32::new(cores)
            .filter(|cores| cores.get() <= Self::MAX)
            .map(Self)
            .ok_or_else(|| CoresError(cores.to_string()))
    }
}

impl FromStr for Cores {
    type Err = CoresError;

    fn from_str(text: &str) -> Result<Self, CoresError> {
        let error = || CoresError(text.escape_debug().to_string());
        // `u32::from_str` takes a leading plus sign, which no configuration file means.
        if !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(error());
        }
        text.parse::<u32>().ok().and_then(|cores| Self::try_from(cores).ok()).ok_or_else(error)
    }
}

impl fmt::Display for Cores {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

/// What is wrong with a duration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DurationError {
    /// The text is not a number followed by a unit of time.
    #[error("`{0}` is not a duration; write for example `500ms`, `30s`, `5m` or `1h 30m`")]
    Unreadable(String),
    /// The duration is zero where that makes no sense.
    #[error("`{0}` is no time at all; the duration must be longer than zero")]
    Zero(String),
}

/// Reads a duration such as `100ms`, `5m` or `1h 30m`; zero is allowed.
pub fn parse_duration(text: &str) -> Result<Duration, DurationError> {
    humantime::parse_duration(text).map_err(|_| DurationError::Unreadable(text.escape_debug().to_string()))
}

/// Reads a duration that must be longer than zero, such as a timeout or a budget.
pub fn parse_timeout(text: &str) -> Result<Duration, DurationError> {
    let duration = parse_duration(text)?;
    if duration.is_zero() { Err(DurationError::Zero(text.escape_debug().to_string())) } else { Ok(duration) }
}

pub mod spark;

#[cfg(test)]
#[path = "units/tests.rs"]
mod tests;
