//! Flags over file over defaults: a [`ValidSpec`], or everything that is wrong.

use std::collections::BTreeMap;

use super::problem::{Complaint, Invalid, Location};
use super::{Driver, Edge, Master, Overrides, Recovery, Runtime, Source, ValidSpec, Worker, file, flags};
use crate::names::{ClusterName, ConfKey, ConfValue, Datacenter, ImageReference, NodePath, NodePool};
use crate::units::{Cores, Memory};

/// What the file or the flags give; both are read into the same shape, so that one can win over the other.
#[derive(Debug, Default)]
pub(super) struct Given {
    pub(super) name: Option<ClusterName>,
    pub(super) datacenters: Option<Vec<Datacenter>>,
    pub(super) node_pool: Option<NodePool>,
    pub(super) driver: Option<Driver>,
    pub(super) image: Option<ImageReference>,
    pub(super) spark_home: Option<NodePath>,
    pub(super) master_count: Option<u32>,
    pub(super) master_memory: Option<Memory>,
    pub(super) recovery: Option<Recovery>,
    pub(super) master_port: Option<u16>,
    pub(super) master_ui_port: Option<u16>,
    pub(super) worker_count: Option<u32>,
    pub(super) worker_cores: Option<Cores>,
    pub(super) worker_memory: Option<Memory>,
    pub(super) edge: Option<Edge>,
    pub(super) conf: BTreeMap<ConfKey, ConfValue>,
}

/// Makes one spec of the file, if there is one, and the flags. Pure: the same input always gives the same.
///
/// A value of the file must be valid even where a flag wins over it.
pub fn validate(source: Option<&Source>, overrides: &Overrides) -> Result<ValidSpec, Invalid> {
    let (file, mut problems) = source.map(file::given).unwrap_or_default();
    // Told in the order of the file, whatever the order in which they were found.
    problems.sort_by(|one, other| one.location.cmp(&other.location));
    let (flags, wrong_flags) = flags::given(overrides);
    problems.extend(wrong_flags);
    let asked = flags.master_count;
    let spec = merge(flags, file);
    // What the file says by itself was looked at already.
    let too_many = asked.and_then(|count| file::too_many(count, &spec.master.recovery));
    problems.extend(too_many.map(|complaint| complaint.at(Location::Flag("--masters"))));
    if problems.is_empty() { Ok(spec) } else { Err(Invalid { problems }) }
}

fn merge(flags: Given, file: Given) -> ValidSpec {
    let default = ValidSpec::default();
    ValidSpec {
        name: flags.name.or(file.name).unwrap_or(default.name),
        datacenters: flags.datacenters.or(file.datacenters).unwrap_or(default.datacenters),
        node_pool: flags.node_pool.or(file.node_pool).unwrap_or(default.node_pool),
        runtime: Runtime {
            driver: flags.driver.or(file.driver),
            image: flags.image.or(file.image).unwrap_or(default.runtime.image),
            spark_home: flags.spark_home.or(file.spark_home),
        },
        master: Master {
            count: flags.master_count.or(file.master_count).unwrap_or(default.master.count),
            memory: flags.master_memory.or(file.master_memory).unwrap_or(default.master.memory),
            recovery: flags.recovery.or(file.recovery).unwrap_or(default.master.recovery),
            port: flags.master_port.or(file.master_port),
            ui_port: flags.master_ui_port.or(file.master_ui_port),
        },
        worker: Worker {
            count: flags.worker_count.or(file.worker_count).unwrap_or(default.worker.count),
            cores: flags.worker_cores.or(file.worker_cores).unwrap_or(default.worker.cores),
            memory: flags.worker_memory.or(file.worker_memory).unwrap_or(default.worker.memory),
        },
        edge: flags.edge.or(file.edge),
        conf: file.conf.into_iter().chain(flags.conf).collect(),
    }
}

/// Memory for a master, of which the JVM takes a part for itself before there is any heap.
pub(super) fn master_memory(text: &str) -> Result<Memory, Complaint> {
    at_least(text.parse()?, 256, "the JVM of a master needs more")
}

/// Memory that a worker offers: Spark refuses executors with less than 450 MiB (1.5 times the 300 MiB it reserves), so
/// a smaller worker would run and never be of use.
pub(super) fn worker_memory(text: &str) -> Result<Memory, Complaint> {
    at_least(text.parse()?, 512, "no executor of Spark fits into less")
}

fn at_least(memory: Memory, least_mib: u64, reason: &str) -> Result<Memory, Complaint> {
    if memory.mib() < least_mib {
        return Err(
            Complaint::new(format!("`{memory}` is too little: {reason}")).help(format!("give at least {least_mib}MiB"))
        );
    }
    Ok(memory)
}

/// Adds a datacenter to a list that holds none twice.
pub(super) fn add_datacenter(list: &mut Vec<Datacenter>, text: &str) -> Result<(), Complaint> {
    let datacenter: Datacenter = text.parse()?;
    if list.contains(&datacenter) {
        return Err(Complaint::new(format!("`{datacenter}` is in the list already")));
    }
    list.push(datacenter);
    Ok(())
}
