//! Tasks that keep failing: they will not come up by themselves, and whoever waits should know. Pure.

use std::collections::BTreeMap;
use std::time::Duration;

use super::seen_failure::SeenFailure;
use super::state::JobState;
use super::verdict::Failure;
use crate::explain;
use crate::nomad::allocations::Allocation;
use crate::nomad::deployments::Deployment;
use crate::nomad::evaluations::Evaluation;
use crate::nomad::jobs::Job;

/// How often a task of a service must have failed.
const OF_A_SERVICE: usize = 2;
/// How often one of a batch job must: its tries are counted and end by themselves, as a rule, and the next may succeed.
const OF_A_BATCH: usize = 5;

/// A task that keeps failing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CrashLoop {
    /// The last failure.
    pub failure: Failure,
    /// How often it failed while it was watched.
    pub times: usize,
    /// From the first of these failures to the last.
    pub span: Duration,
    /// Whether Nomad gives it up, now or soon, by the job's own words: it neither waits longer between two tries nor places
    /// other allocations for ever.
    pub is_given_up: bool,
}

impl CrashLoop {
    /// The sentence; `reason` is that of its last failure.
    #[must_use]
    pub fn sentence(&self, reason: &str) -> String {
        let task = &self.failure.task;
        if task.is_empty() {
            return format!("one of its allocations failed, and Nomad does not try it again: {reason}");
        }
        if self.times < 2 {
            // Nomad has given it up; a failure was perhaps not watched.
            return match reason.strip_prefix(explain::ENDED) {
                Some(rest) => {
                    format!("its task {task} ended, and Nomad does not start it again: {}{rest}", explain::ENDED)
                }
                None => format!("its task {task} failed, and Nomad does not try it again: {reason}"),
            };
        }
        let span = humantime::format_duration(Duration::from_secs(self.span.as_secs().max(1)));
        match reason.strip_prefix(explain::ENDED) {
            Some(rest) => format!("its task {task} keeps ending, {} times in {span}, with code 0{rest}", self.times),
            None => format!("its task {task} keeps failing, {} times in {span}: {reason}", self.times),
        }
    }
}

impl JobState {
    /// The tasks that keep failing.
    #[must_use]
    pub fn crash_loops(&self) -> Vec<CrashLoop> {
        let Some(job) = &self.job else { return Vec::new() };
        let tries = |allocation: &&Allocation| {
            self.is_of_judged_version(allocation)
                && allocation.desired_status == "run"
                && allocation.client_status != "complete"
        };
        let current = self.current_allocations().into_iter().filter(tries);
        current.filter_map(|allocation| self.crash_loop(job, allocation)).collect()
    }

    /// Whether Nomad itself has given an allocation up. Of a job that ends that matters while the others go on: then there is no
    /// verdict yet.
    fn is_given_up(&self, job: &Job, allocation: &Allocation) -> bool {
        let no_try_left = self.has_no_try_left(job, allocation);
        if job.ends() { no_try_left && self.goes_on(allocation) } else { no_try_left || self.is_left(allocation) }
    }

    /// Whether a job goes on with other allocations than one that failed, and the scheduler has nothing left to do. Which of
    /// several lines of the event stream come first says nothing, so this alone is not enough to give one up.
    fn goes_on(&self, failed: &Allocation) -> bool {
        let goes_on =
            |other: &&Allocation| other.id != failed.id && other.desired_status == "run" && !other.is_terminal();
        self.current_allocations().iter().any(goes_on) && !self.evaluations.values().any(Evaluation::is_open)
    }

    /// Whether the scheduler has looked at an allocation that failed and leaves it so, though the job file allows another try: it
    /// does that when a deployment has failed. While one goes on it waits for its end.
    fn is_left(&self, failed: &Allocation) -> bool {
        let looked =
            |evaluation: &Evaluation| evaluation.status == "complete" && evaluation.modify_index > failed.modify_index;
        failed.client_status == "failed"
            && failed.desired_status == "run"
            && failed.next_allocation.is_empty()
            && !self.deployments.values().any(Deployment::is_active)
            && !self.evaluations.values().any(Evaluation::is_open)
            && self.evaluations.values().any(looked)
    }

    /// Whether a task at the place of an allocation keeps failing, in it or in those before it: the one that failed most often.
    fn crash_loop(&self, job: &Job, allocation: &Allocation) -> Option<CrashLoop> {
        let is_there = |seen: &&SeenFailure| {
            let failed = self.allocations.get(&seen.allocation);
            failed.is_some_and(|failed| {
                self.is_of_judged_version(failed)
                    && self.place(failed) == self.place(allocation)
                    && self.is_decisive(failed, &seen.task)
            })
        };
        let mut failures: BTreeMap<&str, Vec<&SeenFailure>> = BTreeMap::new();
        for seen in self.failures_seen.iter().filter(is_there) {
            failures.entry(&seen.task).or_default().push(seen);
        }
        let limit = if job.ends() { OF_A_BATCH } else { OF_A_SERVICE };
        let most = failures.values().max_by_key(|failures| failures.len()).filter(|failures| failures.len() >= limit);
        let failure = match most.and_then(|failures| failures.iter().max_by_key(|seen| seen.time)) {
            // The allocation that is there now may have begun nothing yet.
            Some(last) => {
                self.failure_of(self.allocations.get(&last.allocation).unwrap_or(allocation), Some(&last.task))
            }
            None if self.is_given_up(job, allocation) => self.failure(allocation),
            None => return None,
        };
        let times: Vec<i64> = failures.get(&*failure.task).into_iter().flatten().map(|seen| seen.time).collect();
        let (first, last) = (times.iter().min().copied(), times.iter().max().copied());
        let span = last.unwrap_or_default().saturating_sub(first.unwrap_or_default());
        let span = Duration::from_nanos(u64::try_from(span).unwrap_or(0));
        let is_given_up = is_given_up_at_last(job, allocation, &failure.task);
        Some(CrashLoop { failure, times: times.len(), span, is_given_up })
    }
}

/// Whether the job file says that a task which fails too often fails its allocation, and that others are not placed for ever.
fn is_given_up_at_last(job: &Job, allocation: &Allocation, task: &str) -> bool {
    let group = job.task_groups.iter().find(|group| group.name == allocation.task_group);
    let restart = job.task(&allocation.task_group, task).and_then(|task| task.restart.as_ref());
    group.and_then(|group| group.reschedule).is_some_and(|policy| policy.is_limited())
        && restart.is_none_or(|restart| restart.mode != "delay")
}

#[cfg(test)]
mod tests;
