//! What a job came to: decided by the version that is asked for, and in it by the last allocation of each index. Pure.

use std::collections::BTreeSet;

use super::rule::Rule;
use super::state::JobState;
use crate::explain::{self, Duty};
use crate::nomad::allocations::{Allocation, TaskEvent, TaskState};
use crate::nomad::evaluations::Evaluation;
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

impl Verdict {
    /// The verdict in a word, for tables and documents.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::Failed(_) => "failed",
            Self::Stopped | Self::Gone => "stopped",
            Self::Unknown { .. } => "unknown",
        }
    }
}

/// What is known of a job's end, and by which rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judgement {
    /// The rule.
    pub rule: Rule,
    /// What the job came to; `None` while it runs, waits to be placed or waits for another try.
    pub verdict: Option<Verdict>,
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
        self.judge().verdict
    }

    /// What a job came to, and by which rule. The rules are asked in the order of [`Rule::ALL`].
    #[must_use]
    pub fn judge(&self) -> Judgement {
        let waits = |rule| Judgement { rule, verdict: None };
        let ends = |rule, verdict| Judgement { rule, verdict: Some(verdict) };
        if !self.listed {
            return waits(Rule::NotRead);
        }
        let Some(job) = &self.job else {
            return ends(Rule::Gone, Verdict::Gone);
        };
        let current = self.current_allocations();
        let has_ended = |allocation: &&Allocation| allocation.is_terminal() || self.is_lost(allocation);
        let is_done = job.ends() && self.is_done(job, &current);
        if job.stop {
            if !self.allocations.values().all(|allocation| has_ended(&allocation)) {
                return waits(Rule::Stopping);
            }
            // Stopped before anything was placed, nothing is done.
            if is_done && !self.allocations.is_empty() {
                return ends(Rule::StoppedWhenDone, Verdict::Complete);
            }
            let failed = current.iter().filter(|allocation| job.ends() && self.has_no_try_left(job, allocation));
            let failures = tasks_first(failed.map(|allocation| self.failure(allocation)).collect());
            return if failures.is_empty() {
                ends(Rule::Stopped, Verdict::Stopped)
            } else {
                ends(Rule::StoppedWhenFailed, Verdict::Failed(failures))
            };
        }
        if current.iter().any(|allocation| !has_ended(allocation) && allocation.desired_status == "run") {
            return waits(Rule::Runs);
        }
        if is_done {
            return ends(Rule::Done, Verdict::Complete);
        }
        let lost = current.iter().any(|allocation| self.is_lost(allocation));
        // A job with an allocation on each node has no evaluation that waits for room.
        let has_no_place = self.unplaced_groups().any(|(group, _)| !has_any(&current, group));
        if (has_no_place || self.evaluations.values().any(Evaluation::is_open)) && !lost {
            return waits(Rule::Unscheduled);
        }
        // Nomad calls a job dead when neither an allocation nor an evaluation is left: until then it may try again. Of one that
        // is lost without a word of Nomad's it never does.
        if !current.iter().all(has_ended) || (job.status != "dead" && !lost) {
            return waits(Rule::TriesAgain);
        }
        // What somebody stopped, such as with `nomad alloc stop`, did not fail, however its last try ended.
        let failed = |allocation: &&&Allocation| {
            allocation.client_status != "complete"
                || (allocation.desired_status == "run" && self.has_failed_main_task(allocation))
        };
        let failed = current.iter().filter(failed).copied().chain(self.left_failed(job, &current));
        let failures = tasks_first(failed.map(|allocation| self.failure(allocation)).collect());
        let (found, wanted) = (current.len() as u64, job.desired());
        if !failures.is_empty() {
            ends(Rule::Failed, Verdict::Failed(failures))
        } else if found < wanted {
            ends(Rule::Collected, Verdict::Unknown { found, wanted })
        } else {
            ends(Rule::NothingLeft, Verdict::Stopped)
        }
    }

    /// Whether everything that a job wants that ends is done: each index of each group; of a job with one on each node, all
    /// that were placed, once Nomad places no more.
    fn is_done(&self, job: &Job, current: &[&Allocation]) -> bool {
        let done =
            |allocation: &&&Allocation| self.is_of_judged_version(allocation) && self.has_done_its_work(allocation);
        if job.is_on_each_node() {
            // Which nodes there should be, only Nomad knows.
            let settled = job.status == "dead" || job.stop;
            let mut wanted = job.task_groups.iter().filter(|group| group.count > 0);
            let is_placed = !current.is_empty() && wanted.all(|group| has_any(current, &group.name));
            return settled && is_placed && current.iter().all(|allocation| done(&allocation));
        }
        if job.task_groups.iter().all(|group| group.count == 0) {
            // Nothing is wanted any more: done if nothing was taken away before its end.
            return self.newest_allocations().into_iter().all(|allocation| self.has_ended_by_itself(allocation));
        }
        let places: BTreeSet<(&str, u64)> =
            current.iter().filter(done).map(|allocation| (&*allocation.task_group, allocation.index())).collect();
        job.task_groups.iter().all(|group| (0..group.count).all(|index| places.contains(&(&group.name, index))))
    }

    /// Whether an allocation ended well by itself. The client says complete of one that somebody stopped or drained, too:
    /// another has to do its work, unless only what comes after its main tasks was stopped.
    fn has_done_its_work(&self, allocation: &Allocation) -> bool {
        let has_ended = self.main_tasks(allocation).next().is_some()
            && self.main_tasks(allocation).all(|state| last_end(state).is_some());
        allocation.client_status == "complete"
            && !self.has_failed_main_task(allocation)
            && (allocation.desired_status == "run" || has_ended && !self.was_asked_to_end(allocation))
    }

    /// Whether an allocation ended well before anybody asked for its end. Where nothing is wanted any more, Nomad calls off also
    /// what had ended.
    fn has_ended_by_itself(&self, allocation: &Allocation) -> bool {
        allocation.client_status == "complete"
            && !self.has_failed_main_task(allocation)
            && !self.was_asked_to_end(allocation)
    }

    /// Whether somebody, or Nomad, asked for the last end of a main task.
    fn was_asked_to_end(&self, allocation: &Allocation) -> bool {
        self.main_tasks(allocation).any(|state| explain::is_last_end_asked_for(&state.events))
    }

    /// Whether an allocation failed for good: at its place there were as many tries as the job file allows. Of those that Nomad
    /// has collected meanwhile nothing is known, so that it may be so without this.
    pub(super) fn has_no_try_left(&self, job: &Job, failed: &Allocation) -> bool {
        let tries = self.allocations.values().filter(|other| {
            self.is_of_judged_version(other)
                && self.place(other) == self.place(failed)
                && other.client_status == "failed"
        });
        let group = job.task_groups.iter().find(|group| group.name == failed.task_group);
        let policy = group.and_then(|group| group.reschedule).unwrap_or_default();
        failed.client_status == "failed"
            && failed.desired_status == "run"
            && policy.is_limited()
            && tries.count() as u64 > policy.attempts
    }

    /// What failed under an older version and was left so: the scheduler has looked at the newest version, in which nothing is
    /// new for it, and placed nothing in its stead.
    fn left_failed(&self, job: &Job, current: &[&Allocation]) -> impl Iterator<Item = &Allocation> {
        let is_of_newest = |evaluation: &Evaluation| {
            evaluation.is_of_a_definition() && evaluation.create_index >= job.job_modify_index
        };
        let was_looked_at = self.evaluations.values().any(is_of_newest);
        let is_wanted = |allocation: &Allocation| {
            job.task_groups.iter().any(|group| group.name == allocation.task_group && allocation.index() < group.count)
        };
        let has_none = |allocation: &Allocation| !current.iter().any(|it| self.place(it) == self.place(allocation));
        let last = self.newest_allocations().into_iter().filter(|it| it.client_status == "failed");
        last.filter(move |it| was_looked_at && it.desired_status == "run" && is_wanted(it) && has_none(it))
    }

    /// Whether a main task's last end was a failure that nobody asked for. Nomad has called allocations complete whose task the
    /// kernel had killed. Of all other tasks Nomad's own word counts.
    fn has_failed_main_task(&self, allocation: &Allocation) -> bool {
        self.main_tasks(allocation).any(|state| {
            last_end(state).is_some_and(|end| {
                explain::failed_event(end, Duty::Ends).is_some() && !explain::is_last_end_asked_for(&state.events)
            })
        })
    }

    /// What became of the main tasks that Nomad tells of.
    fn main_tasks<'a>(&'a self, allocation: &'a Allocation) -> impl Iterator<Item = &'a TaskState> {
        allocation.task_states.iter().filter(|(task, _)| self.is_main_task(allocation, task)).map(|(_, state)| state)
    }

    /// Whether a task is a main task; one that the job does not have any more counts as one.
    fn is_main_task(&self, allocation: &Allocation, task: &str) -> bool {
        let known = self.job.as_ref().and_then(|job| job.task(&allocation.task_group, task));
        known.is_none_or(|task| task.lifecycle.is_none())
    }

    /// Whether a task's failures say that its job gets nowhere. Beside work that ends, what runs as a sidecar, after the
    /// start or after the end decides nothing: Nomad itself says so where it does.
    pub(super) fn is_decisive(&self, allocation: &Allocation, task: &str) -> bool {
        let Some(job) = &self.job else { return true };
        let lifecycle = job.task(&allocation.task_group, task).and_then(|task| task.lifecycle.as_ref());
        lifecycle.is_none_or(|lifecycle| {
            if job.ends() { lifecycle.hook == "prestart" && !lifecycle.sidecar } else { lifecycle.hook != "poststop" }
        })
    }

    /// Whether a task may end.
    pub(super) fn duty(&self, allocation: &Allocation, task: &str) -> Duty {
        let Some(job) = self.job.as_ref().filter(|job| !job.ends()) else { return Duty::Ends };
        let lifecycle = job.task(&allocation.task_group, task).and_then(|task| task.lifecycle.as_ref());
        if lifecycle.is_none_or(|lifecycle| lifecycle.sidecar) { Duty::Stays } else { Duty::Ends }
    }

    /// The failure of an allocation: the task that began it, or the allocation itself where no task tells.
    pub(super) fn failure(&self, allocation: &Allocation) -> Failure {
        self.failure_of(allocation, None)
    }

    /// The failure of an allocation with a task that is known to have begun it; one that has not begun there yet is not told of.
    pub(super) fn failure_of(&self, allocation: &Allocation, task: Option<&str>) -> Failure {
        let known = task.and_then(|task| allocation.task_states.get_key_value(task));
        let culprit = known.map(|(task, state)| (task.as_str(), state)).or_else(|| self.culprit(allocation));
        let end = culprit.and_then(|(_, state)| last_end(state));
        let reason = culprit.and_then(|(task, state)| explain::task_failure(state, self.duty(allocation, task)));
        let reason = match reason {
            Some(reason) => reason,
            // Of one that is lost without a word of Nomad's it still says running.
            None if !matches!(allocation.client_status.as_str(), "complete" | "failed") => {
                format!("the node {} was lost while it ran", allocation.node_name)
            }
            None => {
                let last = culprit.and_then(|(_, state)| state.events.iter().rev().find_map(explain::sentence));
                let described = || Some(allocation.client_description.clone()).filter(|words| !words.is_empty());
                let unknown = || format!("Nomad says {} and gives no reason", allocation.client_status);
                last.or_else(described).unwrap_or_else(unknown)
            }
        };
        Failure {
            job: allocation.job.clone(),
            allocation: allocation.id.clone(),
            node: allocation.node_name.clone(),
            task: culprit.map_or_else(String::new, |(task, _)| task.to_owned()),
            reason,
            exit_code: end.map(|event| event.exit_code),
            oom: end.is_some_and(explain::is_oom),
            restarts: culprit.map_or(0, |(_, state)| state.restarts),
        }
    }

    /// The task whose failure brought down its allocation: one that Nomad calls failed rather than another, a main task rather
    /// than one beside it, and the one that failed first. What Nomad ended because of that is none of them.
    fn culprit<'a>(&self, allocation: &'a Allocation) -> Option<(&'a str, &'a TaskState)> {
        let failed = allocation.task_states.iter().filter_map(|(task, state)| {
            let first = self.first_failure(allocation, task, state);
            if first.is_none() && !state.failed {
                return None;
            }
            let time = first.or(state.events.last()).map_or(i64::MAX, |event| event.time);
            Some(((!state.failed, time, !self.is_main_task(allocation, task)), (task.as_str(), state)))
        });
        failed.min_by_key(|(rank, _)| *rank).map(|(_, culprit)| culprit)
    }

    /// The first event of a task that tells of a failure which nobody asked for.
    fn first_failure<'a>(&self, allocation: &Allocation, task: &str, state: &'a TaskState) -> Option<&'a TaskEvent> {
        let duty = self.duty(allocation, task);
        let fails = |index: &usize| {
            let event = &state.events[*index];
            explain::failed_event(event, duty).is_some()
                && !(event.kind == "Terminated" && explain::is_asked_for(&state.events[..*index]))
        };
        (0..state.events.len()).find(fails).map(|index| &state.events[index])
    }
}

/// Whether a task group has an allocation.
fn has_any(allocations: &[&Allocation], group: &str) -> bool {
    allocations.iter().any(|allocation| allocation.task_group == group)
}

/// What a task did tells more than a node that went away.
fn tasks_first(mut failures: Vec<Failure>) -> Vec<Failure> {
    failures.sort_by_key(|failure| failure.task.is_empty());
    failures
}

/// How a task ended last.
fn last_end(state: &TaskState) -> Option<&TaskEvent> {
    state.events.iter().rev().find(|event| event.kind == "Terminated")
}

#[cfg(test)]
mod tests;
