//! Names: what is written into a job file, a Consul catalog or a command line, parsed once and valid for ever.
//!
//! Each type documents the rule that it keeps and where the rule comes from. Apart from the values of Spark properties,
//! whose text is the user's own, none can hold what Nomad would interpolate where it is written.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

/// Text that does not keep the rule of the type it was parsed into.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{}` is not {what}: {rule}", shown(text))]
pub struct NameError {
    text: String,
    what: &'static str,
    rule: &'static str,
}

/// The text as one short line: control characters escaped, the end of a long one left out.
fn shown(text: &str) -> String {
    const LONGEST: usize = 80;
    let mut shown = String::new();
    for (count, character) in text.chars().enumerate() {
        if count == LONGEST {
            shown.push('…');
            break;
        }
        if character.is_control() {
            shown.extend(character.escape_default());
        } else {
            shown.push(character);
        }
    }
    shown
}

/// Makes a type out of text that keeps a rule: `fn(&str) -> Result<(), &'static str>`, the error being the rule.
macro_rules! name {
    ($(#[$documentation:meta])* $name:ident, $what:literal, $rule:expr) => {
        $(#[$documentation])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = NameError;

            fn from_str(text: &str) -> Result<Self, NameError> {
                match $rule(text) {
                    Ok(()) => Ok(Self(text.to_owned())),
                    Err(rule) => Err(NameError { text: text.to_owned(), what: $what, rule }),
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(&self.0)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }
    };
}

mod conf;

pub use conf::{ConfKey, ConfValue};

type Rule = Result<(), &'static str>;

fn require(kept: bool, rule: &'static str) -> Rule {
    if kept { Ok(()) } else { Err(rule) }
}

/// `[a-z0-9]([a-z0-9-]*[a-z0-9])?`, at most `longest` characters.
fn is_dns_label(text: &str, longest: usize) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    (1..=longest).contains(&text.len())
        && text.bytes().all(|byte| plain(byte) || byte == b'-')
        && !text.starts_with('-')
        && !text.ends_with('-')
}

name! {
    /// The name of a cluster: the prefix of its Nomad jobs and Consul services. Default `spark`.
    ///
    /// Consul serves services by DNS, so the name is a DNS label (RFC 1123): `[a-z0-9]([a-z0-9-]*[a-z0-9])?`. It has at
    /// most 40 characters, so that `NAME-wordcount-ID` stays within a label's 63.
    ///
    /// ```
    /// use nomspark::names::ClusterName;
    ///
    /// let name: ClusterName = "books".parse().unwrap();
    /// assert_eq!(name.master_job(), "books-master");
    /// assert!("Books!".parse::<ClusterName>().is_err());
    /// ```
    ClusterName, "a cluster's name", |text: &str| require(
        is_dns_label(text, 40),
        "1 to 40 lowercase letters, digits and hyphens, with no hyphen at either end, \
         because it becomes a DNS name in Consul",
    )
}

impl Default for ClusterName {
    fn default() -> Self {
        Self("spark".to_owned())
    }
}

impl ClusterName {
    /// The Nomad jobs that a deployment may register: those of the master, of the workers and of the edge.
    #[must_use]
    pub fn deployable_jobs(&self) -> [String; 3] {
        [self.master_job(), self.worker_job(), self.edge_job()]
    }

    /// The Nomad job of the master.
    #[must_use]
    pub fn master_job(&self) -> String {
        format!("{self}-master")
    }

    /// The Nomad job of the workers.
    #[must_use]
    pub fn worker_job(&self) -> String {
        format!("{self}-worker")
    }

    /// The Nomad job of `HAProxy` and keepalived on the edge hosts.
    #[must_use]
    pub fn edge_job(&self) -> String {
        format!("{self}-edge")
    }

    /// The Nomad job that looks at the edge hosts before anything changes, once.
    #[must_use]
    pub fn preflight_job(&self, id: &RunId) -> String {
        format!("{self}-preflight-{id}")
    }

    /// The Nomad job of one run of `WordCount`.
    #[must_use]
    pub fn wordcount_job(&self, id: &RunId) -> String {
        format!("{self}-wordcount-{id}")
    }

    /// The run whose [job](Self::wordcount_job) that is.
    #[must_use]
    pub fn wordcount_run(&self, job: &str) -> Option<RunId> {
        job.strip_prefix(&format!("{self}-wordcount-"))?.parse().ok()
    }

    /// The Nomad job of one run of a user's application.
    #[must_use]
    pub fn app_job(&self, id: &RunId) -> String {
        format!("{self}-app-{id}")
    }

    /// The Consul service of the master's RPC port.
    #[must_use]
    pub fn master_service(&self) -> String {
        format!("{self}-master")
    }

    /// The Consul service of the master's UI port.
    #[must_use]
    pub fn master_ui_service(&self) -> String {
        format!("{self}-master-ui")
    }

    /// The Consul service of the workers.
    #[must_use]
    pub fn worker_service(&self) -> String {
        format!("{self}-worker")
    }

    /// Where everything of the cluster stands in Consul's KV store.
    #[must_use]
    pub fn key_prefix(&self) -> String {
        format!("nomspark/{self}/")
    }

    /// The key of Consul's KV store that names the edge host which holds the floating address.
    #[must_use]
    pub fn holder_key(&self) -> String {
        self.key_prefix() + "edge/holder"
    }

    /// The key of Consul's KV store that the leading master holds.
    #[must_use]
    pub fn leader_key(&self) -> String {
        self.key_prefix() + "master/leader"
    }

    /// The Consul service of the edge hosts.
    #[must_use]
    pub fn edge_service(&self) -> String {
        format!("{self}-edge")
    }
}

name! {
    /// What tells one run of an application from the others: the `ID` in `NAME-wordcount-ID`.
    ///
    /// A DNS label of at most 12 characters: with the longest cluster name and `-wordcount-` that makes 63.
    RunId, "a run's id", |text: &str| require(
        is_dns_label(text, 12),
        "1 to 12 lowercase letters, digits and hyphens, with no hyphen at either end",
    )
}

impl From<u32> for RunId {
    /// Eight hexadecimal digits.
    fn from(number: u32) -> Self {
        Self(format!("{number:08x}"))
    }
}

name! {
    /// A Nomad datacenter to place jobs in; may hold `*`, which stands for any text, as in a job's `datacenters`.
    Datacenter, "a datacenter", |text: &str| require(
        !text.is_empty() && !text.contains(|c: char| c.is_control() || c.is_whitespace()),
        "at least one character, without white space and control characters",
    )
}

impl Datacenter {
    /// Every datacenter: `*`, Nomad's own default.
    #[must_use]
    pub fn any() -> Self {
        Self("*".to_owned())
    }

    /// Whether a node of the datacenter `name` is meant, by the rule of Nomad's scheduler: each `*` stands for any
    /// text, also for none; all else must be the same.
    #[must_use]
    pub fn matches(&self, name: &str) -> bool {
        let Some((start, rest)) = self.0.split_once('*') else {
            return self.0 == name;
        };
        let Some(mut name) = name.strip_prefix(start) else {
            return false;
        };
        let (middle, end) = rest.rsplit_once('*').unwrap_or(("", rest));
        for part in middle.split('*') {
            // The earliest place leaves the most for the parts that follow.
            let Some(at) = name.find(part) else {
                return false;
            };
            name = &name[at + part.len()..];
        }
        name.ends_with(end)
    }
}

name! {
    /// The Nomad node pool that jobs are placed in. Default `default`.
    ///
    /// Nomad's own rule for the names of node pools: `^[a-zA-Z0-9-_]{1,128}$`.
    NodePool, "a node pool", |text: &str| require(
        (1..=128).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)),
        "1 to 128 letters, digits, hyphens and underscores",
    )
}

