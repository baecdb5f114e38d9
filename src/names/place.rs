//! Where something runs or listens.

use super::require;

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
