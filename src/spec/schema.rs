//! Which names a spec may hold, and where.

/// What one level of a spec may hold: the whole file, or one block.
#[derive(Debug)]
pub(super) struct Section {
    /// The block's name, or `None` for the whole file.
    pub(super) block: Option<&'static str>,
    pub(super) attributes: &'static [&'static str],
    pub(super) blocks: &'static [&'static str],
    /// Blocks that take a label and may stand more than once.
    pub(super) labelled: &'static [&'static str],
    /// Words that users of other tools try first, and what they are called here.
    pub(super) aliases: &'static [(&'static str, &'static str)],
}

/// Words of a keepalived.conf that have no counterpart in a spec, and why. One that ends with an underscore stands for every
/// word that begins with it.
const KEEPALIVED: &[(&str, &str)] = &[
    ("state", "leave it out: of the hosts that are well, the one with the highest `priority` holds the address"),
    ("nopreempt", "leave it out, which means the same, or write `preempt = false`"),
    ("preempt_delay", "leave it out: nomspark sets it where `preempt = true`"),
    ("auth_", NO_AUTHENTICATION),
    ("authentication", NO_AUTHENTICATION),
    ("unicast_", "leave it out: the hosts speak to each other from and to the `address` of each block `host`"),
    ("mcast_", "leave it out: the hosts speak to each other from and to the `address` of each block `host`"),
    ("version", "leave it out: nomspark uses version 3 of VRRP"),
    (
        "vrrp_",
        "leave it out: nomspark writes keepalived's configuration out of `vip`, `router_id` and the blocks `host`",
    ),
    ("global_", "leave it out: nomspark writes keepalived's configuration itself"),
    ("virtual_server", "leave it out: HAProxy leads to the master, at `port` and `ui_port`"),
    ("real_server", "leave it out: HAProxy finds the masters in Consul"),
    ("virtual_routes", "leave it out: the address alone floats"),
    ("virtual_rules", "leave it out: the address alone floats"),
    ("track_", "leave it out: nomspark's own checks decide whether a host is well"),
    ("notify", "leave it out: nomspark's own script is told of each change"),
    ("garp_", "leave it out: nomspark sets what a takeover needs"),
    ("smtp_", "leave it out: `nomspark status` and Consul tell who holds the address"),
    ("label", "leave it out: an address needs no label"),
    ("scope", "leave it out: the floating address has global scope"),
];
const NO_AUTHENTICATION: &str = "leave it out: version 3 of VRRP, which nomspark uses, has no authentication";

pub(super) const ROOT: Section = Section {
    block: None,
    attributes: &["name", "datacenters", "node_pool", "conf"],
    blocks: &["runtime", "master", "worker", "edge"],
    labelled: &[],
    aliases: &[("datacenter", "datacenters"), ("dc", "datacenters"), ("cluster", "name"), ("pool", "node_pool")],
};

pub(super) const RUNTIME: Section = Section {
    block: Some("runtime"),
    attributes: &["driver", "image", "spark_home"],
    blocks: &[],
    labelled: &[],
    aliases: &[("home", "spark_home"), ("container", "image")],
};

pub(super) const MASTER: Section = Section {
    block: Some("master"),
    attributes: &["count", "memory", "recovery", "zookeeper", "port", "ui_port"],
    blocks: &[],
    labelled: &[],
    aliases: &[
        ("masters", "count"),
        ("instances", "count"),
        ("replicas", "count"),
        ("mem", "memory"),
        ("ram", "memory"),
        ("recovery_mode", "recovery"),
        ("quorum", "zookeeper"),
        ("webui_port", "ui_port"),
    ],
};

pub(super) const WORKER: Section = Section {
    block: Some("worker"),
    attributes: &["count", "cores", "memory"],
    blocks: &[],
    labelled: &[],
    aliases: &[
        ("workers", "count"),
        ("instances", "count"),
        ("replicas", "count"),
        ("cpu", "cores"),
        ("cpus", "cores"),
        ("mem", "memory"),
        ("ram", "memory"),
    ],
};

pub(super) const EDGE: Section = Section {
    block: Some("edge"),
    attributes: &["driver", "image", "vip", "router_id", "advert_interval", "preempt", "port", "ui_port", "stats_port"],
    blocks: &[],
    labelled: &["host"],
    aliases: &[
        ("address", "vip"),
        ("virtual_ip", "vip"),
        ("virtual_ipaddress", "vip"),
        ("virtual_ipaddress_excluded", "vip"),
        ("floating_address", "vip"),
        ("floating_ip", "vip"),
        ("vrid", "router_id"),
        ("virtual_router_id", "router_id"),
        ("advert_int", "advert_interval"),
        ("node", "host"),
        ("nodes", "host"),
        ("hosts", "host"),
        ("webui_port", "ui_port"),
        ("container", "image"),
    ],
};

pub(super) const HOST: Section = Section {
    block: Some("host"),
    attributes: &["address", "interface", "priority"],
    blocks: &[],
    labelled: &[],
    aliases: &[
        ("ip", "address"),
        ("nic", "interface"),
        ("dev", "interface"),
        ("device", "interface"),
        ("iface", "interface"),
        ("weight", "priority"),
    ],
};

