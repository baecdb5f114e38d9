//! A thin client of Nomad's HTTP API: the endpoints that nomspark needs, one file for each family.
//!
//! Source of paths and fields: <https://developer.hashicorp.com/nomad/api-docs>.

pub mod allocations;
pub mod deployments;
pub mod evaluations;
pub mod events;
pub mod exec;
pub mod files;
pub mod job_plans;
pub mod jobs;
pub(crate) mod last_lines;
pub mod nodes;
mod server;

use std::time::Duration;

use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::http;

pub use server::SERVER;

/// The namespace that always exists, and that is meant where none is named.
pub const DEFAULT_NAMESPACE: &str = "default";
/// What stands for all namespaces in the queries that list something.
pub const ALL_NAMESPACES: &str = "*";

/// A client of one Nomad region and namespace.
#[derive(Clone, Debug)]
pub struct Nomad {
    http: http::Client,
}

impl Nomad {
    /// A client of the endpoint.
    pub fn new(endpoint: http::Endpoint) -> Result<Self, http::Error> {
        Ok(Self { http: http::Client::new(endpoint)? })
    }

    /// The namespace in which it works.
    #[must_use]
    pub fn namespace(&self) -> &str {
        self.http.parameter("namespace").unwrap_or(DEFAULT_NAMESPACE)
    }

    /// The region that it was told to work in; `None`: that of the agent which answers.
    #[must_use]
    pub fn region(&self) -> Option<&str> {
        self.http.parameter("region")
    }

    /// The same client, whose lists cover all namespaces that the token may read.
    #[must_use]
    pub fn in_all_namespaces(&self) -> Self {
        Self { http: self.http.with_parameter("namespace", ALL_NAMESPACES) }
    }

    /// `GET /v1/regions`: the names of all regions.
    pub async fn regions(&self) -> Result<Vec<String>, http::Error> {
        self.http.get("/v1/regions", &[]).await
    }

    /// The address as people type it.
    #[must_use]
    pub fn address(&self) -> String {
        self.http.address()
    }

    /// Waits until Nomad has answered that it allows no more connections from this address.
    pub async fn crowded(&self) {
        self.http.crowded().await;
    }

    /// `GET /v1/agent/self`: how many connections from one address the agent allows, where it may be known; 0: any number.
    pub async fn connection_limit(&self) -> Result<Option<u64>, http::Error> {
        let agent: Value = self.http.get("/v1/agent/self", &[]).await?;
        Ok(agent.pointer("/config/Limits/HTTPMaxConnsPerClient").and_then(Value::as_u64))
    }

    /// `GET /v1/status/leader`, once: the server that leads.
    pub async fn server_that_leads(&self, timeout: Duration) -> Result<String, http::Error> {
        self.http.get_once("/v1/status/leader", timeout).await
    }
}

/// Reads Go's `null` for an empty list or map as empty.
fn null_as_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}
