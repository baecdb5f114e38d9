//! What is wrong with a spec, where, and how it is told.

use std::fmt;

use super::edge::{AdvertInterval, AdvertIntervalError};
use crate::error::Advice;
use crate::exit::Exit;
use crate::names::NameError;
use crate::units::{CoresError, MemoryError};

/// Everything that is wrong with a spec, in the order of the file and then of the flags.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invalid {
    /// What is wrong; never empty.
    pub problems: Vec<Problem>,
}

impl fmt::Display for Invalid {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.problems.len();
        let plural = if count == 1 { "" } else { "s" };
        write!(formatter, "the spec is invalid: {count} error{plural}")?;
        // Each starts its line with the position, where editors and CI systems look for it.
        for problem in &self.problems {
            write!(formatter, "\n{problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Invalid {}

impl Advice for Invalid {
    fn exit(&self) -> Exit {
        Exit::Usage
    }
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// Where it is.
    pub location: Location,
    /// What it is, as a sentence without a full stop.
    pub message: String,
    /// What to write instead, as a sentence without a full stop.
    pub help: Option<String>,
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.location, self.message)?;
        match &self.help {
            Some(help) => write!(formatter, "; {help}"),
            None => Ok(()),
        }
    }
}

/// Where something is wrong.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Location {
    /// In the spec file.
    File {
        /// [`Source::name`](super::Source::name).
        name: String,
        /// The line, counted from 1.
        line: usize,
        /// The column in characters, counted from 1.
        column: usize,
    },
    /// In the value of a flag, such as `--worker-memory`.
    Flag(&'static str),
}

impl fmt::Display for Location {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { name, line, column } => write!(formatter, "{name}:{line}:{column}"),
            Self::Flag(flag) => formatter.write_str(flag),
        }
    }
}

/// What is wrong with a value, before it is known where the value came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Complaint {
    pub(super) message: String,
    pub(super) help: Option<String>,
}

impl Complaint {
    pub(super) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), help: None }
    }

    pub(super) fn help(self, help: impl Into<String>) -> Self {
        Self { help: Some(help.into()), ..self }
    }

    pub(super) fn at(self, location: Location) -> Problem {
        Problem { location, message: self.message, help: self.help }
    }
}

impl From<NameError> for Complaint {
    fn from(error: NameError) -> Self {
        Self::new(error.to_string())
    }
}

impl From<AdvertIntervalError> for Complaint {
    fn from(error: AdvertIntervalError) -> Self {
        let number = match &error {
            AdvertIntervalError::Unreadable(text) => AdvertInterval::of_number(text),
            AdvertIntervalError::Range(_) => None,
        };
        let help = match number {
            Some(text) => format!("write `\"{text}\"`"),
            None => "write a number with its unit, such as `100ms` or `1s`".to_owned(),
        };
        Self::new(error.to_string()).help(help)
    }
}

impl From<CoresError> for Complaint {
    fn from(error: CoresError) -> Self {
        Self::new(error.to_string())
    }
}

impl From<MemoryError> for Complaint {
    fn from(error: MemoryError) -> Self {
        Self::new(error.to_string()).help(error.help())
    }
}
