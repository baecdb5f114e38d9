//! Spark's properties: keys and values that arrive in Spark exactly as they were written.

use unicode_normalization::is_nfc;

use super::{Rule, require};

name! {
    /// The key of a Spark property: `spark.` and then letters, digits and `. _ - *`.
    ///
    /// Spark's own keys need no more: `spark.hadoop.fs.s3a.endpoint`, `spark.executorEnv.LC_ALL`,
    /// `spark.metrics.conf.*.sink.console.class`. Spark ignores keys that do not begin with `spark.`.
    ConfKey, "the key of a Spark property", |text: &str| require(
        text.strip_prefix("spark.").is_some_and(|rest| !rest.is_empty())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-*".contains(&byte)),
        "`spark.` followed by letters, digits and `._-*`",
    )
}

name! {
    /// The value of a Spark property, which Spark gets exactly as it stands here.
    ///
    /// Quotes, line ends, `${…}`, `%{…}` and `{{…}}` are all fine, and so is an empty value. Spark cuts white space and
    /// control characters, except line ends, off both ends of a value that it reads from a properties file
    /// (`Utils.trimExceptCRLF`), even where they are escaped, so these are refused there; control characters other than
    /// `\n`, `\r` and `\t` are refused everywhere.
    ConfValue, "the value of a Spark property", conf_value
}

fn conf_value(text: &str) -> Rule {
    let control = |c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t');
    require(!text.contains(control), "no control characters besides `\\n`, `\\r` and `\\t`")?;
    // Unicode keeps these for a program's own use, and the step that renders uses them.
    require(!text.contains(|c| ('\u{fdd0}'..='\u{fdef}').contains(&c)), "no Unicode noncharacters")?;
    require(is_nfc(text), "Unicode's composed form (NFC), such as U+00E9 for e with U+0301: Nomad composes all text")?;
    let cut = |c: char| matches!(c, ' ' | '\t');
    require(!text.starts_with(cut) && !text.ends_with(cut), "Spark cuts white space off both ends of a value")
}
