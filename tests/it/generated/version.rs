//! What Nomad keeps of one version of a job: its allocations, evaluations and what became of them.

use std::collections::BTreeMap;

use serde_json::Value;

use super::blame::{Blame, blamed, failures, is_success};
use super::snapshot::Snapshot;

/// Longer than a look at a job takes, in nanoseconds.
const LONG: u64 = 15_000_000_000;

/// What became of an allocation.
pub(super) enum Fate {
    Done,
    /// Its main tasks did their work, and Nomad calls it failed for what another task did.
    DoneAndFailed(Vec<Blame>),
    /// The work is done, and not all of its tasks have ended.
    Ending,
    Runs,
    Failed(Vec<Blame>),
    /// It was on a node that Nomad has lost.
    Lost,
    /// Nomad stopped it before its work was done.
    Stopped,
}

/// One version of a job.
#[expect(clippy::struct_excessive_bools, reason = "they are what Nomad tells, and independent")]
pub(super) struct Version<'a> {
    pub(super) snapshot: &'a Snapshot,
    /// The version that runs, without the stops after it.
    pub(super) job: &'a Value,
    pub(super) stopped: bool,
    pub(super) is_newest: bool,
    /// Whether it has an end of its own.
    pub(super) ends: bool,
    pub(super) each_node: bool,
}

impl<'a> Version<'a> {
    pub(super) fn of(snapshot: &'a Snapshot, newest: &'a Value, version: Option<u64>) -> Self {
        let at = version.or_else(|| newest["Version"].as_u64());
        let mut older = snapshot.versions.iter().filter(|it| it["Version"].as_u64() <= at);
        let job = older.find(|it| it["Stop"] != true).unwrap_or(newest);
        let is_newest = at == newest["Version"].as_u64();
        let kind = newest["Type"].as_str().unwrap_or_default();
        Self {
            snapshot,
            job,
            stopped: is_newest && newest["Stop"] == true,
            is_newest,
            ends: matches!(kind, "batch" | "sysbatch"),
            each_node: matches!(kind, "system" | "sysbatch"),
        }
    }

    /// Whether Nomad itself registered the version in place of one whose deployment failed.
    pub(super) fn taken_back(&self) -> bool {
        let version = self.job["Version"].as_u64().unwrap_or_default();
        let announced = |of: u64| {
            self.snapshot.deployments.iter().any(|it| {
                it["JobVersion"] == of
                    && it["Status"] == "failed"
                    && it["StatusDescription"].as_str().is_some_and(|text| text.contains("rolling back to job version"))
            })
        };
        let newer = self.snapshot.versions.iter().any(|it| it["Version"].as_u64() > Some(version));
        announced(version) && newer || version > 0 && announced(version - 1)
    }

    /// The version's allocations of a group that no other one replaced.
    pub(super) fn last_allocations(&self, group: &Value, wanted: u64) -> Vec<&Value> {
        let mut last: BTreeMap<String, &Value> = BTreeMap::new();
        for allocation in self.allocations().filter(|it| it["TaskGroup"] == group["Name"]) {
            let node = if self.each_node { allocation["NodeID"].to_string() } else { String::new() };
            let place = format!("{}{node}", allocation["Name"]);
            if last.get(&place).is_none_or(|other| other["CreateIndex"].as_u64() < allocation["CreateIndex"].as_u64()) {
                last.insert(place, allocation);
            }
        }
        let mut last: Vec<&Value> = last.into_values().collect();
        // What is to run comes first.
        last.sort_by_key(|it| it["DesiredStatus"] != "run");
        let unwanted = |it: &Value| it["DesiredStatus"] != "run" && !self.stopped && !self.each_node;
        while last.last().is_some_and(|it| unwanted(it) && last.len() as u64 > wanted) {
            last.pop();
        }
        last
    }

