//! What several commands ask about a deployed cluster: its jobs, its masters, the one that leads.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use serde::Serialize;
use serde_json::Value;
use tokio::time::sleep;
use tracing::debug;

use super::context::Context;
use crate::cli::ClusterArguments;
use crate::error::{Advice, Result};
use crate::event::Event;
use crate::exit::Exit;
use crate::names::{ClusterName, Datacenter, ImageReference, NodePool};
use crate::nomad::Nomad;
use crate::nomad::jobs::Job;
use crate::spark::MasterState;
use crate::spec::{self, Driver, Overrides, ValidSpec};
use crate::survey::{CLUSTER_META, wanted};
pub(super) use crate::survey::{Master, floating_address, masters, running_allocations};
use crate::watch::{self, Verdict};

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
    /// What the deployment of the newest version waits for; `None` while it waits for nobody.
    #[serde(skip_serializing_if = "Option::is_none")]
    promotion: Option<Promotion>,
    /// Whether it is a service that somebody stopped.
    #[serde(skip)]
    stopped: bool,
}

impl JobSummary {
    pub(super) const HEADER: [&'static str; 4] = ["JOB", "STATUS", "VERSION", "RUNNING"];

    /// Reads a job and its allocations; `None` when Nomad does not have it.
    pub(super) async fn read(nomad: &Nomad, id: &str) -> Result<Option<Self>> {
        let state = watch::read(nomad, id).await?;
        let Some(job) = &state.job else {
            return Ok(None);
        };
        let promotion = state
            .waits_for_promotion()
            .map(|(deployment, canaries)| Promotion { deployment: deployment.id.clone(), canaries });
        let verdict = state.verdict();
        Ok(Some(Self {
            id: job.id.clone(),
            status: job.status.clone(),
            version: job.version,
            desired: wanted(job, state.allocations.values()),
            running: state.running(),
            verdict: verdict.as_ref().filter(|_| job.ends()).map(Verdict::word),
            promotion,
            stopped: !job.ends() && verdict == Some(Verdict::Stopped),
        }))
    }

    /// What somebody has to do about it, as a sentence.
    pub(super) fn waits(&self) -> Option<String> {
        let Promotion { deployment, canaries } = self.promotion.as_ref()?;
        let (job, version, deployment) = (self.id.clone(), self.version, deployment.clone());
        Some(Event::WaitsForPromotion { job, version, deployment, canaries: *canaries }.to_string())
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
            None if self.stopped => ("stopped", "-".to_owned()),
            None => (self.status.as_str(), format!("{}/{}", self.running, self.desired)),
        };
        vec![self.id.clone(), status.to_owned(), self.version.to_string(), running]
    }
}

/// Canaries that are healthy and wait until somebody promotes them.
#[derive(Clone, Debug, Serialize)]
struct Promotion {
    /// The deployment's whole id.
    deployment: String,
    /// How many are healthy.
    canaries: u64,
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
    #[error("there is no cluster named {name}")]
    Missing { name: String, hint: String },
    #[error("the cluster {name} is stopped")]
    Stopped { name: String, deploy: String },
    #[error("no master of the cluster {cluster} is ALIVE: {seen}")]
    NoLeader { cluster: String, seen: String },
    #[error("the master of the cluster {0} knows no worker, so that nothing could run")]
    NoWorker(String),
    #[error("the job {job} is not stopped: {seen}")]
    NotStopped { job: String, seen: String },
}

/// How long a takeover may last: also one in which Nomad starts the only master anew, on a host that is busy.
const TAKEOVER: Duration = Duration::from_mins(1);
/// How often a takeover's end is looked for.
const BETWEEN_LOOKS: Duration = Duration::from_millis(500);

impl ClusterError {
    /// What is waited for in a takeover, where one may be the reason.
    fn ends_with_takeover(&self) -> Option<String> {
        match self {
            Self::NoLeader { cluster, seen } => Some(format!("a master of the cluster {cluster} to be ALIVE; {seen}")),
            Self::NoWorker(cluster) => Some(format!("a worker of the cluster {cluster} to register with its master")),
            Self::Missing { .. } | Self::Stopped { .. } | Self::NotStopped { .. } => None,
        }
    }
}

