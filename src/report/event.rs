//! The typed events of a run: what people read line by line and machines read as NDJSON is the same data.

use std::fmt;

use serde::Serialize;

/// Something that happened while a command ran. Each event says who observed it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// A step of a longer piece of work began, such as starting an agent of the lab.
    Step {
        /// What is being done, as a sentence without a full stop.
        what: String,
    },
    /// Something that the user should know but that stops nothing.
    Warning {
        /// The sentence.
        what: String,
    },
    /// Nomad holds this job already, word for word.
    JobUnchanged {
        /// The Nomad job.
        job: String,
    },
    /// Nomad took a new version of a job.
    JobRegistered {
        /// The Nomad job.
        job: String,
        /// Its version, counted from 0.
        version: u64,
    },
    /// A job was stopped.
    JobStopped {
        /// The Nomad job.
        job: String,
        /// Whether Nomad forgot it too.
        purged: bool,
    },
    /// Nomad's scheduler cannot place a task group now.
    PlacementFailed {
        /// The Nomad job.
        job: String,
        /// Why, as one sentence.
        reason: String,
    },
    /// Nomad placed an allocation on a node.
    AllocationPlaced {
        /// The Nomad job.
        job: String,
        /// The allocation's whole id.
        allocation: String,
        /// The node's name.
        node: String,
    },
    /// Nomad says that a task runs.
    TaskStarted {
        /// The Nomad job.
        job: String,
        /// The allocation's whole id.
        allocation: String,
        /// The task.
        task: String,
    },
    /// Nomad says that a task failed; it may be restarted.
    TaskFailed {
        /// The Nomad job.
        job: String,
        /// The allocation's whole id.
        allocation: String,
        /// The task.
        task: String,
        /// Why, as one sentence.
        reason: String,
    },
    /// Nomad says that an allocation ended.
    AllocationEnded {
        /// The Nomad job.
        job: String,
        /// The allocation's whole id.
        allocation: String,
        /// Nomad's client status: complete, failed or lost.
        status: String,
    },
    /// A Spark master answers and says that it leads.
    MasterAlive {
        /// The master's `spark://` URL.
        master: String,
    },
    /// The master counts more or fewer workers than before.
    WorkersRegistered {
        /// How many workers the master says are ALIVE.
        registered: u64,
        /// How many were asked for.
        wanted: u64,
    },
    /// The edge hosts are asked whether they can hold the floating address.
    LookingAtHosts {
        /// How many.
        hosts: usize,
    },
    /// The floating address answers, and the master behind it leads.
    AddressAnswers {
        /// The `spark://` URL.
        master: String,
        /// The edge host that answers.
        host: String,
    },
    /// The input is on its way to the driver.
    UploadStarted {
        /// The file's size in bytes.
        bytes: u64,
    },
    /// The driver has the whole input.
    UploadFinished {
        /// The file's size in bytes.
        bytes: u64,
        /// How long it took, in milliseconds.
        milliseconds: u64,
    },
    /// A line that the application wrote for people.
    Progress {
        /// The Nomad job.
        job: String,
        /// The line.
        line: String,
    },
    /// A round of a drill begins.
    RoundBegan {
        /// The scenario.
        scenario: &'static str,
        /// Counted from 1.
        number: u32,
        /// How many there will be.
        rounds: u32,
    },
    /// A drill breaks something now.
    Fault {
        /// What.
        what: String,
    },
    /// A round of a drill is over.
    RoundEnded {
        /// The scenario.
        scenario: &'static str,
        /// Counted from 1.
        number: u32,
        /// How long the recovery took, in milliseconds; `None`: the time was up.
        recovery_ms: Option<u64>,
        /// What was not as it should be, as sentences.
        complaints: Vec<String>,
    },
    /// A file was written.
    Written {
        /// Its path.
        file: String,
    },
    /// The connection to a server broke; it is tried again.
    Disconnected {
        /// Nomad, Consul or Spark.
        service: &'static str,
        /// Why, as one sentence.
        reason: String,
    },
    /// The connection to a server is back and nothing was missed.
    Reconnected {
        /// Nomad, Consul or Spark.
        service: &'static str,
    },
    /// Nothing happened for a while; this is what the command waits for.
    Waiting {
        /// The condition.
        condition: String,
    },
}

impl fmt::Display for Event {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Step { what } => write!(formatter, "{what}"),
            Self::Warning { what } => write!(formatter, "warning: {what}"),
            Self::JobUnchanged { job } => write!(formatter, "{job}: Nomad has this job already, nothing to change"),
            Self::JobRegistered { job, version } => write!(formatter, "{job}: registered, version {version}"),
            Self::JobStopped { job, purged: false } => write!(formatter, "{job}: stopped"),
            Self::JobStopped { job, purged: true } => write!(formatter, "{job}: purged, Nomad has forgotten it"),
            Self::PlacementFailed { job, reason } => write!(formatter, "{job}: {reason}"),
            Self::AllocationPlaced { job, allocation, node } => {
                write!(formatter, "{job}: allocation {} placed on {node}", short(allocation))
            }
            Self::TaskStarted { job, allocation, task } => {
                write!(formatter, "{job}: Nomad says task {task} of {} runs", short(allocation))
            }
            Self::TaskFailed { job, allocation, task, reason } => {
                write!(formatter, "{job}: task {task} of {} failed: {reason}", short(allocation))
            }
            Self::AllocationEnded { job, allocation, status } => {
                write!(formatter, "{job}: allocation {} ended: {status}", short(allocation))
            }
            Self::MasterAlive { master } => write!(formatter, "Spark says the master at {master} is ALIVE"),
            Self::WorkersRegistered { registered, wanted } => {
                write!(formatter, "Spark says {registered} of {wanted} workers are ALIVE")
            }
            Self::LookingAtHosts { hosts } => {
                write!(formatter, "looking at {hosts} edge hosts: programs, interfaces, ports")
            }
            Self::AddressAnswers { master, host } => write!(formatter, "{master} answers from {host}"),
            Self::UploadStarted { bytes } => write!(formatter, "sending {bytes} bytes of input to the driver"),
            Self::UploadFinished { bytes, milliseconds } => {
                write!(formatter, "the driver has all {bytes} bytes of input after {milliseconds} ms")
            }
            Self::Progress { job, line } => write!(formatter, "{job}: {line}"),
            Self::RoundBegan { scenario, number, rounds } => {
                write!(formatter, "{scenario}: round {number} of {rounds}")
            }
            Self::Fault { what } => write!(formatter, "breaking: {what}"),
            Self::RoundEnded { scenario, number, recovery_ms, complaints } => {
                write!(formatter, "{scenario}: round {number} ")?;
                match recovery_ms {
                    Some(milliseconds) => write!(formatter, "recovered in {milliseconds} ms")?,
                    None => write!(formatter, "did not recover")?,
                }
                complaints.iter().try_for_each(|complaint| write!(formatter, "; {complaint}"))
            }
            Self::Written { file } => write!(formatter, "written: {file}"),
            Self::Disconnected { service, reason } => {
                write!(formatter, "{service}: connection lost ({reason}); trying again")
            }
            Self::Reconnected { service } => write!(formatter, "{service}: connected again, nothing was missed"),
            Self::Waiting { condition } => write!(formatter, "waiting for {condition}"),
        }
    }
}

/// The first eight characters of an id, as Nomad's own tools show it.
#[must_use]
pub fn short(id: &str) -> &str {
    id.get(..8).unwrap_or(id)
}
