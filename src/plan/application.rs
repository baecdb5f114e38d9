//! What the plans of applications have in common: a batch job whose only task is the Spark driver, in client mode.

use super::{CommonVariables, Error, Plan, PlannedJob, Role, Variables, deploy};
use crate::spark::FloatingAddress;
use crate::spec::{Driver, ValidSpec};
use crate::survey::Survey;
use crate::units::Memory;

/// The driver's heap unless the spec says otherwise, in MiB.
const DRIVER_HEAP: u64 = 512;
/// A JVM that lives for seconds never earns back what its optimizing compiler and its parallel collector cost.
const SHORT_LIVED_JVM: &str = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC";

/// What every job file asks for, of a driver that goes where the spec's jobs go.
pub(super) fn common(spec: &ValidSpec, survey: &Survey) -> Result<CommonVariables, Error> {
    let candidates = deploy::candidates(spec, survey)?;
    let driver = deploy::choose_driver(spec, Some(&candidates))?;
    Ok(deploy::common(spec, driver, Some(&candidates)))
}

/// Sets a property, unless the spec says something else.
pub(super) fn set_default(common: &mut CommonVariables, key: &str, value: &str) {
    common.conf.entry(key.to_owned()).or_insert_with(|| value.to_owned());
}

/// Has executors of so many MiB, or of what the smallest worker offers: one that is larger than every worker is never
/// started, and Spark would wait for it without end.
pub(super) fn set_executor_memory(common: &mut CommonVariables, memory: u64, smallest_worker: u64) {
    set_default(common, "spark.executor.memory", &format!("{}m", memory.min(smallest_worker)));
}

/// Has the driver give up an executor that is silent for half a minute, and executors a block that does not come for as
/// long. By default they wait for two minutes, and the driver looks once a minute: so long would tasks hang on a host that
/// is cut off. Who asks such a host for blocks tries four times, and each must not take that long.
pub(super) fn set_patience(common: &mut CommonVariables) {
    set_default(common, "spark.executor.heartbeatInterval", "5s");
    set_default(common, "spark.storage.blockManagerHeartbeatTimeoutMs", "30s");
    set_default(common, "spark.network.timeoutInterval", "5s");
    set_default(common, "spark.shuffle.io.connectionTimeout", "30s");
    set_default(common, "spark.shuffle.io.connectionCreationTimeout", "5s");
}

/// Tells the driver's JVM that it will not live long.
pub(super) fn set_short_lived_driver(common: &mut CommonVariables) {
    set_default(common, "spark.driver.extraJavaOptions", SHORT_LIVED_JVM);
}

/// Tells the executors' JVMs that they will not live long.
pub(super) fn set_short_lived_executors(common: &mut CommonVariables) {
    set_default(common, "spark.executor.extraJavaOptions", SHORT_LIVED_JVM);
}

/// The driver's heap in MiB: what the spec says, so that Nomad reserves memory for just that.
pub(super) fn driver_heap(common: &CommonVariables) -> u64 {
    let said = common.conf.get("spark.driver.memory").and_then(|memory| memory.parse::<Memory>().ok());
    said.map_or(DRIVER_HEAP, Memory::mib)
}

/// The `spark://` URL that a driver gets: the floating address where there is one, which always leads to the master that
/// is ALIVE.
pub(super) fn master(alive: &str, address: Option<FloatingAddress>) -> String {
    address.map_or_else(|| alive.to_owned(), |address| address.master())
}

/// The plan of one run: a job that is not there yet.
pub(super) fn plan(spec: &ValidSpec, driver: Driver, id: String, role: Role, variables: Variables) -> Plan {
    let job = PlannedJob { id, role, variables, job_modify_index: 0, runs: false };
    Plan { cluster: spec.name.clone(), driver, warnings: Vec::new(), jobs: vec![job] }
}
