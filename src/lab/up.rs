//! `nomspark lab up`.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::Instant;

use serde::Serialize;

use super::agent::{self, Agent};
use super::api::Api;
use super::configuration::{self, Configuration};
use super::error::Error;
use super::folder::Folder;
use super::ports::{self, Ports};
use super::readiness::{self, Deadline};
use super::state::State;
use super::tools::{self, Tools};
use super::{Host, Options, down};
use crate::cli::interrupt::interrupted;
use crate::report::{Event, Report};

/// The oldest Java that Spark runs on.
const JAVA: (u32, u32) = (17, 0);

/// A lab that is ready for jobs.
#[derive(Clone, Debug, Serialize)]
pub struct Running {
    /// Whether anything had to be started.
    pub changed: bool,
    /// How long it took, in milliseconds.
    pub elapsed_ms: u64,
    /// Nomad's API and web UI.
    pub nomad: String,
    /// Consul's API and web UI.
    pub consul: String,
    /// The nodes.
    pub hosts: Vec<Host>,
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
        let _ = writeln!(text, "  logs    {}", self.state_dir.join("log").display());
        text.push_str("\nUse it in this shell: eval \"$(nomspark lab env)\"\n");
        text
    }
}

/// Starts the lab, or what is missing of it, and waits until it is ready.
///
/// A lab that runs is left as it is. When this fails or is interrupted by a signal, what it started is ended again.
pub async fn up(options: &Options, report: &Report) -> Result<Running, Error> {
    let started = Instant::now();
    let folder = Folder::new(&options.state_dir)?;
    let _lock = folder.lock(options.timeout, report).await?;

    // A lab that never came up has nothing worth keeping.
    let known = State::read(&folder)?.filter(|state| state.initialized);
    if known.is_none() && folder.path().exists() {
        report.event(&Event::Step { what: "removing what an earlier attempt left behind".to_owned() })?;
        down::clean(&folder).await?;
    }
    let ports = wanted_ports(options, known.as_ref())?;
    let api = Api::new(&Host::loopback(), ports)?;
    let fresh = known.is_none();
    let running = |state: &State, changed: bool| Running {
        changed,
        elapsed_ms: u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
        nomad: api.nomad_address(),
        consul: api.consul_address(),
        hosts: state.hosts.clone(),
        spark_home: state.tools.spark.path.clone(),
        state_dir: folder.path().to_owned(),
    };
    if let Some(state) = &known
        && state.living().len() == 2
        && readiness::is_ready(&api).await
    {
        return Ok(running(state, false));
    }

    let mut agents = Vec::new();
    let start = Start { options, report, folder: &folder, ports, api: &api };
    let result = tokio::select! {
        result = start.run(known, &mut agents) => result,
        () = interrupted() => Err(Error::Interrupted),
    };
    match result {
        Ok(state) => Ok(running(&state, true)),
        Err(error) => {
            // The first error is the one to tell; a second one must not hide it.
            if let Err(second) = undo(&folder, fresh, &agents).await {
                report.event(&Event::Warning { what: format!("failed to clean up: {second}") })?;
            }
            Err(error)
        }
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

/// Ends what was started; a lab that existed before keeps its data.
async fn undo(folder: &Folder, fresh: bool, agents: &[Agent]) -> Result<(), Error> {
    let identities: Vec<_> = agents.iter().filter(|agent| agent.is_ours()).map(|agent| agent.identity).collect();
    agent::end(&identities).await?;
    if fresh { down::clean(folder).await.map(|_| ()) } else { Ok(()) }
}

struct Start<'a> {
    options: &'a Options,
    report: &'a Report,
    folder: &'a Folder,
    ports: Ports,
    api: &'a Api,
}

impl Start<'_> {
    /// Starts what does not run. Whatever is started is in `agents` at once, so that it can be ended again.
    async fn run(&self, known: Option<State>, agents: &mut Vec<Agent>) -> Result<State, Error> {
        let deadline = Deadline::after(self.options.timeout);
        let tools = tools::find().await?;
        self.warn_about_java(&tools)?;
        let mut state = match known {
            Some(known) => State { tools, ..known },
            None => State::new(self.ports, tools),
        };
        state.consul = state.consul.filter(super::process::Identity::is_alive);
        state.nomad = state.nomad.filter(super::process::Identity::is_alive);
        self.check_ports(&state)?;
        self.folder.create()?;
        let files = configuration::write(self.folder, &Host::loopback(), &state)?;
        state.write(self.folder)?;

        match state.consul {
            Some(identity) => agents.push(Agent::known("Consul", identity, self.folder)),
            None => self.start_consul(&mut state, &files, agents)?,
        }
        if state.nomad.is_none() {
            self.step(&format!("starting Nomad {}", state.tools.nomad.version))?;
        }
        if !state.initialized {
            self.initialize(&mut state, &files, agents, deadline).await?;
        }
        // A Nomad client that finds no Consul looks again after 15 seconds, and places no service until then.
        let answers = async || self.api.consul_answers().await;
        deadline.wait("Consul to answer", "Consul", agents, answers).await?;
        match state.nomad {
            Some(identity) => agents.push(Agent::known("Nomad", identity, self.folder)),
            None => self.start_nomad(&mut state, &[&files.nomad_server, &files.nomad_client], agents)?,
        }
        self.step("waiting until Nomad and Consul are ready for jobs")?;
        readiness::wait(self.api, agents, deadline).await?;
        Ok(state)
    }

    /// Lets Nomad's server come up alone for the first time.
    ///
    /// A client registers as soon as there is a leader. That is a moment before a new server has the key that it signs
    /// the node's identity with, and the client tries again only after 15 to 30 seconds. A server that finds its key in
    /// its data is ready with its leadership.
    async fn initialize(
        &self,
        state: &mut State,
        files: &Configuration,
        agents: &mut Vec<Agent>,
        deadline: Deadline,
    ) -> Result<(), Error> {
        self.start_nomad(state, &[&files.nomad_server], agents)?;
        let condition = "Nomad's server to have its keys";
        deadline.wait(condition, "Nomad", agents, async || self.api.nomad_has_key().await).await?;
        if let Some(server) = agents.pop() {
            server.end().await?;
        }
        state.nomad = None;
        state.initialized = true;
        state.write(self.folder)
    }

    fn start_consul(&self, state: &mut State, files: &Configuration, agents: &mut Vec<Agent>) -> Result<(), Error> {
        self.step(&format!("starting Consul {}", state.tools.consul.version))?;
        let program = state.tools.consul.path.clone();
        let agent = Agent::start("Consul", &program, &[&files.consul], self.folder, &state.tools.spark.path)?;
        state.consul = Some(agent.identity);
        agents.push(agent);
        state.write(self.folder)
    }

    fn start_nomad(&self, state: &mut State, files: &[&PathBuf], agents: &mut Vec<Agent>) -> Result<(), Error> {
        let files: Vec<_> = files.iter().map(|file| file.as_path()).collect();
        let program = state.tools.nomad.path.clone();
        let agent = Agent::start("Nomad", &program, &files, self.folder, &state.tools.spark.path)?;
        state.nomad = Some(agent.identity);
        agents.push(agent);
        state.write(self.folder)
    }

    fn check_ports(&self, state: &State) -> Result<(), Error> {
        let address = Host::loopback().address;
        if state.nomad.is_none() {
            ports::check_free(address, &self.ports.of_nomad())?;
        }
        if state.consul.is_none() {
            ports::check_free(address, &self.ports.of_consul())?;
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
        Ok(self.report.event(&Event::Warning { what: problem })?)
    }

    fn step(&self, what: &str) -> Result<(), Error> {
        Ok(self.report.event(&Event::Step { what: what.to_owned() })?)
    }
}
