//! Spec: what the user wants, from `nomspark.hcl` and the flags to [`ValidSpec`].
//!
//! The first step of the pipeline. [`read()`] is the only I/O; [`validate()`] is pure. Every value of a [`ValidSpec`] has
//! a type that cannot be wrong, and whatever is wrong is told at once: [`Invalid`] holds every problem with its file,
//! line and column, or the name of its flag.
//!
//! | file | does |
//! |---|---|
//! | `read` | finds the file and reads it |
//! | `lines` | byte offsets to lines and columns |
//! | `document` | HCL to a tree with positions; syntax errors and repeated names |
//! | `level` | the attributes and blocks of one level of that tree; unknown names |
//! | `reader` | typed values out of them; wrong types |
//! | `schema` | which names a spec may hold, and where |
//! | `file` | what the file gives; its block `edge` in `file/edge` |
//! | `flags` | what the flags give |
//! | `conf` | the Spark properties that a spec may not set |
//! | `edge` | the floating address and its hosts |
//! | `address` | which addresses can float, and which a host can have |
//! | `conflicts` | what in an edge is wrong only together with something else |
//! | `validate` | flags over file over defaults: a [`ValidSpec`] |
//! | `problem` | what is wrong, where, and how it is told |

mod address;
mod conf;
mod conflicts;
mod document;
mod edge;
mod file;
mod flags;
mod given;
mod level;
mod lines;
mod master;
mod problem;
mod read;
mod reader;
mod schema;
mod validate;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt;

use clap::ValueEnum;
use serde::Serialize;

pub use edge::{AdvertInterval, AdvertIntervalError, Edge, EdgeDriver, EdgeHost};
pub use master::{Master, Recovery};
pub use problem::{Invalid, Location, Problem};
pub use read::{DEFAULT_FILE, ReadError, read};
pub use validate::validate;

use crate::names::{ClusterName, ConfKey, ConfValue, Datacenter, ImageReference, NodePath, NodePool};
use crate::units::{Cores, Memory};

/// The Nomad task driver that runs Spark's processes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, ValueEnum)]
#[serde(rename_all = "snake_case")]
#[value(rename_all = "snake_case")]
pub enum Driver {
    /// In a container; Spark comes with the image.
    Docker,
    /// Isolated in a chroot; Spark is in the client's `chroot_env`.
    Exec,
    /// Straight on the node, without isolation.
    RawExec,
}

impl Driver {
    /// Every driver, in the order in which they are told.
    pub const ALL: [Self; 3] = [Self::Docker, Self::Exec, Self::RawExec];

    /// The driver's name in Nomad.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Docker => "docker",
            Self::Exec => "exec",
            Self::RawExec => "raw_exec",
        }
    }
}

impl fmt::Display for Driver {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// A whole spec with every value valid and every default filled in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ValidSpec {
    /// The cluster's name, the prefix of its jobs and services.
    pub name: ClusterName,
    /// Where Nomad may place the jobs; never empty, no entry twice. Default `["*"]`, as in Nomad.
    pub datacenters: Vec<Datacenter>,
    /// The node pool that the jobs are placed in.
    pub node_pool: NodePool,
    /// How Spark's processes run.
    pub runtime: Runtime,
    /// The Spark masters.
    pub master: Master,
    /// The Spark workers.
    pub worker: Worker,
    /// The master's floating address, where there is one.
    pub edge: Option<Edge>,
    /// Properties for every Spark process and application of the cluster.
    pub conf: BTreeMap<ConfKey, ConfValue>,
}

impl Default for ValidSpec {
    fn default() -> Self {
        Self {
            name: ClusterName::default(),
            datacenters: vec![Datacenter::any()],
            node_pool: NodePool::default(),
            runtime: Runtime::default(),
            master: Master::default(),
            worker: Worker::default(),
            edge: None,
            conf: BTreeMap::new(),
        }
    }
}

/// How Spark's processes run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Runtime {
    /// The Nomad task driver; `None` leaves the choice to the plan, which knows what the nodes have.
    pub driver: Option<Driver>,
    /// The image for [`Driver::Docker`].
    pub image: ImageReference,
    /// Where Spark is on the nodes, for [`Driver::Exec`] and [`Driver::RawExec`].
    pub spark_home: Option<NodePath>,
}

/// The Spark workers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Worker {
    /// How many there are, from 0 to [`Worker::MAX_COUNT`]. Default 1.
    pub count: u32,
    /// How many tasks each runs at once (`SPARK_WORKER_CORES`). Default 1.
    pub cores: Cores,
    /// What each offers to executors (`SPARK_WORKER_MEMORY`). Default 1 GiB.
    pub memory: Memory,
}

impl Worker {
    /// The largest number of workers.
    pub const MAX_COUNT: u32 = 10_000;
}

impl Default for Worker {
    fn default() -> Self {
        Self { count: 1, cores: Cores::ONE, memory: Memory::gib(1) }
    }
}

/// What the flags say; each wins over the same value of the file.
///
/// The values are text as it was typed, so that what is wrong with them is told together with the file's errors.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Overrides {
    /// `--name`
    pub name: Option<String>,
    /// `--datacenter`, once for each; any at all replace the file's.
    pub datacenters: Vec<String>,
    /// `--node-pool`
    pub node_pool: Option<String>,
    /// `--driver`
    pub driver: Option<Driver>,
    /// `--image`
    pub image: Option<String>,
    /// `--spark-home`
    pub spark_home: Option<String>,
    /// `--masters`
    pub masters: Option<u32>,
    /// `--workers`
    pub workers: Option<u32>,
    /// `--worker-cores`
    pub worker_cores: Option<String>,
    /// `--worker-memory`
    pub worker_memory: Option<String>,
    /// `--master-memory`
    pub master_memory: Option<String>,
    /// `--conf KEY=VALUE`, once for each; added to the file's, and the last one of a key wins, as in `spark-submit`.
    pub conf: Vec<String>,
}

/// A spec file as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// What the file is called in messages: its path as the user gave it, or `<stdin>`.
    pub name: String,
    /// All of it.
    pub text: String,
}
