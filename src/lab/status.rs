//! `nomspark lab status`.

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use comfy_table::Table;
use comfy_table::presets::NOTHING;
use futures_util::future::join_all;
use serde::Serialize;

use super::api::{Api, Node};
use super::error::Error;
use super::folder::Folder;
use super::kind::Kind;
use super::process::Identity;
use super::state::{Member, State};
use super::tools::{Origin, Tool};
use super::wiring::Wiring;
use super::{Host, Options};

/// How the lab is.
#[derive(Clone, Debug, Serialize)]
pub struct Status {
    /// Whether both agents run and answer, and the node is ready.
    pub running: bool,
    /// Where data and logs are.
    pub state_dir: PathBuf,
    /// The hosts; empty when there is no lab.
    pub hosts: Vec<HostStatus>,
    /// The agents; empty when there is no lab.
    pub agents: Vec<AgentStatus>,
    /// The Nomad nodes that are ready for jobs.
    pub nodes: Vec<NodeStatus>,
    /// What the lab runs.
    pub tools: Vec<ToolStatus>,
}

/// How a host is connected.
#[derive(Clone, Debug, Serialize)]
pub struct HostStatus {
    /// Its name.
    pub name: String,
    /// Its address.
    pub address: IpAddr,
    /// Whether its link is cut.
    pub cut: bool,
}

/// How an agent is.
#[derive(Clone, Debug, Serialize)]
pub struct AgentStatus {
    /// The name of its host.
    pub host: String,
    /// `Nomad` or `Consul`.
    pub name: &'static str,
    /// Whether it runs and answers.
    pub state: AgentState,
    /// Its process, while it runs.
    pub pid: Option<i32>,
    /// Its HTTP API and web UI.
    pub address: String,
    /// How long it has run, in seconds.
    pub uptime_s: Option<u64>,
}

/// Whether an agent runs and answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AgentState {
    /// It runs and has a leader.
    Running,
    /// Its process lives, but it does not answer or has no leader.
    NotAnswering,
    /// It has no process.
    Stopped,
}

/// How a Nomad node is.
#[derive(Clone, Debug, Serialize)]
pub struct NodeStatus {
    /// Its name.
    pub name: String,
    /// `ready`, `down`, ...
    pub status: String,
    /// Whether Nomad places jobs on it.
    pub eligible: bool,
    /// The drivers that it has.
    pub drivers: Vec<DriverStatus>,
}

/// How a driver of a node is.
#[derive(Clone, Debug, Serialize)]
pub struct DriverStatus {
    /// Its name.
    pub name: String,
    /// Whether tasks can use it.
    pub healthy: bool,
    /// Why not.
    pub description: String,
}

/// A program of the lab.
#[derive(Clone, Debug, Serialize)]
pub struct ToolStatus {
    /// `Nomad`, `Consul`, `Spark` or `Java`.
    pub name: &'static str,
    /// Its version.
    pub version: String,
    /// The program, or Spark's folder.
    pub path: PathBuf,
    /// Where it was found, for people.
    pub found: &'static str,
}

/// Looks at the lab and changes nothing.
pub async fn status(options: &Options) -> Result<Status, Error> {
    let folder = Folder::new(&options.state_dir)?;
    let state_dir = folder.path().to_owned();
    let Some(state) = State::read(&folder)? else {
        let (hosts, agents, nodes, tools) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        return Ok(Status { running: false, state_dir, hosts, agents, nodes, tools });
    };
    let apis = state.apis()?;
    // All at the same time: a host that is cut off answers nobody.
    let answers = join_all(state.hosts.iter().zip(&apis).map(|(member, api)| ask(member, api))).await;
    let nodes = answers.iter().find(|answers| !answers.nodes.is_empty());
    let nodes: Vec<NodeStatus> =
        nodes.into_iter().flat_map(|answers| answers.nodes.clone()).map(NodeStatus::from).collect();
    let agents: Vec<AgentStatus> = answers.into_iter().flat_map(|answers| answers.agents).collect();
    let hosts = hosts(&state).await?;
    let ready = nodes.len() == hosts.len() && nodes.iter().all(|node| node.status == "ready");
    let tools = [
        Some(tool("Nomad", &state.tools.nomad)),
        Some(tool("Consul", &state.tools.consul)),
        Some(tool("Spark", &state.tools.spark)),
        state.tools.java.as_ref().map(|java| tool("Java", java)),
    ];
    Ok(Status {
        running: ready && agents.iter().all(|agent| agent.state == AgentState::Running),
        state_dir,
        hosts,
        agents,
        nodes,
        tools: tools.into_iter().flatten().collect(),
    })
}

/// What the agents of a host say.
struct Answers {
    agents: [AgentStatus; 2],
    nodes: Vec<Node>,
}

