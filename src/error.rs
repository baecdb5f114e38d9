//! What every error can tell: what failed, why, and what to do next.
//!
//! Each module has an error type of its own. It implements [`Advice`], and `?` turns it into the one
//! [`Error`] that the commands return.

use std::fmt;

use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

use crate::exit::Exit;

/// The result of a command.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What an error tells besides its message and its causes.
///
/// `Display` says what failed and never repeats its source; the sources are printed as `caused by:` lines.
pub trait Advice: std::error::Error + Send + Sync + 'static {
    /// The exit code that this error leads to.
    fn exit(&self) -> Exit {
        Exit::Failed
    }

    /// What the user can do next, as one sentence or a command.
    fn hint(&self) -> Option<String> {
        None
    }

    /// The allocations whose failure is the reason, where there are any.
    fn failures(&self) -> &[FailedAllocation] {
        &[]
    }

    /// What the command's JSON document says besides the error, such as a verdict.
    fn fields(&self) -> Map<String, Value> {
        Map::new()
    }
}

/// An allocation that failed, and why, as scripts read it in JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FailedAllocation {
    /// The Nomad job.
    pub job: String,
    /// The allocation's whole id.
    pub allocation: String,
    /// The name of the node that ran it.
    pub node: String,
    /// The task that failed; empty where none tells, as of a node that was lost.
    #[serde(serialize_with = "null_where_empty")]
    pub task: String,
    /// One plain sentence.
    pub reason: String,
    /// The exit code of the task's last run, if it ran.
    pub exit_code: Option<i64>,
    /// Whether the kernel killed the task for its memory.
    pub oom: bool,
    /// How often Nomad restarted the task in this allocation.
    pub restarts: u64,
    /// The last lines that the task wrote, oldest first.
    pub log_tail: Vec<String>,
    /// What to do about it, where that is known.
    pub hint: Option<String>,
}

fn null_where_empty<S: Serializer>(text: &str, serializer: S) -> std::result::Result<S::Ok, S::Error> {
    if text.is_empty() { serializer.serialize_none() } else { serializer.serialize_str(text) }
}

/// Any error of nomspark, on its way to the user.
pub struct Error(Box<dyn Advice>);

impl Error {
    /// The exit code that this error leads to.
    #[must_use]
    pub fn exit(&self) -> Exit {
        self.0.exit()
    }

    /// What the user can do next.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        self.0.hint()
    }

    /// The allocations whose failure is the reason.
    #[must_use]
    pub fn failures(&self) -> &[FailedAllocation] {
        self.0.failures()
    }

    /// What the command's JSON document says besides the error.
    #[must_use]
    pub fn fields(&self) -> Map<String, Value> {
        self.0.fields()
    }

    /// The error behind this one.
    #[must_use]
    pub fn first_source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source()
    }

    /// The messages of the sources, outermost first.
    #[must_use]
    pub fn causes(&self) -> Vec<String> {
        causes(&*self.0)
    }
}

/// The messages of an error's sources, outermost first; a source that says the same as the one before it is left out.
#[must_use]
pub fn causes(error: &dyn std::error::Error) -> Vec<String> {
    let mut causes: Vec<String> = Vec::new();
    let mut source = error.source();
    while let Some(cause) = source {
        let message = cause.to_string();
        if causes.last() != Some(&message) {
            causes.push(message);
        }
        source = cause.source();
    }
    causes
}

/// An error and its sources on one line.
#[must_use]
pub fn one_line(error: &dyn std::error::Error) -> String {
    let mut line = error.to_string();
    for cause in causes(error) {
        line.push_str(": ");
        line.push_str(&cause);
    }
    line
}

impl<E: Advice> From<E> for Error {
    fn from(error: E) -> Self {
        Self(Box::new(error))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, formatter)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, formatter)
    }
}
