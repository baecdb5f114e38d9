//! The Spark properties that a spec may not set: nomspark's own, secrets, and values that Spark cannot read where
//! nomspark reads them too.

use super::problem::Complaint;
use crate::names::{ConfKey, ConfValue};
use crate::units::spark;

/// Keys that nomspark sets itself, and why. One that ends with a dot stands for every key that begins with it.
const DECIDED: &[(&str, &str)] = &[
    ("spark.master", "the applications find the master through Consul"),
    ("spark.submit.deployMode", "the driver runs in client mode, so that Nomad sees its exit code"),
    ("spark.driver.host", ADDRESS),
    ("spark.driver.bindAddress", ADDRESS),
    ("spark.driver.port", PORT),
    ("spark.driver.blockManager.port", PORT),
    ("spark.ui.port", PORT),
    ("spark.master.ui.port", "`ui_port` in block `master` says it"),
    ("spark.worker.ui.port", PORT),
    ("spark.master.rest.enabled", "Spark's submission server has no authentication, so it stays off"),
    ("spark.master.rest.port", "Spark's submission server has no authentication, so it stays off"),
    ("spark.deploy.recoveryMode", RECOVERY),
    ("spark.deploy.recoveryMode.", RECOVERY),
    ("spark.deploy.recoveryDirectory", RECOVERY),
    ("spark.deploy.zookeeper.", RECOVERY),
    ("spark.worker.preferConfiguredMasterAddress", "it follows from how the workers reach the master"),
];

const ADDRESS: &str = "Nomad knows the address of the node that a driver is placed on";
const PORT: &str = "Nomad chooses the port, so that several can share a node";
const RECOVERY: &str = "`recovery` in block `master` says it";

/// The key, if a spec may set it.
pub(super) fn key(text: &str) -> Result<ConfKey, Complaint> {
    let key: ConfKey = text.parse()?;
    if let Some((_, reason)) = DECIDED.iter().find(|(decided, _)| is_decided(key.as_str(), decided)) {
        return Err(Complaint::new(format!("nomspark sets `{key}` itself: {reason}")));
    }
    if is_secret(key.as_str()) {
        return Err(Complaint::new(format!(
            "`{key}` is a secret by Spark's own rule (spark.redaction.regex), \
             and Nomad shows job files to everyone who may read jobs"
        ))
        .help(
            "keep it on the nodes, in conf/spark-defaults.conf of Spark's folder, which drivers and daemons there read",
        ));
    }
    Ok(key)
}

/// Amounts of memory that Spark counts in MiB and by which nomspark reserves or compares.
const MEMORY: &[&str] = &[
    "spark.driver.memory",
    "spark.driver.memoryOverhead",
    "spark.driver.minMemoryOverhead",
    "spark.executor.memory",
    "spark.executor.memoryOverhead",
    "spark.executor.minMemoryOverhead",
    "spark.executor.pyspark.memory",
];
/// Those of them that may be nothing.
const MAY_BE_NOTHING: &[&str] = &["Overhead", "pyspark.memory"];
/// Numbers of cores and of what is counted like them.
const NUMBERS: &[&str] = &[
    "spark.driver.cores",
    "spark.executor.cores",
    "spark.task.cpus",
    "spark.cores.max",
    "spark.deploy.defaultCores",
    "spark.executor.instances",
];
/// Shares of a heap.
const FACTORS: &[&str] = &["spark.driver.memoryOverheadFactor", "spark.executor.memoryOverheadFactor"];

