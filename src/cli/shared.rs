//! Options that several commands have.

use std::path::PathBuf;

use clap::{Args, ValueHint};

use crate::environment;
use crate::spec::{Driver, Overrides};
use crate::watch::Patience;

/// The spec: a file, and flags that win over it.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Spec")]
pub struct SpecArguments {
    /// The spec file; - reads standard input [default: nomspark.hcl where there is one]
    #[arg(short, long, env = environment::NOMSPARK_FILE, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub file: Option<PathBuf>,
    /// The cluster's name: the prefix of its jobs and services [default: spark]
    #[arg(long, env = environment::NOMSPARK_NAME)]
    pub name: Option<String>,
    /// A datacenter to place jobs in, * for any characters; may be given more than once [default: *]
    #[arg(long = "datacenter", value_name = "DATACENTER", value_delimiter = ',')]
    pub datacenters: Vec<String>,
    /// The node pool to place jobs in [default: default]
    #[arg(long, value_name = "POOL")]
    pub node_pool: Option<String>,
    /// The task driver [default: one that the nodes have]
    #[arg(long, env = environment::NOMSPARK_DRIVER, value_enum)]
    pub driver: Option<Driver>,
    /// The container image, for the docker driver
    #[arg(long, env = environment::NOMSPARK_IMAGE)]
    pub image: Option<String>,
    /// Spark's folder on the nodes, for exec and raw_exec [default: the node's meta spark_home, else /opt/spark]
    #[arg(long, env = environment::NOMSPARK_SPARK_HOME, value_name = "PATH")]
    pub spark_home: Option<String>,
    /// How many masters; one leads, the others stand by [default: 1]
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub masters: Option<u32>,
    /// How many workers [default: 1]
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub workers: Option<u32>,
    /// Cores that each worker offers [default: 1]
    #[arg(long, value_name = "N")]
    pub worker_cores: Option<String>,
    /// Memory that each worker offers, such as 2GiB [default: 1GiB]
    #[arg(long, value_name = "MEMORY")]
    pub worker_memory: Option<String>,
    /// Memory to reserve for the master [default: 1GiB]
    #[arg(long, value_name = "MEMORY")]
    pub master_memory: Option<String>,
    /// A Spark property; may be given more than once
    #[arg(long = "conf", value_name = "KEY=VALUE")]
    pub conf: Vec<String>,
    /// A folder with job files of your own, named as those of `nomspark render`
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub jobs: Option<PathBuf>,
}

impl SpecArguments {
    /// The flags that win over the file.
    #[must_use]
    pub fn overrides(&self) -> Overrides {
        Overrides {
            name: self.name.clone(),
            datacenters: self.datacenters.clone(),
            node_pool: self.node_pool.clone(),
            driver: self.driver,
            image: self.image.clone(),
            spark_home: self.spark_home.clone(),
            masters: self.masters,
            workers: self.workers,
            worker_cores: self.worker_cores.clone(),
            worker_memory: self.worker_memory.clone(),
            master_memory: self.master_memory.clone(),
            conf: self.conf.clone(),
        }
    }
}

/// Whose cluster: a name, or the spec that has it.
#[derive(Clone, Debug, Args)]
pub struct ClusterArguments {
    /// The cluster's name [default: that of the spec, else spark]
    #[arg(long, env = environment::NOMSPARK_NAME)]
    pub name: Option<String>,
    /// The spec file of the cluster; - reads standard input [default: nomspark.hcl where there is one]
    #[arg(long, env = environment::NOMSPARK_FILE, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub file: Option<PathBuf>,
}

/// When a wait ends though what is waited for has not come.
#[derive(Clone, Copy, Debug, Args)]
pub struct PatienceArguments {
    /// Wait on though a task keeps failing
    #[arg(long)]
    pub keep_waiting: bool,
    /// Wait until there is room for what cannot be placed now
    #[arg(long)]
    pub wait_for_capacity: bool,
}

impl From<PatienceArguments> for Patience {
    fn from(arguments: PatienceArguments) -> Self {
        Self { keep_waiting: arguments.keep_waiting, wait_for_capacity: arguments.wait_for_capacity }
    }
}
