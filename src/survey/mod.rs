//! Survey: what is there now. Reads Nomad and Consul, changes nothing; client required.

mod deployed;
mod lock;
mod namesakes;
mod shared_agents;

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::num::NonZeroU8;

use futures_util::{StreamExt, TryStreamExt, stream};
use ipnet::IpNet;
use serde::Serialize;

pub use deployed::{Master, floating_address, masters, running_allocations, runs, wanted};
pub use lock::Lock;
pub use namesakes::{Namesake, Owner, namesakes};
pub use shared_agents::SharedAgent;

use crate::consul::Consul;
use crate::http::Error;
use crate::names::{ClusterName, FloatingAddress};
use crate::nomad::Nomad;
use crate::nomad::jobs::Job;
use crate::spec::Edge;

/// The key of a job's meta that names the cluster it belongs to.
pub const CLUSTER_META: &str = "nomspark.cluster";
/// The key of a job's meta that tells what it is for: master, edge, worker, wordcount, drill.
pub const ROLE_META: &str = "nomspark.role";
/// The key of an edge job's meta that tells the floating address with its prefix length.
const VIP_META: &str = "nomspark.vip";
/// The key of an edge job's meta that tells the virtual router's number.
const ROUTER_ID_META: &str = "nomspark.router_id";
/// The key of an edge job's meta that tells the port of `spark://` URLs.
const PORT_META: &str = "nomspark.port";
/// The key of an edge job's meta that tells the port of the web UI.
const UI_PORT_META: &str = "nomspark.ui_port";
/// The key of a node's meta that tells where Spark is on that node.
pub const SPARK_HOME_META: &str = "spark_home";

/// How many nodes are read whole, to see whether operators wrote down where Spark is.
const NODES_READ_WHOLE: usize = 16;

/// What nomspark saw before it planned. Plain data, so that tests can make one up.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Survey {
    /// All nodes that Nomad knows.
    pub nodes: Vec<SurveyedNode>,
    /// The names of all node pools.
    pub node_pools: BTreeSet<String>,
    /// The jobs whose names a cluster uses, by id.
    pub jobs: BTreeMap<String, ExistingJob>,
    /// The floating addresses of all clusters; read only where the spec has one.
    pub edges: Vec<ExistingEdge>,
    /// The namespace in which this cluster is or will be.
    pub namespace: String,
    /// What goes by this cluster's name and is not of it; read only where something is to be deployed.
    pub namesakes: Vec<Namesake>,
    /// The Consul agents that several Nomad clients share.
    pub shared_agents: Vec<SharedAgent>,
}

/// A node, as far as planning cares.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct SurveyedNode {
    /// The node's name.
    pub name: String,
    /// Its datacenter.
    pub datacenter: String,
    /// Its node pool.
    pub node_pool: String,
    /// Whether Nomad places new work there.
    pub eligible: bool,
    /// The task drivers that are healthy there.
    pub drivers: BTreeSet<String>,
    /// Whether the node's meta says where Spark is.
    pub names_spark_home: bool,
    /// The address that tasks there get; `None` where the node was not read whole.
    pub address: Option<IpAddr>,
    /// The interfaces that Nomad knows, with their addresses; empty where the node was not read whole.
    pub interfaces: BTreeMap<String, BTreeSet<IpAddr>>,
}

/// The floating address of a cluster that is deployed, as its job's meta tells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ExistingEdge {
    /// The cluster.
    pub cluster: String,
    /// Its namespace.
    pub namespace: String,
    /// The address and its network.
    pub vip: IpNet,
    /// The virtual router's number.
    pub router_id: NonZeroU8,
    /// The port of `spark://` URLs.
    pub port: u16,
    /// The port of the web UI.
    pub ui_port: u16,
}

impl ExistingEdge {
    /// Reads the meta of a job; `None` for every job that is no edge, and for one that is stopped.
    #[must_use]
    pub fn of(job: &Job) -> Option<Self> {
        if job.stop || job.meta.get(ROLE_META)? != "edge" {
            return None;
        }
        Some(Self {
            cluster: job.meta.get(CLUSTER_META)?.clone(),
            namespace: job.namespace.clone(),
            vip: job.meta.get(VIP_META)?.parse().ok()?,
            router_id: job.meta.get(ROUTER_ID_META)?.parse().ok()?,
            port: job.meta.get(PORT_META)?.parse().ok()?,
            ui_port: job.meta.get(UI_PORT_META)?.parse().ok()?,
        })
    }

