//! How waiting can end without what was waited for.

use std::time::Duration;

use crate::error::{Advice, FailedAllocation};
use crate::event::WriteError;
use crate::exit::Exit;
use crate::http;

/// Why a wait ended early.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The time ran out.
    #[error("timed out after {} while waiting for {condition}", humantime::format_duration(*after))]
    TimedOut {
        /// The condition.
        condition: String,
        /// The limit.
        after: Duration,
        /// The command that goes on.
        resume: String,
    },
    /// Nomad's scheduler finds no place.
    #[error("the job {job} cannot be placed: {reason}")]
    NotPlaced {
        /// The job.
        job: String,
        /// The sentence.
        reason: String,
    },
    /// Spark's workers can never give what the executors of an application ask for.
    #[error("{job} can get no executor: {reason}")]
    NoExecutors {
        /// The job.
        job: String,
        /// The sentence.
        reason: String,
    },
    /// The executors of an application end again and again.
    #[error("{job} gets no executor that stays: {}", failures.first().map_or("", |failure| &failure.reason))]
    NoExecutorStays {
        /// The job.
        job: String,
        /// The worker that started one of them, and what that one last wrote.
        failures: Vec<FailedAllocation>,
    },
    /// Tasks keep failing, or a deployment failed.
    #[error("{job} does not come up: {reason}")]
    NotComingUp {
        /// The job.
        job: String,
        /// The sentence.
        reason: String,
        /// What failed.
        failures: Vec<FailedAllocation>,
        /// What Nomad does now.
        next: Next,
        /// Whether this is a failure of the cluster's own parts or of the work itself.
        exit: Exit,
    },
    /// The job's own tasks failed.
    #[error("the job {job} failed: {reason}")]
    WorkFailed {
        /// The job.
        job: String,
        /// The sentence.
        reason: String,
        /// What failed.
        failures: Vec<FailedAllocation>,
    },
    /// Somebody stopped the job.
    #[error("the job {job} was stopped before it completed")]
    Stopped {
        /// The job.
        job: String,
    },
    /// Nomad does not have what tells what became of the job.
    #[error(
        "what became of the job {job} cannot be known: Nomad calls it dead and has {found} of its {wanted} allocations"
    )]
    Unknown {
        /// The job.
        job: String,
        /// How many allocations Nomad has.
        found: u64,
        /// How many the job wants.
        wanted: u64,
    },
    /// The job starts others, and none is there to be followed.
    #[error("{job} runs nothing itself, it starts other jobs, and none of them is there")]
    NoChild {
        /// The job.
        job: String,
        /// The command that starts one.
        start: String,
    },
    /// Nomad does not have the job.
    #[error("Nomad has no job {job}")]
    NoJob {
        /// The job.
        job: String,
    },
    /// Ctrl-C.
    #[error("interrupted; {left}")]
    Interrupted {
        /// What was left behind.
        left: String,
        /// The command that goes on.
        resume: String,
    },
    /// The task that follows Nomad ended, which only a bug can cause.
    #[error("the watch of Nomad's event stream ended")]
    WatcherEnded,
    /// Nomad refused.
    #[error(transparent)]
    Http(#[from] http::Error),
    /// The output was closed.
    #[error(transparent)]
    Write(#[from] WriteError),
}

impl Advice for Error {
    fn exit(&self) -> Exit {
        match self {
            Self::TimedOut { .. } => Exit::TimedOut,
            Self::NotPlaced { .. } | Self::NoExecutors { .. } => Exit::Unplaceable,
            Self::WorkFailed { .. } | Self::NoExecutorStays { .. } => Exit::WorkFailed,
            Self::Interrupted { .. } => Exit::Interrupted,
            Self::NotComingUp { exit, .. } => *exit,
            Self::Http(error) => error.exit(),
            Self::Write(error) => error.exit(),
            Self::Stopped { .. }
            | Self::Unknown { .. }
            | Self::NoChild { .. }
            | Self::NoJob { .. }
            | Self::WatcherEnded => Exit::Failed,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::TimedOut { resume, .. } | Self::Interrupted { resume, .. } => Some(resume.clone()),
            Self::NotPlaced { .. } => Some(
                "ask for less (of a cluster with --worker-memory, --worker-cores, --master-memory or --workers), lift the \
                 constraint or add nodes; --wait-for-capacity waits until there is room"
                    .to_owned(),
            ),
            Self::NoExecutors { .. } => Some(
                "ask for less with spark.executor.memory and spark.executor.cores, or deploy larger workers with \
                 --worker-memory and --worker-cores; --wait-for-capacity waits for them"
                    .to_owned(),
            ),
            Self::NoExecutorStays { failures, .. } => {
                let known = failures.first().and_then(|failure| failure.hint.as_deref());
                let next = known.unwrap_or("the log of the workers' allocations tells why they end");
                Some(format!("{next}; --keep-waiting waits for one that stays"))
            }
            Self::NotComingUp { job, failures, next, exit, .. } => {
                let step = next_step(failures, job);
                Some(match (next, exit) {
                    (Next::RolledBack, _) => {
                        format!("{step}; mend that version and register it again: Nomad runs the version before it now")
                    }
                    (Next::TriesAgain, Exit::WorkFailed) => {
                        format!("{step}; Nomad goes on trying, and --keep-waiting waits for it")
                    }
                    (Next::GivenUpOnANode, Exit::WorkFailed) => format!(
                        "{step}; where Nomad has given up, `nomad job eval {job}` has it try again; --keep-waiting waits for it"
                    ),
                    (Next::GivenUp, Exit::WorkFailed) => {
                        format!("{step}; where Nomad has given up, stop the job with `nomad job stop -detach {job}` and run it anew")
                    }
                    _ => step,
                })
            }
            Self::WorkFailed { job, failures, .. } => Some(next_step(failures, job)),
            Self::Unknown { .. } => Some(
                "Nomad collects allocations some time after their end: `eval_gc_threshold` of its servers says when, and it is an hour \
                 if they do not"
                    .to_owned(),
            ),
            Self::NoChild { start, .. } => Some(format!("`{start}` starts one")),
            Self::NoJob { .. } => Some("`nomad job status -namespace '*'` lists the jobs of all namespaces".to_owned()),
            Self::Http(error) => error.hint(),
            _ => None,
        }
    }

    fn failures(&self) -> &[FailedAllocation] {
        match self {
            Self::NotComingUp { failures, .. }
            | Self::WorkFailed { failures, .. }
            | Self::NoExecutorStays { failures, .. } => failures,
            _ => &[],
        }
    }
}

/// What Nomad does with a job that does not come up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// It goes on trying for certain.
    TriesAgain,
    /// It may have given up.
    GivenUp,
    /// It may have given up on a node, of a job that has an allocation on each: another evaluation places one there.
    GivenUpOnANode,
    /// It went back to an older version (`auto_revert`).
    RolledBack,
}

/// What to do about the first failure.
fn next_step(failures: &[FailedAllocation], job: &str) -> String {
    let read_more = format!("read more with `nomspark logs {job}`");
    let known = failures.first().and_then(|failure| failure.hint.as_ref());
    known.map_or_else(|| read_more.clone(), |known| format!("{known}; {read_more}"))
}
