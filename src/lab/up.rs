//! `nomspark lab up`.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::Instant;

use serde::Serialize;

use super::agent::{self, Agent};
use super::error::Error;
use super::folder::Folder;
use super::network::Network;
use super::ports::Ports;
use super::start::Start;
use super::state::State;
use super::{Host, Options, claim, down, readiness};
use crate::event::{Event, Observer};
use crate::interrupt::interrupted;

/// A lab that is ready for jobs.
#[derive(Clone, Debug, Serialize)]
pub struct Running {
    /// Whether anything had to be started.
    pub changed: bool,
    /// How long it took, in milliseconds.
    pub elapsed_ms: u64,
    /// Nomad's API and web UI, at the first host.
    pub nomad: String,
    /// Consul's API and web UI, at the first host.
    pub consul: String,
    /// The nodes.
    pub hosts: Vec<Host>,
    /// The network that the hosts have for themselves; `None` for one host on loopback.
    pub network: Option<Network>,
    /// The Spark that tasks find in `${meta.spark_home}`.
    pub spark_home: PathBuf,
    /// Where data and logs are.
    pub state_dir: PathBuf,
}

impl Running {
    /// The lab for people.
    #[must_use]
    pub fn text(&self) -> String {
        let how = if self.changed { "is up" } else { "was up already" };
        let mut text = format!("The lab {how}.\n\n");
        // Writing to a string does not fail.
        let _ = writeln!(text, "  Nomad   {}/ui", self.nomad);
        let _ = writeln!(text, "  Consul  {}/ui", self.consul);
        let _ = writeln!(text, "  Spark   {}", self.spark_home.display());
        let logs = if self.network.is_some() { "*/log" } else { "log" };
        let _ = writeln!(text, "  logs    {}", self.state_dir.join(logs).display());
        if self.network.is_some() {
            let host = |host: &Host| format!("{} {}", host.name, host.address);
            let hosts: Vec<String> = self.hosts.iter().map(host).collect();
            let _ = writeln!(text, "  hosts   {}", hosts.join(", "));
        }
        text.push_str("\nUse it in this shell: eval \"$(nomspark lab env)\"\n");
        text
    }
}

/// Starts the lab, or what is missing of it, and waits until it is ready.
///
/// A lab that runs is left as it is. When this fails or is interrupted by a signal, what it started is ended again.
pub async fn up(options: &Options, observer: Observer<'_>) -> Result<Running, Error> {
    let started = Instant::now();
    let folder = Folder::new(&options.state_dir)?;
    let _lock = folder.lock(options.timeout, observer).await?;

    // A lab that never came up has nothing worth keeping.
    let known = State::read(&folder)?.filter(|state| state.initialized);
    let network = wanted_network(options, known.as_ref())?;
    let ports = wanted_ports(options, known.as_ref())?;
    if known.is_none() && (folder.path().exists() || !claim::of(&folder).is_empty()) {
        observer.event(&Event::Step { what: "removing what an earlier attempt left behind".to_owned() })?;
        down::clean(&folder, None).await?;
    }
    let fresh = known.is_none();
    let running = |state: &State, changed: bool| -> Result<Running, Error> {
        let apis = state.apis()?;
        let first = apis.first().ok_or(Error::NotRunning)?;
        Ok(Running {
            changed,
            elapsed_ms: u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
            nomad: first.nomad_address(),
            consul: first.consul_address(),
            hosts: state.hosts(),
            network: state.network,
            spark_home: state.tools.spark.path.clone(),
            state_dir: folder.path().to_owned(),
        })
    };
    if let Some(state) = &known
        && state.living().len() == 2 * state.hosts.len()
        && readiness::is_ready(&state.apis()?).await
    {
        return running(state, false);
    }

    let mut agents = Vec::new();
    let start = Start { options, observer, folder: &folder, network, ports };
    let result = tokio::select! {
        result = start.run(known, &mut agents) => result,
        () = interrupted() => Err(Error::Interrupted),
    };
    match result {
        Ok(state) => running(&state, true),
        Err(error) => {
            // The first error is the one to tell; a second one must not hide it.
            if let Err(second) = undo(&folder, fresh, &agents).await {
                observer.event(&Event::Warning { what: format!("failed to clean up: {second}") })?;
            }
            Err(error)
        }
    }
}

/// The network that was asked for; a lab that exists keeps its own.
fn wanted_network(options: &Options, known: Option<&State>) -> Result<Option<Network>, Error> {
    if let Some(other @ (0 | 2 | 4..)) = options.nodes {
        return Err(Error::NodesImpossible(other));
    }
    let network = match (known, options.nodes.unwrap_or(1), options.network) {
        (Some(state), _, network) => {
            let count = options.nodes.is_none_or(|nodes| usize::try_from(nodes) == Ok(state.hosts.len()));
            if !count || network.is_some_and(|network| Some(network) != state.network) {
                return Err(Error::OtherLab(describe(state)));
            }
            state.network
        }
        (None, 3, network) => Some(network.unwrap_or_default()),
        (None, _, Some(_)) => return Err(Error::NetworkUnused),
        (None, _, None) => None,
    };
    if network.is_some() && !nix::unistd::geteuid().is_root() {
        return Err(Error::NeedsRoot);
    }
    Ok(network)
}

fn describe(state: &State) -> String {
    match state.network {
        Some(network) => format!("with {} hosts in the network {network}", state.hosts.len()),
        None => "with one host on loopback".to_owned(),
    }
}

/// The ports that were asked for; a lab that exists keeps its own.
fn wanted_ports(options: &Options, known: Option<&State>) -> Result<Ports, Error> {
    let Some(state) = known else { return Ports::new(options.nomad_port, options.consul_port) };
    let Ports { nomad, consul } = state.ports;
    let same =
        options.nomad_port.is_none_or(|port| port == nomad) && options.consul_port.is_none_or(|port| port == consul);
    if same { Ok(state.ports) } else { Err(Error::OtherPorts { nomad, consul }) }
}

/// Ends what was started; a lab that existed before keeps its data and its network.
async fn undo(folder: &Folder, fresh: bool, agents: &[Agent]) -> Result<(), Error> {
    let identities: Vec<_> = agents.iter().filter(|agent| agent.is_ours()).map(|agent| agent.identity).collect();
    agent::end(&identities).await?;
    if fresh { down::clean(folder, None).await.map(|_| ()) } else { Ok(()) }
}
