//! What can go wrong in the lab, and what to do about it.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use crate::cli::exit::Exit;
use crate::error::Advice;
use crate::report::WriteError;

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
    #[error("{} is Nomad {found}, and the lab needs 1.7 or newer", .path.display())]
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
        agent: &'static str,
        /// Why.
        source: io::Error,
    },
    /// An agent ended by itself.
    #[error("the lab's {agent} agent ended by itself")]
    AgentDied {
        /// Which agent.
        agent: &'static str,
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
            Self::PortImpossible { .. } => Exit::Usage,
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
            Self::OtherPorts { .. } => {
                "run `nomspark lab down` first, or set XDG_STATE_HOME to another folder for a second lab"
            }
            Self::StateBroken { .. } => "run `nomspark lab down`, then `nomspark lab up`",
            Self::NotReady { .. } => "allow more time with --timeout",
            Self::NotRunning => "nomspark lab up",
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
