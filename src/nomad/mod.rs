//! A thin client of Nomad's HTTP API: the endpoints that nomspark needs, one file for each family.
//!
//! Source of paths and fields: <https://developer.hashicorp.com/nomad/api-docs>.

pub mod allocations;
pub mod deployments;
pub mod evaluations;
pub mod events;
pub mod exec;
pub mod files;
pub mod frames;
pub mod jobs;
pub mod nodes;

use std::time::Duration;

use serde::{Deserialize, Deserializer};

use crate::http;

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

    /// The address as people type it.
    #[must_use]
    pub fn address(&self) -> String {
        self.http.address()
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