impl Default for NodePool {
    fn default() -> Self {
        Self("default".to_owned())
    }
}

name! {
    /// Where a server listens: `HOST:PORT`, the host a name, an IPv4 address or an IPv6 address in brackets.
    ServerAddress, "the address of a server", |text: &str| require(
        text.rsplit_once(':').is_some_and(|(host, port)| {
            let name = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
            (1..=253).contains(&name.len())
                && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte) || (byte == b':' && name != host))
                && port.parse::<u16>().is_ok_and(|port| port > 0)
        }),
        "HOST:PORT",
    )
}

name! {
    /// The container image of the docker driver. Default `apache/spark:4.1.0`.
    ///
    /// Only what a Docker reference is made of (host, port, path, tag, digest), which leaves out white space and the
    /// `${` and `%{` that Nomad would interpolate.
    ImageReference, "an image reference", |text: &str| require(
        text.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '[')
            && text.ends_with(|c: char| c.is_ascii_alphanumeric())
            && text.len() <= 1024
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-/:@+[]".contains(&byte)),
        "letters, digits and `._-/:@`, such as `apache/spark:4.1.0`",
    )
}

impl Default for ImageReference {
    fn default() -> Self {
        Self("apache/spark:4.1.0".to_owned())
    }
}

name! {
    /// An absolute path on the nodes, such as `SPARK_HOME`.
    ///
    /// Letters, digits and `/ . _ - + @ ~ , =` only. A colon breaks class paths, Nomad interpolates `${`, and Spark
    /// splits options for the JVM at white space and takes quotes out of them, so that a path in them would arrive as
    /// another. A JVM in the C locale, which the tasks of a Nomad agent often have, cannot open a path that is not ASCII.
    NodePath, "a path on the nodes", node_path
}

fn node_path(text: &str) -> Rule {
    require(text.starts_with('/'), "it must be absolute, starting with `/`")?;
    require(text.len() <= 4095, "longer than the 4095 bytes that Linux allows")?;
    require(
        text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/._-+@~,=".contains(&byte)),
        "letters, digits and `/._-+@~,=` only; class paths, Spark's JVM options or Nomad give the rest another meaning",
    )
}

name! {
    /// The name of a Nomad client that is an edge host.
    ///
    /// Nomad takes any text; this one is written into a Nomad template, into keepalived's and HAProxy's configuration and
    /// into a Consul key, and names a folder, so it keeps to what means itself in all of them.
    NodeName, "a name for an edge host", |text: &str| require(
        (1..=128).contains(&text.len())
            && !matches!(text, "." | "..")
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte)),
        "1 to 128 letters, digits, dots, hyphens and underscores, not `.` or `..`; \
         rename the Nomad client (`name` in its configuration)",
    )
}

name! {
    /// The name of a network interface of a Linux host.
    ///
    /// The kernel's own rule (`dev_valid_name`): 1 to 15 bytes, no white space, `/` or `:`, not `.` or `..`; of these,
    /// only what means itself in keepalived's configuration.
    InterfaceName, "a network interface", |text: &str| require(
        (1..=15).contains(&text.len())
            && !matches!(text, "." | "..")
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte)),
        "1 to 15 letters, digits and `._-`, such as `eth0`",
    )
}

#[cfg(test)]
#[path = "names/tests.rs"]
mod tests;
