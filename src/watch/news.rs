//! What is new of an allocation, as events.

use super::seen_failure::SeenFailure;
use crate::event::Event;
use crate::explain;
use crate::nomad::allocations::{Allocation, TaskState};

/// What an allocation's new state tells, compared with what was known of it.
pub(super) fn allocation_events(known: Option<&Allocation>, now: &Allocation, failures: &[NewFailure]) -> Vec<Event> {
    let mut events = Vec::new();
    let job = || now.job.clone();
    let allocation = || now.id.clone();
    if known.is_none() && !now.is_terminal() {
        events.push(Event::AllocationPlaced { job: job(), allocation: allocation(), node: now.node_name.clone() });
    }
    for (task, state) in &now.task_states {
        let before = known.and_then(|known| known.task_states.get(task));
        let runs = |state: &TaskState| state.state == "running" && state.started_at.is_some();
        let again =
            before.is_some_and(|before| before.restarts < state.restarts || before.started_at != state.started_at);
        if runs(state) && (again || !before.is_some_and(runs)) {
            events.push(Event::TaskStarted { job: job(), allocation: allocation(), task: task.clone() });
        }
    }
    events.extend(waits(known, now));
    for NewFailure { seen, reason } in failures {
        let (task, reason) = (seen.task.clone(), reason.clone());
        events.push(Event::TaskFailed { job: job(), allocation: allocation(), task, reason });
    }
    let ended = now.is_terminal() && known.is_none_or(|known| !known.is_terminal());
    if ended && known.is_some() {
        events.push(Event::AllocationEnded { job: job(), allocation: allocation(), status: now.client_status.clone() });
    }
    events
}

/// What tasks say for the first time that they wait for, before they start.
fn waits(known: Option<&Allocation>, now: &Allocation) -> Vec<Event> {
    let mut events = Vec::new();
    for (task, state) in &now.task_states {
        let before = known.and_then(|known| known.task_states.get(task));
        let reason = |state: &TaskState| {
            let last = state.events.last().filter(|_| state.state == "pending")?;
            explain::waiting_template(last).or_else(|| explain::waiting_restart(last))
        };
        if let Some(reason) = reason(state).filter(|now| before.and_then(reason).as_ref() != Some(now)) {
            let (job, allocation, task) = (now.job.clone(), now.id.clone(), task.clone());
            events.push(Event::TaskWaits { job, allocation, task, reason });
        }
    }
    events
}

/// A failure that was not known before.
pub(super) struct NewFailure {
    pub(super) seen: SeenFailure,
    /// The sentence.
    pub(super) reason: String,
}
