//! Plan: from what is wanted and what is there to plain data. No client; pure.
//!
//! A plan leaves nothing to choose for the steps that follow it: every variable of every job file has its value.

mod application;
mod common;
mod deploy;
mod drill;
mod edge;
mod error;
mod sizes;
mod steps;
mod wordcount;

use std::collections::BTreeMap;

use serde::Serialize;

pub use application::WorkerSize;
pub use deploy::deploy;
pub use drill::{DrillApplication, drill};
pub use edge::{EdgeVariables, HeldAlready};
pub use error::Error;
pub use steps::Step;
pub use wordcount::{Input, WordCount, wordcount};

use crate::names::ClusterName;
use crate::spec::Driver;

/// What a job is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Spark's standalone master.
    Master,
    /// `HAProxy` and keepalived on the edge hosts.
    Edge,
    /// Spark's standalone workers.
    Worker,
    /// A WordCount driver.
    Wordcount,
    /// The driver of an application that runs through a failover drill.
    Drill,
}

impl Role {
    /// As in file names and in a job's meta.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Master => "master",
            Self::Edge => "edge",
            Self::Worker => "worker",
            Self::Wordcount => "wordcount",
            Self::Drill => "drill",
        }
    }
}

/// Everything that will be registered, in this order.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Plan {
    /// The cluster.
    pub cluster: ClusterName,
    /// The task driver of all jobs.
    pub driver: Driver,
    /// What the user should know before it happens.
    pub warnings: Vec<String>,
    /// The jobs, the one that others depend on first.
    pub jobs: Vec<PlannedJob>,
}

/// A job and the values of its job file's variables.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PlannedJob {
    /// The job's id.
    pub id: String,
    /// Which job file.
    pub role: Role,
    /// The values.
    pub variables: Variables,
    /// The guard of the registration: the index at which Nomad has the job now, 0 when it has none.
    pub job_modify_index: u64,
    /// Whether Nomad runs a job of this id now.
    pub runs: bool,
}

/// The values of a job file's variables, named as in the file.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Variables {
    /// Of `jobs/master.nomad.hcl`.
    Master(MasterVariables),
    /// Of `jobs/edge.nomad.hcl`.
    Edge(EdgeVariables),
    /// Of `jobs/worker.nomad.hcl`.
    Worker(WorkerVariables),
    /// Of `jobs/wordcount.nomad.hcl`.
    Wordcount(WordcountVariables),
    /// Of `jobs/drill.nomad.hcl`.
    Drill(DrillVariables),
}

/// What all job files ask for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CommonVariables {
    /// The cluster's name.
    pub cluster: String,
    /// nomspark's version.
    pub nomspark_version: String,
    /// Patterns of datacenters.
    pub datacenters: Vec<String>,
    /// The node pool.
    pub node_pool: String,
    /// docker, exec or raw_exec.
    pub driver: Driver,
    /// The image, for docker alone.
    pub image: Option<String>,
    /// Spark's folder.
    pub spark_home: String,
    /// Spark properties.
    pub conf: BTreeMap<String, String>,
    /// Links for Nomad's UI.
    pub links: Vec<Link>,
}

/// A link in Nomad's UI.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Link {
    /// Its text.
    pub label: String,
    /// Its target.
    pub url: String,
}

/// The master's values.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MasterVariables {
    /// What all job files ask for.
    #[serde(flatten)]
    pub common: CommonVariables,
    /// How many.
    pub count: u32,
    /// Whether each needs a node of its own.
    pub distinct_hosts: bool,
    /// How a new leader learns what the last one knew.
    pub recovery: &'static str,
    /// The plugin for the recovery by Consul, in base64; empty for every other.
    pub recovery_plugin: String,
    /// HOST:PORT of each server, with commas; empty where `ZooKeeper` is not asked.
    pub zookeeper: String,
    /// 0: Nomad chooses.
    pub rpc_port: u16,
    /// 0: Nomad chooses.
    pub ui_port: u16,
    /// MHz.
    pub cpu: u64,
    /// MiB.
    pub memory: u64,
    /// MiB.
    pub heap: u64,
}

/// The workers' values.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WorkerVariables {
    /// What all job files ask for.
    #[serde(flatten)]
    pub common: CommonVariables,
    /// How many.
    pub count: u32,
    /// `HOST:PORT` of the floating address; `None`: the workers find the masters in Consul.
    pub masters: Option<String>,
    /// `HOST:PORT` of the web UI at the floating address.
    pub masters_ui: Option<String>,
    /// Whether a new master knows the workers of the last one.
    pub remembered: bool,
    /// Cores for executors.
    pub worker_cores: u32,
    /// Memory for executors, MiB.
    pub worker_memory: u64,
    /// MHz.
    pub cpu: u64,
    /// MiB.
    pub memory: u64,
    /// MiB.
    pub heap: u64,
}

/// The WordCount driver's values.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WordcountVariables {
    /// What all job files ask for.
    #[serde(flatten)]
    pub common: CommonVariables,
    /// The end of the job's name.
    pub id: String,
    /// The `spark://` URL of the master or of the floating address.
    pub master: String,
    /// `HOST:PORT` of the web UI at the floating address.
    pub masters_ui: Option<String>,
    /// What the driver reads: `upload` or a URI.
    pub input: String,
    /// How many words the summary lists.
    pub top: u32,
    /// The application's jar, in base64.
    pub application: String,
    /// MHz.
    pub cpu: u64,
    /// MiB.
    pub memory: u64,
    /// MiB.
    pub heap: u64,
}

/// The values of the driver of an application that runs through a failover drill.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DrillVariables {
    /// What all job files ask for.
    #[serde(flatten)]
    pub common: CommonVariables,
    /// The end of the job's name.
    pub id: String,
    /// The `spark://` URL of the master or of the floating address.
    pub master: String,
    /// `HOST:PORT` of the web UI at the floating address.
    pub masters_ui: Option<String>,
    /// After how many seconds it ends by itself.
    pub at_most: u64,
    /// How many cores the executors take at most.
    pub cores_max: u64,
    /// The ids of the nodes on which the driver must not run.
    pub avoid_nodes: Vec<String>,
    /// The application's jar, in base64.
    pub application: String,
    /// MHz.
    pub cpu: u64,
    /// MiB.
    pub memory: u64,
    /// MiB.
    pub heap: u64,
}
