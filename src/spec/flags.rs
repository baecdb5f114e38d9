//! What the flags give.

use std::ops::RangeInclusive;

use super::given::{Given, add_datacenter, master_memory, worker_memory};
use super::problem::{Complaint, Location, Problem};
use super::{Master, Overrides, Worker, conf};
use crate::names::{ConfKey, ConfValue, Datacenter};

/// The values of the flags, and what is wrong with them.
pub(super) fn given(overrides: &Overrides) -> (Given, Vec<Problem>) {
    let mut flags = Flags { problems: Vec::new() };
    let given = Given {
        name: flags.parse("--name", overrides.name.as_ref(), |text| Ok(text.parse()?)),
        datacenters: flags.datacenters(&overrides.datacenters),
        node_pool: flags.parse("--node-pool", overrides.node_pool.as_ref(), |text| Ok(text.parse()?)),
        driver: overrides.driver,
        image: flags.parse("--image", overrides.image.as_ref(), |text| Ok(text.parse()?)),
        spark_home: flags.parse("--spark-home", overrides.spark_home.as_ref(), |text| Ok(text.parse()?)),
        master_count: flags.count("--masters", overrides.masters, 1..=Master::MAX_COUNT),
        recovery: None,
        worker_count: flags.count("--workers", overrides.workers, 0..=Worker::MAX_COUNT),
        worker_cores: flags.parse("--worker-cores", overrides.worker_cores.as_ref(), |text| Ok(text.parse()?)),
        worker_memory: flags.parse("--worker-memory", overrides.worker_memory.as_ref(), worker_memory),
        master_memory: flags.parse("--master-memory", overrides.master_memory.as_ref(), master_memory),
        master_port: None,
        master_ui_port: None,
        edge: None,
        conf: overrides.conf.iter().filter_map(|text| flags.parse("--conf", Some(text), property)).collect(),
    };
    (given, flags.problems)
}

struct Flags {
    problems: Vec<Problem>,
}

impl Flags {
    fn complain(&mut self, flag: &'static str, complaint: Complaint) {
        self.problems.push(complaint.at(Location::Flag(flag)));
    }

    fn parse<T>(
        &mut self,
        flag: &'static str,
        text: Option<&String>,
        read: impl Fn(&str) -> Result<T, Complaint>,
    ) -> Option<T> {
        read(text?).map_err(|complaint| self.complain(flag, complaint)).ok()
    }

    fn datacenters(&mut self, texts: &[String]) -> Option<Vec<Datacenter>> {
        let mut list = Vec::new();
        for text in texts {
            if let Err(complaint) = add_datacenter(&mut list, text) {
                self.complain("--datacenter", complaint);
            }
        }
        (!list.is_empty()).then_some(list)
    }

    fn count(&mut self, flag: &'static str, count: Option<u32>, bounds: RangeInclusive<u32>) -> Option<u32> {
        let count = count?;
        if !bounds.contains(&count) {
            let (least, most) = bounds.into_inner();
            let expected = format!("expected a whole number from {least} to {most}, found `{count}`");
            self.complain(flag, Complaint::new(expected));
            return None;
        }
        Some(count)
    }
}

/// `KEY=VALUE`; the value may have more equals signs in it.
fn property(text: &str) -> Result<(ConfKey, ConfValue), Complaint> {
    let Some((key, value)) = text.split_once('=') else {
        return Err(Complaint::new(format!("`{}` has no `=`", text.escape_debug())).help("write `--conf KEY=VALUE`"));
    };
    let key = conf::key(key)?;
    let value = conf::value(&key, value)?;
    Ok((key, value))
}
