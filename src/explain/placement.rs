//! Why the scheduler found no place. Pure.
//!
//! Source of the words: `scheduler/feasible` of Nomad's servers, whose metrics mix constraints of the job file with reasons of
//! their own.

use crate::nomad::evaluations::PlacementMetrics;

/// Words of the scheduler that stand where a constraint would, and what they mean. It appends particulars to some.
const NO_CONSTRAINTS: [(&str, &str); 7] = [
    ("missing drivers", "the task driver is missing"),
    ("missing devices", "the devices that it asks for are missing"),
    ("missing compatible host volumes", "no host volume fits"),
    ("missing secrets provider", "the secrets provider is missing"),
    ("missing network", "the network mode is not available"),
    ("computed class ineligible", "an earlier look ruled out their kind"),
    ("did not meet topology requirement", "the CSI volume is in another topology"),
];

/// Why a task group could not be placed: what is exhausted or ruled out, on how many of how many nodes.
#[must_use]
pub fn placement_failure(group: &str, metrics: &PlacementMetrics) -> String {
    let mut reasons = Vec::new();
    let ruled_out: u64 = metrics.constraint_filtered.values().chain(metrics.class_filtered.values()).sum();
    // Of a job with an allocation on each node the scheduler counts no nodes.
    let total = metrics.nodes_evaluated.max(metrics.nodes_filtered);
    for (dimension, nodes) in &metrics.dimension_exhausted {
        reasons.push(format!("{} on {nodes} of {total} nodes", exhausted(dimension, metrics)));
    }
    for (words, nodes) in &metrics.constraint_filtered {
        reasons.push(format!("{} on {nodes} of {total} nodes", filtered(words)));
    }
    for (class, nodes) in &metrics.class_filtered {
        // The scheduler counts a node by its constraint and by its class.
        if metrics.constraint_filtered.is_empty() {
            reasons.push(format!("{nodes} of {total} nodes are of the node class {class}, which is ruled out"));
        }
    }
    for quota in &metrics.quota_exhausted {
        reasons.push(format!("the quota is used up: {quota}"));
    }
    let none_is_there = metrics.nodes_available.values().sum::<u64>() == 0 && total == 0 && ruled_out == 0;
    if reasons.is_empty() && none_is_there {
        reasons.push("no node in its datacenters and node pool is ready".to_owned());
    }
    if reasons.is_empty() {
        reasons.push("Nomad gives no reason".to_owned());
    }
    format!("the task group {group} cannot be placed: {}", reasons.join("; "))
}

/// What rules nodes out: a constraint of the job file, or something else.
fn filtered(words: &str) -> String {
    let known = NO_CONSTRAINTS.iter().find(|(known, _)| words == *known);
    if let Some((_, meaning)) = known {
        return (*meaning).to_owned();
    }
    // `distinct_property: ${meta.rack}=r1 used by 1 allocs`.
    if let Some(used) = words.strip_prefix("distinct_property: ") {
        let used = used.replace(" used by ", "` is used by ").replace(" allocs", " allocations");
        return format!("the constraint `distinct_property` is not met, `{used}");
    }
    // `missing host network "public" for port "http"`, `CSI volume v has exhausted its available writer claims` and others.
    let is_sentence =
        ["missing ", "CSI ", "invalid host network ", "failed to "].iter().any(|start| words.starts_with(start));
    match words {
        "distinct_hosts" => "the constraint `distinct_hosts` allows one allocation a node, and one is there".to_owned(),
        _ if is_sentence => words.to_owned(),
        _ => format!("the constraint `{words}` is not met"),
    }
}

/// What nodes have not enough of.
fn exhausted(dimension: &str, metrics: &PlacementMetrics) -> String {
    if let Some((_, meaning)) = SENTENCES.iter().find(|(known, _)| *known == dimension) {
        return (*meaning).to_owned();
    }
    let (subject, particulars) = dimension.split_once(": ").unwrap_or((dimension, ""));
    match (subject, particulars) {
        // `network: reserved port collision http=8080` and others.
        ("network", "port collision") => "a port that it asks for is taken".to_owned(),
        ("network", words) if words.starts_with("reserved port collision") => {
            let port = words.trim_start_matches("reserved port collision").trim();
            format!("a port that it asks for is taken: {port}").trim_end_matches(": ").to_owned()
        }
        ("devices", words) if !words.is_empty() => format!("the devices that it asks for are not free: {words}"),
        (_, words) if !words.is_empty() => format!("not enough of the {subject}: {words}"),
        _ => {
            let asked = asked_for(dimension, metrics).map_or_else(String::new, |amount| format!(" for {amount}"));
            format!("not enough {}{asked}", dimension_name(dimension))
        }
    }
}

/// How much of a dimension one allocation asks for, as far as Nomad tells.
fn asked_for(dimension: &str, metrics: &PlacementMetrics) -> Option<String> {
    let tasks = metrics.resources_exhausted.values();
    let (amount, unit) = match dimension {
        "memory" => (tasks.map(|task| task.memory).sum::<u64>(), "MiB"),
        "cpu" => (tasks.map(|task| task.cpu).sum::<u64>(), "MHz"),
        _ => return None,
    };
    (amount > 0).then(|| format!("another {amount} {unit}"))
}

/// Dimensions of Nomad that are sentences, of which nothing can be short.
const SENTENCES: [(&str, &str); 3] = [
    ("device oversubscribed", "a device that it asks for is taken"),
    ("max allocation exceeded", "the most allocations that Nomad allows there are reached"),
    ("conflicting claims for host volume with single-writer", "another allocation writes to the host volume"),
];

/// Nomad's names of dimensions, in words.
fn dimension_name(dimension: &str) -> &str {
    match dimension {
        "cpu" => "CPU",
        "cores" => "free CPU cores",
        "numa-cores" => "free CPU cores of one NUMA node",
        other => other,
    }
}
