//! The typed events of a run: what people read line by line and machines read as NDJSON is the same data.

mod observer;
mod sentence;

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

pub use observer::{Observer, WriteError};
pub use sentence::{count, short};

/// Something that happened while a command ran. Each event says who observed it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
    /// Nomad took the word to stop a job; its tasks may still be ending.
    JobStopping {
        /// The Nomad job.
        job: String,
    },
    /// A job was seen to be stopped.
    JobStopped {
        /// The Nomad job.
        job: String,
        /// Whether Nomad forgot it too.
        purged: bool,
    },
    /// A job that was to be stopped was dead before.
    JobDead {
        /// The Nomad job.
        job: String,
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
    /// Nomad says how a deployment gets on.
    Deployment {
        /// The Nomad job.
        job: String,
        /// The version that is rolled out.
        version: u64,
        /// running, successful, failed and others.
        status: String,
        /// How many allocations are healthy.
        healthy: u64,
        /// How many there shall be.
        wanted: u64,
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
    /// A task cannot start yet.
    TaskWaits {
        /// The Nomad job.
        job: String,
        /// The allocation's whole id.
        allocation: String,
        /// The task.
        task: String,
        /// What for, as one sentence.
        reason: String,
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
    /// The canaries of a deployment are healthy, and it goes on when somebody promotes them.
    WaitsForPromotion {
        /// The Nomad job.
        job: String,
        /// The version that is rolled out.
        version: u64,
        /// The deployment's whole id.
        deployment: String,
        /// How many canaries are healthy.
        canaries: u64,
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
    /// Spark's driver has more or fewer executors than before.
    Executors {
        /// The Nomad job.
        job: String,
        /// How many.
        executors: u64,
        /// Their cores.
        cores: u64,
    },
    /// Spark's driver lost an executor; it may get another one.
    ExecutorLost {
        /// The Nomad job.
        job: String,
        /// The executor's number.
        executor: String,
        /// Its HOST:PORT.
        host: String,
        /// Why, in Spark's words.
        reason: String,
    },
    /// An application runs and gets no executor.
    NoExecutors {
        /// The Nomad job.
        job: String,
        /// Why, as one sentence.
        reason: String,
    },
    /// Spark's driver says how far a stage is.
    Stage {
        /// The Nomad job.
        job: String,
        /// The stage's number.
        stage: u64,
        /// What it does, and where in the program.
        name: String,
        /// How it is.
        status: StageStatus,
        /// Whether it just became so, and not only went on.
        is_new: bool,
        /// How many tasks it has.
        tasks: u64,
        /// How many of them are done.
        done: u64,
        /// How many tries of tasks failed.
        failed: u64,
    },
    /// A round of a drill begins.
    RoundBegan {
        /// The scenario.
        scenario: Cow<'static, str>,
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
        scenario: Cow<'static, str>,
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
        service: Cow<'static, str>,
        /// Why, as one sentence.
        reason: String,
    },
    /// The connection to a server is back and nothing was missed.
    Reconnected {
        /// Nomad, Consul or Spark.
        service: Cow<'static, str>,
    },
    /// Nothing happened for a while; this is what the command waits for.
    Waiting {
        /// The condition.
        condition: String,
    },
}

impl Event {
    /// Whether it only moves a picture on: a line for each would bury what matters.
    #[must_use]
    pub fn is_progress(&self) -> bool {
        matches!(self, Self::Stage { is_new: false, .. })
    }
}

/// How a stage of an application is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StageStatus {
    /// Its tasks run.
    Active,
    /// All of its tasks are done.
    Complete,
    /// Spark gave it up; a fetch that failed makes it run again.
    Failed,
}
