//! The few questions that the lab asks its own agents.

use std::time::Duration;

use reqwest::{Client, Method, Url};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::Host;
use super::error::Error;
use super::ports::Ports;

/// How long an agent on the same machine may take for an answer.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(2);

/// How Consul writes that a member is alive.
const ALIVE: u8 = 1;

/// The HTTP APIs of the two agents of a host.
#[derive(Clone, Debug)]
pub(super) struct Api {
    http: Client,
    nomad: Url,
    consul: Url,
}

/// A Nomad node, as `/v1/nodes` lists it.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Node {
    /// Its name.
    pub(super) name: String,
    /// `ready`, `down`, ...
    pub(super) status: String,
    /// `eligible` or `ineligible`.
    pub(super) scheduling_eligibility: String,
    /// Its drivers by name.
    #[serde(default)]
    pub(super) drivers: std::collections::BTreeMap<String, Driver>,
}

/// A driver of a node.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Driver {
    /// Whether the node has it at all.
    pub(super) detected: bool,
    /// Whether tasks can use it.
    pub(super) healthy: bool,
    /// Why not.
    #[serde(default)]
    pub(super) health_description: String,
}

/// A job, as `/v1/jobs` lists it.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Job {
    #[serde(rename = "ID")]
    id: String,
    #[serde(rename = "Namespace")]
    namespace: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Allocation {
    client_status: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Member {
    status: u8,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Key {
    state: String,
}

impl Api {
    /// The APIs of a host's agents.
    pub(super) fn new(host: &Host, ports: Ports) -> Result<Self, Error> {
        let http = Client::builder().no_proxy().timeout(REQUEST_TIMEOUT).build().map_err(Error::Http)?;
        let mut nomad = Url::parse("http://localhost").map_err(|_| Error::NotRunning)?;
        // Neither fails for an http URL.
        let _ = nomad.set_ip_host(host.address);
        let mut consul = nomad.clone();
        let _ = nomad.set_port(Some(ports.nomad));
        let _ = consul.set_port(Some(ports.consul));
        Ok(Self { http, nomad, consul })
    }

    /// Nomad's address, without a slash at the end.
    pub(super) fn nomad_address(&self) -> String {
        self.nomad.as_str().trim_end_matches('/').to_owned()
    }

    /// Consul's address, without a slash at the end.
    pub(super) fn consul_address(&self) -> String {
        self.consul.as_str().trim_end_matches('/').to_owned()
    }

    /// Whether the Consul agent answers, with or without a leader.
    pub(super) async fn consul_answers(&self) -> bool {
        get(&self.http, &self.consul, "/v1/agent/self").await.is_some_and(|_: serde::de::IgnoredAny| true)
    }

    /// Whether Consul has a leader.
    pub(super) async fn consul_has_leader(&self) -> bool {
        get(&self.http, &self.consul, "/v1/status/leader").await.is_some_and(|leader: String| !leader.is_empty())
    }

    /// Whether Nomad has a leader.
    pub(super) async fn nomad_has_leader(&self) -> bool {
        get(&self.http, &self.nomad, "/v1/status/leader").await.is_some_and(|leader: String| !leader.is_empty())
    }

    /// Whether this Nomad server, and not only its leader, has the key that signs the identities of nodes.
    pub(super) async fn nomad_has_key(&self) -> bool {
        let keys: Option<Vec<Key>> = get(&self.http, &self.nomad, "/v1/operator/keyring/keys?stale=true").await;
        keys.is_some_and(|keys| keys.iter().any(|key| key.state == "active"))
    }

    /// The nodes of the lab; empty when Nomad does not answer.
    pub(super) async fn nodes(&self) -> Vec<Node> {
        get(&self.http, &self.nomad, "/v1/nodes").await.unwrap_or_default()
    }

    /// How many Nomad clients Consul knows as services.
    pub(super) async fn nomad_clients_in_consul(&self) -> usize {
        let services: Option<Vec<serde::de::IgnoredAny>> =
            get(&self.http, &self.consul, "/v1/catalog/service/nomad-client").await;
        services.map_or(0, |services| services.len())
    }

    /// How many Consul agents this one takes for alive, itself included.
    pub(super) async fn living_consul_members(&self) -> usize {
        let members: Vec<Member> = get(&self.http, &self.consul, "/v1/agent/members").await.unwrap_or_default();
        members.iter().filter(|member| member.status == ALIVE).count()
    }

    /// All jobs that Nomad knows.
    pub(super) async fn jobs(&self) -> Vec<Job> {
        get(&self.http, &self.nomad, "/v1/jobs?namespace=*").await.unwrap_or_default()
    }

    /// Stops a job. Nomad must not forget it, or it would not tell when its allocations have ended. What Nomad does not do is done by force afterwards.
    pub(super) async fn stop(&self, job: &Job) {
        let mut url = self.nomad.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.clear().extend(["v1", "job", &job.id]);
        }
        url.query_pairs_mut().append_pair("namespace", &job.namespace);
        let _ = self.http.request(Method::DELETE, url).send().await;
    }

    /// How many allocations have not ended; `None` when Nomad does not answer.
    pub(super) async fn living_allocations(&self) -> Option<usize> {
        let allocations: Vec<Allocation> = get(&self.http, &self.nomad, "/v1/allocations?namespace=*").await?;
        let ended = |status: &str| matches!(status, "complete" | "failed" | "lost");
        Some(allocations.iter().filter(|allocation| !ended(&allocation.client_status)).count())
    }
}

async fn get<T: DeserializeOwned>(http: &Client, base: &Url, path: &str) -> Option<T> {
    let url = base.join(path).ok()?;
    http.get(url).send().await.ok()?.error_for_status().ok()?.json().await.ok()
}
