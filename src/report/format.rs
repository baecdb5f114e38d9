//! The formats of standard output.

use clap::ValueEnum;

/// How standard output is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    #[default]
    Table,
    /// One JSON document at the end.
    Json,
    /// One JSON document a line while it happens; the last line is the result.
    Ndjson,
}
