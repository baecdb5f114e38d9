//! The plan of a WordCount.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::{Error, Plan, Role, Variables, WordcountVariables, WorkerSize, application, sizes};
use crate::names::{FloatingAddress, RunId};
use crate::spec::ValidSpec;
use crate::survey::Survey;

/// The application, compiled from `jobs/wordcount/src`.
const APPLICATION: &[u8] = include_bytes!("../../jobs/wordcount/wordcount.jar");
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
    /// What the workers that are alive offer to executors.
    pub workers: Vec<WorkerSize>,
    /// Whether the user waits for workers that are not there yet.
    pub wait_for_capacity: bool,
}

/// Plans one run.
pub fn wordcount(spec: &ValidSpec, survey: &Survey, run: &WordCount) -> Result<Plan, Error> {
    let mut common = application::common(spec, survey)?;
    application::set_executor_memory(&mut common, EXECUTOR_MEMORY, &run.workers);
    application::set_patience(&mut common);
    application::set_short_lived_driver(&mut common);
    if matches!(run.input, Input::Upload(bytes) if bytes <= SMALL_INPUT) {
        application::set_short_lived_executors(&mut common);
    }
    // The driver holds the plan of the work and the head of the result, never the text.
    if !run.wait_for_capacity {
        application::refuse_without_executor(&common, &run.workers)?;
    }
    let (driver, heap) = (common.driver, application::driver_heap(&common));
    let input = match &run.input {
        Input::Upload(_) => "upload".to_owned(),
        Input::Uri(uri) => uri.clone(),
    };
    let variables = WordcountVariables {
        memory: application::driver_memory(&common, heap),
        common,
        id: run.id.to_string(),
        master: application::master(&run.master, run.address),
        masters_ui: run.address.map(|address| address.ui()),
        input,
        top: run.top,
        application: STANDARD.encode(APPLICATION),
        cpu: sizes::DAEMON_CPU,
        heap,
    };
    let id = spec.name.wordcount_job(&run.id);
    Ok(application::plan(spec, driver, id, Role::Wordcount, Variables::Wordcount(variables)))
}
