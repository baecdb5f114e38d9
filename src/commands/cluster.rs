//! What several commands ask about a deployed cluster: its jobs, its masters, the one that leads.

use serde::Serialize;
use serde_json::Value;

use crate::cli::exit::Exit;
use crate::error::{Advice, Result};
use crate::names::{ClusterName, Datacenter, ImageReference, NodePool};
use crate::nomad::Nomad;
use crate::nomad::allocations::Allocation;
use crate::nomad::jobs::Job;
use crate::spark::MasterState;
use crate::spec::{Driver, ValidSpec};
use crate::survey::{CLUSTER_META, wanted};
pub(super) use crate::survey::{Master, floating_address, masters, running_allocations, runs};
use crate::watch::{JobListing, JobState, Verdict};

/// A job in one line.
#[derive(Clone, Debug, Serialize)]
pub(super) struct JobSummary {
    id: String,
    status: String,
    version: u64,
    desired: u64,
    running: u64,
    /// What a batch job came to; `None` while it runs, and for services.
    #[serde(skip_serializing_if = "Option::is_none")]
    verdict: Option<&'static str>,
}

impl JobSummary {
    pub(super) const HEADER: [&'static str; 4] = ["JOB", "STATUS", "VERSION", "RUNNING"];

    /// Reads a job and its allocations; `None` when Nomad does not have it.
    pub(super) async fn read(nomad: &Nomad, id: &str) -> Result<Option<Self>> {
        let Some(job) = nomad.find_job(id).await? else {
            return Ok(None);
        };
        let allocations = nomad.job_allocations(id).await?;
        let running = allocations.iter().filter(|allocation| runs(allocation)).count() as u64;
        let desired = wanted(&job, &allocations);
        let verdict = if job.ends() { verdict(&job, allocations) } else { None };
        Ok(Some(Self { desired, id: job.id, status: job.status, version: job.version, running, verdict }))
    }

    /// What a batch job came to; `None` while it runs, and for services.
    pub(super) fn verdict(&self) -> Option<&'static str> {
        self.verdict
    }

    /// Whether it is a batch job that has come to its end.
    pub(super) fn has_ended(&self) -> bool {
        self.verdict.is_some()
    }

    pub(super) fn row(&self) -> Vec<String> {
        let (status, running) = match self.verdict {
            Some(verdict) => (verdict, "-".to_owned()),
            None => (self.status.as_str(), format!("{}/{}", self.running, self.desired)),
        };
        vec![self.id.clone(), status.to_owned(), self.version.to_string(), running]
    }
}

fn verdict(job: &Job, allocations: Vec<Allocation>) -> Option<&'static str> {
    let mut state = JobState::new(&job.id);
    let listing = JobListing {
        id: job.id.clone(),
        job: Some(job.clone()),
        allocations,
        evaluations: Vec::new(),
        deployments: Vec::new(),
    };
    // Only the state is asked for here, not the news.
    let _ = state.list(listing);
    state.verdict().map(|verdict| match verdict {
        Verdict::Complete => "complete",
        Verdict::Failed(_) => "failed",
        Verdict::Stopped | Verdict::Gone => "stopped",
        Verdict::Unknown { .. } => "unknown",
    })
}

/// Where a cluster is reached.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Endpoints {
    pub(super) master: Option<String>,
    pub(super) ui: Option<String>,
    pub(super) history: Option<String>,
}

/// Why a cluster cannot be used.
#[derive(Debug, thiserror::Error)]
pub(super) enum ClusterError {
    #[error("there is no cluster named {0}")]
    Missing(String),
    #[error("no master of the cluster {cluster} is ALIVE: {seen}")]
    NoLeader { cluster: String, seen: String },
    #[error("the master of the cluster {0} knows no worker, so that nothing could run")]
    NoWorker(String),
    #[error("the job {job} is not stopped: {seen}")]
    NotStopped { job: String, seen: String },
}

impl Advice for ClusterError {
    fn exit(&self) -> Exit {
        Exit::Failed
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Missing(name) => format!("deploy it with `nomspark deploy --name {name}`"),
            Self::NoLeader { cluster, .. } => format!("see `nomspark status --name {cluster}`"),
            Self::NotStopped { .. } => {
                "run the same command again; somebody else may deploy at the same moment".to_owned()
            }
            Self::NoWorker(name) => format!("deploy workers with `nomspark deploy --name {name} --workers N`"),
        })
    }
}

/// All jobs of a cluster, also stopped ones; those of `spark-2` do not belong to `spark`.
pub(super) async fn jobs(nomad: &Nomad, name: &ClusterName) -> Result<Vec<Job>> {
    let jobs = nomad.list_jobs(&format!("{name}-")).await?;
    Ok(jobs.into_iter().filter(|job| job.meta.get(CLUSTER_META).map(String::as_str) == Some(name.as_str())).collect())
}

