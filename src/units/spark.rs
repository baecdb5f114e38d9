//! Amounts as Spark reads them in its own settings, which is not how nomspark's spec writes them.
//!
//! Source: `JavaUtils.byteStringAs` of Spark's network-common: a whole number and a binary unit in either case. What has
//! no unit is in the setting's own.

use super::{Memory, MemoryError};

/// What Spark cannot read as an amount of memory.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Spark reads no amount of memory in `{text}`")]
pub struct SparkMemoryError {
    /// What was written.
    pub text: String,
    /// What to write instead.
    pub help: String,
}

/// MiB in what a setting says that Spark counts in MiB, such as `spark.driver.memory`: `1g`, `1gb`, `1024m` and `1024`
/// are the same. Bytes that do not fill a MiB do not count, as in Spark.
pub fn mib(text: &str) -> Result<u64, SparkMemoryError> {
    let lower = text.to_ascii_lowercase();
    let digits = lower.find(|c: char| !c.is_ascii_digit()).unwrap_or(lower.len());
    let (number, unit) = lower.split_at(digits);
    let shift = match unit {
        "b" => Some(0),
        "k" | "kb" => Some(10),
        "" | "m" | "mb" => Some(20),
        "g" | "gb" => Some(30),
        "t" | "tb" => Some(40),
        "p" | "pb" => Some(50),
        _ => None,
    };
    let bytes = shift.and_then(|shift| number.parse::<u128>().ok()?.checked_mul(1 << shift));
    bytes
        .map(|bytes| bytes >> 20)
        .and_then(|mib| u64::try_from(mib).ok())
        .filter(|mib| *mib <= Memory::MAX.mib())
        .ok_or_else(|| SparkMemoryError { text: text.escape_debug().to_string(), help: instead(text) })
}

/// The same amount in Spark's words where nomspark can read it, else an example.
fn instead(text: &str) -> String {
    let read: Result<Memory, MemoryError> = text.trim().parse();
    match read {
        Ok(memory) if memory.mib().is_multiple_of(1 << 10) => format!("write `{}g`", memory.mib() >> 10),
        Ok(memory) => format!("write `{}`", memory.spark()),
        Err(_) => "write a whole number and `k`, `m`, `g` or `t`, at most `16t`, such as `1536m`".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_those_of_spark() {
        for (text, expected) in [
            ("1g", 1_024),
            ("1G", 1_024),
            ("1gb", 1_024),
            ("1GB", 1_024),
            ("1024m", 1_024),
            ("1024mb", 1_024),
            ("1024", 1_024),
            ("100", 100),
            ("1048576k", 1_024),
            ("1048576kb", 1_024),
            ("1073741824b", 1_024),
            ("1t", 1 << 20),
            ("0", 0),
            ("1500k", 1),
            ("1000b", 0),
        ] {
            assert_eq!(mib(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_spark_refuses_is_refused_with_what_it_reads() {
        for (text, help) in [
            ("0.5g", "write `512m`"),
            ("1.5g", "write `1536m`"),
            ("1.0g", "write `1g`"),
            ("1GiB", "write `1g`"),
            ("1536MiB", "write `1536m`"),
            ("0.5", "write a whole number and `k`, `m`, `g` or `t`, at most `16t`, such as `1536m`"),
            ("-1g", "write a whole number and `k`, `m`, `g` or `t`, at most `16t`, such as `1536m`"),
            ("0.001t", "write a whole number and `k`, `m`, `g` or `t`, at most `16t`, such as `1536m`"),
            ("1p", "write a whole number and `k`, `m`, `g` or `t`, at most `16t`, such as `1536m`"),
            ("", "write a whole number and `k`, `m`, `g` or `t`, at most `16t`, such as `1536m`"),
            ("1 g", "write a whole number and `k`, `m`, `g` or `t`, at most `16t`, such as `1536m`"),
        ] {
            let refused = mib(text).unwrap_err();
            assert_eq!(refused.help, help, "{text}");
            if let Some(written) = help.strip_prefix("write `").and_then(|rest| rest.strip_suffix('`'))
                && !written.contains('`')
            {
                assert!(mib(written).is_ok(), "{written}");
            }
        }
    }
}
