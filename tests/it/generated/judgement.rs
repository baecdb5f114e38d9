//! What a careful operator calls the outcome of a job, from Nomad's own state and nothing else.
//!
//! | what Nomad says | what it means |
//! |---|---|
//! | it has no such job | the job is gone |
//! | the job is periodic or parameterized | it runs nothing; the newest job whose `ParentID` it is has the outcome |
//! | a version with `Stop` | it is no run of its own, but the end of the version before it |
//! | several allocations of one name (on one node, for system and sysbatch) in a version | the one created last counts; Nomad replaced the others |
//! | more names than the group's `Count` | those with `DesiredStatus` other than `run` are not wanted any more |
//! | every main task dead, not `Failed`, its last exit code 0, and not killed | the allocation of a batch job did its work |
//! | the same, and `ClientStatus` failed, by a sidecar, a poststart or a poststop task | Nomad tries it again as if it had failed: in the end complete or failed, either is right |
//! | `ClientStatus` failed, otherwise | it failed; of its `Failed` tasks the one with the least `FinishedAt` is to blame |
//! | the same, of an older version of a dead job, whose newest version Nomad has evaluated and given no allocation of that name | it failed, and Nomad leaves it so |
//! | `ClientStatus` lost or unknown, or on a node that is down, a batch or sysbatch job, and no pending evaluation | it failed with its node |
//! | such an allocation whose follow-up evaluation is pending | Nomad replaces it at a time that it has fixed: it runs on |
//! | such an allocation with another pending evaluation of the job | Nomad may still replace it: nothing is decided |
//! | a batch or sysbatch job that is dead, while allocations that are wanted are not there | unknowable |
//! | an evaluation of this version is `blocked` with `FailedTGAllocs`, or the one created last has them | those groups have no place |
//! | the version's newest deployment `failed` | the version failed, and was taken back where the next version is the copy that the description announces |
//! | the same `running`, with healthy canaries that are not promoted | it waits for its promotion |
//! | `Stop`, service or system | stopped |
//! | `Stop`, batch or sysbatch | complete, if all of its allocations had done their work; otherwise stopped early |
//! | the same, while an allocation of the job has not ended | also running on is right |
//! | every allocation of a batch or sysbatch job did its work | complete |
//! | a task ended badly often: a service's twice, a batch job's five times | it keeps failing, which nomspark promises to tell, while Nomad goes on |
//! | all groups have `Count` 0 | nothing runs, and nothing is to: a service is stopped or runs on, a batch job is complete or stopped early |
//! | anything else | it runs on |
//!
//! Where two of them hold at once (one group failed, another has no place), either is right.

use serde_json::Value;

use super::blame::{Blame, blamed, failures};
use super::snapshot::Snapshot;
use super::version::{Fate, Version};

/// What became of a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Complete,
    Failed(Vec<Blame>),
    KeepsFailing(Vec<Blame>),
    /// With the tasks that failed meanwhile.
    DeploymentFailed(Vec<Blame>),
    TakenBack(Vec<Blame>),
    /// The groups.
    Nowhere(Vec<String>),
    Running,
    AwaitsPromotion,
    Stopped,
    StoppedEarly,
    Gone,
    Childless,
    Unknowable,
}

/// Every outcome that is right for the version of a job; the newest one, where none is named.
pub(super) fn judge(snapshot: &Snapshot, version: Option<u64>) -> Vec<Outcome> {
    let Some(job) = &snapshot.job else { return vec![Outcome::Gone] };
    if super::snapshot::starts_others(job) {
        return match &snapshot.child {
            Some(child) => judge(child, None),
            None if job["Stop"] == true => vec![Outcome::Childless, Outcome::Stopped, Outcome::StoppedEarly],
            None => vec![Outcome::Childless],
        };
    }
    Version::of(snapshot, job, version).outcomes()
}

