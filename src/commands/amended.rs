//! An error to which a command adds what it knows: how its wait goes on, how far its run came, or whose cluster
//! is meant.

use std::fmt;

use serde_json::{Map, Value};

use crate::error::{Advice, Error, FailedAllocation};
use crate::exit::Exit;
use crate::report::Scope;

/// An error with more to it.
#[derive(Debug)]
struct Amended {
    error: Error,
    /// The command that goes on.
    resume: Option<String>,
    fields: Map<String, Value>,
    /// What the commands that it names have to name.
    scope: Scope,
    failures: Vec<FailedAllocation>,
}

/// An error as it is, unless it is a refusal, such as of a token that expired: then it tells how to go on with another one.
pub(super) fn resumable(error: Error, resume: &str) -> Error {
    if error.exit() == Exit::Refused { with_resume(error, resume) } else { error }
}

/// An error of which the hint ends with how to go on.
pub(super) fn with_resume(error: Error, resume: &str) -> Error {
    Amended { resume: Some(resume.to_owned()), ..Amended::from(error) }.into()
}

/// An error with fields of the JSON document.
pub(super) fn with_fields(error: Error, fields: Map<String, Value>) -> Error {
    Amended { fields, ..Amended::from(error) }.into()
}

/// An error whose commands name the namespace and the region that were typed.
pub(super) fn within(error: Error, scope: &Scope) -> Error {
    let mut amended = Amended { scope: scope.clone(), ..Amended::from(error) };
    for hint in amended.failures.iter_mut().filter_map(|failure| failure.hint.as_mut()) {
        *hint = scope.complete(hint).into_owned();
    }
    amended.into()
}

impl From<Error> for Amended {
    fn from(error: Error) -> Self {
        let failures = error.failures().to_vec();
        Self { error, resume: None, fields: Map::new(), scope: Scope::default(), failures }
    }
}

impl fmt::Display for Amended {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.scope.complete(&self.error.to_string()))
    }
}

impl std::error::Error for Amended {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.error.first_source()
    }
}

impl Advice for Amended {
    fn exit(&self) -> Exit {
        self.error.exit()
    }

    fn hint(&self) -> Option<String> {
        let hint = match (self.error.hint(), &self.resume) {
            (Some(hint), Some(resume)) => Some(format!("{hint}; then {resume}")),
            (hint, resume) => hint.or_else(|| resume.clone()),
        };
        hint.map(|hint| self.scope.complete(&hint).into_owned())
    }

    fn failures(&self) -> &[FailedAllocation] {
        &self.failures
    }

    fn fields(&self) -> Map<String, Value> {
        let mut fields = self.error.fields();
        fields.extend(self.fields.clone());
        fields
    }
}
