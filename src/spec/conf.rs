//! The Spark properties that a spec may not set: nomspark's own, and secrets.

use super::problem::Complaint;
use crate::names::{ConfKey, ConfValue};

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
        .help("keep it on the nodes, in a spark-defaults.conf or another file that only Spark can read"));
    }
    Ok(key)
}

/// The value of a key that a spec may set.
pub(super) fn value(text: &str) -> Result<ConfValue, Complaint> {
    Ok(text.parse()?)
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
