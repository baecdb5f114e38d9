//! What is known of one job: a pure reducer from listings and changes to events.
//!
//! Nothing here does I/O, so that every order, loss and repetition of changes can be tested.

use std::collections::{BTreeMap, BTreeSet};

use super::news::{NewFailure, allocation_events};
use super::seen_failure::SeenFailure;
use crate::event::Event;
use crate::explain;
use crate::nomad::allocations::Allocation;
use crate::nomad::deployments::Deployment;
use crate::nomad::evaluations::{Evaluation, PlacementMetrics};
use crate::nomad::events::Change;
use crate::nomad::jobs::Job;

mod deployments;

/// Everything that Nomad has of a job, read at one time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JobListing {
    /// The job's id.
    pub id: String,
    /// The job, if Nomad has it.
    pub job: Option<Job>,
    /// Its allocations.
    pub allocations: Vec<Allocation>,
    /// Its evaluations.
    pub evaluations: Vec<Evaluation>,
    /// The deployments, of a service.
    pub deployments: Vec<Deployment>,
}

/// A task group, an index in it and, where a job has one on each node, the node.
pub(super) type Place<'a> = (&'a str, u64, &'a str);

/// What is known of one job.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JobState {
    /// The job's id.
    pub id: String,
    /// The job; `None` before the first listing and when Nomad does not have it.
    pub job: Option<Job>,
    /// Whether a listing has been seen.
    pub listed: bool,
    /// Whether Nomad had the job and has it no more.
    pub gone: bool,
    /// Allocations by id.
    pub allocations: BTreeMap<String, Allocation>,
    /// Evaluations by id.
    pub evaluations: BTreeMap<String, Evaluation>,
    /// The deployments by id, of a service.
    pub deployments: BTreeMap<String, Deployment>,
    /// The failures of tasks while they were watched, in the order in which they became known.
    pub failures_seen: Vec<SeenFailure>,
    /// The nodes that are lost, each with the index at which it went: only known where it matters.
    lost_nodes: BTreeMap<String, u64>,
}

impl JobState {
    /// Nothing is known yet.
    #[must_use]
    pub fn new(id: &str) -> Self {
        Self { id: id.to_owned(), ..Self::default() }
    }

    /// A listing replaces what was known, also when indexes went back: the servers may have been restored.
    ///
    /// The first one is told like any other; who wants only news leaves its events out.
    pub fn list(&mut self, listing: JobListing) -> Vec<Event> {
        let first = !self.listed;
        let unplaced = self.unplaced_reason();
        let had_job = self.job.is_some();
        let known = std::mem::take(&mut self.allocations);
        self.gone = had_job && listing.job.is_none();
        self.job = listing.job;
        self.listed = true;
        let mut events = Vec::new();
        for allocation in listing.allocations {
            let before = known.get(&allocation.id);
            // What failed before anybody watched is history, and may be long repaired.
            let failures = if first { Vec::new() } else { self.new_failures(before, &allocation) };
            events.extend(allocation_events(before, &allocation, &failures));
            remember(&mut self.failures_seen, &failures);
            self.allocations.insert(allocation.id.clone(), allocation);
        }
        self.evaluations =
            listing.evaluations.into_iter().map(|evaluation| (evaluation.id.clone(), evaluation)).collect();
        events.extend(self.placement_event(unplaced.as_ref()));
        let known = self.newest_deployment().cloned();
        self.deployments =
            listing.deployments.into_iter().map(|deployment| (deployment.id.clone(), deployment)).collect();
        events.extend(self.deployment_event(known.as_ref()));
        events
    }

    /// Takes in what changed at once.
    pub fn changes(&mut self, changes: &[Change]) -> Vec<Event> {
        changes.iter().flat_map(|change| self.change(change.clone())).collect()
    }

    /// Takes a change in; a change of another job, or one that is older than what is known, does nothing.
    pub fn change(&mut self, change: Change) -> Vec<Event> {
        match change {
            Change::Job(job) if job.id == self.id => {
                if self.job.as_ref().is_none_or(|known| job.modify_index > known.modify_index) {
                    self.job = Some(*job);
                    self.gone = false;
                }
                Vec::new()
            }
            Change::JobGone(id) if id == self.id => {
                self.gone = self.job.take().is_some() || self.gone;
                Vec::new()
            }
            Change::Allocation(allocation) if allocation.job == self.id => self.allocation(*allocation),
            Change::Evaluation(evaluation) if evaluation.job == self.id => {
                let known = self.evaluations.get(&evaluation.id);
                if known.is_some_and(|known| evaluation.modify_index <= known.modify_index) {
                    return Vec::new();
                }
                let unplaced = self.unplaced_reason();
                self.evaluations.insert(evaluation.id.clone(), *evaluation);
                self.placement_event(unplaced.as_ref()).into_iter().collect()
            }
            Change::Deployment(deployment) if deployment.job == self.id => {
                let known = self.deployments.get(&deployment.id);
                if known.is_some_and(|known| deployment.modify_index <= known.modify_index) {
                    return Vec::new();
                }
                let known = self.newest_deployment().cloned();
                self.deployments.insert(deployment.id.clone(), *deployment);
                self.deployment_event(known.as_ref())
            }
            _ => Vec::new(),
        }
    }