const ALL: [&Section; 6] = [&ROOT, &RUNTIME, &MASTER, &WORKER, &EDGE, &HOST];

impl Section {
    /// The section in words, for the end of a sentence; nothing for the whole file.
    pub(super) fn place(&self) -> String {
        self.block.map(|block| format!(" in block `{block}`")).unwrap_or_default()
    }

    /// Every name that this section holds.
    fn names(&self) -> impl Iterator<Item = &'static &'static str> {
        self.attributes.iter().chain(self.blocks).chain(self.labelled)
    }

    /// What to write instead of a name that this section does not hold.
    pub(super) fn advice(&self, unknown: &str) -> String {
        let is_of_edge = matches!(self.block, Some("edge" | "host"));
        let explained =
            KEEPALIVED.iter().find(|(word, _)| *word == unknown || (word.ends_with('_') && unknown.starts_with(word)));
        if let Some((_, reason)) = explained.filter(|_| is_of_edge) {
            return (*reason).to_owned();
        }
        let names = || self.names().copied();
        // Farther than a third of the letters is another word, not a slip of the finger.
        let near = unknown.chars().count().div_ceil(3);
        let nearest = names()
            .map(|name| (name, name))
            .chain(self.aliases.iter().copied())
            .map(|(written, meant)| (strsim::damerau_levenshtein(unknown, written), meant))
            .filter(|(distance, _)| *distance <= near)
            .min_by_key(|(distance, _)| *distance);
        if let Some((distance, meant)) = nearest
            && (distance <= 1 || Self::homes(unknown).is_empty())
        {
            return format!("did you mean `{meant}`?");
        }
        let homes = Self::homes(unknown);
        if homes.is_empty() {
            format!("expected {}", list(names().map(|name| format!("`{name}`")).collect()))
        } else {
            format!("it belongs in {}", list(homes))
        }
    }

    /// The sections that hold a name, in words.
    fn homes(name: &str) -> Vec<String> {
        ALL.iter()
            .filter(|section| section.names().any(|held| *held == name))
            .map(|section| section.block.map_or("no block".to_owned(), |block| format!("block `{block}`")))
            .collect()
    }
}

/// The items as an English list: `a`, `a or b`, `a, b or c`.
pub(super) fn list(mut items: Vec<String>) -> String {
    let Some(last) = items.pop() else {
        return String::new();
    };
    if items.is_empty() { last } else { format!("{} or {last}", items.join(", ")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn advice_for_unknown_names() {
        assert_eq!(WORKER.advice("wokers"), "did you mean `count`?");
        assert_eq!(WORKER.advice("coers"), "did you mean `cores`?");
        assert_eq!(WORKER.advice("recovery"), "it belongs in block `master`");
        assert_eq!(ROOT.advice("memory"), "it belongs in block `master` or block `worker`");
        assert_eq!(ROOT.advice("workers"), "did you mean `worker`?");
        assert_eq!(WORKER.advice("conf"), "it belongs in no block");
        assert_eq!(WORKER.advice("xyz"), "expected `count`, `cores` or `memory`");
        assert_eq!(WORKER.advice("port"), "it belongs in block `master` or block `edge`");
        assert_eq!(HOST.advice("prio"), "expected `address`, `interface` or `priority`");
        assert_eq!(EDGE.advice("interface"), "it belongs in block `host`");
        assert_eq!(ROOT.advice("host"), "it belongs in block `edge`");
    }

    #[test]
    fn words_of_keepalived_without_a_counterpart_are_explained() {
        for word in ["state", "nopreempt", "auth_pass", "auth_type", "authentication", "unicast_peer", "track_script"] {
            assert!(EDGE.advice(word).starts_with("leave it out"), "{word}: {}", EDGE.advice(word));
            assert!(HOST.advice(word).starts_with("leave it out"), "{word}");
        }
        assert!(!ROOT.advice("state").starts_with("leave it out"));
        assert_eq!(EDGE.advice("priority"), "it belongs in block `host`");
    }

    #[test]
    fn words_of_keepalived_and_of_cloud_providers_are_understood() {
        for (section, word, meant) in [
            (&EDGE, "address", "vip"),
            (&EDGE, "virtual_ip", "vip"),
            (&EDGE, "floating_address", "vip"),
            (&EDGE, "vrid", "router_id"),
            (&EDGE, "virtual_router_id", "router_id"),
            (&EDGE, "advert_int", "advert_interval"),
            (&EDGE, "nodes", "host"),
            (&EDGE, "hosts", "host"),
            (&HOST, "ip", "address"),
            (&HOST, "nic", "interface"),
            (&HOST, "dev", "interface"),
            (&HOST, "device", "interface"),
            (&HOST, "weight", "priority"),
        ] {
            assert_eq!(section.advice(word), format!("did you mean `{meant}`?"), "{word}");
        }
    }
}
