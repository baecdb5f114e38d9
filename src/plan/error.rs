//! Why a plan cannot be made.

use std::net::IpAddr;
use std::num::NonZeroU8;

use crate::error::Advice;
use crate::exit::Exit;
use crate::survey::Namesake;

/// What stands against a plan, seen before anything changed.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// No node is in a datacenter that was asked for.
    #[error("no node is in a datacenter that matches {wanted}; Nomad has {existing}")]
    NoDatacenter {
        /// The patterns.
        wanted: String,
        /// The datacenters of all nodes.
        existing: String,
    },
    /// No such node pool.
    #[error("there is no node pool `{wanted}`; Nomad has {existing}")]
    NoNodePool {
        /// The pool that was asked for.
        wanted: String,
        /// All pools.
        existing: String,
    },
    /// No node takes new work.
    #[error("none of {nodes} nodes {place} is ready and eligible for new work")]
    NoEligibleNode {
        /// How many there are.
        nodes: usize,
        /// In which datacenters and pool.
        place: String,
    },
    /// No node has the driver.
    #[error("none of {nodes} eligible nodes {place} has a healthy {driver} driver; healthy there: {healthy}")]
    NoDriver {
        /// How many were looked at.
        nodes: usize,
        /// In which datacenters and pool.
        place: String,
        /// The driver that was asked for.
        driver: String,
        /// What the nodes have.
        healthy: String,
    },
    /// Spark would be given an IPv6 address, which its scripts and settings want written otherwise.
    #[error("tasks on the node {node} have the IPv6 address {address}, which nomspark's Spark jobs do not support")]
    Ipv6Node {
        /// The node.
        node: String,
        /// Its address for tasks.
        address: IpAddr,
    },
    /// An edge host cannot be one.
    #[error("the edge host {host} cannot hold the floating address: {reason}")]
    EdgeHost {
        /// The host.
        host: String,
        /// The sentence.
        reason: String,
    },
    /// Another cluster floats the same address.
    #[error("the address {address} is the floating address of the cluster {cluster} in the namespace {namespace}")]
    AddressTaken {
        /// The address.
        address: IpAddr,
        /// The other cluster.
        cluster: String,
        /// Its namespace.
        namespace: String,
    },
    /// Another cluster's hosts would take this one's messages for their own.
    #[error(
        "the router id {router_id} is taken by the cluster {cluster} in the namespace {namespace} on the same network"
    )]
    RouterIdTaken {
        /// The number.
        router_id: NonZeroU8,
        /// The other cluster.
        cluster: String,
        /// Its namespace.
        namespace: String,
    },
    /// Another cluster of this name shares Consul.
    #[error(
        "the name {cluster} is taken in this Consul, so that there can be no such cluster in the namespace {namespace}: {namesake}"
    )]
    Namesake {
        /// The cluster.
        cluster: String,
        /// The namespace in which it was to be deployed.
        namespace: String,
        /// What has the name.
        namesake: Box<Namesake>,
    },
    /// No worker can ever start an executor of the application.
    #[error("no executor can ever start: {asked} and {offered}")]
    NoExecutor {
        /// What the application asks for.
        asked: String,
        /// What there is.
        offered: String,
    },
    /// No worker has what an executor asks for besides cores and memory.
    #[error(
        "no executor can ever start: spark.executor.resource.{name}.amount = {amount}, and no worker offers {}",
        more_than(*most)
    )]
    NoResource {
        /// The resource, such as `gpu`.
        name: String,
        /// How many of it an executor asks for.
        amount: u64,
        /// How many the worker has that has most.
        most: u64,
    },
    /// A job of that name exists and another owner made it.
    #[error("the job {job} exists and {owner}")]
    NotOurs {
        /// The job.
        job: String,
        /// Who made it, as far as its meta says.
        owner: String,
    },
}

/// What there is no more of than this.
fn more_than(most: u64) -> String {
    if most == 0 { "any".to_owned() } else { format!("more than {most}") }
}

impl Advice for Error {
    fn exit(&self) -> Exit {
        match self {
            Self::NotOurs { .. } | Self::Namesake { .. } => Exit::Failed,
            _ => Exit::Unplaceable,
        }
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::NoDatacenter { .. } => "name one of these with --datacenter".to_owned(),
            Self::NoNodePool { .. } => "name one of these with --node-pool".to_owned(),
            Self::NoEligibleNode { .. } => "look at `nomad node status`".to_owned(),
            Self::NoDriver { .. } => {
                "choose another with --driver, or enable this one in the clients' configuration".to_owned()
            }
            Self::Ipv6Node { .. } => {
                "give the node an IPv4 address: `preferred_address_family` or `network_interface` in its client's configuration, or \
                 keep Spark off it with --datacenter or --node-pool"
                    .to_owned()
            }
            Self::EdgeHost { .. } => {
                "compare block `edge` with `nomad node status -verbose NODE` and the node's addresses".to_owned()
            }
            Self::AddressTaken { .. } => "choose another `vip` in block `edge`".to_owned(),
            Self::RouterIdTaken { .. } => "choose another `router_id` from 1 to 255 in block `edge`".to_owned(),
            Self::NoExecutor { .. } => {
                "ask for less by --conf, or deploy larger workers with --worker-cores and --worker-memory".to_owned()
            }
            Self::NoResource { name, .. } => format!(
                "leave out that property, or deploy workers with spark.worker.resource.{name}.amount and \
                 spark.worker.resource.{name}.discoveryScript by --conf"
            ),
            Self::Namesake { cluster, namesake, .. } => match namesake.as_ref() {
                Namesake::Job { namespace, .. } => format!(
                    "choose another name with --name, or end the other cluster with \
                     `nomspark stop --name {cluster} --namespace {namespace}`"
                ),
                Namesake::Instance { id, node, .. } => format!(
                    "choose another name with --name; if nothing runs there any more, type \
                     `consul services deregister -id={id}` on {node}"
                ),
                Namesake::Leader { .. } => {
                    "choose another name with --name; Consul frees the lock of a master that is gone within seconds"
                        .to_owned()
                }
            },
            Self::NotOurs { .. } => {
                "choose another name with --name, or take the job over with --adopt: it will be replaced".to_owned()
            }
        })
    }
}
