//! The plan of the floating address.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::{Error, Link};
use crate::spec::{Edge, EdgeHost, ValidSpec};
use crate::survey::{ExistingEdge, Survey, SurveyedNode};

/// The edge's values.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EdgeVariables {
    /// The cluster's name.
    pub cluster: String,
    /// nomspark's version.
    pub nomspark_version: String,
    /// Patterns of datacenters.
    pub datacenters: Vec<String>,
    /// The node pool.
    pub node_pool: String,
    /// The floating address, its hosts, and how they agree on the holder.
    pub edge: Edge,
    /// Links for Nomad's UI.
    pub links: Vec<Link>,
}

/// What the running edge of a cluster has already.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HeldAlready {
    /// Whether one of its hosts has the floating address.
    pub address: bool,
    /// The ports on which its `HAProxy` listens, by the name of the host.
    pub ports: BTreeMap<String, BTreeSet<u16>>,
}

impl HeldAlready {
    /// What the edge on these hosts has of what is wanted now. Its job's meta leaves out the port of the statistics: it counts
    /// as the same.
    #[must_use]
    pub fn by(running: &ExistingEdge, hosts: impl Iterator<Item = String>, wanted: &Edge) -> Self {
        let ports = BTreeSet::from([running.port, running.ui_port, wanted.stats_port]);
        Self {
            address: running.vip.addr() == wanted.vip.addr(),
            ports: hosts.map(|host| (host, ports.clone())).collect(),
        }
    }
}

/// The edge's values, where the spec has one.
pub(super) fn variables(spec: &ValidSpec, links: &[Link]) -> Option<EdgeVariables> {
    let edge = spec.edge.clone()?;
    Some(EdgeVariables {
        cluster: spec.name.to_string(),
        nomspark_version: env!("CARGO_PKG_VERSION").to_owned(),
        datacenters: spec.datacenters.iter().map(ToString::to_string).collect(),
        node_pool: spec.node_pool.to_string(),
        edge,
        links: links.to_vec(),
    })
}

/// Compares the hosts with what Nomad knows of them, and the address with those of other clusters.
///
/// Gives what the user should know though nothing stands against it.
pub(super) fn check_hosts(edge: &Edge, spec: &ValidSpec, survey: &Survey) -> Result<Vec<String>, Error> {
    let mut warnings = Vec::new();
    for host in &edge.hosts {
        let same_name = survey.nodes.iter().filter(|node| node.name == host.name.as_str());
        // Nomad lists a node that was set up anew twice, the old one as down, for a day.
        let node = same_name.max_by_key(|node| node.eligible).ok_or_else(|| {
            let names = survey.nodes.iter().map(|node| node.name.as_str()).collect::<Vec<_>>().join(", ");
            wrong(host, format!("Nomad has no node of this name; it has {names}"))
        })?;
        warnings.extend(check_node(host, node, edge.driver.as_str(), spec)?);
    }
    let (own, others): (Vec<_>, Vec<_>) = survey
        .edges
        .iter()
        .partition(|other| other.cluster == spec.name.as_str() && other.namespace == survey.namespace);
    if own.iter().any(|own| own.router_id != edge.router_id) {
        warnings.push(
            "the router id changes: until every edge host has the new one, two of them hold the address".to_owned(),
        );
    }
    for other in others {
        let (cluster, namespace) = (other.cluster.clone(), other.namespace.clone());
        let shares_network = other.vip.contains(&edge.vip.addr()) || edge.vip.contains(&other.vip.addr());
        if other.vip.addr() == edge.vip.addr() {
            return Err(Error::AddressTaken { address: edge.vip.addr(), cluster, namespace });
        }
        if other.router_id == edge.router_id && shares_network {
            return Err(Error::RouterIdTaken { router_id: edge.router_id, cluster, namespace });
        }
    }
    Ok(warnings)
}

fn check_node(host: &EdgeHost, node: &SurveyedNode, driver: &str, spec: &ValidSpec) -> Result<Option<String>, Error> {
    if !spec.datacenters.iter().any(|datacenter| datacenter.matches(&node.datacenter)) {
        return Err(wrong(host, format!("its datacenter {} is none of the spec's", node.datacenter)));
    }
    if spec.node_pool.as_str() != "all" && node.node_pool != spec.node_pool.as_str() {
        return Err(wrong(host, format!("its node pool is {}, the spec's {}", node.node_pool, spec.node_pool)));
    }
    if !node.eligible {
        return Err(wrong(host, "Nomad places no work on it now: it is down, drained or not eligible".to_owned()));
    }
    if !node.drivers.contains(driver) {
        return Err(wrong(host, format!("it has no task driver {driver}, with which HAProxy and keepalived run")));
    }
    check_interface(host, node)
}

/// Nomad knows the interfaces of its default network and of its host networks; of any other, nothing is said.
fn check_interface(host: &EdgeHost, node: &SurveyedNode) -> Result<Option<String>, Error> {
    let interface = host.interface.as_str();
    let holder = node.interfaces.iter().find(|(_, addresses)| addresses.contains(&host.address));
    match (holder, node.interfaces.get(interface)) {
        (Some((name, _)), _) if name == interface => Ok(None),
        (Some((name, _)), _) => {
            Err(wrong(host, format!("its address {} is on the interface {name}, not on {interface}", host.address)))
        }
        (None, Some(addresses)) => {
            let known = addresses.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
            Err(wrong(host, format!("its interface {interface} has no address {}; it has {known}", host.address)))
        }
        (None, None) => Ok(Some(format!(
            "Nomad knows no interface {interface} on {}; keepalived will tell whether it is there",
            host.name
        ))),
    }
}

fn wrong(host: &EdgeHost, reason: String) -> Error {
    Error::EdgeHost { host: host.name.to_string(), reason }
}

#[cfg(test)]
mod tests;
