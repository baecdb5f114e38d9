//! Deployments: how a service's newest version gets on.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{Nomad, null_as_default};
use crate::http::{Error, segment};

/// The rollout of one version of a service.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Deployment {
    /// The deployment's id.
    #[serde(rename = "ID")]
    pub id: String,
    /// The job.
    #[serde(rename = "JobID")]
    pub job: String,
    /// The version that is rolled out.
    pub job_version: u64,
    /// running, paused, successful, failed, cancelled and others.
    pub status: String,
    /// Nomad's words about the status.
    #[serde(default)]
    pub status_description: String,
    /// How each task group gets on.
    #[serde(default, deserialize_with = "null_as_default")]
    pub task_groups: BTreeMap<String, GroupRollout>,
    /// When it was made, as an index.
    pub create_index: u64,
    /// When it last changed, as an index.
    pub modify_index: u64,
}

/// How a task group of a [`Deployment`] gets on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct GroupRollout {
    /// How many allocations there shall be.
    pub desired_total: u64,
    /// How many are healthy.
    pub healthy_allocs: u64,
    /// How many are not, and will not be.
    pub unhealthy_allocs: u64,
}

impl Deployment {
    /// How many allocations are healthy, and how many there shall be.
    #[must_use]
    pub fn healthy(&self) -> (u64, u64) {
        let groups = self.task_groups.values();
        groups.fold((0, 0), |(healthy, wanted), group| (healthy + group.healthy_allocs, wanted + group.desired_total))
    }
}

impl Nomad {
    /// `GET /v1/job/:id/deployment`: the newest one; `None` for a job without any.
    pub async fn newest_deployment(&self, job: &str) -> Result<Option<Deployment>, Error> {
        let found: Option<Option<Deployment>> =
            self.http.find(&format!("/v1/job/{}/deployment", segment(job)), &[]).await?;
        Ok(found.flatten())
    }
}