    /// The address as clients see it.
    #[must_use]
    pub fn floating_address(&self) -> FloatingAddress {
        FloatingAddress { address: self.vip.addr(), port: self.port, ui_port: self.ui_port }
    }
}

/// A job that Nomad has.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ExistingJob {
    /// The cluster named in its meta, if any.
    pub cluster: Option<String>,
    /// The guard of the next registration.
    pub job_modify_index: u64,
    /// Whether it is stopped.
    pub stopped: bool,
}

impl ExistingJob {
    /// Whether its meta names that cluster.
    #[must_use]
    pub fn belongs_to(&self, cluster: &ClusterName) -> bool {
        self.cluster.as_deref() == Some(cluster.as_str())
    }
}

impl From<&Job> for ExistingJob {
    fn from(job: &Job) -> Self {
        Self { cluster: job.meta.get(CLUSTER_META).cloned(), job_modify_index: job.job_modify_index, stopped: job.stop }
    }
}

/// Reads what a deployment depends on. `jobs` are the ids that it may use, `edge` is its floating address.
pub async fn survey(nomad: &Nomad, consul: &Consul, jobs: &[String], edge: Option<&Edge>) -> Result<Survey, Error> {
    let (nodes, node_pools) = tokio::try_join!(nomad.nodes(), nomad.node_pools())?;
    // Without Consul, services could never be found.
    let (_, clients) = tokio::try_join!(consul.datacenter(), consul.service(shared_agents::NOMAD_CLIENT))?;
    let shared_agents = shared_agents::shared_agents(&clients);
    let mut surveyed: Vec<SurveyedNode> = nodes
        .iter()
        .map(|node| SurveyedNode {
            name: node.name.clone(),
            datacenter: node.datacenter.clone(),
            node_pool: node.node_pool.clone(),
            eligible: node.status == "ready" && node.scheduling_eligibility == "eligible" && !node.drain,
            drivers: node
                .drivers
                .iter()
                .filter(|(_, driver)| driver.detected && driver.healthy)
                .map(|(name, _)| name.clone())
                .collect(),
            names_spark_home: false,
            address: None,
            interfaces: BTreeMap::new(),
        })
        .collect();
    let eligible = surveyed.iter().enumerate().filter(|(_, node)| node.eligible).map(|(index, _)| index);
    let mut whole: BTreeSet<usize> = eligible.take(NODES_READ_WHOLE).collect();
    let is_host =
        |node: &SurveyedNode| edge.is_some_and(|edge| edge.hosts.iter().any(|host| host.name.as_str() == node.name));
    whole.extend(surveyed.iter().enumerate().filter(|(_, node)| is_host(node)).map(|(index, _)| index));
    let details = stream::iter(whole.iter().map(|index| nomad.node(&nodes[*index].id)))
        .buffered(4)
        .try_collect::<Vec<_>>()
        .await?;
    for (index, detail) in whole.into_iter().zip(details) {
        surveyed[index].names_spark_home = detail.meta.contains_key(SPARK_HOME_META);
        surveyed[index].address = detail.address();
        surveyed[index].interfaces = detail.interfaces();
    }
    let mut existing = BTreeMap::new();
    for id in jobs {
        if let Some(job) = nomad.find_job(id).await? {
            existing.insert(id.clone(), ExistingJob::from(&job));
        }
    }
    let edges = match edge {
        Some(_) => namesakes::list_everywhere(nomad, "").await?.iter().filter_map(ExistingEdge::of).collect(),
        None => Vec::new(),
    };
    Ok(Survey {
        nodes: surveyed,
        node_pools: node_pools.into_iter().collect(),
        jobs: existing,
        edges,
        namespace: nomad.namespace().to_owned(),
        namesakes: Vec::new(),
        shared_agents,
    })
}