    /// Takes in which nodes are lost now, each with the index at which it went.
    pub fn nodes_lost(&mut self, nodes: &BTreeMap<String, u64>) -> Vec<Event> {
        let lost_before: BTreeSet<String> = self.lost().map(|allocation| allocation.id.clone()).collect();
        self.lost_nodes.clone_from(nodes);
        let newly_lost = self.lost().filter(|allocation| !lost_before.contains(&allocation.id));
        let ended = |allocation: &Allocation| Event::AllocationEnded {
            job: self.id.clone(),
            allocation: allocation.id.clone(),
            status: "lost".to_owned(),
        };
        newly_lost.map(ended).collect()
    }

    /// Whether an allocation is lost with its node though Nomad goes on calling it running, and will until the node is back.
    #[must_use]
    pub fn is_lost(&self, allocation: &Allocation) -> bool {
        // One that is newer was placed when the node was back.
        let went_with_it =
            self.lost_nodes.get(&allocation.node_id).is_some_and(|index| allocation.create_index < *index);
        went_with_it && !allocation.is_terminal() && self.job.as_ref().is_some_and(Job::is_left_on_lost_nodes)
    }

    fn lost(&self) -> impl Iterator<Item = &Allocation> {
        self.allocations.values().filter(|allocation| self.is_lost(allocation))
    }

    fn allocation(&mut self, mut allocation: Allocation) -> Vec<Event> {
        let known = self.allocations.get(&allocation.id);
        if known.is_some_and(|known| allocation.modify_index <= known.modify_index) {
            return Vec::new();
        }
        // Events do not carry the version, and the first one of an allocation no task states. What is younger than the definition
        // was made for it.
        let newest = self.job.as_ref().filter(|job| allocation.create_index > job.job_modify_index);
        // While a version runs as canaries alone, what fails of the one before it is replaced by its own kind.
        let older = u64::from(self.has_canaries() && !allocation.is_canary());
        let newest = newest.map(|job| job.version.saturating_sub(older));
        let version = known.and_then(|known| known.job_version).or(newest);
        allocation.job_version = allocation.job_version.or(version);
        let failures = self.new_failures(known, &allocation);
        let events = allocation_events(known, &allocation, &failures);
        remember(&mut self.failures_seen, &failures);
        self.allocations.insert(allocation.id.clone(), allocation);
        events
    }

    /// What failed since an allocation was last seen. What somebody asked for is no failure.
    fn new_failures(&self, known: Option<&Allocation>, now: &Allocation) -> Vec<NewFailure> {
        let mut failures = Vec::new();
        for (task, state) in &now.task_states {
            let before = known.and_then(|known| known.task_states.get(task));
            let duty = self.duty(now, task);
            let last_seen = before.and_then(|before| before.events.last()).map_or(i64::MIN, |event| event.time);
            for (index, event) in state.events.iter().enumerate().filter(|(_, event)| event.time > last_seen) {
                let asked_for = explain::is_asked_for(&state.events[..index]);
                if let Some(reason) = explain::failed_event(event, duty).filter(|_| !asked_for) {
                    let seen = SeenFailure { allocation: now.id.clone(), task: task.clone(), time: event.time };
                    failures.push(NewFailure { seen, reason });
                }
            }
        }
        failures
    }

    /// Why the scheduler could not place a task group when it last looked, and whether it had a place before.
    #[must_use]
    pub fn unplaced_reason(&self) -> Option<String> {
        let (group, metrics) = self.unplaced()?;
        let mut reason = explain::placement_failure(group, metrics);
        let current = self.current_allocations();
        let lost = current.iter().filter(|allocation| allocation.client_status == "lost");
        let nodes: BTreeSet<&str> = lost.map(|allocation| allocation.node_name.as_str()).collect();
        for node in nodes {
            reason.push_str(&format!("; it ran on {node}, which was lost"));
        }
        Some(reason)
    }

    /// Told when the reason is another than `before`: several evaluations repeat the same one.
    fn placement_event(&self, before: Option<&String>) -> Option<Event> {
        let reason = self.unplaced_reason().filter(|reason| before != Some(reason))?;
        Some(Event::PlacementFailed { job: self.id.clone(), reason })
    }

    /// The version whose outcome is asked for: the newest that was not stopped. To stop a job makes a version of its own, in which
    /// nothing is new, and to stop it again another one.
    fn judged_version(&self, job: &Job) -> u64 {
        if !job.stop {
            return job.version;
        }
        let definitions = self.evaluations.values().filter(|evaluation| evaluation.is_of_a_definition());
        let defined = definitions.map(|evaluation| evaluation.create_index).max().unwrap_or(0);
        let is_later = |evaluation: &&Evaluation| evaluation.is_of_a_stop() && evaluation.create_index > defined;
        let stops = self.evaluations.values().filter(is_later).count() as u64;
        job.version.saturating_sub(stops.max(1))
    }

