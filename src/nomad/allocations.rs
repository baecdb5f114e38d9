//! Allocations: where a task group runs and how its tasks are.

use std::collections::BTreeMap;

use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Nomad, null_as_default};
use crate::http::{Error, segment};

/// An allocation, as lists and events have it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Allocation {
    /// The allocation's id.
    #[serde(rename = "ID")]
    pub id: String,
    /// Job, task group and index: `spark-worker.worker[0]`.
    #[serde(default)]
    pub name: String,
    /// The job.
    #[serde(rename = "JobID")]
    pub job: String,
    /// The job's version; events do not carry it.
    #[serde(default)]
    pub job_version: Option<u64>,
    /// The task group.
    pub task_group: String,
    /// The node's id.
    #[serde(rename = "NodeID")]
    pub node_id: String,
    /// The node's name.
    #[serde(default)]
    pub node_name: String,
    /// What the servers want: run, stop or evict.
    pub desired_status: String,
    /// What the client says: pending, running, complete, failed, lost or unknown.
    pub client_status: String,
    /// The client's words about its status.
    #[serde(default)]
    pub client_description: String,
    /// The tasks by name.
    #[serde(default, deserialize_with = "null_as_default")]
    pub task_states: BTreeMap<String, TaskState>,
    /// Its part in a deployment.
    #[serde(default)]
    pub deployment_status: Option<DeploymentStatus>,
    /// The allocation that replaces this one.
    #[serde(default)]
    pub next_allocation: String,
    /// When it was made, as an index.
    pub create_index: u64,
    /// When it last changed, as an index.
    pub modify_index: u64,
    /// When it was made, in nanoseconds since 1970.
    #[serde(default)]
    pub create_time: i64,
}

/// What an allocation is in a deployment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct DeploymentStatus {
    /// Whether it tries the new version before all others.
    pub canary: bool,
    /// Whether it became healthy in time; `None` while that is open.
    pub healthy: Option<bool>,
}

impl Allocation {
    /// Whether it tries a new version before all others.
    #[must_use]
    pub fn is_canary(&self) -> bool {
        self.deployment_status.is_some_and(|status| status.canary)
    }

    /// Whether its deployment has found that it did not become healthy in time.
    #[must_use]
    pub fn is_unhealthy(&self) -> bool {
        self.deployment_status.is_some_and(|status| status.healthy == Some(false))
    }

    /// Whether it has ended and will not run again.
    #[must_use]
    pub fn is_terminal(&self) -> bool {
        matches!(self.client_status.as_str(), "complete" | "failed" | "lost")
    }

    /// The index in its task group, from the name's end.
    #[must_use]
    pub fn index(&self) -> u64 {
        let digits = self.name.rsplit_once('[').map_or("", |(_, end)| end.trim_end_matches(']'));
        digits.parse().unwrap_or(0)
    }
}

/// How a task is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct TaskState {
    /// pending, running or dead.
    pub state: String,
    /// Whether the task failed for good.
    #[serde(default)]
    pub failed: bool,
    /// How often it was restarted in this allocation.
    #[serde(default)]
    pub restarts: u64,
    /// When it last started, RFC 3339.
    #[serde(default)]
    pub started_at: Option<String>,
    /// When it ended, RFC 3339.
    #[serde(default)]
    pub finished_at: Option<String>,
    /// The last ten things that happened to it, oldest first.
    #[serde(default, deserialize_with = "null_as_default")]
    pub events: Vec<TaskEvent>,
}

/// Something that happened to a task.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct TaskEvent {
    /// Received, Task Setup, Started, Terminated, Restarting, Driver Failure and others.
    #[serde(rename = "Type")]
    pub kind: String,
    /// When, in nanoseconds since 1970.
    pub time: i64,
    /// The client's sentence.
    #[serde(default)]
    pub display_message: String,
    /// Particulars: `exit_code`, `signal`, `oom_killed` and others.
    #[serde(default, deserialize_with = "null_as_default")]
    pub details: BTreeMap<String, String>,
    /// The exit code, for Terminated.
    #[serde(default)]
    pub exit_code: i64,
    /// The signal that ended it, for Terminated.
    #[serde(default)]
    pub signal: i64,
}

/// An allocation with its addresses: `GET /v1/allocation/:id`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AllocationDetail {
    /// The same as in lists.
    #[serde(flatten)]
    pub allocation: Allocation,
    /// What it was given.
    pub allocated_resources: Option<AllocatedResources>,
    /// The job as it was when the allocation was made or last updated.
    pub job: Option<JobOfAllocation>,
}

/// The job that an allocation carries.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct JobOfAllocation {
    /// The job's version.
    #[serde(default)]
    pub version: u64,
}

