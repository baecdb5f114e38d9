//! Evaluations: what the scheduler decided, and why it could not place something.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{Nomad, null_as_default};
use crate::http::{Error, segment};

/// One run of the scheduler for a job.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Evaluation {
    /// The evaluation's id.
    #[serde(rename = "ID")]
    pub id: String,
    /// The job.
    #[serde(rename = "JobID")]
    pub job: String,
    /// pending, complete, blocked, failed or canceled.
    pub status: String,
    /// The scheduler's words about the status.
    #[serde(default)]
    pub status_description: String,
    /// Why the scheduler ran.
    #[serde(default)]
    pub triggered_by: String,
    /// Task groups that could not be placed.
    #[serde(rename = "FailedTGAllocs", default, deserialize_with = "null_as_default")]
    pub failed_placements: BTreeMap<String, PlacementMetrics>,
    /// The evaluation that waits for capacity, if any.
    #[serde(default)]
    pub blocked_eval: String,
    /// The evaluation that made this one, if any.
    #[serde(default)]
    pub previous_eval: String,
    /// The job's `JobModifyIndex` for which the scheduler runs; of use where a registration, a stop or a scaling caused it.
    #[serde(default)]
    pub job_modify_index: u64,
    /// When it was made, as an index.
    pub create_index: u64,
    /// When it last changed, as an index.
    pub modify_index: u64,
}

impl Evaluation {
    /// Whether somebody stopped the job (`EvalTriggerJobDeregister` in Nomad's `structs.go`).
    #[must_use]
    pub fn is_of_a_stop(&self) -> bool {
        self.triggered_by == "job-deregister"
    }

    /// Whether somebody gave the job a new definition (`EvalTriggerJobRegister`, `EvalTriggerScaling`).
    #[must_use]
    pub fn is_of_a_definition(&self) -> bool {
        matches!(self.triggered_by.as_str(), "job-register" | "job-scaling")
    }

    /// Whether the scheduler has still to run for it: now, later, or when there is room.
    #[must_use]
    pub fn is_open(&self) -> bool {
        matches!(self.status.as_str(), "pending" | "blocked")
    }
}

/// Why a task group could not be placed: how many nodes were looked at, and what ruled them out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct PlacementMetrics {
    /// Nodes that were looked at.
    pub nodes_evaluated: u64,
    /// Nodes that a constraint, a driver or a class ruled out.
    pub nodes_filtered: u64,
    /// Nodes in the job's node pool.
    pub nodes_in_pool: u64,
    /// Ready nodes by datacenter.
    #[serde(deserialize_with = "null_as_default")]
    pub nodes_available: BTreeMap<String, u64>,
    /// Nodes by the constraint that ruled them out.
    #[serde(deserialize_with = "null_as_default")]
    pub constraint_filtered: BTreeMap<String, u64>,
    /// Nodes by the node class that ruled them out.
    #[serde(deserialize_with = "null_as_default")]
    pub class_filtered: BTreeMap<String, u64>,
    /// Nodes without enough of something.
    pub nodes_exhausted: u64,
    /// Nodes by what they had not enough of: memory, cpu, network, disk.
    #[serde(deserialize_with = "null_as_default")]
    pub dimension_exhausted: BTreeMap<String, u64>,
    /// What each task asked for of the dimensions that were not enough.
    #[serde(deserialize_with = "null_as_default")]
    pub resources_exhausted: BTreeMap<String, ResourcesExhausted>,
    /// Quotas that are used up.
    #[serde(deserialize_with = "null_as_default")]
    pub quota_exhausted: Vec<String>,
    /// Further allocations with the same fate.
    pub coalesced_failures: u64,
}

/// What a task asked for and no node had; 0 for what was enough.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct ResourcesExhausted {
    /// MHz.
    #[serde(rename = "CPU")]
    pub cpu: u64,
    /// MiB.
    #[serde(rename = "MemoryMB")]
    pub memory: u64,
}

impl Nomad {
    /// `GET /v1/job/:id/evaluations`, with the index of the list.
    pub async fn job_evaluations_indexed(&self, job: &str) -> Result<(Vec<Evaluation>, u64), Error> {
        self.http.get_indexed(&format!("/v1/job/{}/evaluations", segment(job)), &[]).await
    }
}
