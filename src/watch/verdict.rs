//! What a job came to: decided by the last allocation of each index. Pure.

use super::explain;
use super::state::JobState;
use crate::nomad::allocations::{Allocation, TaskEvent, TaskState};

/// How often a task must have failed to be called a crash loop.
const CRASH_LOOP: u64 = 2;

/// What a job that ends came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Every index's last allocation completed.
    Complete,
    /// The last allocation of an index failed or was lost.
    Failed(Vec<Failure>),
    /// Somebody stopped the job before it completed.
    Stopped,
    /// Nomad does not have the job any more.
    Gone,
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
    /// What a batch job came to; `None` while it runs, waits to be placed or waits for another try.
    #[must_use]
    pub fn batch_verdict(&self) -> Option<Verdict> {
        if !self.listed {
            return None;
        }
        let Some(job) = &self.job else {
            return Some(Verdict::Gone);
        };
        let current = self.current_allocations();
        let ended = !current.is_empty() && current.iter().all(|allocation| allocation.is_terminal());
        if current.iter().any(|allocation| !allocation.is_terminal() && allocation.desired_status == "run") {
            return None;
        }
        if job.stop {
            let complete = ended && current.iter().all(|allocation| allocation.client_status == "complete");
            let stopped = current.iter().any(|allocation| allocation.desired_status == "stop");
            return Some(if complete && !stopped { Verdict::Complete } else { Verdict::Stopped });
        }
        // Fewer allocations than wanted: more are to come, unless nothing is wanted at all.
        if (current.len() as u64) < job.desired() || !ended {
            return (job.desired() == 0).then_some(Verdict::Complete);
        }
        let failed: Vec<&Allocation> =
            current.iter().copied().filter(|allocation| allocation.client_status != "complete").collect();
        // The client says complete of an allocation that somebody stopped or drained, too: another has to do its work.
        let done = current.iter().filter(|allocation| allocation.desired_status == "run").count() as u64;
        if failed.is_empty() && done >= job.desired() {
            return Some(Verdict::Complete);
        }
        // Nomad says dead when neither an allocation nor an evaluation is left: until then it may try again.
        (job.status == "dead").then(|| {
            if failed.is_empty() {
                Verdict::Stopped
            } else {
                Verdict::Failed(failed.into_iter().map(failure).collect())
            }
        })
    }

    /// Tasks of a service that keep failing: it will not come up by itself.
    #[must_use]
    pub fn crash_loops(&self) -> Vec<Failure> {
        let version = self.job.as_ref().map(|job| job.version);
        let looping = |allocation: &&Allocation| {
            // An allocation of an older version is about to be replaced; what comes by event is new.
            let newest = allocation.job_version.is_none() || allocation.job_version == version;
            let seen = self.failures_seen.get(&allocation.id).copied().unwrap_or(0);
            allocation.desired_status == "run" && newest && (allocation.client_status == "failed" || seen >= CRASH_LOOP)
        };
        self.current_allocations().into_iter().filter(looping).map(failure).collect()
    }
}

/// How often a task failed, as far as Nomad remembers.
fn failures(state: &TaskState) -> u64 {
    state.events.iter().filter(|event| explain::failed_event(event).is_some()).count() as u64
}

/// The failure of an allocation: its failed task, or the allocation itself where no task tells.
fn failure(allocation: &Allocation) -> Failure {
    let failed = allocation.task_states.iter().find(|(_, state)| state.failed || failures(state) > 0);
    let last_end = |state: &TaskState| -> Option<TaskEvent> {
        state.events.iter().rev().find(|event| event.kind == "Terminated").cloned()
    };
    let end = failed.and_then(|(_, state)| last_end(state));
    let reason = match failed.and_then(|(_, state)| explain::task_failure(state)) {
        Some(reason) => reason,
        None if allocation.client_status == "lost" => {
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