impl Advice for ClusterError {
    fn exit(&self) -> Exit {
        Exit::Failed
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Missing { hint, .. } => hint.clone(),
            Self::Stopped { deploy, .. } => format!("deploy it again with `{deploy}`"),
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

/// The error of a cluster that is not there, with those that are.
pub(super) async fn missing(name: &ClusterName, context: &Context<'_>) -> ClusterError {
    let jobs = context.nomad.list_jobs("").await.unwrap_or_else(|error| {
        debug!(%error, "which clusters are there is not known");
        Vec::new()
    });
    let clusters: BTreeSet<String> = jobs.iter().filter_map(|job| job.meta.get(CLUSTER_META).cloned()).collect();
    let other = if clusters.is_empty() {
        "name its namespace with --namespace".to_owned()
    } else {
        format!("name one that is there with --name: {}", clusters.into_iter().collect::<Vec<_>>().join(", "))
    };
    let hint = format!("deploy it with `{}`, or {other}", deploy(name, context));
    ClusterError::Missing { name: name.to_string(), hint }
}

fn deploy(name: &ClusterName, context: &Context<'_>) -> String {
    context.command(&format!("deploy --name {name}"))
}

/// The state of the master that leads; it has at least one worker.
pub(super) async fn leader(name: &ClusterName, context: &Context<'_>) -> Result<MasterState> {
    Ok(look_for_leader(name, context).await??)
}

/// The same; waits for the end of a takeover, in which no master leads, or the new one knows no worker yet.
pub(super) async fn leader_after_takeover(
    name: &ClusterName,
    at_most: Duration,
    context: &Context<'_>,
) -> Result<MasterState> {
    let started = Instant::now();
    let mut is_told = false;
    loop {
        let error = match look_for_leader(name, context).await? {
            Ok(state) => return Ok(state),
            Err(error) => error,
        };
        let Some(condition) = error.ends_with_takeover().filter(|_| started.elapsed() < TAKEOVER.min(at_most)) else {
            return Err(error.into());
        };
        if !is_told {
            context.report.event(&Event::Waiting { condition })?;
            is_told = true;
        }
        sleep(BETWEEN_LOOKS).await;
    }
}

async fn look_for_leader(name: &ClusterName, context: &Context<'_>) -> Result<Result<MasterState, ClusterError>> {
    let nomad = &context.nomad;
    match nomad.find_job(&name.master_job()).await? {
        None => return Ok(Err(missing(name, context).await)),
        Some(job) if job.stop => {
            return Ok(Err(ClusterError::Stopped { name: name.to_string(), deploy: deploy(name, context) }));
        }
        Some(_) => {}
    }
    let masters = masters(nomad, name).await?;
    let Some(state) = masters.iter().filter_map(|master| master.state.as_ref()).find(|state| state.is_alive()) else {
        let seen = masters.iter().map(Master::heard).collect::<Vec<_>>().join("; ");
        let seen = if seen.is_empty() { "Nomad runs none".to_owned() } else { seen };
        return Ok(Err(ClusterError::NoLeader { cluster: name.to_string(), seen }));
    };
    if state.alive_workers().next().is_none() {
        return Ok(Err(ClusterError::NoWorker(name.to_string())));
    }
    Ok(Ok(state.clone()))
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

/// The name of the cluster that is meant: that of the flag, else that of the spec.
pub(super) fn name(arguments: &ClusterArguments) -> Result<ClusterName> {
    if let Some(text) = &arguments.name {
        return Ok(text.parse().map_err(|error: crate::names::NameError| InvalidName(error.to_string()))?);
    }
    let source = spec::read(arguments.file.as_deref())?;
    Ok(spec::validate(source.as_ref(), &Overrides::default())?.name)
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