/// What an allocation was given.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AllocatedResources {
    /// What each task was given.
    #[serde(default, deserialize_with = "null_as_default")]
    pub tasks: BTreeMap<String, TaskResources>,
    /// What its tasks share.
    pub shared: SharedResources,
}

/// What a task was given.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct TaskResources {
    /// Its memory.
    pub memory: TaskMemory,
}

/// The memory of a task, in MiB.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct TaskMemory {
    /// What is reserved.
    #[serde(rename = "MemoryMB")]
    pub reserved: u64,
    /// What it may use where the node has it to spare; 0: no more than what is reserved.
    #[serde(rename = "MemoryMaxMB", default)]
    pub at_most: u64,
}

/// What the tasks of an allocation share.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct SharedResources {
    /// Addresses by the port's label.
    #[serde(default, deserialize_with = "null_as_default")]
    pub ports: Vec<Port>,
}

/// A port on a node.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Port {
    /// The label in the job file.
    #[serde(rename = "Label")]
    pub label: String,
    /// The port.
    #[serde(rename = "Value")]
    pub value: u16,
    /// The node's address.
    #[serde(rename = "HostIP")]
    pub host_ip: String,
}

/// A health check of a service that Nomad itself keeps.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ServiceCheck {
    /// The check's name.
    #[serde(rename = "Check")]
    pub name: String,
    /// success, failure or pending.
    pub status: String,
    /// What it last said.
    pub output: String,
}

impl AllocationDetail {
    /// The version of the job that it runs.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.job.as_ref().map_or(0, |job| job.version)
    }

    /// The memory at which the kernel ends a task, in MiB.
    #[must_use]
    pub fn memory_limit(&self, task: &str) -> Option<u64> {
        let memory = self.allocated_resources.as_ref()?.tasks.get(task)?.memory;
        Some(memory.reserved.max(memory.at_most))
    }

    /// HOST:PORT of a port's label, with brackets around an IPv6 address.
    #[must_use]
    pub fn address(&self, label: &str) -> Option<String> {
        let ports = &self.allocated_resources.as_ref()?.shared.ports;
        let port = ports.iter().find(|port| port.label == label)?;
        let host = if port.host_ip.contains(':') { format!("[{}]", port.host_ip) } else { port.host_ip.clone() };
        Some(format!("{host}:{}", port.value))
    }
}

impl Nomad {
    /// `GET /v1/job/:id/allocations`, also those of earlier registrations of the same name.
    pub async fn job_allocations(&self, job: &str) -> Result<Vec<Allocation>, Error> {
        self.http.get(&format!("/v1/job/{}/allocations", segment(job)), &[]).await
    }

    /// The same, also those of a job of that name that was purged since.
    pub async fn job_allocations_ever(&self, job: &str) -> Result<Vec<Allocation>, Error> {
        self.http.get(&format!("/v1/job/{}/allocations", segment(job)), &[("all", "true")]).await
    }

    /// The same, with the index of the list.
    pub async fn job_allocations_indexed(&self, job: &str) -> Result<(Vec<Allocation>, u64), Error> {
        self.http.get_indexed(&format!("/v1/job/{}/allocations", segment(job)), &[]).await
    }

    /// `GET /v1/client/allocation/:id/checks`: the health checks of services that Nomad itself keeps.
    pub async fn allocation_checks(&self, id: &str) -> Result<Vec<ServiceCheck>, Error> {
        let path = format!("/v1/client/allocation/{}/checks", segment(id));
        let checks: Option<BTreeMap<String, ServiceCheck>> = self.http.get(&path, &[]).await?;
        Ok(checks.unwrap_or_default().into_values().collect())
    }

    /// `POST /v1/client/allocation/:id/signal`: sends a signal, such as SIGKILL, to a task.
    pub async fn signal_task(&self, allocation: &str, task: &str, signal: &str) -> Result<(), Error> {
        let path = format!("/v1/client/allocation/{}/signal", segment(allocation));
        let body = json!({ "Signal": signal, "Task": task });
        let _: Value = self.http.change(Method::POST, &path, &[], &body).await?;
        Ok(())
    }

    /// `POST /v1/allocation/:id/stop`: stops an allocation; Nomad places another one.
    pub async fn stop_allocation(&self, id: &str) -> Result<(), Error> {
        let path = format!("/v1/allocation/{}/stop", segment(id));
        let _: Value = self.http.change(Method::POST, &path, &[], &Value::Null).await?;
        Ok(())
    }

    /// `GET /v1/allocation/:id`.
    pub async fn allocation(&self, id: &str) -> Result<AllocationDetail, Error> {
        self.http.get(&format!("/v1/allocation/{}", segment(id)), &[]).await
    }
}
