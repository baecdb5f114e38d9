//! Preflight: every edge host is looked at by a job of its own before anything else is registered.
//!
//! Nomad knows a node's drivers and some of its interfaces, but neither the programs that are installed there nor the
//! ports that others have. A preflight that ends for whatever reason leaves no job behind.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::{sleep, timeout};

use super::error::Error;
use crate::explain::placement_failure;
use crate::names::{ClusterName, RunId};
use crate::nomad::Nomad;
use crate::nomad::allocations::Allocation;
use crate::nomad::jobs::Submission;
use crate::plan::{EdgeVariables, HeldAlready};
use crate::render::{self, PREFLIGHT_FILE};
use crate::survey::{ExistingEdge, runs};

/// The name of the job's task.
const TASK: &str = "preflight";
/// How long all hosts may take.
const LIMIT: Duration = Duration::from_secs(30);
/// How often Nomad is asked.
const POLL: Duration = Duration::from_millis(100);

/// The preflight of one cluster's edge hosts, once.
#[derive(Clone, Debug)]
pub struct Preflight<'a> {
    /// The client.
    pub nomad: &'a Nomad,
    /// The cluster.
    pub cluster: &'a ClusterName,
    /// What tells this run from others.
    pub id: RunId,
    /// What the hosts are looked at for.
    pub variables: &'a EdgeVariables,
}

impl Preflight<'_> {
    /// Has every host looked at.
    pub async fn run(&self) -> Result<(), Error> {
        let outcome = timeout(LIMIT, self.look()).await;
        self.remove().await?;
        let problems = outcome.map_err(|_| Error::PreflightSilent { job: self.job(), after: LIMIT })??;
        if problems.is_empty() { Ok(()) } else { Err(Error::Preflight { problems }) }
    }

    /// Removes the job.
    pub async fn remove(&self) -> Result<(), crate::http::Error> {
        let job = self.job();
        if self.nomad.find_job(&job).await?.is_some() {
            self.nomad.stop_job(&job, true).await?;
        }
        Ok(())
    }

    fn job(&self) -> String {
        self.cluster.preflight_job(&self.id)
    }

    /// What the cluster's own edge has on its hosts.
    async fn held_already(&self) -> Result<HeldAlready, crate::http::Error> {
        let id = self.cluster.edge_job();
        let Some(running) = self.nomad.find_job(&id).await?.as_ref().and_then(ExistingEdge::of) else {
            return Ok(HeldAlready::default());
        };
        let allocations = self.nomad.job_allocations(&id).await?;
        let hosts = allocations.into_iter().filter(runs).map(|allocation| allocation.node_name);
        Ok(HeldAlready::by(&running, hosts, &self.variables.edge))
    }

    async fn look(&self) -> Result<BTreeMap<String, Vec<String>>, Error> {
        let (nomad, id) = (self.nomad, self.job());
        let held = self.held_already().await?;
        let render::Preflight { source, variables } = render::preflight(self.variables, &held, Some(&self.id));
        let parsed = nomad.parse_job(source, &variables).await;
        let parsed = parsed.map_err(|source| Error::from_parse(PREFLIGHT_FILE, source))?;
        let effect = nomad.plan_job(&id, &parsed).await.map_err(|source| Error::from_nomad(&id, source))?;
        if let Some((group, metrics)) = effect.unplaced() {
            return Err(Error::NoSuchPlace { job: id, reason: placement_failure(group, metrics) });
        }
        let submission = Submission { source: source.to_owned(), format: "hcl2", variables };
        nomad.register_job(&parsed, 0, &submission).await.map_err(|source| Error::from_nomad(&id, source))?;
        let allocations = ended(nomad, &id, self.variables.edge.hosts.len()).await?;
        Ok(problems(nomad, &allocations).await)
    }
}

/// Waits until the job has ended on every host.
async fn ended(nomad: &Nomad, id: &str, hosts: usize) -> Result<Vec<Allocation>, crate::http::Error> {
    loop {
        let allocations = nomad.job_allocations(id).await?;
        if allocations.len() >= hosts && allocations.iter().all(Allocation::is_terminal) {
            return Ok(allocations);
        }
        sleep(POLL).await;
    }
}

/// What stands against each host, in its own words.
async fn problems(nomad: &Nomad, allocations: &[Allocation]) -> BTreeMap<String, Vec<String>> {
    let mut problems = BTreeMap::new();
    for allocation in allocations.iter().filter(|allocation| allocation.client_status != "complete") {
        let [errors, output] = nomad.last_lines(&allocation.id, TASK).await;
        let mut lines = if errors.is_empty() { output } else { errors };
        if lines.is_empty() {
            lines = last_event(allocation);
        }
        problems.insert(allocation.node_name.clone(), lines);
    }
    problems
}

/// Why a task never said anything, as Nomad tells it.
fn last_event(allocation: &Allocation) -> Vec<String> {
    let events = allocation.task_states.values().flat_map(|task| &task.events);
    let told = events.map(|event| event.display_message.clone()).rfind(|message| !message.is_empty());
    vec![told.unwrap_or_else(|| format!("its check ended as {}", allocation.client_status))]
}
