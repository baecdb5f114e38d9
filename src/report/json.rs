//! JSON documents on standard output, one a line.

use std::io::{self, Write};

use serde::Serialize;

use crate::event::WriteError;

/// The version of every JSON document that nomspark prints; it grows only when a field changes its meaning.
pub const SCHEMA_VERSION: u32 = 1;

/// A document with its version.
#[derive(Serialize)]
pub(super) struct Document<'a, T: Serialize> {
    pub(super) schema_version: u32,
    #[serde(flatten)]
    pub(super) content: &'a T,
}

/// Writes a document and a line break.
pub(super) fn write_json<T: Serialize>(value: &T) -> Result<(), WriteError> {
    let mut line = serde_json::to_vec(value).map_err(io::Error::from)?;
    line.push(b'\n');
    let mut stdout = io::stdout().lock();
    stdout.write_all(&line)?;
    stdout.flush()?;
    Ok(())
}