async fn ask(member: &Member, api: &Api) -> Answers {
    // Another Nomad may have taken the port of one that has ended.
    let nomad = member.nomad.filter(Identity::is_alive);
    let consul = member.consul.filter(Identity::is_alive);
    let (nomad_answers, consul_answers, mut nodes) =
        tokio::join!(api.nomad_has_leader(), api.consul_has_leader(), api.nodes());
    if nomad.is_none() {
        nodes.clear();
    }
    let agents = [
        agent(&member.host, Kind::Nomad, nomad, nomad_answers, api.nomad_address()),
        agent(&member.host, Kind::Consul, consul, consul_answers, api.consul_address()),
    ];
    Answers { agents, nodes }
}

async fn hosts(state: &State) -> Result<Vec<HostStatus>, Error> {
    let connected = match state.network {
        Some(network) => Some(Wiring::new(network)?.connected().await?),
        None => None,
    };
    let status = |Host { name, address }: Host| {
        let cut = connected.as_ref().is_some_and(|connected| !connected.contains(&name));
        HostStatus { name, address, cut }
    };
    Ok(state.hosts().into_iter().map(status).collect())
}

fn agent(host: &Host, kind: Kind, identity: Option<Identity>, answers: bool, address: String) -> AgentStatus {
    let state = match (identity, answers) {
        (None, _) => AgentState::Stopped,
        (Some(_), true) => AgentState::Running,
        (Some(_), false) => AgentState::NotAnswering,
    };
    let uptime_s = identity.and_then(|identity| identity.uptime()).map(|uptime| uptime.as_secs());
    let pid = identity.map(|identity| identity.pid);
    AgentStatus { host: host.name.clone(), name: kind.name(), state, pid, address, uptime_s }
}

fn tool(name: &'static str, tool: &Tool) -> ToolStatus {
    let found = match tool.origin {
        Origin::Path => "PATH",
        Origin::Environment => "environment",
        Origin::Checkout => ".tools of the checkout",
    };
    ToolStatus { name, version: tool.version.clone(), path: tool.path.clone(), found }
}

impl From<Node> for NodeStatus {
    fn from(node: Node) -> Self {
        let drivers = node.drivers.into_iter().filter(|(_, driver)| driver.detected);
        Self {
            name: node.name,
            status: node.status,
            eligible: node.scheduling_eligibility == "eligible",
            drivers: drivers
                .map(|(name, driver)| DriverStatus {
                    name,
                    healthy: driver.healthy,
                    description: driver.health_description,
                })
                .collect(),
        }
    }
}

impl Status {
    /// The status for people.
    #[must_use]
    pub fn text(&self) -> String {
        if self.agents.is_empty() {
            return "The lab is not running.\n".to_owned();
        }
        let mut hosts = table(["HOST", "ADDRESS", "LINK"]);
        for host in &self.hosts {
            hosts.add_row([host.name.as_str(), &host.address.to_string(), if host.cut { "cut" } else { "up" }]);
        }
        let mut agents = table(["HOST", "AGENT", "STATE", "PID", "UPTIME", "ADDRESS"]);
        for agent in &self.agents {
            let state = match agent.state {
                AgentState::Running => "running",
                AgentState::NotAnswering => "not answering",
                AgentState::Stopped => "stopped",
            };
            let pid = agent.pid.map_or_else(|| "-".to_owned(), |pid| pid.to_string());
            let uptime = agent.uptime_s.map(Duration::from_secs).map(humantime::format_duration);
            let uptime = uptime.map_or_else(|| "-".to_owned(), |uptime| uptime.to_string());
            agents.add_row([agent.host.as_str(), agent.name, state, &pid, &uptime, &agent.address]);
        }
        let mut nodes = table(["NODE", "STATUS", "ELIGIBLE", "DRIVERS"]);
        for node in &self.nodes {
            let healthy = node.drivers.iter().filter(|driver| driver.healthy);
            let drivers: Vec<&str> = healthy.map(|driver| driver.name.as_str()).collect();
            let eligible = if node.eligible { "yes" } else { "no" };
            nodes.add_row([node.name.as_str(), &node.status, eligible, &drivers.join(", ")]);
        }
        let mut tools = table(["TOOL", "VERSION", "FOUND IN", "PATH"]);
        for tool in &self.tools {
            tools.add_row([tool.name, &tool.version, tool.found, &tool.path.display().to_string()]);
        }
        let nodes = if self.nodes.is_empty() { String::new() } else { format!("{}\n\n", nodes.trim_fmt()) };
        let place = self.state_dir.display();
        let hosts = if self.hosts.len() > 1 { format!("{}\n\n", hosts.trim_fmt()) } else { String::new() };
        format!("{hosts}{}\n\n{nodes}{}\n\nstate and logs: {place}\n", agents.trim_fmt(), tools.trim_fmt())
    }
}

fn table<const N: usize>(header: [&str; N]) -> Table {
    let mut table = Table::new();
    table.load_style(NOTHING).set_header(header);
    table
}
