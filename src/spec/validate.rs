//! Flags over file over defaults: a [`ValidSpec`], or everything that is wrong.

use super::given::Given;
use super::problem::{Invalid, Location};
use super::{Master, Overrides, Runtime, Source, ValidSpec, Worker, file, flags};

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
