//! A cluster that is deployed: what runs of it, and what it says of itself.

use futures_util::{StreamExt, TryStreamExt, stream};

use super::ExistingEdge;
use crate::http::Error;
use crate::names::{ClusterName, FloatingAddress};
use crate::nomad::Nomad;
use crate::nomad::allocations::{Allocation, AllocationDetail};
use crate::nomad::jobs::Job;
use crate::spark::{MasterState, MasterUi};

/// How many allocations are read at the same time.
const CONCURRENT_READS: usize = 8;

/// A running allocation of a job, with what Spark's master says there.
#[derive(Clone, Debug)]
pub struct Master {
    /// The allocation.
    pub allocation: AllocationDetail,
    /// HOST:PORT of its web UI.
    pub ui: String,
    /// What it says; `None` when it does not answer.
    pub state: Option<MasterState>,
    /// What a proxy between this machine and the UI did, where that is why nothing was heard.
    pub proxied: Option<String>,
}

impl Master {
    /// What was heard from it, as a sentence.
    #[must_use]
    pub fn heard(&self) -> String {
        match (&self.state, &self.proxied) {
            (Some(state), _) => format!("Spark says {} at {}", state.status, self.ui),
            (None, Some(proxied)) => format!("Spark's UI at {} was not heard: {proxied}", self.ui),
            (None, None) => format!("Spark's UI at {} does not answer", self.ui),
        }
    }
}

/// Whether an allocation is wanted and runs.
#[must_use]
pub fn runs(allocation: &Allocation) -> bool {
    allocation.desired_status == "run" && allocation.client_status == "running"
}

/// How many allocations Nomad wants of a job. A system job has no count: Nomad wants one on each node that fits.
#[must_use]
pub fn wanted<'a>(job: &Job, allocations: impl IntoIterator<Item = &'a Allocation>) -> u64 {
    if job.kind != "system" {
        return job.desired();
    }
    allocations.into_iter().filter(|allocation| allocation.desired_status == "run").count() as u64
}

/// The running allocations of a job, whole.
pub async fn running_allocations(nomad: &Nomad, job: &str) -> Result<Vec<AllocationDetail>, Error> {
    let running: Vec<Allocation> = nomad.job_allocations(job).await?.into_iter().filter(runs).collect();
    let reads: Vec<_> = running.iter().map(|allocation| nomad.allocation(&allocation.id)).collect();
    stream::iter(reads).buffered(CONCURRENT_READS).try_collect().await
}

/// The masters of a cluster, each with its own word about itself.
pub async fn masters(nomad: &Nomad, name: &ClusterName) -> Result<Vec<Master>, Error> {
    let mut masters = Vec::new();
    for allocation in running_allocations(nomad, &name.master_job()).await? {
        let ui = allocation.address("ui").unwrap_or_default();
        let answer = MasterUi::new(&ui)?.state().await;
        let proxied = answer.as_ref().err().and_then(Error::of_proxy);
        masters.push(Master { allocation, ui, state: answer.ok(), proxied });
    }
    Ok(masters)
}

/// The floating address of a cluster, as its edge job's meta tells; `None` where it has none.
pub async fn floating_address(nomad: &Nomad, name: &ClusterName) -> Result<Option<FloatingAddress>, Error> {
    let job = nomad.find_job(&name.edge_job()).await?;
    Ok(job.as_ref().and_then(ExistingEdge::of).map(|edge| edge.floating_address()))
}
