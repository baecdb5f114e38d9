//! What a job came to: decided by the last allocation of each index. Pure.

use super::explain;
use super::state::JobState;
use crate::nomad::allocations::{Allocation, TaskEvent, TaskState};
use crate::nomad::jobs::Job;

/// What a job came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Every index's last allocation completed.
    Complete,
    /// The last allocation of an index failed or was lost.
    Failed(Vec<Failure>),
    /// Somebody stopped the job: a batch job before it completed, a service in the only way in which one ends well.
    Stopped,
    /// Nomad does not have the job any more.
    Gone,
    /// Nomad calls the job dead and has fewer of its allocations than there should be: it collects old ones, and what
    /// they came to cannot be known.
    Unknown {
        /// How many it has.
        found: u64,
        /// How many the job wants.
        wanted: u64,
    },
}

/// A task that failed, without its log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The job.
    pub job: String,
    /// The allocation's whole id.
    pub allocation: String,
    /// The node's name.
    pub node: String,
    /// The task.
    pub task: String,
    /// One plain sentence.
    pub reason: String,
    /// The exit code of the last run, if it ran.
    pub exit_code: Option<i64>,
    /// Whether the kernel killed it for its memory.
    pub oom: bool,
    /// How often it was restarted.
    pub restarts: u64,
}

impl JobState {
    /// What a job came to; `None` while it runs, waits to be placed or waits for another try.
    #[must_use]
    pub fn verdict(&self) -> Option<Verdict> {
        if !self.listed {
            return None;
        }
        let Some(job) = &self.job else {
            return Some(Verdict::Gone);
        };
        let current = self.current_allocations();
        let has_ended = |allocation: &Allocation| allocation.is_terminal() || self.is_lost(allocation);
        if current.iter().any(|allocation| !has_ended(allocation) && allocation.desired_status == "run") {
            return None;
        }
        let ended = current.iter().all(|allocation| has_ended(allocation));
        let done = current.iter().filter(|allocation| has_done_its_work(allocation)).count();
        if job.stop {
            let complete = job.ends() && !current.is_empty() && done == current.len();
            return Some(if complete { Verdict::Complete } else { Verdict::Stopped });
        }
        if job.ends() && ended && done as u64 >= job.desired() && done == wanted(&current) {
            return Some(Verdict::Complete);
        }
        // Nomad says dead when neither an allocation nor an evaluation is left: until then it may try again. Of one that is
        // lost without a word of Nomad's it never says so.
        let tries_again = job.status != "dead" && !current.iter().any(|allocation| self.is_lost(allocation));
        (ended && !tries_again).then(|| verdict_of_dead(job, &current))
    }
}

/// What a job came to that Nomad calls dead and whose allocations have not all done their work.
fn verdict_of_dead(job: &Job, current: &[&Allocation]) -> Verdict {
    let failed = |allocation: &&&Allocation| allocation.client_status != "complete" || has_failed_task(allocation);
    let failures: Vec<Failure> = current.iter().filter(failed).map(|allocation| failure(allocation)).collect();
    let (found, wanted) = (current.len() as u64, job.desired());
    if !failures.is_empty() {
        Verdict::Failed(failures)
    } else if found < wanted {
        Verdict::Unknown { found, wanted }
    } else {
        Verdict::Stopped
    }
}

/// How many of these allocations the servers want.
fn wanted(current: &[&Allocation]) -> usize {
    current.iter().filter(|allocation| allocation.desired_status == "run").count()
}

/// Whether an allocation ended well by itself. The client says complete of one that somebody stopped or drained, too:
/// another has to do its work.
fn has_done_its_work(allocation: &Allocation) -> bool {
    allocation.client_status == "complete" && allocation.desired_status == "run" && !has_failed_task(allocation)
}

/// Whether a task's last end was a failure that nobody asked for. Nomad has called allocations complete whose task the
/// kernel had killed.
fn has_failed_task(allocation: &Allocation) -> bool {
    allocation.task_states.values().any(|state| {
        let last = state.events.iter().rposition(|event| event.kind == "Terminated");
        last.is_some_and(|last| {
            explain::failed_event(&state.events[last]).is_some() && !explain::is_asked_for(&state.events[..last])
        })
    })
}

/// How often a task failed, as far as Nomad remembers.
pub(super) fn failures(state: &TaskState) -> u64 {
    state.events.iter().filter(|event| explain::failed_event(event).is_some()).count() as u64
}

/// The failure of an allocation: its failed task, or the allocation itself where no task tells.
pub(super) fn failure(allocation: &Allocation) -> Failure {
    let failed = allocation.task_states.iter().find(|(_, state)| state.failed || failures(state) > 0);
    let last_end = |state: &TaskState| -> Option<TaskEvent> {
        state.events.iter().rev().find(|event| event.kind == "Terminated").cloned()
    };
    let end = failed.and_then(|(_, state)| last_end(state));
    let reason = match failed.and_then(|(_, state)| explain::task_failure(state)) {
        Some(reason) => reason,
        // Of one that is lost without a word of Nomad's it still says running.
        None if !matches!(allocation.client_status.as_str(), "complete" | "failed") => {
            format!("the node {} was lost while it ran", allocation.node_name)
        }
        None if !allocation.client_description.is_empty() => allocation.client_description.clone(),
        None => format!("Nomad says {} and gives no reason", allocation.client_status),
    };
    Failure {
        job: allocation.job.clone(),
        allocation: allocation.id.clone(),
        node: allocation.node_name.clone(),
        task: failed.map_or_else(String::new, |(name, _)| name.clone()),
        reason,
        exit_code: end.as_ref().map(|event| event.exit_code),
        oom: end.as_ref().is_some_and(explain::is_oom),
        restarts: failed.map_or(0, |(_, state)| state.restarts),
    }
}

#[cfg(test)]
mod tests;