    /// What failed under older versions of a dead job, in the group's places in which Nomad has put nothing for this one, although it
    /// has looked.
    pub(super) fn left_failed(&self, group: &Value, last: &[&Value]) -> Vec<&'a Value> {
        let dead = self.snapshot.job.as_ref().is_some_and(|job| job["Status"] == "dead");
        let looked = self.evaluations().any(|it| it["Status"] == "complete") && !self.is_evaluated();
        if !(self.is_newest && dead && looked) || self.each_node {
            return Vec::new();
        }
        let (created, wanted) = (self.job["CreateIndex"].as_u64(), group["Count"].as_u64().unwrap_or_default());
        let places = (0..wanted).map(|index| format!("{}.{}[{index}]", text(&self.job["ID"]), text(&group["Name"])));
        let empty = places.filter(|place| last.iter().all(|it| it["Name"] != **place));
        let newest = |place: String| {
            let of_it = self.snapshot.allocations.iter().filter(|it| it["Name"] == *place);
            of_it.filter(|it| it["CreateIndex"].as_u64() > created).max_by_key(|it| it["CreateIndex"].as_u64())
        };
        empty.filter_map(newest).filter(|it| it["ClientStatus"] == "failed" && it["DesiredStatus"] == "run").collect()
    }

    pub(super) fn allocations(&self) -> impl Iterator<Item = &'a Value> {
        let (version, created) = (&self.job["Version"], self.job["CreateIndex"].as_u64());
        let of_version = move |it: &&Value| it["JobVersion"] == *version && it["CreateIndex"].as_u64() > created;
        self.snapshot.allocations.iter().filter(of_version)
    }

    pub(super) fn fate(&self, allocation: &Value) -> Fate {
        let work = self.ends && self.has_done_its_work(allocation);
        match allocation["ClientStatus"].as_str().unwrap_or_default() {
            "complete" if work => Fate::Done,
            "failed" if work => Fate::DoneAndFailed(blamed(allocation)),
            "running" | "pending" if work => Fate::Ending,
            // What a poststop task does after somebody stopped it is no failure of the job.
            "failed" if allocation["DesiredStatus"] != "run" => Fate::Stopped,
            "failed" if self.is_followed_up(allocation) => Fate::Runs,
            "failed" => Fate::Failed(blamed(allocation)),
            "running" | "pending" if self.is_on_lost_node(allocation) => Fate::Lost,
            "lost" | "unknown" => Fate::Lost,
            "complete" => Fate::Stopped,
            _ if allocation["DesiredStatus"] != "run" => Fate::Stopped,
            _ => Fate::Runs,
        }
    }

    fn is_on_lost_node(&self, allocation: &Value) -> bool {
        allocation["NodeName"].as_str().is_some_and(|name| self.snapshot.lost.iter().any(|lost| lost == name))
    }

    /// Whether Nomad has fixed a time at which it replaces it.
    fn is_followed_up(&self, allocation: &Value) -> bool {
        let pending = |it: &Value| it["Status"] == "pending" && it["ID"] == allocation["FollowupEvalID"];
        self.snapshot.evaluations.iter().any(pending)
    }

    /// Whether its main tasks ended well, each by itself.
    fn has_done_its_work(&self, allocation: &Value) -> bool {
        let groups = self.job["TaskGroups"].as_array().into_iter().flatten();
        let mut tasks = groups
            .filter(|group| group["Name"] == allocation["TaskGroup"])
            .flat_map(|group| group["Tasks"].as_array().into_iter().flatten())
            .filter(|task| task["Lifecycle"].is_null());
        tasks.all(|task| is_success(&allocation["TaskStates"][task["Name"].as_str().unwrap_or_default()]))
    }

    /// The evaluations of this version.
    fn evaluations(&self) -> impl Iterator<Item = &'a Value> {
        let since = self.job["JobModifyIndex"].as_u64();
        self.snapshot.evaluations.iter().filter(move |it| it["CreateIndex"].as_u64() >= since)
    }

    /// Whether Nomad has yet to look at the job, now or at a time that it has fixed.
    pub(super) fn is_evaluated(&self) -> bool {
        self.snapshot.evaluations.iter().any(|it| it["Status"] == "pending")
    }

    pub(super) fn groups_without_place(&self) -> Vec<String> {
        let blocked = self.evaluations().filter(|it| it["Status"] == "blocked");
        let complete = self.evaluations().filter(|it| it["Status"] == "complete");
        let newest = complete.max_by_key(|it| it["CreateIndex"].as_u64());
        let failed = blocked.chain(newest).filter_map(|it| it["FailedTGAllocs"].as_object());
        failed.flat_map(|groups| groups.keys().cloned()).collect()
    }

    /// Whether a task is to be started again only after longer than a look at the job takes.
    pub(super) fn waits_long(&self) -> bool {
        let states = self.allocations().flat_map(|it| it["TaskStates"].as_object().into_iter().flatten());
        let delay = |state: &Value| -> Option<u64> {
            let last = state["Events"].as_array()?.last().filter(|event| event["Type"] == "Restarting")?;
            last["Details"]["start_delay"].as_str()?.parse().ok()
        };
        let mut waiting = states.filter(|(_, state)| state["State"] == "pending").filter_map(|(_, state)| delay(state));
        waiting.any(|nanoseconds| nanoseconds > LONG)
    }

    /// Every task that failed in any version.
    pub(super) fn all_that_failed(&self) -> Vec<Blame> {
        let all = failures(self.snapshot.allocations.iter(), self.ends, self.each_node);
        all.into_iter().flat_map(|(_, blame)| blame).collect()
    }

    /// Whether an allocation of any version goes on.
    pub(super) fn has_not_ended(&self) -> bool {
        let goes_on = |it: &Value| matches!(it["ClientStatus"].as_str(), Some("running" | "pending"));
        self.snapshot.allocations.iter().any(goes_on)
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
