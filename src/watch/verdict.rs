//! What a job came to: decided by the version that is asked for, and in it by the last allocation of each index. Pure.

use std::collections::BTreeSet;

use super::explain::{self, Duty};
use super::rule::Rule;
use super::state::JobState;
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
            return if is_done && !current.is_empty() {
                ends(Rule::StoppedWhenDone, Verdict::Complete)
            } else {
                ends(Rule::Stopped, Verdict::Stopped)
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
        let has_no_place = current.is_empty() && self.unplaced().is_some();
        if (has_no_place || self.evaluations.values().any(Evaluation::is_open)) && !lost {
            return waits(Rule::Unscheduled);
        }
        // Nomad calls a job dead when neither an allocation nor an evaluation is left: until then it may try again. Of one that
        // is lost without a word of Nomad's it never does.
        if !current.iter().all(has_ended) || (job.status != "dead" && !lost) {
            return waits(Rule::TriesAgain);
        }
        let failed =
            |allocation: &&&Allocation| allocation.client_status != "complete" || self.has_failed_main_task(allocation);
        let failures: Vec<Failure> = current.iter().filter(failed).map(|allocation| self.failure(allocation)).collect();
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
            return settled && !current.is_empty() && current.iter().all(|allocation| done(&allocation));
        }
        let places: BTreeSet<(&str, u64)> =
            current.iter().filter(done).map(|allocation| (&*allocation.task_group, allocation.index())).collect();
        job.task_groups.iter().all(|group| (0..group.count).all(|index| places.contains(&(&group.name, index))))
    }

    /// Whether an allocation ended well by itself. The client says complete of one that somebody stopped or drained, too:
    /// another has to do its work.
    fn has_done_its_work(&self, allocation: &Allocation) -> bool {
        allocation.client_status == "complete"
            && allocation.desired_status == "run"
            && !self.has_failed_main_task(allocation)
    }

    /// Whether a main task's last end was a failure that nobody asked for. Nomad has called allocations complete whose task the
    /// kernel had killed. Of all other tasks Nomad's own word counts.
    fn has_failed_main_task(&self, allocation: &Allocation) -> bool {
        let main = allocation.task_states.iter().filter(|(task, _)| self.is_main_task(allocation, task));
        main.into_iter().any(|(_, state)| {
            let last = state.events.iter().rposition(|event| event.kind == "Terminated");
            last.is_some_and(|last| {
                explain::failed_event(&state.events[last], Duty::Ends).is_some()
                    && !explain::is_asked_for(&state.events[..last])
            })
        })
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
        let culprit = self.culprit(allocation);
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

/// How a task ended last.
fn last_end(state: &TaskState) -> Option<&TaskEvent> {
    state.events.iter().rev().find(|event| event.kind == "Terminated")
}

#[cfg(test)]
mod tests;
