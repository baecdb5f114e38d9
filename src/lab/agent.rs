//! Starts and ends one agent.

use std::env;
use std::ffi::OsString;
use std::fs::{self, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use nix::sys::signal::Signal;

use super::error::{Error, LogTail};
use super::folder::Folder;
use super::kind::Kind;
use super::namespace::Namespace;
use super::process::{self, Identity};
use super::tools::{self, Tools};
use super::{Host, MARK};

/// How long an agent may take to end by itself.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long the kernel may take to end a killed process.
const KILL_PATIENCE: Duration = Duration::from_secs(5);
/// How many lines of a log an error shows.
const TAIL_LINES: usize = 15;
/// How many bytes of a log are read for them.
const TAIL_BYTES: u64 = 16 * 1024;

/// Variables with these beginnings would change what the agents do, or leak into the tasks.
const FOREIGN: [&str; 5] = ["NOMAD_", "CONSUL_", "VAULT_", "NOMSPARK_", "SPARK_"];

/// Where and with what agents are started.
#[derive(Debug)]
pub(super) struct Launch<'a> {
    /// The lab's state folder.
    pub(super) folder: &'a Folder,
    /// What is started.
    pub(super) tools: &'a Tools,
    /// The host that they belong to.
    pub(super) host: &'a Host,
    /// Its network, unless that is the machine's own.
    pub(super) namespace: Option<Namespace>,
}

/// An agent that this process started.
#[derive(Debug)]
pub(super) struct Agent {
    /// What it is.
    pub(super) kind: Kind,
    /// What it is and where, for people.
    title: String,
    /// Its process.
    pub(super) identity: Identity,
    /// Where it writes.
    pub(super) log: PathBuf,
    /// The handle, so that it does not stay a zombie; `None` for an agent that an earlier command started.
    child: Option<Child>,
}

impl Agent {
    /// Starts an agent that outlives this process and does not hear the terminal's Ctrl-C.
    pub(super) fn start(kind: Kind, launch: &Launch<'_>, configuration: &[&PathBuf]) -> Result<Self, Error> {
        let folder = launch.folder.of(launch.host);
        let title = kind.of(launch.host);
        let log = folder.log(kind);
        let output = OpenOptions::new().create(true).append(true).mode(0o600).open(&log);
        let output = output.map_err(Error::file("open", &log))?;
        let errors = output.try_clone().map_err(Error::file("open", &log))?;
        let (program, option) = match kind {
            Kind::Nomad => (&launch.tools.nomad.path, "-config="),
            Kind::Consul => (&launch.tools.consul.path, "-config-file="),
        };
        let mut command = match &launch.namespace {
            Some(namespace) => tools::inside(namespace, program)?,
            None => Command::new(program),
        };
        command.arg("agent");
        for file in configuration {
            let mut argument = OsString::from(option);
            argument.push(file);
            command.arg(argument);
        }
        for (variable, _) in env::vars_os() {
            if FOREIGN.iter().any(|foreign| variable.as_encoded_bytes().starts_with(foreign.as_bytes())) {
                command.env_remove(variable);
            }
        }
        command
            .env(MARK, launch.folder.path())
            .env("SPARK_HOME", &launch.tools.spark.path)
            .env("PATH", tools::search_path())
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .stdout(output)
            .stderr(errors)
            .process_group(0);
        let child = command.spawn().map_err(|source| Error::Spawn { agent: title.clone(), source })?;
        let identity = i32::try_from(child.id()).ok().and_then(Identity::of);
        let gone = || Error::Spawn { agent: title.clone(), source: io::Error::other("it ended at once") };
        let identity = identity.ok_or_else(gone)?;
        Ok(Self { kind, title, identity, log, child: Some(child) })
    }

    /// An agent that an earlier command started.
    pub(super) fn known(kind: Kind, identity: Identity, host: &Host, folder: &Folder) -> Self {
        Self { kind, title: kind.of(host), identity, log: folder.of(host).log(kind), child: None }
    }

    /// Whether this process started it.
    pub(super) fn is_ours(&self) -> bool {
        self.child.is_some()
    }

    /// Fails if the agent has ended.
    pub(super) fn check(&mut self) -> Result<(), Error> {
        if let Some(child) = &mut self.child {
            // Reaps it; what counts is the next line.
            let _ = child.try_wait();
        }
        if self.identity.is_alive() {
            return Ok(());
        }
        Err(Error::AgentDied { agent: self.title.clone(), source: self.log_tail() })
    }

    /// The last lines of its log.
    pub(super) fn log_tail(&self) -> LogTail {
        LogTail { path: self.log.clone(), lines: tail(&self.log).unwrap_or_default() }
    }
}

/// Ends agents: SIGTERM, and SIGKILL for those that do not end in time.
pub(super) async fn end(agents: &[Identity]) -> Result<(), Error> {
    for agent in agents {
        agent.signal(Signal::SIGTERM);
    }
    let stubborn = process::wait_for_end(agents, PATIENCE).await;
    for agent in &stubborn {
        agent.signal(Signal::SIGKILL);
    }
    let immortal = process::wait_for_end(&stubborn, KILL_PATIENCE).await;
    if immortal.is_empty() { Ok(()) } else { Err(unkillable(&immortal)) }
}

/// The error about processes that do not end.
pub(super) fn unkillable(processes: &[Identity]) -> Error {
    let name =
        |process: &Identity| format!("{} ({})", process.pid, process::command_line(process.pid).unwrap_or_default());
    Error::Unkillable(processes.iter().map(name).collect::<Vec<_>>().join(", "))
}

fn tail(log: &Path) -> io::Result<String> {
    let mut file = fs::File::open(log)?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(TAIL_BYTES)))?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    let text = String::from_utf8_lossy(&bytes);
    let lines: Vec<&str> = text.lines().collect();
    Ok(lines[lines.len().saturating_sub(TAIL_LINES)..].join("\n"))
}
