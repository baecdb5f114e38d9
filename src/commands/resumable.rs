//! A refusal in the middle of a wait, such as a token that expired: the wait can go on with another one.

use std::fmt;

use serde_json::{Map, Value};

use crate::cli::exit::Exit;
use crate::error::{Advice, Error, FailedAllocation};

/// An error after which another command goes on.
#[derive(Debug)]
pub(super) struct Resumable {
    error: Error,
    resume: String,
}

impl Resumable {
    /// An error as it is, unless it is a refusal: then it tells how to go on.
    pub(super) fn wrap(error: Error, resume: &str) -> Error {
        if error.exit() == Exit::Refused { Self { error, resume: resume.to_owned() }.into() } else { error }
    }
}

impl fmt::Display for Resumable {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.error, formatter)
    }
}

impl std::error::Error for Resumable {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.error.first_source()
    }
}

impl Advice for Resumable {
    fn exit(&self) -> Exit {
        self.error.exit()
    }

    fn hint(&self) -> Option<String> {
        let hint = self.error.hint();
        Some(hint.map_or_else(|| self.resume.clone(), |hint| format!("{hint}; then {}", self.resume)))
    }

    fn failures(&self) -> &[FailedAllocation] {
        self.error.failures()
    }

    fn fields(&self) -> Map<String, Value> {
        self.error.fields()
    }
}
