//! The lab: a real Nomad and Consul data centre on this machine, for trying things out without a cluster.
//!
//! `nomspark lab up` starts one Consul agent (server) and one Nomad agent (server and client in one) on loopback and
//! waits until both are ready for work; `nomspark lab down` ends them, and whatever their tasks left behind, without
//! a trace. Neither needs root; with root, Nomad's `exec` driver works too. `nomspark lab up --nodes 3`, for root only,
//! starts both agents on each of three hosts, which are network namespaces joined by a bridge.
//!
//! | file | purpose |
//! |---|---|
//! | `tools` | finds nomad, consul, Spark and Java |
//! | `ports` | which ports a lab takes, and whether they are free |
//! | `folder`, `state` | the state folder, its lock, and what is written down about the running lab |
//! | `network` | the addresses and names of a lab with three hosts |
//! | `claim` | which lab a network belongs to |
//! | `namespace`, `iproute`, `wiring` | the network namespaces of the hosts and the links between them |
//! | `configuration`, `chroot` | the agents' configuration files |
//! | `process` | processes known by pid and start time, so that a reused pid is never mistaken |
//! | `agent` | starts and ends one agent |
//! | `api`, `readiness` | asks the agents, and waits until they are ready |
//! | `leftovers`, `containers`, `mounts`, `cgroups` | finds and removes what dead agents leave behind |
//! | `up`, `start`, `down`, `status`, `environment` | the commands for every lab |
//! | `exec`, `faults` | the commands for a lab with three hosts: run a program on a host, cut, mend, kill |
//!
//! # After a crash
//!
//! `up` keeps the data of a lab whose agents died (a crash, `kill -9`, a reboot) and starts the missing agents again
//! on it: Nomad takes up the tasks that still run, and starts those again that do not. `down` needs neither the agents
//! nor the state file: it finds the lab's processes by the mark that every agent hands down in its environment
//! ([`MARK`]), by the allocations' ids, by their cgroups and by their network namespaces.

mod agent;
mod api;
mod cgroups;
mod chroot;
mod claim;
mod configuration;
mod containers;
mod down;
mod environment;
mod error;
mod exec;
mod faults;
mod folder;
mod iproute;
mod kind;
mod leftovers;
mod mounts;
mod namespace;
mod netns;
mod network;
mod ports;
mod process;
mod readiness;
mod start;
mod state;
mod status;
mod tools;
mod up;
mod wiring;

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

pub use down::{Ended, down};
pub use environment::{Environment, environment};
pub use error::Error;
pub use exec::exec;
pub use faults::{Killed, Linked, kill, link};
pub use folder::default_state_dir;
pub use kind::Kind;
pub use network::{Network, NotANetwork};
pub use status::{AgentState, AgentStatus, DriverStatus, HostStatus, Status, ToolStatus, status};
pub use up::{Running, up};

/// The environment variable that marks every process of a lab; its value is the lab's state folder.
pub const MARK: &str = "NOMSPARK_LAB_STATE";

/// What the commands of the lab are told.
#[derive(Clone, Debug)]
pub struct Options {
    /// How many hosts: 1 on loopback, or 3 in a network of their own. `None`: as many as the lab has, otherwise 1.
    pub nodes: Option<u32>,
    /// The network of three hosts. `None`: that of the running lab, otherwise 198.18.0.0/24.
    pub network: Option<Network>,
    /// Nomad's HTTP port; RPC and Serf take the two ports above it. `None`: that of the running lab, otherwise 4646.
    pub nomad_port: Option<u16>,
    /// Consul's HTTP port; its other ports keep their usual distance. `None`: that of the running lab, otherwise 8500.
    pub consul_port: Option<u16>,
    /// The folder for everything that the lab writes, see [`default_state_dir`].
    pub state_dir: PathBuf,
    /// How long to wait for the agents, and for another lab command that is at work.
    pub timeout: Duration,
}

/// A host of the lab: a node of its Nomad and Consul.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Host {
    /// The node's name in Nomad and Consul.
    pub name: String,
    /// The address that its agents listen on.
    pub address: IpAddr,
}

impl Host {
    /// The only host of a lab on loopback.
    fn loopback() -> Self {
        Self { name: "lab".to_owned(), address: IpAddr::from([127, 0, 0, 1]) }
    }
}
