//! The cluster that is drilled: its parts, and whether they are well.

use std::collections::BTreeMap;

use super::clients::Clients;
use crate::http::Error;
use crate::names::{ClusterName, FloatingAddress};
use crate::nomad::Nomad;
use crate::nomad::allocations::{Allocation, AllocationDetail, TaskState};
use crate::plan::WorkerSize;
use crate::spark::{AddressState, MasterState};
use crate::survey::{Lock, floating_address, masters, running_allocations, runs, wanted};
use crate::watch::address_state;

/// A part of the cluster: an allocation that runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Member {
    /// The allocation's whole id.
    pub(super) allocation: String,
    /// The node's name.
    pub(super) node: String,
    /// The node's id.
    pub(super) node_id: String,
}

/// A worker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct WorkerMember {
    /// Its allocation.
    pub(super) member: Member,
    /// Its id at the master.
    pub(super) id: String,
    /// Cores that executors use.
    pub(super) cores_used: u64,
}

/// The cluster at one moment.
#[derive(Clone, Debug, Default)]
pub(super) struct Target {
    /// The master that leads.
    pub(super) leader: Option<Member>,
    /// Its `spark://` URL.
    pub(super) leader_url: String,
    /// The workers that the leader says are ALIVE.
    pub(super) workers: Vec<WorkerMember>,
    /// What these offer to executors.
    pub(super) sizes: Vec<WorkerSize>,
    /// Cores that nobody uses.
    pub(super) free_cores: u64,
    /// The floating address.
    pub(super) address: Option<FloatingAddress>,
    /// The edge host that answers there.
    pub(super) holder: Option<Member>,
    /// Whether the masters have a lock in Consul.
    pub(super) has_lock: bool,
    /// How many allocations each job should have, by its id.
    pub(super) wanted: BTreeMap<String, u64>,
    /// What is not as it should be, as sentences.
    pub(super) problems: Vec<String>,
}

impl From<&AllocationDetail> for Member {
    fn from(detail: &AllocationDetail) -> Self {
        let allocation = &detail.allocation;
        Self {
            allocation: allocation.id.clone(),
            node: allocation.node_name.clone(),
            node_id: allocation.node_id.clone(),
        }
    }
}

impl Target {
    /// Reads the cluster.
    pub(super) async fn read(clients: &Clients, name: &ClusterName) -> Result<Self, Error> {
        let mut target = Self::default();
        target.read_masters(clients, name).await?;
        target.read_edge(&clients.nomad, name).await?;
        for job in name.deployable_jobs() {
            target.read_job(&clients.nomad, job).await?;
        }
        let (known, wanted) = (target.workers.len() as u64, target.wanted(&name.worker_job()));
        if known < wanted.max(1) {
            target.problems.push(format!("the master that leads knows {known} of {wanted} workers"));
        }
        for node in clients.nomad.nodes().await? {
            if node.status != "ready" {
                target.problems.push(format!("Nomad says that the node {} is {}", node.name, node.status));
            } else if node.drain || node.scheduling_eligibility != "eligible" {
                target.problems.push(format!("Nomad places nothing on the node {}", node.name));
            }
        }
        Ok(target)
    }

    /// How many allocations a job should have.
    #[must_use]
    pub(super) fn wanted(&self, job: &str) -> u64 {
        self.wanted.get(job).copied().unwrap_or(0)
    }

    async fn read_masters(&mut self, clients: &Clients, name: &ClusterName) -> Result<(), Error> {
        let mut states: Vec<(Member, MasterState)> = Vec::new();
        for master in masters(&clients.nomad, name).await? {
            let member = Member::from(&master.allocation);
            match master.state {
                Some(state) => states.push((member, state)),
                None => self.problems.push(format!("the master on {} does not answer", member.node)),
            }
        }
        let mut alive = states.iter().filter(|(_, state)| state.is_alive());
        match (alive.next(), alive.next()) {
            (Some((leader, state)), None) => {
                self.leader = Some(leader.clone());
                self.leader_url.clone_from(&state.url);
                self.read_workers(&clients.nomad, name, state).await?;
            }
            (None, _) => self.problems.push("no master is ALIVE".to_owned()),
            (Some((first, _)), Some((second, _))) => {
                self.problems.push(format!("the masters on {} and {} are both ALIVE", first.node, second.node));
            }
        }
        if let Some((_, session)) = Lock::read(&clients.nomad, &clients.consul, name).await? {
            self.has_lock = true;
            if session.is_none() {
                self.problems.push("nobody holds the masters' lock in Consul".to_owned());
            }
        }
        Ok(())
    }

    async fn read_workers(&mut self, nomad: &Nomad, name: &ClusterName, state: &MasterState) -> Result<(), Error> {
        let alive: Vec<_> = state.alive_workers().collect();
        self.sizes = alive.iter().map(|worker| WorkerSize::from(*worker)).collect();
        self.free_cores = alive.iter().map(|worker| worker.cores.saturating_sub(worker.cores_used)).sum();
        for allocation in running_allocations(nomad, &name.worker_job()).await? {
            let address = allocation.address("rpc").unwrap_or_default();
            let known = alive.iter().find(|worker| format!("{}:{}", worker.host, worker.port) == address);
            match known {
                Some(worker) => self.workers.push(WorkerMember {
                    member: Member::from(&allocation),
                    id: worker.id.clone(),
                    cores_used: worker.cores_used,
                }),
                None => {
                    let node = &allocation.allocation.node_name;
                    self.problems.push(format!("the master that leads does not know the worker on {node}"));
                }
            }
        }
        Ok(())
    }

    async fn read_edge(&mut self, nomad: &Nomad, name: &ClusterName) -> Result<(), Error> {
        self.address = floating_address(nomad, name).await?;
        let Some(address) = self.address else { return Ok(()) };
        let edges = running_allocations(nomad, &name.edge_job()).await?;
        let state = address_state(nomad, address, &name.edge_job()).await?;
        if !matches!(state, AddressState::Serves { .. }) {
            self.problems.push(format!("the floating address {} {state}", address.address));
        }
        let Some(host) = state.host() else { return Ok(()) };
        self.holder = edges.iter().map(Member::from).find(|member| member.node == host);
        if self.holder.is_none() {
            self.problems.push(format!("{host} answers at the floating address, but runs no allocation of the edge"));
        }
        Ok(())
    }

    async fn read_job(&mut self, nomad: &Nomad, id: String) -> Result<(), Error> {
        let Some(job) = nomad.find_job(&id).await?.filter(|job| !job.stop) else {
            return Ok(());
        };
        let allocations = nomad.job_allocations(&id).await?;
        let wanted = wanted(&job, &allocations);
        let running = allocations.iter().filter(|allocation| tasks_run(allocation)).count() as u64;
        if running < wanted {
            self.problems.push(format!("Nomad runs {running} of {wanted} allocations of {id}"));
        }
        self.wanted.insert(id, wanted);
        Ok(())
    }
}

/// Whether an allocation is wanted, and all its tasks run that have their time between its start and its end.
#[must_use]
pub(super) fn tasks_run(allocation: &Allocation) -> bool {
    let well = |task: &TaskState| task.state == "running" || task.started_at.is_none() || is_done(task);
    runs(allocation) && allocation.task_states.values().all(well)
}

/// Whether it is a task that only prepares something.
fn is_done(task: &TaskState) -> bool {
    task.state == "dead" && !task.failed && task.restarts == 0
}
