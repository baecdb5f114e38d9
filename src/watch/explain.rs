//! Says in one sentence why something failed, from what Nomad tells about it. Pure.

mod container;
mod executors;
mod template;
mod words;

use crate::nomad::allocations::{TaskEvent, TaskState};
use crate::nomad::evaluations::PlacementMetrics;

/// How Nomad's client begins its reason for a restart because of a health check (`check_restart`).
const HEALTH_CHECK: &str = "healthcheck:";
/// How nomspark tells of that.
const UNHEALTHY: &str = "Nomad restarted it for its health";

pub(super) use executors::{Outlook, Wait, without_executors};
pub(super) use template::waiting_template;
pub(super) use words::{Diagnosis, diagnose, diagnose_log};

/// Why a task group could not be placed: what is exhausted or ruled out, on how many of how many nodes.
#[must_use]
pub fn placement_failure(group: &str, metrics: &PlacementMetrics) -> String {
    let mut reasons = Vec::new();
    let total = metrics.nodes_evaluated;
    if metrics.nodes_available.values().sum::<u64>() == 0 {
        reasons.push("no node in its datacenters and node pool is ready".to_owned());
    }
    for (dimension, nodes) in &metrics.dimension_exhausted {
        let asked = asked_for(dimension, metrics).map_or_else(String::new, |amount| format!(" for {amount}"));
        reasons.push(format!("not enough {}{asked} on {nodes} of {total} nodes", dimension_name(dimension)));
    }
    for (constraint, nodes) in &metrics.constraint_filtered {
        let what = match constraint.strip_prefix("missing drivers") {
            Some(_) => "the task driver is missing".to_owned(),
            None => format!("the constraint `{constraint}` is not met"),
        };
        reasons.push(format!("{what} on {nodes} of {total} nodes"));
    }
    for (class, nodes) in &metrics.class_filtered {
        reasons.push(format!("the node class {class} rules out {nodes} of {total} nodes"));
    }
    for quota in &metrics.quota_exhausted {
        reasons.push(format!("the quota is used up: {quota}"));
    }
    if reasons.is_empty() {
        reasons.push("Nomad gives no reason".to_owned());
    }
    format!("the task group {group} cannot be placed: {}", reasons.join("; "))
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

/// Nomad's names of dimensions, in words.
fn dimension_name(dimension: &str) -> &str {
    match dimension {
        "cpu" => "CPU",
        "cores" => "free CPU cores",
        other => other,
    }
}

/// Why a task failed, from the last of its events that tells.
#[must_use]
pub fn task_failure(state: &TaskState) -> Option<String> {
    let events = &state.events;
    // What Nomad ended for the task's health ended as it was asked to; the reason stands before that.
    let by_itself = |index: &usize| events[*index].kind != "Terminated" || !is_asked_for(&events[..*index]);
    let reason = (0..events.len()).rev().filter(by_itself).find_map(|index| failed_event(&events[index]));
    reason.or_else(|| events.iter().rev().find_map(failed_event))
}

/// The sentence for an event that tells of a failure; `None` for all others.
pub(super) fn failed_event(event: &TaskEvent) -> Option<String> {
    match event.kind.as_str() {
        "Terminated" if event.exit_code != 0 || event.signal != 0 || is_oom(event) => Some(termination(event)),
        "Driver Failure" => {
            let words = detail(event, "driver_error");
            let words = container::missing_program(&words).unwrap_or(words);
            Some(format!("its driver could not start it: {words}"))
        }
        "Setup Failure" => Some(format!("its setup failed: {}", detail(event, "setup_error"))),
        "Failed Artifact Download" => {
            Some(format!("an artifact could not be fetched: {}", detail(event, "download_error")))
        }
        "Failed Validation" => Some(format!("Nomad's client refused it: {}", detail(event, "validation_error"))),
        "Restart Signaled" if event.display_message.starts_with(HEALTH_CHECK) => {
            let check = event.display_message.trim_start_matches(HEALTH_CHECK).trim();
            Some(format!("{UNHEALTHY}: {}", one_line(check)))
        }
        "Template" | "Killing" if event.display_message.contains("failed") => Some(one_line(&event.display_message)),
        _ => None,
    }
}

/// Whether a sentence of [`failed_event`] tells of a health check.
pub(super) fn is_unhealthy(reason: &str) -> bool {
    reason.starts_with(UNHEALTHY)
}

/// Whether the end that follows these events was asked for: by an operator, by the scheduler or by a template.
pub(super) fn is_asked_for(before: &[TaskEvent]) -> bool {
    let this_run = before.iter().rev().take_while(|event| event.kind != "Started");
    this_run.into_iter().any(|event| matches!(event.kind.as_str(), "Killing" | "Restart Signaled" | "Signaling"))
}

/// Whether the kernel killed the task for its memory.
#[must_use]
pub(super) fn is_oom(event: &TaskEvent) -> bool {
    event.details.get("oom_killed").is_some_and(|killed| killed == "true")
}

fn termination(event: &TaskEvent) -> String {
    if is_oom(event) {
        return "the kernel killed it because it used more memory than it reserved".to_owned();
    }
    // A shell reports a signal of its child as 128 + the signal's number.
    let signal = if event.signal != 0 { event.signal } else { event.exit_code.saturating_sub(128) };
    match signal_name(signal) {
        Some(name) => format!("it was killed by signal {signal} ({name})"),
        None => format!("it exited with code {}", event.exit_code),
    }
}

fn signal_name(signal: i64) -> Option<&'static str> {
    let signal = i32::try_from(signal).ok()?;
    nix::sys::signal::Signal::try_from(signal).ok().map(nix::sys::signal::Signal::as_str)
}

/// A particular of an event, else the client's sentence.
fn detail(event: &TaskEvent, key: &str) -> String {
    let text = event.details.get(key).filter(|text| !text.is_empty()).unwrap_or(&event.display_message);
    let text = one_line(text);
    // What a plugin says arrives in the wrapping of Nomad's remote calls.
    text.rsplit_once("desc = ").map_or(text.as_str(), |(_, reason)| reason).to_owned()
}

/// The words of a driver or a plugin, which may hold anything, on one line and without control characters.
pub(super) fn one_line(text: &str) -> String {
    let printable: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    printable.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests;
