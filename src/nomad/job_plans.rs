//! What Nomad's scheduler would do with a job.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::evaluations::PlacementMetrics;
use super::jobs::ParsedJob;
use super::{Nomad, null_as_default};
use crate::http::{Error, segment};

/// What Nomad's scheduler would do with a job: `POST /v1/job/:id/plan`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct JobPlan {
    /// How the job differs from what Nomad has.
    pub diff: Diff,
    /// What would happen to allocations, by task group.
    pub annotations: Option<Annotations>,
    /// The task groups that cannot be placed now, and why.
    #[serde(rename = "FailedTGAllocs", default, deserialize_with = "null_as_default")]
    pub failed_placements: BTreeMap<String, PlacementMetrics>,
    /// The guard for a registration of exactly this plan.
    pub job_modify_index: u64,
    /// What Nomad warns of in the job, in several lines; empty where there is nothing.
    #[serde(default, deserialize_with = "null_as_default")]
    pub warnings: String,
}

impl JobPlan {
    /// A task group that cannot be placed now, and why.
    #[must_use]
    pub fn unplaced(&self) -> Option<(&str, &PlacementMetrics)> {
        self.failed_placements.iter().next().map(|(group, metrics)| (group.as_str(), metrics))
    }

    /// Whether Nomad has the job as it was planned.
    #[must_use]
    pub fn is_unchanged(&self) -> bool {
        self.diff.kind == "None"
    }
}

/// A difference between two jobs: a tree of objects with fields.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Diff {
    /// None, Added, Deleted or Edited.
    #[serde(rename = "Type")]
    pub kind: String,
    /// The object's name.
    #[serde(default, deserialize_with = "null_as_default")]
    pub name: String,
    /// Fields that differ.
    #[serde(default, deserialize_with = "null_as_default")]
    pub fields: Vec<FieldDiff>,
    /// Parts that differ.
    #[serde(default, deserialize_with = "null_as_default")]
    pub objects: Vec<Diff>,
    /// Task groups, where this is a job.
    #[serde(default, deserialize_with = "null_as_default")]
    pub task_groups: Vec<Diff>,
    /// Tasks, where this is a task group.
    #[serde(default, deserialize_with = "null_as_default")]
    pub tasks: Vec<Diff>,
}

/// One field that differs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct FieldDiff {
    /// None, Added, Deleted or Edited.
    #[serde(rename = "Type")]
    pub kind: String,
    /// The field's name.
    pub name: String,
    /// What Nomad has.
    pub old: String,
    /// What it would have.
    pub new: String,
}

/// What would happen to allocations.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Annotations {
    /// By task group.
    #[serde(rename = "DesiredTGUpdates", default, deserialize_with = "null_as_default")]
    pub desired_updates: BTreeMap<String, DesiredUpdates>,
}

/// How many allocations of a task group would be placed, stopped or replaced.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all(deserialize = "PascalCase", serialize = "snake_case"), default)]
pub struct DesiredUpdates {
    /// New allocations.
    pub place: u64,
    /// Allocations that end.
    pub stop: u64,
    /// Allocations that move to another node.
    pub migrate: u64,
    /// Allocations that are updated while they run.
    pub in_place_update: u64,
    /// Allocations that are replaced.
    pub destructive_update: u64,
    /// Allocations that stay as they are.
    pub ignore: u64,
}

impl Nomad {
    /// `POST /v1/job/:id/plan`: asks the scheduler what it would do; changes nothing.
    pub async fn plan_job(&self, id: &str, job: &ParsedJob) -> Result<JobPlan, Error> {
        let body = json!({ "Job": job, "Diff": true });
        self.http.ask(&format!("/v1/job/{}/plan", segment(id)), &[], &body).await
    }
}
