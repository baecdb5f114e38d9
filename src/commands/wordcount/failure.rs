//! A run without a result: the error, and what is known of the run.

use std::fmt;

use serde_json::{Map, Value, json};

use super::run::Run;
use crate::cli::exit::Exit;
use crate::error::{Advice, Error, FailedAllocation};

/// An error that ended a run.
#[derive(Debug)]
pub(super) struct Unfinished {
    error: Error,
    fields: Map<String, Value>,
}

impl Unfinished {
    pub(super) fn new(verdict: &str, run: &Run<'_>, error: Error) -> Self {
        let mut fields = Map::new();
        fields.insert("job".to_owned(), json!(run.job()));
        fields.insert("verdict".to_owned(), json!(verdict));
        fields.insert("exit_code".to_owned(), json!(run.exit_code()));
        fields.insert("elapsed_ms".to_owned(), json!(run.elapsed_ms()));
        fields.insert("stages".to_owned(), json!(run.stages()));
        Self { error, fields }
    }
}

impl fmt::Display for Unfinished {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.error, formatter)
    }
}

impl std::error::Error for Unfinished {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.error.first_source()
    }
}

impl Advice for Unfinished {
    fn exit(&self) -> Exit {
        self.error.exit()
    }

    fn hint(&self) -> Option<String> {
        self.error.hint()
    }

    fn failures(&self) -> &[FailedAllocation] {
        self.error.failures()
    }

    fn fields(&self) -> Map<String, Value> {
        self.fields.clone()
    }
}
