//! Why a plan cannot be made.

use crate::cli::exit::Exit;
use crate::error::Advice;

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
    /// A job of that name exists and another owner made it.
    #[error("the job {job} exists and {owner}")]
    NotOurs {
        /// The job.
        job: String,
        /// Who made it, as far as its meta says.
        owner: String,
    },
}

impl Advice for Error {
    fn exit(&self) -> Exit {
        match self {
            Self::NotOurs { .. } => Exit::Failed,
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
            Self::NotOurs { .. } => {
                "choose another name with --name, or take the job over with --adopt: it will be replaced".to_owned()
            }
        })
    }
}
