//! A run without a result: the error, and what is known of the run.

use serde_json::{Map, json};

use super::run::Run;
use crate::commands::amended;
use crate::error::Error;

/// An error that ended the wait for a run; one that goes on has no verdict.
pub(super) fn unfinished(verdict: Option<&str>, run: &Run<'_>, error: Error) -> Error {
    let mut fields = Map::new();
    fields.insert("job".to_owned(), json!(run.job()));
    fields.insert("verdict".to_owned(), json!(verdict));
    fields.insert("exit_code".to_owned(), json!(run.exit_code()));
    fields.insert("elapsed_ms".to_owned(), json!(run.elapsed_ms()));
    fields.insert("stages".to_owned(), json!(run.stages()));
    amended::with_fields(error, fields)
}
