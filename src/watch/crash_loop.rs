//! Tasks that keep failing: they will not come up by themselves, and whoever waits should know. Pure.

use std::time::Duration;

use super::state::JobState;
use super::verdict::{Failure, failure};
use crate::nomad::allocations::Allocation;
use crate::nomad::jobs::Job;

/// How often a task of a service must have failed.
const OF_A_SERVICE: usize = 2;
/// How often one of a batch job must: its tries are counted and end by themselves, as a rule, and the next may succeed.
const OF_A_BATCH: usize = 5;
/// Failures that are further apart are each one of its own, in nanoseconds.
const TOGETHER: i64 = 10 * 60 * 1_000_000_000;

/// A failure that was seen while the job was watched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenFailure {
    /// The allocation's whole id.
    pub allocation: String,
    /// The task.
    pub task: String,
    /// When, in nanoseconds since 1970, by the node's clock.
    pub time: i64,
}

impl SeenFailure {
    /// Whether a failure at that time may belong to the same loop.
    pub(super) fn is_together_with(&self, time: i64) -> bool {
        time.saturating_sub(self.time) <= TOGETHER
    }
}

/// A task that keeps failing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CrashLoop {
    /// The last failure.
    pub failure: Failure,
    /// How often it failed while it was watched.
    pub times: usize,
    /// From the first of these failures to the last.
    pub span: Duration,
}

impl CrashLoop {
    /// The sentence; `reason` is that of its last failure.
    #[must_use]
    pub fn sentence(&self, reason: &str) -> String {
        let task = &self.failure.task;
        if self.times < 2 {
            return format!("its task {task} keeps failing: {reason}");
        }
        let span = humantime::format_duration(Duration::from_secs(self.span.as_secs().max(1)));
        format!("its task {task} keeps failing, {} times in {span}: {reason}", self.times)
    }
}

impl JobState {
    /// The tasks that keep failing.
    #[must_use]
    pub fn crash_loops(&self) -> Vec<CrashLoop> {
        let Some(job) = &self.job else { return Vec::new() };
        let tries = |allocation: &&Allocation| {
            is_newest(allocation, job) && allocation.desired_status == "run" && allocation.client_status != "complete"
        };
        let current = self.current_allocations().into_iter().filter(tries);
        current.filter_map(|allocation| self.crash_loop(job, allocation)).collect()
    }

    /// Whether the tasks at the place of an allocation keep failing, in it or in those before it.
    fn crash_loop(&self, job: &Job, allocation: &Allocation) -> Option<CrashLoop> {
        let is_there = |seen: &&SeenFailure| {
            let failed = self.allocations.get(&seen.allocation);
            failed.is_some_and(|failed| is_newest(failed, job) && self.place(failed) == self.place(allocation))
        };
        let times: Vec<i64> = self.failures_seen.iter().filter(is_there).map(|seen| seen.time).collect();
        let first = times.iter().min().copied().unwrap_or_default();
        let last = times.iter().max().copied().unwrap_or_default();
        let limit = if job.ends() { OF_A_BATCH } else { OF_A_SERVICE };
        // Nomad itself has given up a service's allocation that failed.
        let given_up = !job.ends() && allocation.client_status == "failed";
        if times.len() < limit && !given_up {
            return None;
        }
        let span = Duration::from_nanos(u64::try_from(last.saturating_sub(first)).unwrap_or(0));
        Some(CrashLoop { failure: failure(allocation), times: times.len(), span })
    }
}

/// Whether an allocation is of the job's newest version: others are about to be replaced. What comes by event is new.
fn is_newest(allocation: &Allocation, job: &Job) -> bool {
    allocation.job_version.is_none_or(|version| version == job.version)
}

#[cfg(test)]
mod tests;