impl Version<'_> {
    fn outcomes(&self) -> Vec<Outcome> {
        if self.taken_back() {
            let mut right = vec![Outcome::TakenBack(self.all_that_failed())];
            let nowhere = if self.is_newest { self.groups_without_place() } else { Vec::new() };
            right.extend((!nowhere.is_empty()).then_some(Outcome::Nowhere(nowhere)));
            right.extend(self.stopped.then_some(Outcome::Stopped));
            return right;
        }
        let counts = self.job["TaskGroups"].as_array().into_iter().flatten().map(|group| &group["Count"]);
        if !self.each_node && counts.clone().all(|count| *count == 0) {
            // Nobody stopped it, and Nomad calls it dead.
            let end = if self.ends {
                [Outcome::Complete, Outcome::StoppedEarly]
            } else {
                [Outcome::Stopped, Outcome::Running]
            };
            return end.to_vec();
        }
        let (mut done, mut open, mut unclear) = (true, false, false);
        let (mut failed, mut doubtful) = (Vec::new(), Vec::new());
        for group in self.job["TaskGroups"].as_array().into_iter().flatten() {
            let wanted = if self.each_node { 0 } else { group["Count"].as_u64().unwrap_or_default() };
            let last = self.last_allocations(group, wanted);
            let left = self.left_failed(group, &last);
            failed.extend(left.iter().flat_map(|it| blamed(it)));
            let present = (last.len() + left.len()) as u64;
            let missing = present < wanted || self.each_node && last.is_empty();
            done &= left.is_empty();
            done &= !missing;
            open |= missing;
            for allocation in last {
                match self.fate(allocation) {
                    Fate::Done => {}
                    Fate::DoneAndFailed(blame) => doubtful.extend(blame),
                    Fate::Ending => open = true,
                    Fate::Failed(blame) => {
                        done = false;
                        failed.extend(blame);
                    }
                    // Nomad has looked, and gave it no other allocation.
                    Fate::Lost if self.ends && !self.is_evaluated() => {
                        done = false;
                        failed.push(Blame::Node);
                    }
                    // Nomad is about to look at one that is lost, or nothing of it has an end.
                    Fate::Runs | Fate::Lost => (done, open) = (false, true),
                    Fate::Stopped => (done, unclear) = (false, true),
                }
            }
        }
        let open = open || self.is_evaluated();
        let mut right = Vec::new();
        if !doubtful.is_empty() {
            doubtful.extend(failed.clone());
            right.extend(if failed.is_empty() && done { vec![Outcome::Complete] } else { Vec::new() });
            right.push(Outcome::Failed(doubtful));
            right.extend(open.then_some(Outcome::Running));
        }
        if self.stopped {
            match (self.ends, done, failed.is_empty()) {
                (true, true, _) => right.push(Outcome::Complete),
                (true, _, true) => right.push(Outcome::StoppedEarly),
                (false, _, true) => right.push(Outcome::Stopped),
                // It was given up, and then stopped.
                (_, _, false) => right.extend([
                    if self.ends { Outcome::StoppedEarly } else { Outcome::Stopped },
                    Outcome::Failed(failed),
                ]),
            }
            // What was to end has not all ended yet.
            right.extend(self.has_not_ended().then_some(Outcome::Running));
            return right;
        }
        if let Some(outcome) = self.deployment() {
            right.push(outcome);
        }
        let nowhere = if self.is_newest { self.groups_without_place() } else { Vec::new() };
        if !nowhere.is_empty() {
            right.push(Outcome::Nowhere(nowhere));
        }
        if !failed.is_empty() {
            let decided = !self.is_evaluated();
            right.push(Outcome::Failed(failed));
            if open && (self.ends || !decided) {
                right.push(Outcome::Running);
            }
        } else if right.is_empty() && self.ends && done {
            right.push(Outcome::Complete);
            if open {
                right.push(Outcome::Running);
            }
        } else if right.is_empty() {
            right.push(Outcome::Running);
            let dead =
                self.ends && self.is_newest && self.snapshot.job.as_ref().is_some_and(|job| job["Status"] == "dead");
            if dead && !self.is_evaluated() {
                right = vec![Outcome::Unknowable];
            }
            if unclear && !open {
                right.extend([Outcome::Unknowable, Outcome::Failed(vec![Blame::Anything]), Outcome::StoppedEarly]);
            }
        }
        self.add_what_keeps_failing(&mut right);
        right
    }

    fn deployment(&self) -> Option<Outcome> {
        let of_version =
            |it: &&Value| it["JobVersion"] == self.job["Version"] && it["JobCreateIndex"] == self.job["CreateIndex"];
        let deployment =
            self.snapshot.deployments.iter().filter(of_version).max_by_key(|it| it["CreateIndex"].as_u64())?;
        match deployment["Status"].as_str()? {
            "failed" => Some(Outcome::DeploymentFailed(self.all_that_failed())),
            "running" if waits_for_promotion(deployment) => Some(Outcome::AwaitsPromotion),
            _ => None,
        }
    }

    fn add_what_keeps_failing(&self, right: &mut Vec<Outcome>) {
        let limit = if self.ends { 5 } else { 2 };
        let mut all = failures(self.allocations(), self.ends, self.each_node);
        all.retain(|(times, _)| *times >= limit);
        let goes_on = |outcome: &Outcome| matches!(outcome, Outcome::Running | Outcome::AwaitsPromotion);
        if all.is_empty() || !right.iter().any(goes_on) {
            return;
        }
        // One that failed a little more often than that must have been told, where nothing else is to tell. Who asks only now is
        // told nothing while it waits for its next try.
        if right.iter().all(goes_on) && all.iter().any(|(times, _)| *times >= limit + 3) && !self.waits_long() {
            right.clear();
        }
        right.push(Outcome::KeepsFailing(all.into_iter().flat_map(|(_, blame)| blame).collect()));
    }
}

fn waits_for_promotion(deployment: &Value) -> bool {
    let mut groups = deployment["TaskGroups"].as_object().into_iter().flatten().map(|(_, group)| group);
    groups.any(|group| {
        let wanted = group["DesiredCanaries"].as_u64().unwrap_or_default();
        wanted > 0
            && group["Promoted"] == false
            && group["AutoPromote"] != true
            && group["HealthyAllocs"].as_u64() >= Some(wanted)
    })
}
