//! How waiting can end without what was waited for.

use std::time::Duration;

use crate::cli::exit::Exit;
use crate::error::{Advice, FailedAllocation};
use crate::http;
use crate::report::WriteError;

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
    /// Tasks that the cluster is made of keep failing.
    #[error("{job} does not come up: {reason}")]
    CrashLoop {
        /// The job.
        job: String,
        /// The sentence.
        reason: String,
        /// What failed.
        failures: Vec<FailedAllocation>,
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
            Self::NotPlaced { .. } => Exit::Unplaceable,
            Self::WorkFailed { .. } => Exit::WorkFailed,
            Self::Interrupted { .. } => Exit::Interrupted,
            Self::Http(error) => error.exit(),
            Self::Write(error) => error.exit(),
            Self::CrashLoop { .. } | Self::Stopped { .. } | Self::NoJob { .. } | Self::WatcherEnded => Exit::Failed,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::TimedOut { resume, .. } | Self::Interrupted { resume, .. } => Some(resume.clone()),
            Self::NotPlaced { .. } => Some(
                "ask for less with --worker-memory, --worker-cores, --master-memory or --workers, or add nodes"
                    .to_owned(),
            ),
            Self::CrashLoop { reason, .. }
                if reason.contains("could not be found") || reason.contains("not found under") =>
            {
                Some(
                    "install it there, or say where Spark is with --spark-home, runtime.spark_home or the node's meta \
                     spark_home"
                        .to_owned(),
                )
            }
            Self::CrashLoop { reason, .. } if reason.contains("does not allow the following capabilities") => Some(
                "list them in `allow_caps` of the clients' docker plugin, together with its defaults: docs/spec.md, \
                 \"In containers\""
                    .to_owned(),
            ),
            Self::CrashLoop { job, .. } | Self::WorkFailed { job, .. } => {
                Some(format!("read more with `nomspark logs {job}`"))
            }
            Self::NoJob { .. } => Some("`nomspark status` lists the cluster's jobs".to_owned()),
            Self::Http(error) => error.hint(),
            _ => None,
        }
    }

    fn failures(&self) -> &[FailedAllocation] {
        match self {
            Self::CrashLoop { failures, .. } | Self::WorkFailed { failures, .. } => failures,
            _ => &[],
        }
    }
}
