//! Jobs: parse, plan, register, read, list, stop.

use std::collections::BTreeMap;

use reqwest::Method;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Nomad, null_as_default};
use crate::http::{Error, segment};

/// A job as Nomad's parser returned it. nomspark hands it on and never looks inside.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ParsedJob(pub Value);

/// The job file that a job was made from, so that Nomad's UI shows it: `Submission` of `/v1/jobs`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Submission {
    /// The job file.
    #[serde(rename = "Source")]
    pub source: String,
    /// Always `hcl2`.
    #[serde(rename = "Format")]
    pub format: &'static str,
    /// The variable file.
    #[serde(rename = "Variables")]
    pub variables: String,
}

/// A job as Nomad has it, `GET /v1/job/:id`; only what nomspark reads.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Job {
    /// The job's id.
    #[serde(rename = "ID")]
    pub id: String,
    /// Its namespace.
    #[serde(default)]
    pub namespace: String,
    /// service, batch, system or sysbatch.
    #[serde(rename = "Type")]
    pub kind: String,
    /// pending, running or dead.
    pub status: String,
    /// Whether somebody stopped it.
    pub stop: bool,
    /// The version, counted from 0.
    #[serde(default)]
    pub version: u64,
    /// The job that started it, by the clock or by a dispatch; empty for all others.
    #[serde(default, rename = "ParentID", deserialize_with = "null_as_default")]
    pub parent: String,
    /// Changes whenever the job's definition does; the guard of a registration.
    pub job_modify_index: u64,
    /// Changes with the definition and with the status.
    pub modify_index: u64,
    /// When it was registered, in nanoseconds since 1970.
    #[serde(default)]
    pub submit_time: i64,
    /// The job's own words about itself.
    #[serde(default, deserialize_with = "null_as_default")]
    pub meta: BTreeMap<String, String>,
    /// Patterns of datacenters.
    #[serde(default, deserialize_with = "null_as_default")]
    pub datacenters: Vec<String>,
    /// The node pool.
    #[serde(default)]
    pub node_pool: String,
    /// The task groups; absent in lists.
    #[serde(default, deserialize_with = "null_as_default")]
    pub task_groups: Vec<TaskGroup>,
    /// A periodic job starts others; a list has a boolean here, the whole job a block.
    #[serde(default)]
    pub periodic: Value,
    /// A parameterized job starts another one for each dispatch; as with `periodic`, a list only says whether.
    #[serde(default, rename = "ParameterizedJob")]
    pub parameterized: Value,
    /// Whether it is one that a dispatch started; it keeps the block of the job that it comes from.
    #[serde(default)]
    pub dispatched: bool,
}

/// A task group of a [`Job`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct TaskGroup {
    /// The group's name.
    pub name: String,
    /// How many allocations are wanted.
    pub count: u64,
    /// Whether, and how often, an allocation that failed is placed anew.
    #[serde(default, rename = "ReschedulePolicy")]
    pub reschedule: Option<ReschedulePolicy>,
    /// The tasks.
    #[serde(default, deserialize_with = "null_as_default")]
    pub tasks: Vec<Task>,
}

/// A task of a [`TaskGroup`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Task {
    /// The task's name.
    pub name: String,
    /// The task driver.
    pub driver: String,
    /// The driver's own settings.
    #[serde(default, deserialize_with = "null_as_default")]
    pub config: BTreeMap<String, Value>,
    /// What becomes of it when it has ended too often.
    #[serde(default, rename = "RestartPolicy")]
    pub restart: Option<RestartPolicy>,
    /// When it runs beside the main tasks; `None` for a main task.
    #[serde(default)]
    pub lifecycle: Option<Lifecycle>,
}

/// How often a task is started again where it is; only what nomspark reads.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct RestartPolicy {
    /// fail or delay: what follows when that was too often.
    pub mode: String,
}

/// When a task runs that is no main task (`lifecycle` of a job file).
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Lifecycle {
    /// prestart, poststart or poststop.
    pub hook: String,
    /// Whether it runs as long as the main tasks do, and is started again when it ends.
    pub sidecar: bool,
}

/// How often an allocation that failed is placed anew.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ReschedulePolicy {
    /// How often at most within the policy's interval, where there is a limit.
    pub attempts: u64,
    /// Whether without a limit.
    pub unlimited: bool,
}

