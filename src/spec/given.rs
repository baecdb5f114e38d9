//! What is given: the file and the flags are read into the same shape, so that one can win over the other.

use std::collections::BTreeMap;

use super::problem::Complaint;
use super::{Driver, Edge, Recovery};
use crate::names::{ClusterName, ConfKey, ConfValue, Datacenter, ImageReference, NodePath, NodePool};
use crate::units::{Cores, Memory};

/// The values of the file, or of the flags.
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
