//! What the plans of applications have in common: a batch job whose only task is the Spark driver, in client mode.

use std::collections::BTreeMap;

use super::common::{self, candidates, choose_driver, set_default};
use super::{CommonVariables, Error, Plan, PlannedJob, Role, Variables, sizes};
use crate::names::FloatingAddress;
use crate::spark::WorkerState;
use crate::spec::{Driver, ValidSpec};
use crate::survey::Survey;
use crate::units::spark;

/// What a worker offers to executors.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WorkerSize {
    /// In cores.
    pub cores: u64,
    /// In MiB.
    pub memory: u64,
    /// How many of each other resource, such as `gpu` (`spark.worker.resource.NAME.amount`).
    pub resources: BTreeMap<String, u64>,
}

impl From<&WorkerState> for WorkerSize {
    fn from(worker: &WorkerState) -> Self {
        let resources = worker.resources.iter().map(|(name, it)| (name.clone(), it.addresses.len() as u64)).collect();
        Self { cores: worker.cores, memory: worker.memory, resources }
    }
}

/// Spark's own `spark.executor.memory` where nothing says another, in MiB.
const EXECUTOR_MEMORY: u64 = 1_024;
/// The driver's heap unless the spec says otherwise, in MiB.
const DRIVER_HEAP: u64 = 512;
/// A JVM that lives for seconds never earns back what its optimizing compiler and its parallel collector cost.
const SHORT_LIVED_JVM: &str = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC";

/// What every job file asks for, of a driver that goes where the spec's jobs go.
pub(super) fn common(spec: &ValidSpec, survey: &Survey) -> Result<CommonVariables, Error> {
    let candidates = candidates(spec, survey)?;
    let driver = choose_driver(spec, Some(&candidates))?;
    Ok(common::common(spec, driver, Some(&candidates)))
}

/// Has executors of so many MiB, or of what the smallest worker offers: one that is larger than every worker is never
/// started, and Spark would wait for it without end.
pub(super) fn set_executor_memory(common: &mut CommonVariables, memory: u64, workers: &[WorkerSize]) {
    let smallest_worker = workers.iter().map(|worker| worker.memory).min().unwrap_or(0);
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
    mib(common, "spark.driver.memory").unwrap_or(DRIVER_HEAP)
}

/// What to reserve for a driver with this heap, in MiB: `spark.driver.memoryOverhead` besides it, or the share that
/// `spark.driver.memoryOverheadFactor` and `spark.driver.minMemoryOverhead` say, as Spark does where it reserves itself.
pub(super) fn driver_memory(common: &CommonVariables, heap: u64) -> u64 {
    if let Some(overhead) = mib(common, "spark.driver.memoryOverhead") {
        return heap + overhead;
    }
    let factor = common.conf.get("spark.driver.memoryOverheadFactor").and_then(|factor| factor.parse::<f64>().ok());
    sizes::with_overhead_of(heap, factor, mib(common, "spark.driver.minMemoryOverhead"))
}

/// What a property says, in MiB. The spec refuses what cannot be read, so that nothing stands only for not being there.
fn mib(common: &CommonVariables, key: &str) -> Option<u64> {
    spark::mib(common.conf.get(key)?).ok()
}

/// Refuses an application that no worker can ever give an executor to. Without workers nothing is known yet.
///
/// The master compares an executor's heap alone with a worker's memory, and its cores with the worker's; an executor
/// takes all of a worker's cores unless `spark.executor.cores` says how many, and a task takes `spark.task.cpus` of them.
pub(super) fn refuse_without_executor(common: &CommonVariables, workers: &[WorkerSize]) -> Result<(), Error> {
    let number = |key: &str| common.conf.get(key).and_then(|number| number.parse::<u64>().ok());
    let memory = mib(common, "spark.executor.memory").unwrap_or(EXECUTOR_MEMORY);
    let (executor, task) = (number("spark.executor.cores"), number("spark.task.cpus").unwrap_or(1));
    let all = number("spark.cores.max");
    let largest = |size: fn(&WorkerSize) -> u64| workers.iter().map(size).max().unwrap_or(0);
    let need = executor.unwrap_or(1).max(task);
    let refuse = |asked: String, offered: String| Err(Error::NoExecutor { asked, offered });
    if workers.is_empty() {
        return Ok(());
    }
    refuse_without_resource(common, workers)?;
    if let Some(cores) = executor.filter(|cores| task > *cores) {
        return refuse(
            format!("spark.task.cpus = {task} asks for more cores"),
            format!("an executor has {cores} by spark.executor.cores"),
        );
    }
    if let Some(cores) = all.filter(|cores| need > *cores) {
        let asked = if executor.is_some() { "spark.executor.cores" } else { "spark.task.cpus" };
        return refuse(
            format!("{asked} = {need} asks for more cores"),
            format!("the application has {cores} by spark.cores.max"),
        );
    }
    // Without spark.executor.cores the master deals the cores out one by one, over all workers.
    let share =
        all.map(|cores| cores.div_ceil(workers.len() as u64)).filter(|share| executor.is_none() && task > *share);
    if let Some(share) = share {
        return refuse(
            format!("spark.task.cpus = {task} asks for more cores"),
            format!("an executor gets {share} of those in spark.cores.max, unless spark.executor.cores says {task}"),
        );
    }
    if need > largest(|worker| worker.cores) {
        let asked = if executor.is_some() { "spark.executor.cores" } else { "spark.task.cpus" };
        let offered = format!("the largest worker has {}", largest(|worker| worker.cores));
        return refuse(format!("{asked} = {need} asks for more cores"), offered);
    }
    if memory > largest(|worker| worker.memory) {
        let offered = format!("the largest worker has {} MiB", largest(|worker| worker.memory));
        return refuse(format!("spark.executor.memory = {memory} MiB asks for more memory"), offered);
    }
    if !workers.iter().any(|worker| worker.cores >= need && worker.memory >= memory) {
        let offers: Vec<_> =
            workers.iter().map(|worker| format!("{} cores and {} MiB", worker.cores, worker.memory)).collect();
        let offered = format!("no worker has both: {}", offers.join(", "));
        return refuse(format!("{need} cores and {memory} MiB for an executor ask for more"), offered);
    }
    Ok(())
}

/// The same for what `spark.executor.resource.NAME.amount` asks for.
fn refuse_without_resource(common: &CommonVariables, workers: &[WorkerSize]) -> Result<(), Error> {
    for (key, amount) in &common.conf {
        let name = key.strip_prefix("spark.executor.resource.").and_then(|rest| rest.strip_suffix(".amount"));
        let (Some(name), Ok(amount)) = (name, amount.trim().parse::<u64>()) else { continue };
        let most = workers.iter().filter_map(|worker| worker.resources.get(name)).max().copied().unwrap_or(0);
        if amount > most {
            return Err(Error::NoResource { name: name.to_owned(), amount, most });
        }
    }
    Ok(())
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

#[cfg(test)]
mod tests;
