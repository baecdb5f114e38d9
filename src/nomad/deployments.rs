//! Deployments: how a service's newest version gets on.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};

use super::Nomad;
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
    /// How each task group gets on. Nomad has null for one of a system job that no node may run at the moment.
    #[serde(default, deserialize_with = "without_nulls")]
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
    /// How many allocations try the new version before all others.
    pub desired_canaries: u64,
    /// Whether somebody, or Nomad by itself, has had the others follow.
    pub promoted: bool,
}

fn without_nulls<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<String, GroupRollout>, D::Error> {
    let groups: Option<BTreeMap<String, Option<GroupRollout>>> = Option::deserialize(deserializer)?;
    Ok(groups.unwrap_or_default().into_iter().filter_map(|(name, group)| Some((name, group?))).collect())
}

impl Deployment {
    /// How many allocations are healthy, and how many there shall be.
    #[must_use]
    pub fn healthy(&self) -> (u64, u64) {
        let groups = self.task_groups.values();
        groups.fold((0, 0), |(healthy, wanted), group| (healthy + group.healthy_allocs, wanted + group.desired_total))
    }
}

impl Deployment {
    /// The version to which Nomad went back by itself (`auto_revert`), as a new version, because this one failed.
    ///
    /// Source: `DeploymentStatusDescriptionRollback` in Nomad's `nomad/structs/deployment.go`; nothing else tells.
    #[must_use]
    pub fn rolled_back_to(&self) -> Option<u64> {
        let (_, version) = self.status_description.rsplit_once(" - rolling back to job version ")?;
        version.trim().parse().ok().filter(|_| self.status == "failed")
    }

    /// Whether it goes on only when its canaries were promoted, by somebody or by Nomad itself.
    #[must_use]
    pub fn has_canaries(&self) -> bool {
        let waits = |group: &GroupRollout| group.desired_canaries > 0 && !group.promoted;
        self.status == "running" && self.task_groups.values().any(waits)
    }

    /// Whether it has not come to an end. Until then Nomad replaces none of its allocations that fails after it was healthy.
    ///
    /// Source: `Deployment.Active` in Nomad's `nomad/structs/deployment.go`.
    #[must_use]
    pub fn is_active(&self) -> bool {
        !matches!(self.status.as_str(), "successful" | "failed" | "cancelled")
    }

    /// How many of its canaries are healthy, where it goes on only when somebody promotes them.
    ///
    /// Source: `DeploymentStatusDescriptionRunningNeedsPromotion`; canaries that promote themselves have another one.
    #[must_use]
    pub fn waits_for_promotion(&self) -> Option<u64> {
        let waits = self.status == "running" && self.status_description.contains("requires manual promotion");
        let groups = self.task_groups.values().filter(|group| group.desired_canaries > 0 && !group.promoted);
        let (wanted, healthy) = groups.fold((0, 0), |(wanted, healthy), group| {
            (wanted + group.desired_canaries, healthy + group.healthy_allocs.min(group.desired_canaries))
        });
        (waits && wanted > 0 && healthy >= wanted).then_some(healthy)
    }
}

impl Nomad {
    /// `GET /v1/job/:id/deployments`: all that Nomad still has of a job; none for a job that is rolled out without.
    pub async fn deployments(&self, job: &str) -> Result<Vec<Deployment>, Error> {
        let path = format!("/v1/job/{}/deployments", segment(job));
        let found: Option<Option<Vec<Deployment>>> = self.http.find(&path, &[]).await?;
        Ok(found.flatten().unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_that_nomad_has_as_null_is_no_part_of_a_deployment() {
        let text = r#"{"ID": "d", "JobID": "j", "JobVersion": 0, "Status": "successful", "CreateIndex": 1, "ModifyIndex": 2,
                       "TaskGroups": {"g0": null, "g1": {"DesiredTotal": 2, "HealthyAllocs": 1}}}"#;
        let deployment: Deployment = serde_json::from_str(text).unwrap();
        assert_eq!(deployment.healthy(), (1, 2));
    }
}