    /// Whether an allocation is of the version whose outcome is asked for. Nomad keeps those of older versions, which tell
    /// nothing of this one; it carries running ones over where a new version changes nothing for them.
    #[must_use]
    pub(super) fn is_of_judged_version(&self, allocation: &Allocation) -> bool {
        let Some(job) = &self.job else { return true };
        // One whose version is not known came by an event, and is as new as what is known of the job.
        allocation.job_version.is_none_or(|version| version == self.judged_version(job))
    }

    /// The allocations of a version, as far as their versions are known.
    pub(super) fn allocations_of(&self, version: u64) -> impl Iterator<Item = &Allocation> {
        self.allocations.values().filter(move |allocation| allocation.job_version == Some(version))
    }

    /// The last allocation of each task group and index that decides: of the version that is asked for, or older and still
    /// wanted. Where a job has one on each node, all have the index 0, and the node takes its place.
    #[must_use]
    pub fn current_allocations(&self) -> Vec<&Allocation> {
        let is_left = |allocation: &Allocation| allocation.desired_status == "run" && !allocation.is_terminal();
        self.last_of_each_place(|allocation| self.is_of_judged_version(allocation) || is_left(allocation))
    }

    /// The last allocation of each task group and index, whatever its version.
    pub(super) fn newest_allocations(&self) -> Vec<&Allocation> {
        self.last_of_each_place(|_| true)
    }

    fn last_of_each_place(&self, decides: impl Fn(&Allocation) -> bool) -> Vec<&Allocation> {
        let mut last: BTreeMap<Place<'_>, &Allocation> = BTreeMap::new();
        let judged = self.job.as_ref().map_or(0, |job| self.judged_version(job));
        for allocation in self.allocations.values().filter(|allocation| decides(allocation)) {
            let known = last.entry(self.place(allocation)).or_insert(allocation);
            if rank(allocation, judged) > rank(known, judged) {
                *known = allocation;
            }
        }
        last.into_values().collect()
    }

    /// What an allocation and those that replace it have in common.
    pub(super) fn place<'a>(&self, allocation: &'a Allocation) -> Place<'a> {
        let on_each_node = self.job.as_ref().is_some_and(Job::is_on_each_node);
        (&allocation.task_group, allocation.index(), if on_each_node { &allocation.node_id } else { "" })
    }

    /// Allocations that the servers want and that run.
    #[must_use]
    pub fn running(&self) -> u64 {
        let runs =
            |allocation: &&Allocation| allocation.desired_status == "run" && allocation.client_status == "running";
        self.allocations.values().filter(runs).count() as u64
    }

    /// The first task group that the scheduler could not place when it last looked, and why.
    #[must_use]
    pub fn unplaced(&self) -> Option<(&str, &PlacementMetrics)> {
        self.unplaced_groups().next()
    }

    /// The task groups that the scheduler could not place when it last looked, and why.
    pub(super) fn unplaced_groups(&self) -> impl Iterator<Item = (&str, &PlacementMetrics)> {
        let last = self.last_decision().into_iter();
        last.flat_map(|evaluation| &evaluation.failed_placements).map(|(group, metrics)| (group.as_str(), metrics))
    }

    /// The evaluation that says which task groups have no place now.
    fn last_decision(&self) -> Option<&Evaluation> {
        // While the newest is pending the scheduler has not looked at the newest version yet; a blocked one repeats the
        // metrics of the evaluation that made it.
        let relevant = |evaluation: &&Evaluation| evaluation.status != "canceled";
        let last = self.evaluations.values().filter(relevant).max_by_key(|evaluation| evaluation.create_index)?;
        // It is there before the rest of what its maker decides, such as which allocations are lost.
        let maker = self.evaluations.get(&last.previous_eval).filter(|_| last.status == "blocked");
        if maker.is_some_and(|maker| maker.status == "pending") { None } else { Some(last) }
    }
}

/// The higher one of two allocations with the same index decides.
///
/// The newest, except that one which was cut off with its node and is heard of again is kept, and what took its place
/// meanwhile is stopped. One whose version is not known is of the version that is judged.
fn rank(allocation: &Allocation, judged: u64) -> (u64, bool, u64) {
    let is_kept = allocation.desired_status == "run" && !matches!(allocation.client_status.as_str(), "failed" | "lost");
    (allocation.job_version.unwrap_or(judged), is_kept, allocation.create_index)
}

fn remember(failures_seen: &mut Vec<SeenFailure>, failures: &[NewFailure]) {
    for NewFailure { seen, .. } in failures {
        failures_seen.push(seen.clone());
        // However long a job fails, what is known of it stays small.
        failures_seen.retain(|before| before.is_together_with(seen.time));
    }
}

#[cfg(test)]
pub(super) mod tests;
