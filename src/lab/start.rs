//! Starts what does not run of a lab, until all of it is ready.

use super::agent::{self, Agent, Launch};
use super::api::Api;
use super::configuration::{self, Configuration};
use super::error::Error;
use super::folder::Folder;
use super::kind::Kind;
use super::network::Network;
use super::ports::{self, Ports};
use super::process::Identity;
use super::readiness::{self, Deadline, everywhere};
use super::state::State;
use super::tools::{self, Tools};
use super::wiring::Wiring;
use super::{Host, Options, claim};
use crate::event::{Event, Observer};

/// The oldest Java that Spark runs on.
const JAVA: (u32, u32) = (17, 0);

/// What a start is told.
#[derive(Debug)]
pub(super) struct Start<'a> {
    /// What the command was told.
    pub(super) options: &'a Options,
    /// Where to say what happens.
    pub(super) observer: Observer<'a>,
    /// The state folder.
    pub(super) folder: &'a Folder,
    /// The hosts' own network.
    pub(super) network: Option<Network>,
    /// The agents' ports.
    pub(super) ports: Ports,
}

impl Start<'_> {
    /// Starts what does not run. Whatever is started is in `agents` at once, so that it can be ended again.
    pub(super) async fn run(&self, known: Option<State>, agents: &mut Vec<Agent>) -> Result<State, Error> {
        let deadline = Deadline::after(self.options.timeout);
        let tools = tools::find().await?;
        self.warn_about_java(&tools)?;
        let mut state = match known {
            Some(known) => State { tools, ..known },
            None => State::new(self.network, self.ports, tools),
        };
        for member in &mut state.hosts {
            member.consul = member.consul.filter(Identity::is_alive);
            member.nomad = member.nomad.filter(Identity::is_alive);
        }
        match self.network {
            Some(network) => self.prepare_network(network, &mut state).await?,
            None => self.check_ports(&state)?,
        }
        let mut files = Vec::new();
        for host in state.hosts() {
            let folder = self.folder.of(&host);
            folder.create()?;
            files.push(configuration::write(&folder, &host, &state)?);
        }
        state.write(self.folder)?;

        self.start_missing(Kind::Consul, &mut state, &files, agents)?;
        let apis = state.apis()?;
        if state.hosts.iter().any(|member| member.nomad.is_none()) {
            self.step(&format!("starting Nomad {}", state.tools.nomad.version))?;
        }
        if !state.initialized {
            self.initialize(&mut state, &files, &apis, agents, deadline).await?;
        }
        // A Nomad client that finds no Consul looks again after 15 seconds, and places no service until then.
        let answers = async || everywhere(&apis, Api::consul_answers).await;
        deadline.wait("Consul to answer", Kind::Consul, agents, answers).await?;
        self.start_missing(Kind::Nomad, &mut state, &files, agents)?;
        self.step("waiting until Nomad and Consul are ready for jobs")?;
        readiness::wait(&apis, agents, deadline).await?;
        Ok(state)
    }

    /// Makes what is missing of the hosts' network, and ends agents that are outside it.
    async fn prepare_network(&self, network: Network, state: &mut State) -> Result<(), Error> {
        let wiring = Wiring::new(network)?;
        tools::system("nsenter", "util-linux")?;
        // Whose network it is says more than what is in the way.
        claim::check(network, self.folder)?;
        wiring.check_free().await?;
        claim::take(network, self.folder)?;
        self.step(&format!("connecting {} hosts in the network {network}", state.hosts.len()))?;
        wiring.ensure(&state.hosts()).await?;
        for member in &mut state.hosts {
            let namespace = network.namespace(&member.host.name);
            for kind in [Kind::Nomad, Kind::Consul] {
                let agent = member.agent(kind);
                if let Some(outside) = agent.filter(|identity| !namespace.holds(identity.pid)) {
                    agent::end(&[outside]).await?;
                    *agent = None;
                }
            }
        }
        Ok(())
    }

    /// Lets Nomad's servers come up alone for the first time.
    ///
    /// A client registers as soon as there is a leader. That is a moment before a new server has the key that it signs
    /// the node's identity with, and the client tries again only after 15 to 30 seconds. A server that finds its key in
    /// its data is ready with its leadership.
    async fn initialize(
        &self,
        state: &mut State,
        files: &[Configuration],
        apis: &[Api],
        agents: &mut Vec<Agent>,
        deadline: Deadline,
    ) -> Result<(), Error> {
        let consuls = agents.len();
        for (index, files) in files.iter().enumerate() {
            self.start(Kind::Nomad, state, index, &[&files.nomad_server], agents)?;
        }
        let condition = "Nomad's servers to have their keys";
        let ready = async || everywhere(apis, Api::nomad_has_key).await;
        deadline.wait(condition, Kind::Nomad, agents, ready).await?;
        // What Nomad's clients tell Consul they tell again only after some time when it has no leader.
        let led = async || everywhere(apis, Api::consul_has_leader).await;
        deadline.wait("Consul to have a leader", Kind::Consul, agents, led).await?;
        let servers: Vec<Identity> = agents.split_off(consuls).iter().map(|agent| agent.identity).collect();
        agent::end(&servers).await?;
        for member in &mut state.hosts {
            member.nomad = None;
        }
        state.initialized = true;
        state.write(self.folder)
    }

    /// Starts an agent on all hosts where it does not run.
    fn start_missing(
        &self,
        kind: Kind,
        state: &mut State,
        files: &[Configuration],
        agents: &mut Vec<Agent>,
    ) -> Result<(), Error> {
        if kind == Kind::Consul && state.hosts.iter().any(|member| member.consul.is_none()) {
            self.step(&format!("starting Consul {}", state.tools.consul.version))?;
        }
        for (index, files) in files.iter().enumerate() {
            let member = &mut state.hosts[index];
            if let Some(identity) = *member.agent(kind) {
                agents.push(Agent::known(kind, identity, &member.host, self.folder));
                continue;
            }
            let files = match kind {
                Kind::Consul => vec![&files.consul],
                Kind::Nomad => vec![&files.nomad_server, &files.nomad_client],
            };
            self.start(kind, state, index, &files, agents)?;
        }
        Ok(())
    }

    fn start(
        &self,
        kind: Kind,
        state: &mut State,
        index: usize,
        files: &[&std::path::PathBuf],
        agents: &mut Vec<Agent>,
    ) -> Result<(), Error> {
        let host = &state.hosts[index].host;
        let namespace = state.network.map(|network| network.namespace(&host.name));
        let launch = Launch { folder: self.folder, tools: &state.tools, host, namespace };
        let agent = Agent::start(kind, &launch, files)?;
        *state.hosts[index].agent(kind) = Some(agent.identity);
        agents.push(agent);
        state.write(self.folder)
    }

    fn check_ports(&self, state: &State) -> Result<(), Error> {
        let address = Host::loopback().address;
        for member in &state.hosts {
            if member.nomad.is_none() {
                ports::check_free(address, &self.ports.of_nomad())?;
            }
            if member.consul.is_none() {
                ports::check_free(address, &self.ports.of_consul())?;
            }
        }
        Ok(())
    }

    fn warn_about_java(&self, tools: &Tools) -> Result<(), Error> {
        let problem = match &tools.java {
            None => "no java on PATH or in JAVA_HOME; Spark needs Java 17 or newer".to_owned(),
            Some(java) if java.number().is_some_and(|version| version < JAVA) => {
                format!("{} is Java {}; Spark needs Java 17 or newer", java.path.display(), java.version)
            }
            Some(_) => return Ok(()),
        };
        Ok(self.observer.event(&Event::Warning { what: problem })?)
    }

    fn step(&self, what: &str) -> Result<(), Error> {
        Ok(self.observer.event(&Event::Step { what: what.to_owned() })?)
    }
}
