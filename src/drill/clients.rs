//! Through whose agents a drill sees the cluster: not through those of the host that it breaks.

use std::collections::BTreeMap;

use crate::consul::Consul;
use crate::lab;
use crate::nomad::Nomad;
use crate::watch::Evidence;

/// The clients of one cluster.
#[derive(Clone, Debug)]
pub struct Clients {
    /// Nomad's API.
    pub nomad: Nomad,
    /// Consul's API.
    pub consul: Consul,
}

impl Clients {
    /// Whom to ask why something failed.
    #[must_use]
    pub fn evidence(&self) -> Evidence<'_> {
        Evidence { nomad: &self.nomad, consul: &self.consul }
    }
}

/// The lab that the cluster runs in.
#[derive(Clone, Debug)]
pub struct LabHosts {
    /// How the lab is found.
    pub options: lab::Options,
    /// The agents of each host, by its name.
    pub agents: BTreeMap<String, Clients>,
}

impl LabHosts {
    /// The agents of another host.
    #[must_use]
    pub fn away_from(&self, host: &str) -> Option<&Clients> {
        self.agents.iter().find(|(name, _)| *name != host).map(|(_, clients)| clients)
    }
}