impl ReschedulePolicy {
    /// Whether it comes to an end, at once or after some attempts.
    #[must_use]
    pub fn is_limited(&self) -> bool {
        !self.unlimited
    }
}

impl Job {
    /// Whether it comes to an end by itself.
    #[must_use]
    pub fn ends(&self) -> bool {
        matches!(self.kind.as_str(), "batch" | "sysbatch")
    }

    /// Whether it has an allocation on each node.
    #[must_use]
    pub fn is_on_each_node(&self) -> bool {
        matches!(self.kind.as_str(), "system" | "sysbatch")
    }

    /// Whether Nomad leaves its allocations as they are when their nodes are lost. It evaluates every other job again then,
    /// and calls them lost; a sysbatch job might run twice on a node if it did (`createNodeEvals` in Nomad's servers).
    #[must_use]
    pub fn is_left_on_lost_nodes(&self) -> bool {
        self.kind == "sysbatch"
    }

    /// A task of a group.
    #[must_use]
    pub fn task(&self, group: &str, task: &str) -> Option<&Task> {
        let group = self.task_groups.iter().find(|other| other.name == group)?;
        group.tasks.iter().find(|other| other.name == task)
    }

    /// Whether it runs nothing itself but starts others: periodic ones by the clock, parameterized ones by dispatch.
    #[must_use]
    pub fn starts_others(&self) -> bool {
        self.periodic.is_object() || (self.parameterized.is_object() && !self.dispatched)
    }

    /// How many allocations the whole job wants.
    #[must_use]
    pub fn desired(&self) -> u64 {
        if self.stop { 0 } else { self.task_groups.iter().map(|group| group.count).sum() }
    }
}

/// What a registration answers.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Registered {
    /// The evaluation that places the job.
    #[serde(rename = "EvalID", default)]
    pub evaluation: String,
    /// The job's new index.
    pub job_modify_index: u64,
}

/// What a stop answers.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Deregistered {
    #[serde(default)]
    job_modify_index: u64,
}

impl Nomad {
    /// `POST /v1/jobs/parse`: turns a job file and a variable file into a job.
    pub async fn parse_job(&self, source: &str, variables: &str) -> Result<ParsedJob, Error> {
        let body = json!({ "JobHCL": source, "Variables": variables, "Canonicalize": true });
        self.http.ask("/v1/jobs/parse", &[], &body).await
    }

    /// `POST /v1/jobs`: registers a job only if Nomad still has it at `job_modify_index` (0: not at all).
    pub async fn register_job(
        &self,
        job: &ParsedJob,
        job_modify_index: u64,
        submission: &Submission,
    ) -> Result<Registered, Error> {
        let body = json!({
            "Job": job,
            "EnforceIndex": true,
            "JobModifyIndex": job_modify_index,
            "Submission": submission,
        });
        self.http.change(Method::POST, "/v1/jobs", &[], &body).await
    }

    /// `GET /v1/job/:id`.
    pub async fn find_job(&self, id: &str) -> Result<Option<Job>, Error> {
        self.http.find(&format!("/v1/job/{}", segment(id)), &[]).await
    }

    /// `GET /v1/jobs`: the jobs whose id starts with `prefix`, with their meta.
    pub async fn list_jobs(&self, prefix: &str) -> Result<Vec<Job>, Error> {
        self.http.get("/v1/jobs", &[("prefix", prefix), ("meta", "true")]).await
    }

    /// `GET /v1/jobs`: the jobs that another one started, by the clock or by dispatch. Nomad begins their ids with its own,
    /// which many other ids may begin with as well.
    pub async fn children(&self, id: &str) -> Result<Vec<Job>, Error> {
        let mut jobs = self.list_jobs(&format!("{id}/")).await?;
        jobs.retain(|job| job.parent == id);
        Ok(jobs)
    }

    /// `DELETE /v1/job/:id`: stops a job; with `purge` Nomad forgets it. Tells whether there was such a job.
    ///
    /// Nomad answers 200 either way, and 0 as the index of a job that it does not have in the namespace
    /// (`Job.Deregister` of its `nomad/job_endpoint.go`).
    pub async fn stop_job(&self, id: &str, purge: bool) -> Result<bool, Error> {
        let purge = if purge { "true" } else { "false" };
        let path = format!("/v1/job/{}", segment(id));
        let stopped: Deregistered = self.http.change(Method::DELETE, &path, &[("purge", purge)], &Value::Null).await?;
        Ok(stopped.job_modify_index != 0)
    }
}
