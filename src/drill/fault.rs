//! The faults: what is broken, how, and how it is made good again.

use std::fmt;
use std::time::Duration;

use super::application::Application;
use super::clients::{Clients, LabHosts};
use super::error::Error;
use super::scenario::{Hit, Scenario};
use super::target::{Member, Target};
use crate::event::{Observer, short};
use crate::lab;

/// The signal that nothing can prepare for.
const KILL: &str = "SIGKILL";

/// Something that will be broken, or is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    /// The scenario.
    pub(super) scenario: Scenario,
    /// What is done.
    pub(super) deed: Deed,
    /// What it hits.
    pub(super) hit: Hit,
    /// The id of a worker at the master that will not come back.
    pub(super) lost_worker: Option<String>,
    /// How many workers run on a host that is cut off.
    pub(super) workers_away: usize,
}

/// What is done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Deed {
    /// A task is killed through Nomad's API; Nomad starts it again.
    Kill {
        /// Its allocation.
        member: Member,
        /// Its name.
        task: &'static str,
    },
    /// An allocation is stopped; Nomad places another one.
    Stop(Member),
    /// A node is drained, until it is made eligible again.
    Drain {
        /// The node's name.
        node: String,
        /// The node's id.
        id: String,
    },
    /// A host of the lab is cut off, until it is mended.
    Cut(String),
    /// An agent of the lab is killed, until it is started again.
    KillAgent {
        /// Its host.
        host: String,
        /// Nomad or Consul.
        kind: lab::Kind,
    },
}

impl Fault {
    /// Chooses what to break in a cluster that is well.
    pub(super) async fn choose(
        scenario: Scenario,
        target: &Target,
        application: &Application,
        lab: Option<&LabHosts>,
        clients: &Clients,
    ) -> Result<Self, Error> {
        let leader = || target.leader.clone().ok_or(Error::Nothing { scenario, missing: "master that leads" });
        let holder = || target.holder.clone().ok_or(Error::Nothing { scenario, missing: "floating address" });
        let (deed, hit) = match scenario {
            Scenario::MasterCrash => {
                (Deed::Kill { member: leader()?, task: "master" }, Hit { leader: true, ..Hit::default() })
            }
            Scenario::MasterStop => (Deed::Stop(leader()?), Hit { leader: true, ..Hit::default() }),
            Scenario::Proxy => {
                (Deed::Kill { member: holder()?, task: "haproxy" }, Hit { holder: true, ..Hit::default() })
            }
            Scenario::Address => {
                (Deed::Kill { member: holder()?, task: "keepalived" }, Hit { holder: true, ..Hit::default() })
            }
            Scenario::Worker => return Self::choose_worker(target),
            Scenario::Driver => {
                let member = application.member.clone();
                (Deed::Kill { member, task: "driver" }, Hit { driver: true, ..Hit::default() })
            }
            Scenario::Node | Scenario::Host => {
                let node = Self::node(target).ok_or(Error::Nothing { scenario, missing: "node" })?;
                let hit = Self::hit_of(&node, target);
                let deed = if scenario == Scenario::Host {
                    Deed::Cut(node.node)
                } else {
                    Deed::Drain { node: node.node, id: node.node_id }
                };
                (deed, hit)
            }
            Scenario::NomadLeader | Scenario::ConsulLeader => {
                let lab = lab.ok_or(Error::NoLab(scenario))?;
                (Self::leading_agent(scenario, lab, clients).await?, Hit { server: true, ..Hit::default() })
            }
        };
        let workers_away = match &deed {
            Deed::Cut(host) => target.workers.iter().filter(|worker| worker.member.node == *host).count(),
            _ => 0,
        };
        Ok(Self { scenario, deed, hit, lost_worker: None, workers_away })
    }

    /// The node whose loss is worst: the one with the address, or with the leader where there is no address.
    #[must_use]
    pub(super) fn node(target: &Target) -> Option<Member> {
        target.holder.clone().or_else(|| target.leader.clone())
    }

    fn hit_of(node: &Member, target: &Target) -> Hit {
        let there = |member: &Member| member.node_id == node.node_id;
        Hit {
            leader: target.leader.as_ref().is_some_and(there),
            holder: target.holder.as_ref().is_some_and(there),
            worker: target.workers.iter().any(|worker| there(&worker.member)),
            ..Hit::default()
        }
    }

