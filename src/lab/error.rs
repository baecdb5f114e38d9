//! What can go wrong in the lab, and what to do about it.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use super::network::Network;
use crate::error::Advice;
use crate::event::WriteError;
use crate::exit::Exit;

/// A command of the lab failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Neither `XDG_STATE_HOME` nor `HOME` says where state belongs.
    #[error("no place for the lab's state: neither XDG_STATE_HOME nor HOME is set to an absolute path")]
    NoHome,
    /// A tool is missing.
    #[error("{name} was found neither {tried}")]
    ToolMissing {
        /// What is missing.
        name: &'static str,
        /// Where it was looked for.
        tried: &'static str,
    },
    /// A tool is there but does not tell its version.
    #[error("{} does not run", .path.display())]
    ToolBroken {
        /// The program.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A tool is too old.
    #[error("{} is Nomad {found}, and the lab needs 1.8 or newer", .path.display())]
    NomadTooOld {
        /// The program.
        path: PathBuf,
        /// Its version.
        found: String,
    },
    /// `SPARK_HOME` is set and is no Spark.
    #[error("SPARK_HOME is {}, which has no bin/spark-class", .0.display())]
    NotSpark(PathBuf),
    /// The ports that were asked for cannot all exist or overlap.
    #[error("port {port} for {purpose} {problem}")]
    PortImpossible {
        /// The port, which may lie outside what a port can be.
        port: i32,
        /// What it is for.
        purpose: &'static str,
        /// What is wrong with it.
        problem: String,
    },
    /// Somebody else has a port.
    #[error("port {port} for {purpose} is taken{holder}")]
    PortBusy {
        /// The port.
        port: u16,
        /// What it is for.
        purpose: &'static str,
        /// Who holds it, as ` by PID (COMMAND)`, or nothing.
        holder: String,
    },
    /// The lab runs on other ports than those that were asked for.
    #[error("a lab exists already with Nomad on port {nomad} and Consul on port {consul}")]
    OtherPorts {
        /// Its Nomad port.
        nomad: u16,
        /// Its Consul port.
        consul: u16,
    },
    /// The lab has another number of hosts, or another network, than was asked for.
    #[error("a lab exists already {0}")]
    OtherLab(String),
    /// A lab of so many hosts is not made.
    #[error("a lab has 1 or 3 hosts, not {0}")]
    NodesImpossible(u32),
    /// A network was asked for and no hosts to be in it.
    #[error("--network is for a lab with three hosts")]
    NetworkUnused,
    /// Namespaces and links are root's.
    #[error("a lab with three hosts needs root: each has a network namespace of its own")]
    NeedsRoot,
    /// A program of the system is missing.
    #[error("{name} was found neither on PATH nor in /usr/sbin")]
    SystemToolMissing {
        /// The program.
        name: &'static str,
        /// Debian's package that has it.
        package: &'static str,
    },
    /// `ip` failed.
    #[error("`ip {arguments}` failed: {said}")]
    IpRoute {
        /// What it was to do.
        arguments: String,
        /// What it said.
        said: String,
    },
    /// Something else on this machine has the network.
    #[error("the network {network} is in use: {user}")]
    NetworkTaken {
        /// The network.
        network: Network,
        /// By what.
        user: String,
    },
    /// Another lab has the network.
    #[error("the network {network} belongs to the lab in {}", .owner.display())]
    NetworkClaimed {
        /// The network.
        network: Network,
        /// The other lab's state folder.
        owner: PathBuf,
    },
    /// What was asked for needs hosts of their own.
    #[error("this lab has one host, which shares the machine's network: it has no link to cut and no network to enter")]
    OneHost,
    /// No host of this name.
    #[error("the lab has no host {name}; it has {}", .hosts.join(", "))]
    NoSuchHost {
        /// What was asked for.
        name: String,
        /// Those that there are.
        hosts: Vec<String>,
    },
    /// A host is there in name only.
    #[error("the network of {0} is gone")]
    NoNamespace(String),
    /// The agent that was to be killed has ended already.
    #[error("{0} is not running")]
    AgentNotRunning(String),
    /// Another lab command works on the same state.
    #[error("another nomspark lab command is still at work after {}", humantime::format_duration(*.0))]
    Locked(Duration),
    /// The state folder is something else.
    #[error("the lab's state folder {} is not a folder of its own", .0.display())]
    NotAFolder(PathBuf),
    /// A file or folder of the lab could not be read or written.
    #[error("failed to {action} {}", .path.display())]
    File {
        /// What was tried.
        action: &'static str,
        /// With which file.
        path: PathBuf,
        /// Why it failed.
        source: io::Error,
    },
    /// The state file is not what nomspark wrote.
    #[error("the lab's state file {} cannot be read", .path.display())]
    StateBroken {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: serde_json::Error,
    },
    /// An agent could not be started.
    #[error("failed to start {agent}")]
    Spawn {
        /// Which agent.
        agent: String,
        /// Why.
        source: io::Error,
    },
    /// An agent ended by itself.
    #[error("the lab's {agent} agent ended by itself")]
    AgentDied {
        /// Which agent.
        agent: String,
        /// The last lines of its log.
        source: LogTail,
    },
    /// The HTTP client could not be made.
    #[error("failed to prepare for HTTP")]
    Http(#[source] reqwest::Error),
    /// A condition did not come true in time.
    #[error("gave up after {} waiting for {condition}", humantime::format_duration(*.after))]
    NotReady {
        /// The condition.
        condition: String,
        /// How long it was waited for.
        after: Duration,
        /// The last lines of the log of the agent it depends on.
        source: LogTail,
    },
    /// The lab does not run.
    #[error("the lab is not running")]
    NotRunning,
    /// Processes of the lab do not end.
    #[error("processes of the lab do not end: {0}")]
    Unkillable(String),
    /// Something stays mounted.
    #[error("failed to unmount {}", .path.display())]
    Unmount {
        /// The mount point.
        path: PathBuf,
        /// Why.
        source: nix::Error,
    },
    /// Ctrl-C or SIGTERM.
    #[error("interrupted")]
    Interrupted,
    /// The output could not be written.
    #[error(transparent)]
    Output(#[from] WriteError),
}

/// The last lines of an agent's log, as the cause of an error.
#[derive(Debug, thiserror::Error)]
#[error("the end of {}:\n{lines}", .path.display())]
pub struct LogTail {
    pub(super) path: PathBuf,
    pub(super) lines: String,
}

impl Error {
    /// Wraps an I/O error with what was tried; made for `map_err`.
    pub(super) fn file(action: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::File { action, path, source }
    }
}

impl Advice for Error {
    fn exit(&self) -> Exit {
        match self {
            Self::NotReady { .. } | Self::Locked(_) => Exit::TimedOut,
            Self::PortImpossible { .. }
            | Self::NodesImpossible(_)
            | Self::NetworkUnused
            | Self::NeedsRoot
            | Self::OneHost
            | Self::NoSuchHost { .. } => Exit::Usage,
            Self::Interrupted => Exit::Interrupted,
            Self::Output(error) => error.exit(),
            _ => Exit::Failed,
        }
    }

    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::NoHome => "set HOME, or XDG_STATE_HOME to a folder of your choice",
            Self::ToolMissing { .. } => "run `make setup` in a checkout of nomspark, or install it yourself",
            Self::NomadTooOld { .. } => "put a newer nomad first on PATH, or take it from PATH and run `make setup`",
            Self::NotSpark(_) => "point SPARK_HOME to an unpacked Spark, or unset it",
            Self::PortBusy { .. } | Self::PortImpossible { .. } => {
                "choose other ports, such as `nomspark lab up --nomad-port 14646 --consul-port 18500`"
            }
            Self::OtherPorts { .. } | Self::OtherLab(_) => {
                "run `nomspark lab down` first, or set XDG_STATE_HOME to another folder for a second lab"
            }
            Self::StateBroken { .. } => "run `nomspark lab down`, then `nomspark lab up`",
            Self::NotReady { .. } => "allow more time with --timeout",
            Self::NotRunning | Self::NoNamespace(_) | Self::AgentNotRunning(_) => "nomspark lab up",
            Self::NodesImpossible(_) | Self::NetworkUnused => {
                "`nomspark lab up --nodes 3` as root, or `nomspark lab up` for one host on loopback"
            }
            Self::NeedsRoot => "run it as root; `nomspark lab up` for one host on loopback needs no root",
            Self::SystemToolMissing { package, .. } => {
                return Some(format!("install {package}: that is the name of Debian's package"));
            }
            Self::IpRoute { .. } => {
                "a container needs the capabilities CAP_NET_ADMIN and CAP_SYS_ADMIN, a kernel veth and bridge"
            }
            Self::NetworkTaken { .. } => "choose another network, such as `--network 198.18.7.0/24`",
            Self::NetworkClaimed { .. } => {
                "choose another network, such as `--network 198.18.7.0/24`, or end that lab with its XDG_STATE_HOME"
            }
            Self::OneHost => "`nomspark lab up --nodes 3` starts a lab in which each host has a network of its own",
            Self::Unkillable(_) | Self::Unmount { .. } => {
                "run `nomspark lab down` again, as the user who started the lab"
            }
            Self::File { source, .. } if source.kind() == io::ErrorKind::PermissionDenied => {
                "run it as the user who started the lab"
            }
            _ => return None,
        };
        Some(hint.to_owned())
    }
}
