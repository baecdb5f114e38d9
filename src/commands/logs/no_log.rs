//! Why there is no log to show.

use crate::error::Advice;
use crate::exit::Exit;

/// Why there is no log to show.
#[derive(Debug, thiserror::Error)]
pub(super) enum NoLog {
    #[error("the job {0} has no allocation yet")]
    NoAllocation(String),
    #[error("no allocation of {job} begins with {prefix}")]
    NoSuchAllocation { job: String, prefix: String },
    #[error("no task of the job {0} has started yet")]
    NotStarted(String),
    #[error("no allocation of {job} has a task {task}; there are: {tasks}")]
    NoSuchTask { job: String, task: String, tasks: String },
    #[error("--grep {pattern} is no regular expression: {reason}")]
    Pattern { pattern: String, reason: String },
}

impl Advice for NoLog {
    fn exit(&self) -> Exit {
        if matches!(self, Self::Pattern { .. }) { Exit::Usage } else { Exit::Failed }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::NoAllocation(_) | Self::NotStarted(_) => Some("add -f to wait for it".to_owned()),
            Self::NoSuchAllocation { job, .. } => Some(format!("`nomad job allocs {job}` lists them")),
            Self::NoSuchTask { .. } => None,
            Self::Pattern { .. } => Some("put a backslash before characters that mean something else there".to_owned()),
        }
    }
}