    fn choose_worker(target: &Target) -> Result<Self, Error> {
        let scenario = Scenario::Worker;
        let busiest = target.workers.iter().max_by_key(|worker| worker.cores_used);
        let worker = busiest.ok_or(Error::Nothing { scenario, missing: "worker" })?;
        Ok(Self {
            scenario,
            deed: Deed::Kill { member: worker.member.clone(), task: "worker" },
            hit: Hit { worker: true, ..Hit::default() },
            lost_worker: Some(worker.id.clone()),
            workers_away: 0,
        })
    }

    /// The host of the server that leads; its address is that of its agents.
    async fn leading_agent(scenario: Scenario, lab: &LabHosts, clients: &Clients) -> Result<Deed, Error> {
        const LIMIT: Duration = Duration::from_secs(5);
        let (kind, address) = match scenario {
            Scenario::NomadLeader => (lab::Kind::Nomad, clients.nomad.server_that_leads(LIMIT).await?),
            _ => (lab::Kind::Consul, clients.consul.server_that_leads(LIMIT).await?),
        };
        let status = lab::status(&lab.options).await?;
        let ip = address.rsplit_once(':').map_or(address.as_str(), |(ip, _)| ip);
        let host = status.hosts.into_iter().find(|host| host.address.to_string() == ip.trim_matches(['[', ']']));
        let host = host.ok_or(Error::Nothing { scenario, missing: "server that leads" })?.name;
        Ok(Deed::KillAgent { host, kind })
    }

    /// The host whose agents must not be asked while it is broken.
    #[must_use]
    pub(super) fn broken_host(&self) -> Option<&str> {
        match &self.deed {
            Deed::Cut(host) | Deed::KillAgent { host, .. } => Some(host),
            _ => None,
        }
    }

    /// Breaks it.
    pub(super) async fn cause(
        &self,
        clients: &Clients,
        lab: Option<&LabHosts>,
        deadline: Duration,
        observer: Observer<'_>,
    ) -> Result<(), Error> {
        match &self.deed {
            Deed::Kill { member, task } => clients.nomad.signal_task(&member.allocation, task, KILL).await?,
            Deed::Stop(member) => clients.nomad.stop_allocation(&member.allocation).await?,
            Deed::Drain { id, .. } => clients.nomad.drain_node(id, deadline).await?,
            Deed::Cut(host) => {
                let lab = lab.ok_or(Error::NoLab(self.scenario))?;
                lab::link(&lab.options, host, false, observer).await?;
            }
            Deed::KillAgent { host, kind } => {
                let lab = lab.ok_or(Error::NoLab(self.scenario))?;
                lab::kill(&lab.options, host, *kind, observer).await?;
            }
        }
        Ok(())
    }

    /// Makes good what does not become good by itself. May be done again.
    pub(super) async fn restore(
        &self,
        clients: &Clients,
        lab: Option<&LabHosts>,
        observer: Observer<'_>,
    ) -> Result<(), Error> {
        match (&self.deed, lab) {
            (Deed::Kill { .. } | Deed::Stop(_), _) => {}
            (Deed::Drain { id, .. }, _) => clients.nomad.end_drain(id).await?,
            (Deed::Cut(host), Some(lab)) => {
                lab::link(&lab.options, host, true, observer).await?;
            }
            (Deed::KillAgent { .. }, Some(lab)) => {
                lab::up(&lab.options, observer).await?;
            }
            (Deed::Cut(_) | Deed::KillAgent { .. }, None) => return Err(Error::NoLab(self.scenario)),
        }
        Ok(())
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.deed {
            Deed::Kill { member, task } => {
                write!(
                    formatter,
                    "{KILL} to task {task} of allocation {} on {}",
                    short(&member.allocation),
                    member.node
                )
            }
            Deed::Stop(member) => write!(formatter, "stop allocation {} on {}", short(&member.allocation), member.node),
            Deed::Drain { node, .. } => write!(formatter, "drain the node {node}"),
            Deed::Cut(host) => write!(formatter, "cut the host {host} off from the network"),
            Deed::KillAgent { host, kind } => write!(formatter, "{KILL} to the {} agent of {host}", kind.name()),
        }
    }
}