/// The value of a key that a spec may set.
pub(super) fn value(key: &ConfKey, text: &str) -> Result<ConfValue, Complaint> {
    let value: ConfValue = text.parse()?;
    let key = key.as_str();
    let wrong = |reason: String| Complaint::new(format!("`{key}`: {reason}"));
    if MEMORY.contains(&key) {
        let mib = spark::mib(text).map_err(|error| wrong(error.to_string()).help(error.help.clone()))?;
        if mib == 0 && !MAY_BE_NOTHING.iter().any(|end| key.ends_with(end)) {
            return Err(wrong(format!("`{text}` is less than a MiB")).help("write for example `1g` or `512m`"));
        }
    }
    if NUMBERS.contains(&key) {
        let number = text.parse::<u32>().ok().filter(|number| *number > 0 && i32::try_from(*number).is_ok());
        if number.is_none() || text.starts_with('+') {
            return Err(wrong(format!("`{}` is not a whole number of at least 1", text.escape_debug()))
                .help("write digits alone, such as `2`"));
        }
    }
    if FACTORS.contains(&key) && !text.parse::<f64>().is_ok_and(|factor| factor > 0.0 && factor <= 100.0) {
        return Err(wrong(format!("`{}` is not a share of the heap from 0 to 100", text.escape_debug()))
            .help("write for example `0.1`"));
    }
    Ok(value)
}

fn is_decided(key: &str, decided: &str) -> bool {
    if decided.ends_with('.') { key.starts_with(decided) } else { key == decided }
}

/// Spark's default `spark.redaction.regex`: `(?i)secret|password|token|access[.]?key`.
///
/// Spark 4.3 adds `credential`. It is left out here, because it mostly names a class that has no secret in it, such as
/// `spark.hadoop.fs.s3a.aws.credentials.provider`.
fn is_secret(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    ["secret", "password", "token", "accesskey", "access.key"].iter().any(|word| key.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_keys_pass() {
        for ordinary in [
            "spark.eventLog.enabled",
            "spark.driver.memory",
            "spark.masters",
            "spark.deploy.retainedDrivers",
            "spark.hadoop.fs.s3a.aws.credentials.provider",
        ] {
            assert_eq!(key(ordinary).unwrap().as_str(), ordinary);
        }
    }

    #[test]
    fn keys_of_nomspark_are_refused_with_the_reason() {
        let refusal = key("spark.deploy.zookeeper.url").unwrap_err();
        assert_eq!(
            refusal.message,
            "nomspark sets `spark.deploy.zookeeper.url` itself: `recovery` in block `master` says it"
        );
        for (decided, _) in DECIDED {
            assert!(key(&format!("{decided}{}", if decided.ends_with('.') { "x" } else { "" })).is_err(), "{decided}");
        }
    }

    #[test]
    fn amounts_that_spark_cannot_read_are_refused_and_each_hint_is_taken() {
        for (name, text) in [
            ("spark.driver.memory", "1.5g"),
            ("spark.driver.memory", "1GiB"),
            ("spark.driver.memory", "0"),
            ("spark.executor.memory", "much"),
            ("spark.executor.memory", "100000b"),
            ("spark.driver.memoryOverhead", "0.5g"),
            ("spark.driver.memoryOverheadFactor", "10%"),
            ("spark.executor.memoryOverheadFactor", "NaN"),
            ("spark.executor.cores", "2.0"),
            ("spark.executor.cores", "+2"),
            ("spark.task.cpus", "0"),
            ("spark.cores.max", "all"),
            ("spark.driver.cores", "-1"),
        ] {
            let name = key(name).unwrap();
            let refused = value(&name, text).unwrap_err();
            assert!(refused.message.starts_with(&format!("`{name}`: ")), "{}", refused.message);
            let help = refused.help.unwrap();
            let written = help.rsplit('`').nth(1).unwrap();
            assert_eq!(value(&name, written).unwrap().as_str(), written, "{name} = {text}: {help}");
        }
        for (name, text) in [
            ("spark.driver.memory", "1gb"),
            ("spark.driver.memory", "1024"),
            ("spark.executor.memory", "1048576kb"),
            ("spark.executor.memoryOverhead", "0"),
            ("spark.driver.memoryOverheadFactor", "0.25"),
            ("spark.task.cpus", "2"),
        ] {
            assert!(value(&key(name).unwrap(), text).is_ok(), "{name} = {text}");
        }
    }

    #[test]
    fn secrets_are_refused() {
        for secret in [
            "spark.authenticate.secret",
            "spark.ssl.keyPassword",
            "spark.hadoop.fs.s3a.access.key",
            "spark.hadoop.fs.oss.accessKeyId",
            "spark.MY_TOKEN",
        ] {
            assert!(key(secret).unwrap_err().message.contains("is a secret"), "{secret}");
        }
    }
}
