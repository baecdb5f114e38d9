//! A thin client of Consul's HTTP API: who offers a service, and how its checks are.
//!
//! Source: <https://developer.hashicorp.com/consul/api-docs>.

mod server;

use std::collections::BTreeMap;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::Method;
use serde::Deserialize;
use serde_json::Value;

pub use server::SERVER;

use crate::http::{self, Error, segment};

/// How long a blocking query waits for something to change.
const WAIT: Duration = Duration::from_secs(20);

/// A client of the local Consul agent or of a server.
#[derive(Clone, Debug)]
pub struct Consul {
    http: http::Client,
}

/// One instance of a service with its checks: `GET /v1/health/service/:name`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ServiceEntry {
    /// The Consul node.
    pub node: ConsulNode,
    /// The instance.
    pub service: Service,
    /// The checks of node and service.
    pub checks: Vec<Check>,
}

/// A Consul node.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ConsulNode {
    /// The node's name.
    pub node: String,
    /// Its address.
    pub address: String,
    /// Its datacenter.
    #[serde(default)]
    pub datacenter: String,
}

/// An instance of a service.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Service {
    /// The instance's id; Nomad puts the allocation's id into it.
    #[serde(rename = "ID")]
    pub id: String,
    /// Its address; empty when it is the node's.
    pub address: String,
    /// Its port.
    pub port: u16,
    /// What it says of itself.
    #[serde(default)]
    pub meta: Option<BTreeMap<String, String>>,
}

/// A health check.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Check {
    /// The check's name.
    pub name: String,
    /// passing, warning or critical.
    pub status: String,
    /// What the check last said.
    #[serde(default)]
    pub output: String,
    /// The service that it belongs to.
    #[serde(default, rename = "ServiceID")]
    pub service_id: String,
}

impl Check {
    /// Whether the check is content.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        self.status == "passing"
    }
}

impl ServiceEntry {
    /// HOST:PORT.
    #[must_use]
    pub fn address(&self) -> String {
        let host = if self.service.address.is_empty() { &self.node.address } else { &self.service.address };
        if host.contains(':') {
            format!("[{host}]:{}", self.service.port)
        } else {
            format!("{host}:{}", self.service.port)
        }
    }
}

/// A key of the KV store.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct KeyValue {
    /// What is written there, in base64.
    #[serde(default)]
    value: Option<String>,
    /// The session that holds it.
    pub session: Option<String>,
}

impl KeyValue {
    /// What is written there.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        STANDARD.decode(self.value.as_deref().unwrap_or_default()).unwrap_or_default()
    }

    /// What is written there, as text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes()).into_owned()
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct AgentSelf {
    config: AgentConfig,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct AgentConfig {
    datacenter: String,
}

impl Consul {
    /// A client of the endpoint.
    pub fn new(endpoint: http::Endpoint) -> Result<Self, Error> {
        Ok(Self { http: http::Client::new(endpoint)? })
    }

    /// The address as people type it.
    #[must_use]
    pub fn address(&self) -> String {
        self.http.address()
    }

    /// `GET /v1/agent/self`: the datacenter of the agent that answers.
    pub async fn datacenter(&self) -> Result<String, Error> {
        let agent: AgentSelf = self.http.get("/v1/agent/self", &[]).await?;
        Ok(agent.config.datacenter)
    }

    /// `GET /v1/health/service/:name`: all instances, also those whose checks fail.
    pub async fn service(&self, name: &str) -> Result<Vec<ServiceEntry>, Error> {
        self.http.get(&format!("/v1/health/service/{}", segment(name)), &[]).await
    }

    /// `GET /v1/health/state/critical` and `…/warning`: the checks that do not pass of what runs in an allocation of Nomad.
    /// A deployment of Nomad's waits for those of both states.
    pub async fn failing_checks(&self, allocation: &str) -> Result<Vec<Check>, Error> {
        let mut checks: Vec<Check> = Vec::new();
        for state in ["critical", "warning"] {
            checks.extend(self.http.get::<Vec<Check>>(&format!("/v1/health/state/{state}"), &[]).await?);
        }
        // Nomad names services _nomad-task-ALLOCATION-…; names of checks are anybody's.
        checks.retain(|check| check.service_id.contains(allocation));
        Ok(checks)
    }

    /// `GET /v1/kv/:key`: a key of the store; `None` where there is none.
    pub async fn key(&self, key: &str) -> Result<Option<KeyValue>, Error> {
        match self.http.get::<Vec<KeyValue>>(&key_path(key), &[]).await {
            Ok(entries) => Ok(entries.into_iter().next()),
            Err(Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// `DELETE /v1/kv/:prefix?recurse`: all keys below a prefix, which ends with a slash.
    pub async fn delete_below(&self, prefix: &str) -> Result<(), Error> {
        let _: Value = self.http.change(Method::DELETE, &key_path(prefix), &[("recurse", "")], &Value::Null).await?;
        Ok(())
    }

    /// `GET /v1/kv/:key` as a blocking query, once: a key that exists, and its index, as soon as that is another one than
    /// `index`, or after 20 seconds. Any server may answer: one that asked a leader which was cut off would wait
    /// with the caller.
    pub async fn key_after(&self, key: &str, index: u64) -> Result<(Option<KeyValue>, u64), Error> {
        let (index, wait) = (index.to_string(), format!("{}s", WAIT.as_secs()));
        let query = [("index", index.as_str()), ("wait", wait.as_str()), ("stale", "")];
        // Consul adds a sixteenth to the time, so that not all who wait come back at once.
        let limit = WAIT + WAIT / 4;
        let (entries, index) = self.http.get_indexed_once::<Vec<KeyValue>>(&key_path(key), &query, limit).await?;
        Ok((entries.into_iter().next(), index))
    }

    /// `GET /v1/status/leader`, once: the server that leads; empty where there is none.
    pub async fn server_that_leads(&self, timeout: Duration) -> Result<String, Error> {
        self.http.get_once("/v1/status/leader", timeout).await
    }
}

fn key_path(key: &str) -> String {
    format!("/v1/kv/{}", key.split('/').map(segment).collect::<Vec<_>>().join("/"))
}
