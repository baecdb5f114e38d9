//! An error to which a command adds what it knows: how its wait goes on, or how far its run came.

use std::fmt;

use serde_json::{Map, Value};

use crate::cli::exit::Exit;
use crate::error::{Advice, Error, FailedAllocation};

/// An error with more to it.
#[derive(Debug)]
struct Amended {
    error: Error,
    /// The command that goes on.
    resume: Option<String>,
    fields: Map<String, Value>,
}

/// An error as it is, unless it is a refusal, such as of a token that expired: then it tells how to go on with another one.
pub(super) fn resumable(error: Error, resume: &str) -> Error {
    if error.exit() == Exit::Refused {
        Amended { error, resume: Some(resume.to_owned()), fields: Map::new() }.into()
    } else {
        error
    }
}

/// An error with fields of the JSON document.
pub(super) fn with_fields(error: Error, fields: Map<String, Value>) -> Error {
    Amended { error, resume: None, fields }.into()
}

impl fmt::Display for Amended {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.error, formatter)
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
        match (self.error.hint(), &self.resume) {
            (Some(hint), Some(resume)) => Some(format!("{hint}; then {resume}")),
            (hint, resume) => hint.or_else(|| resume.clone()),
        }
    }

    fn failures(&self) -> &[FailedAllocation] {
        self.error.failures()
    }

    fn fields(&self) -> Map<String, Value> {
        let mut fields = self.error.fields();
        fields.extend(self.fields.clone());
        fields
    }
}
