//! Explain: says in one sentence why something failed, from what Nomad and Spark tell about it. Pure.

mod container;
mod events;
mod executors;
mod placement;
mod shown;
mod template;
mod words;

use crate::nomad::allocations::{TaskEvent, TaskState};

/// How Nomad's client begins its reason for a restart because of a health check (`check_restart`).
const HEALTH_CHECK: &str = "healthcheck:";
/// How nomspark tells of that.
const UNHEALTHY: &str = "Nomad restarted it for its health";

pub(crate) use events::{sentence, waiting_restart};
pub(crate) use executors::{Outlook, Wait, unknown_application, without_executors, without_master};
pub use placement::placement_failure;
pub(crate) use shown::shown;
pub(crate) use template::waiting_template;
pub(crate) use words::{Diagnosis, diagnose, diagnose_log};

/// Whether a task may end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Duty {
    /// It ends when its work is done.
    Ends,
    /// It runs until somebody ends it, as the main tasks and the sidecars of services do.
    Stays,
}

/// How the sentence begins for a task that must not end and ended well.
pub(crate) const ENDED: &str = "it ended with code 0";

/// Why a task failed, from the last of its events that tells.
#[must_use]
pub(crate) fn task_failure(state: &TaskState, duty: Duty) -> Option<String> {
    let events = &state.events;
    // What Nomad ended for the task's health ended as it was asked to; the reason stands before that.
    let by_itself = |index: &usize| events[*index].kind != "Terminated" || !is_asked_for(&events[..*index]);
    let reason = (0..events.len()).rev().filter(by_itself).find_map(|index| failed_event(&events[index], duty));
    reason.or_else(|| events.iter().rev().find_map(|event| failed_event(event, duty)))
}

/// The sentence for an event that tells of a failure; `None` for all others.
pub(crate) fn failed_event(event: &TaskEvent, duty: Duty) -> Option<String> {
    match event.kind.as_str() {
        "Terminated" if event.exit_code != 0 || event.signal != 0 || is_oom(event) => Some(termination(event)),
        "Terminated" if duty == Duty::Stays => {
            Some(format!("{ENDED}: a service must not end; does its program put itself into the background?"))
        }
        "Restart Signaled" if event.display_message.starts_with(HEALTH_CHECK) => {
            let check = event.display_message.trim_start_matches(HEALTH_CHECK).trim();
            Some(format!("{UNHEALTHY}: {}", one_line(check)))
        }
        "Template" | "Killing" if event.display_message.contains("failed") => Some(one_line(&event.display_message)),
        _ => events::failure(event),
    }
}

/// Whether a sentence of [`failed_event`] tells of a health check.
pub(crate) fn is_unhealthy(reason: &str) -> bool {
    reason.starts_with(UNHEALTHY)
}

/// What asks a task to end: an operator, the scheduler, a template, or Nomad's client where the end of another task decides.
const ASKED_FOR: [&str; 6] =
    ["Killing", "Restart Signaled", "Signaling", "Sibling Task Failed", "Leader Task Dead", "Main Tasks Dead"];

/// Whether the end that follows these events was asked for: by an operator, by the scheduler or by a template.
///
/// Back to the end before: Nomad's client may write down that a task was started after it was asked to end.
pub(crate) fn is_asked_for(before: &[TaskEvent]) -> bool {
    let this_run = before.iter().rev().take_while(|event| event.kind != "Terminated");
    this_run.into_iter().any(|event| ASKED_FOR.contains(&event.kind.as_str()))
}

/// Whether a task's last end was asked for, or the one that is to come.
pub(crate) fn is_last_end_asked_for(events: &[TaskEvent]) -> bool {
    let last = events.iter().rposition(|event| event.kind == "Terminated").unwrap_or(events.len());
    is_asked_for(&events[..last])
}

/// Whether the kernel killed the task for its memory.
#[must_use]
pub(crate) fn is_oom(event: &TaskEvent) -> bool {
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
pub(crate) fn one_line(text: &str) -> String {
    let printable: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    printable.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests;