/// The state of the master that leads; it has at least one worker.
pub(super) async fn leader(nomad: &Nomad, name: &ClusterName) -> Result<MasterState> {
    if nomad.find_job(&name.master_job()).await?.is_none_or(|job| job.stop) {
        return Err(ClusterError::Missing(name.to_string()).into());
    }
    let masters = masters(nomad, name).await?;
    let Some(state) = masters.iter().filter_map(|master| master.state.as_ref()).find(|state| state.is_alive()) else {
        let seen = masters.iter().map(|master| match &master.state {
            Some(state) => format!("Spark says {} at {}", state.status, master.ui),
            None => format!("Spark's UI at {} does not answer", master.ui),
        });
        let seen = seen.collect::<Vec<_>>().join("; ");
        let seen = if seen.is_empty() { "Nomad runs none".to_owned() } else { seen };
        return Err(ClusterError::NoLeader { cluster: name.to_string(), seen }.into());
    };
    if state.alive_workers().next().is_none() {
        return Err(ClusterError::NoWorker(name.to_string()).into());
    }
    Ok(state.clone())
}

/// Lets an application run like the masters do: same driver, image, Spark folder and place, unless the spec says other.
pub(super) async fn inherit_runtime(nomad: &Nomad, spec: &mut ValidSpec) -> Result<()> {
    let Some(master) = nomad.find_job(&spec.name.master_job()).await? else {
        return Ok(());
    };
    if spec.datacenters == [Datacenter::any()] && spec.node_pool == NodePool::default() {
        spec.datacenters = master.datacenters.iter().filter_map(|name| name.parse().ok()).collect();
        spec.node_pool = master.node_pool.parse().unwrap_or_default();
    }
    let task = master.task_groups.iter().flat_map(|group| &group.tasks).find(|task| task.name == "master");
    // Another driver than the masters' has Spark elsewhere.
    if let Some(task) = task.filter(|task| spec.runtime.driver.is_none_or(|driver| driver.as_str() == task.driver)) {
        let text = |key: &str| task.config.get(key).and_then(Value::as_str);
        spec.runtime.driver = Driver::ALL.into_iter().find(|driver| driver.as_str() == task.driver);
        if let Some(image) = text("image").and_then(|image| image.parse().ok())
            && spec.runtime.image == ImageReference::default()
        {
            spec.runtime.image = image;
        }
        // A folder that each node names for itself is no path, and is chosen again in the same way.
        let arguments =
            task.config.get("args").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
        let home = text("command").into_iter().chain(arguments).find_map(|word| word.strip_suffix("/bin/spark-class"));
        if let Some(home) = home.and_then(|home| home.parse().ok())
            && spec.runtime.spark_home.is_none()
        {
            spec.runtime.spark_home = Some(home);
        }
    }
    Ok(())
}

/// A cluster's name from a flag.
pub(super) fn name(text: &str) -> Result<ClusterName, InvalidName> {
    text.parse().map_err(|error: crate::names::NameError| InvalidName(error.to_string()))
}

/// A `--name` that no cluster can have.
#[derive(Debug, thiserror::Error)]
#[error("--name: {0}")]
pub(super) struct InvalidName(String);

impl Advice for InvalidName {
    fn exit(&self) -> Exit {
        Exit::Usage
    }
}

/// How much is read of what notify.sh left behind, in bytes; it is one line.
const FAILED_NOTE_BYTES: u64 = 2_000;

/// Why the notify scripts of the edge hosts could not write down who holds the address: a sentence for each that failed.
///
/// Source: `notify.failed` in the folder of the task keepalived (`GET /v1/client/fs/readat/:allocation`). A host that Nomad
/// cannot reach just now is left out.
pub(super) async fn failed_notes(nomad: &Nomad, name: &ClusterName) -> Result<Vec<String>> {
    const FOLDER: &str = "keepalived/local";
    const FILE: &str = "notify.failed";
    let mut failures = Vec::new();
    for detail in running_allocations(nomad, &name.edge_job()).await? {
        let allocation = &detail.allocation;
        let listed = nomad.list_folder(&allocation.id, FOLDER).await.unwrap_or_default();
        if !listed.iter().any(|(file, _)| file == FILE) {
            continue;
        }
        let path = format!("{FOLDER}/{FILE}");
        if let Ok(bytes) = nomad.read_file_at(&allocation.id, &path, 0, FAILED_NOTE_BYTES).await {
            let reason = String::from_utf8_lossy(&bytes);
            failures.push(format!("notify.sh on {} failed: {}", allocation.node_name, reason.trim()));
        }
    }
    Ok(failures)
}
