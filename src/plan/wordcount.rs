//! The plan of a WordCount: a batch job whose only task is the Spark driver, in client mode.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::{CommonVariables, Error, Plan, PlannedJob, Role, Variables, WordcountVariables, deploy, sizes};
use crate::names::RunId;
use crate::spec::ValidSpec;
use crate::survey::Survey;

/// The application, compiled from `jobs/wordcount/src`.
const APPLICATION: &[u8] = include_bytes!("../../jobs/wordcount/wordcount.jar");
/// The driver's heap, in MiB: it holds the plan of the work and the head of the result, never the text.
const DRIVER_HEAP: u64 = 512;
/// What an executor gets unless the spec says otherwise, in MiB; Spark's own default.
const EXECUTOR_MEMORY: u64 = 1_024;

/// Where the text is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// A file on this machine, which goes up to the driver.
    Upload,
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
    /// The master's `spark://` URL.
    pub master: String,
    /// What the smallest worker offers to executors, in MiB.
    pub smallest_worker: u64,
}

/// Plans one run.
pub fn wordcount(spec: &ValidSpec, survey: &Survey, run: &WordCount) -> Result<Plan, Error> {
    let candidates = deploy::candidates(spec, survey)?;
    let driver = deploy::choose_driver(spec, Some(&candidates))?;
    let mut common = deploy::common(spec, driver, Some(&candidates));
    set_defaults(&mut common, run);
    let input = match &run.input {
        Input::Upload => "upload".to_owned(),
        Input::Uri(uri) => uri.clone(),
    };
    let variables = WordcountVariables {
        common,
        id: run.id.to_string(),
        master: run.master.clone(),
        input,
        top: run.top,
        application: STANDARD.encode(APPLICATION),
        cpu: sizes::DAEMON_CPU,
        memory: sizes::with_overhead(DRIVER_HEAP),
        heap: DRIVER_HEAP,
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

/// An executor that is larger than every worker is never started, and Spark would wait for it without end.
fn set_defaults(common: &mut CommonVariables, run: &WordCount) {
    let memory = EXECUTOR_MEMORY.min(run.smallest_worker);
    common.conf.entry("spark.executor.memory".to_owned()).or_insert_with(|| format!("{memory}m"));
}
