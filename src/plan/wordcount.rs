//! The plan of a WordCount: a batch job whose only task is the Spark driver, in client mode.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::{CommonVariables, Error, Plan, PlannedJob, Role, Variables, WordcountVariables, deploy, sizes};
use crate::names::RunId;
use crate::spark::FloatingAddress;
use crate::spec::ValidSpec;
use crate::survey::Survey;
use crate::units::Memory;

/// The application, compiled from `jobs/wordcount/src`.
const APPLICATION: &[u8] = include_bytes!("../../jobs/wordcount/wordcount.jar");
/// The driver's heap unless the spec says otherwise, in MiB: it holds the plan of the work and the head of the result,
/// never the text.
const DRIVER_HEAP: u64 = 512;
/// A JVM that lives for seconds never earns back what its optimizing compiler and its parallel collector cost.
const SHORT_LIVED_JVM: &str = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC";
/// Up to this size, in bytes, executors live too shortly as well: measured to pay up to 1 GB, and not beyond.
const SMALL_INPUT: u64 = 1_024 * 1_024 * 1_024;
/// What an executor gets unless the spec says otherwise, in MiB; Spark's own default.
const EXECUTOR_MEMORY: u64 = 1_024;

/// Where the text is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// A file of so many bytes on this machine, which goes up to the driver.
    Upload(u64),
    /// A URI that every executor can read.
    Uri(String),
}

/// What a WordCount needs to know besides the spec.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WordCount {
    /// The end of the job's name, unique in the cluster.
    pub id: RunId,
    /// Where the text is.
    pub input: Input,
    /// How many words the summary lists.
    pub top: u32,
    /// The `spark://` URL of the master that is ALIVE.
    pub master: String,
    /// The floating address, which always leads to that one.
    pub address: Option<FloatingAddress>,
    /// What the smallest worker offers to executors, in MiB.
    pub smallest_worker: u64,
}

/// Plans one run.
pub fn wordcount(spec: &ValidSpec, survey: &Survey, run: &WordCount) -> Result<Plan, Error> {
    let candidates = deploy::candidates(spec, survey)?;
    let driver = deploy::choose_driver(spec, Some(&candidates))?;
    let mut common = deploy::common(spec, driver, Some(&candidates));
    set_defaults(&mut common, run);
    let heap = driver_heap(&common);
    let input = match &run.input {
        Input::Upload(_) => "upload".to_owned(),
        Input::Uri(uri) => uri.clone(),
    };
    let variables = WordcountVariables {
        common,
        id: run.id.to_string(),
        master: run.address.map_or_else(|| run.master.clone(), |address| address.master()),
        masters_ui: run.address.map(|address| address.ui()),
        input,
        top: run.top,
        application: STANDARD.encode(APPLICATION),
        cpu: sizes::DAEMON_CPU,
        memory: sizes::with_overhead(heap),
        heap,
    };
    let job = PlannedJob {
        id: spec.name.wordcount_job(&run.id),
        role: Role::Wordcount,
        variables: Variables::Wordcount(variables),
        job_modify_index: 0,
        runs: false,
    };
    Ok(Plan { cluster: spec.name.clone(), driver, warnings: Vec::new(), jobs: vec![job] })
}

/// The driver's heap in MiB: what the spec says, so that Nomad reserves memory for just that.
fn driver_heap(common: &CommonVariables) -> u64 {
    let said = common.conf.get("spark.driver.memory").and_then(|memory| memory.parse::<Memory>().ok());
    said.map_or(DRIVER_HEAP, Memory::mib)
}

/// Properties that suit a WordCount; what the spec says wins.
fn set_defaults(common: &mut CommonVariables, run: &WordCount) {
    let mut default = |key: &str, value: &str| {
        common.conf.entry(key.to_owned()).or_insert_with(|| value.to_owned());
    };
    // An executor that is larger than every worker is never started, and Spark would wait for it without end.
    default("spark.executor.memory", &format!("{}m", EXECUTOR_MEMORY.min(run.smallest_worker)));
    default("spark.driver.extraJavaOptions", SHORT_LIVED_JVM);
    if matches!(run.input, Input::Upload(bytes) if bytes <= SMALL_INPUT) {
        default("spark.executor.extraJavaOptions", SHORT_LIVED_JVM);
    }
}
