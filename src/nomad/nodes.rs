//! Nodes, node pools and namespaces: where something could run.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::time::Duration;

use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Nomad, null_as_default};
use crate::http::{Error, segment};

/// A node as `GET /v1/nodes` lists it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Node {
    /// The node's id.
    #[serde(rename = "ID")]
    pub id: String,
    /// The node's name.
    pub name: String,
    /// Its datacenter.
    pub datacenter: String,
    /// Its node pool; Nomad before 1.6 has none.
    #[serde(default)]
    pub node_pool: String,
    /// initializing, ready, down or disconnected.
    pub status: String,
    /// eligible or ineligible.
    pub scheduling_eligibility: String,
    /// Whether it is being drained.
    #[serde(default)]
    pub drain: bool,
    /// Nomad's version there.
    #[serde(default)]
    pub version: String,
    /// The task drivers by name.
    #[serde(default, deserialize_with = "null_as_default")]
    pub drivers: BTreeMap<String, DriverInfo>,
}

/// How a task driver is on a node.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DriverInfo {
    /// Whether the node has it.
    pub detected: bool,
    /// Whether it works.
    pub healthy: bool,
    /// Why not.
    #[serde(default)]
    pub health_description: String,
}

/// What only the whole node tells: `GET /v1/node/:id`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct NodeDetail {
    /// What the operator wrote into the client's `meta` block.
    #[serde(default, deserialize_with = "null_as_default")]
    pub meta: BTreeMap<String, String>,
    /// What Nomad found out about it, by name.
    #[serde(default, deserialize_with = "null_as_default")]
    pub attributes: BTreeMap<String, String>,
    /// What it has.
    #[serde(default, deserialize_with = "null_as_default")]
    pub node_resources: NodeResources,
}

/// What a node has, of which only the networks matter here.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct NodeResources {
    /// The interfaces of Nomad's default network and of its host networks.
    #[serde(default, deserialize_with = "null_as_default")]
    pub node_networks: Vec<NodeNetwork>,
}

/// An interface of a node.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct NodeNetwork {
    /// Its name.
    pub device: String,
    /// Its addresses.
    #[serde(default, deserialize_with = "null_as_default")]
    pub addresses: Vec<NodeNetworkAddress>,
}

/// An address of an interface.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct NodeNetworkAddress {
    /// The address.
    pub address: String,
}

impl NodeDetail {
    /// The address that tasks on the node get: the attribute `unique.network.ip-address`.
    #[must_use]
    pub fn address(&self) -> Option<IpAddr> {
        self.attributes.get("unique.network.ip-address")?.parse().ok()
    }

    /// The interfaces that Nomad knows, each with its addresses.
    #[must_use]
    pub fn interfaces(&self) -> BTreeMap<String, BTreeSet<IpAddr>> {
        let mut interfaces: BTreeMap<String, BTreeSet<IpAddr>> = BTreeMap::new();
        for network in &self.node_resources.node_networks {
            let addresses = network.addresses.iter().filter_map(|address| address.address.parse::<IpAddr>().ok());
            interfaces.entry(network.device.clone()).or_default().extend(addresses);
        }
        interfaces
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct LostNode {
    #[serde(rename = "ID")]
    id: String,
    modify_index: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct NodePool {
    name: String,
}

impl Nomad {
    /// `GET /v1/nodes`.
    pub async fn nodes(&self) -> Result<Vec<Node>, Error> {
        self.http.get("/v1/nodes", &[]).await
    }

    /// `GET /v1/nodes` of those that are not heard of, each with the index at which it last changed. They are down, or
    /// disconnected where a job there has a `disconnect` block.
    pub async fn lost_nodes(&self) -> Result<BTreeMap<String, u64>, Error> {
        let filter = r#"Status == "down" or Status == "disconnected""#;
        let lost: Vec<LostNode> = self.http.get("/v1/nodes", &[("filter", filter)]).await?;
        Ok(lost.into_iter().map(|node| (node.id, node.modify_index)).collect())
    }

    /// `GET /v1/node/:id`.
    pub async fn node(&self, id: &str) -> Result<NodeDetail, Error> {
        self.http.get(&format!("/v1/node/{}", segment(id)), &[]).await
    }

    /// `POST /v1/node/:id/drain`: moves everything away from a node, system jobs included; what has not gone when
    /// `deadline` has passed is stopped.
    pub async fn drain_node(&self, id: &str, deadline: Duration) -> Result<(), Error> {
        let nanoseconds = u64::try_from(deadline.as_nanos()).unwrap_or(u64::MAX);
        let specification = json!({ "Deadline": nanoseconds, "IgnoreSystemJobs": false });
        self.change_drain(id, &json!({ "DrainSpec": specification, "MarkEligible": false })).await
    }

    /// `POST /v1/node/:id/drain`: ends a drain and lets Nomad place allocations on the node again.
    pub async fn end_drain(&self, id: &str) -> Result<(), Error> {
        self.change_drain(id, &json!({ "DrainSpec": null, "MarkEligible": true })).await
    }

    async fn change_drain(&self, id: &str, body: &Value) -> Result<(), Error> {
        let _: Value = self.http.change(Method::POST, &format!("/v1/node/{}/drain", segment(id)), &[], body).await?;
        Ok(())
    }

    /// `GET /v1/node/pools`: the names.
    pub async fn node_pools(&self) -> Result<Vec<String>, Error> {
        let pools: Vec<NodePool> = self.http.get("/v1/node/pools", &[]).await?;
        Ok(pools.into_iter().map(|pool| pool.name).collect())
    }
}
