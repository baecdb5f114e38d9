//! What Spark itself says: the JSON behind the web UIs of masters, workers and drivers.
//!
//! Source for masters: `org.apache.spark.deploy.JsonProtocol`, served at `/json/` of the master's UI port.

mod driver;
mod floating;
mod rpc;
mod worker;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use reqwest::Url;
use serde::Deserialize;

pub use driver::{DriverUi, ExecutorState, StageState};
pub use floating::{AddressState, ask};
pub use rpc::NoAnswer;
pub use worker::WorkerUi;

use crate::http::{self, Error, Server};

/// How long a master or a worker may take to answer.
const TIMEOUT: Duration = Duration::from_secs(2);
/// A master's web UI.
static MASTER: Server = Server::open("Spark's master UI");

/// The state of a master: `GET /json/`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct MasterState {
    /// The `spark://` URL that the master believes to have.
    pub url: String,
    /// ALIVE, STANDBY, RECOVERING or COMPLETING_RECOVERY.
    pub status: String,
    /// The workers that it knows, also lost ones.
    pub workers: Vec<WorkerState>,
    /// The applications that run.
    #[serde(rename = "activeapps")]
    pub active_applications: Vec<ApplicationState>,
}

/// A worker as the master sees it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct WorkerState {
    /// The worker's id.
    pub id: String,
    /// The host that it registered with.
    pub host: String,
    /// Its RPC port.
    pub port: u16,
    /// The URL of its web UI.
    #[serde(rename = "webuiaddress")]
    pub web_ui: String,
    /// ALIVE, DEAD, DECOMMISSIONED or UNKNOWN.
    pub state: String,
    /// Cores that it offers.
    pub cores: u64,
    /// Cores that executors use.
    #[serde(rename = "coresused")]
    pub cores_used: u64,
    /// Memory that it offers, in MiB.
    pub memory: u64,
    /// Memory that executors use, in MiB.
    #[serde(rename = "memoryused")]
    pub memory_used: u64,
    /// Other resources, such as `gpu`.
    #[serde(default)]
    pub resources: BTreeMap<String, Resource>,
}

/// A resource of a worker besides cores and memory (`spark.worker.resource.NAME.amount`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Resource {
    /// One each.
    pub addresses: Vec<String>,
}

/// An application as the master sees it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct ApplicationState {
    /// The application's id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// WAITING, RUNNING and others.
    pub state: String,
    /// The cores of its executors.
    pub cores: u64,
    /// The memory that each of its executors asks for, in MiB.
    #[serde(rename = "memoryperexecutor")]
    pub memory_per_executor: u64,
}

impl MasterState {
    /// Whether this master leads.
    #[must_use]
    pub fn is_alive(&self) -> bool {
        self.status == "ALIVE"
    }

    /// The workers that the master can use.
    pub fn alive_workers(&self) -> impl Iterator<Item = &WorkerState> {
        self.workers.iter().filter(|worker| worker.state == "ALIVE")
    }
}

/// A client of one master's web UI.
#[derive(Clone, Debug)]
pub struct MasterUi {
    http: http::Client,
}

impl MasterUi {
    /// A client of the UI at HOST:PORT.
    pub fn new(address: &str) -> Result<Self, Error> {
        Ok(Self { http: http::Client::new(endpoint(&MASTER, address)?)? })
    }

    /// A client that no proxy stands before: it meets what Spark's own clients meet.
    pub fn direct(address: &str) -> Result<Self, Error> {
        Ok(Self { http: http::Client::new(http::Endpoint { past_proxies: true, ..endpoint(&MASTER, address)? })? })
    }

    /// A client for questions that are asked all the time.
    pub fn asking(address: &str, connect: Duration, connections: http::Connections) -> Result<Self, Error> {
        Ok(Self { http: http::Client::asking(endpoint(&MASTER, address)?, connect, connections)? })
    }

    /// `GET /json/`, once: the caller waits for what it wants to see.
    pub async fn state(&self) -> Result<MasterState, Error> {
        self.http.get_once("/json/", TIMEOUT).await
    }

    /// `GET /json/status`, once: ALIVE, STANDBY and others.
    pub async fn status(&self) -> Result<String, Error> {
        #[derive(Deserialize)]
        struct Answer {
            status: String,
        }
        let answer: Answer = self.http.get_once("/json/status", TIMEOUT).await?;
        Ok(answer.status)
    }

    /// `GET /nomspark/holder`, once: which edge host answers, where this is a floating address.
    pub async fn edge_host(&self) -> Result<String, Error> {
        self.http.get_once("/nomspark/holder", TIMEOUT).await
    }

    /// `GET /nomspark/masters`, once: HOST:PORT of each master that this edge host's HAProxy knows.
    pub async fn known_masters(&self) -> Result<BTreeSet<String>, Error> {
        let known: String = self.http.get_once("/nomspark/masters", TIMEOUT).await?;
        Ok(known.split_whitespace().map(str::to_owned).collect())
    }
}

/// A web UI of Spark at HOST:PORT.
fn endpoint(server: &'static Server, address: &str) -> Result<http::Endpoint, Error> {
    let url = Url::parse(&format!("http://{address}")).map_err(|source| Error::Setting {
        what: format!("the address {address} of {}", server.name),
        source: source.into(),
    })?;
    Ok(http::Endpoint::open(server, url))
}
