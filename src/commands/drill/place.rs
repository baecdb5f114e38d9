//! Whether the cluster runs in the lab of this machine.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::cli::Global;
use crate::commands::lab::options;
use crate::consul::Consul;
use crate::drill::{Clients, LabHosts};
use crate::environment;
use crate::error::Result;
use crate::lab;
use crate::nomad::Nomad;

/// How long a command of the lab may wait for another one, and for agents to come back.
const PATIENCE: Duration = Duration::from_mins(2);

/// The lab of three hosts, if the Nomad that is asked is one of its agents.
pub(super) async fn lab_hosts(global: &Global, nomad: &str) -> Result<Option<LabHosts>> {
    let Ok(options) = options(PATIENCE) else { return Ok(None) };
    let Ok(status) = lab::status(&options).await else { return Ok(None) };
    let same = |agent: &&lab::AgentStatus| agent.address.trim_end_matches('/') == nomad.trim_end_matches('/');
    if status.hosts.len() < 2 || !status.agents.iter().any(|agent| same(&agent)) {
        return Ok(None);
    }
    let mut agents = BTreeMap::new();
    for host in &status.hosts {
        let address = |name: &str| {
            let of_it = status.agents.iter().find(|agent| agent.host == host.name && agent.name == name);
            of_it.map(|agent| agent.address.clone())
        };
        let lookup = |variable: &str| match variable {
            "NOMAD_ADDR" => address("Nomad"),
            "CONSUL_HTTP_ADDR" => address("Consul"),
            other => environment::process(other),
        };
        let nomad = environment::nomad(&lookup, global.namespace.as_deref(), global.region.as_deref())?;
        let consul = environment::consul(&lookup)?;
        agents.insert(host.name.clone(), Clients { nomad: Nomad::new(nomad)?, consul: Consul::new(consul)? });
    }
    Ok(Some(LabHosts { options, agents }))
}
