//! Report: everything that nomspark prints goes through here.
//!
//! Standard output carries data, standard error carries talk. Long-running commands hand over typed [`Event`]s; the
//! same events become plain lines for people and NDJSON for machines.

mod event;
mod failure;
mod table;
mod terminal;

use std::io::{self, Write};
use std::time::Instant;

use clap::ValueEnum;
use serde::Serialize;

pub use event::{Event, short};
pub use failure::{print_error, usage_error};
pub use table::table;
pub use terminal::{colour_wanted, confirm, confirm_by_name, has_terminal};

use crate::cli::exit::Exit;
use crate::error::Advice;

/// The version of every JSON document that nomspark prints; it grows only when a field changes its meaning.
pub const SCHEMA_VERSION: u32 = 1;

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

/// The two streams of a run, and how they are written.
#[derive(Debug)]
pub struct Report {
    format: Format,
    colour: bool,
    started: Instant,
}

/// Standard output or standard error did not take what was written.
#[derive(Debug, thiserror::Error)]
#[error("failed to write the output")]
pub struct WriteError(#[from] io::Error);

impl Advice for WriteError {
    fn exit(&self) -> Exit {
        // `nomspark status | head -1` has what it wanted.
        if self.0.kind() == io::ErrorKind::BrokenPipe { Exit::Done } else { Exit::Failed }
    }
}

#[derive(Serialize)]
struct Document<'a, T: Serialize> {
    schema_version: u32,
    #[serde(flatten)]
    content: &'a T,
}

#[derive(Serialize)]
struct Line<'a> {
    schema_version: u32,
    elapsed_ms: u64,
    #[serde(flatten)]
    event: &'a Event,
}

impl Report {
    /// A report that begins now.
    #[must_use]
    pub fn new(format: Format) -> Self {
        Self { format, colour: colour_wanted(&io::stderr()), started: Instant::now() }
    }

    /// How standard output is written.
    #[must_use]
    pub fn format(&self) -> Format {
        self.format
    }

    /// Milliseconds since the command began.
    #[must_use]
    pub fn elapsed_ms(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// Tells what just happened: a plain line on standard error, or a line of NDJSON on standard output.
    pub fn event(&self, event: &Event) -> Result<(), WriteError> {
        if self.format == Format::Ndjson {
            let line = Line { schema_version: SCHEMA_VERSION, elapsed_ms: self.elapsed_ms(), event };
            return write_json(&line);
        }
        let seconds = self.started.elapsed().as_secs_f64();
        let event = printable(&event.to_string());
        let mut stderr = io::stderr().lock();
        if self.colour {
            writeln!(stderr, "\u{1b}[2m{seconds:6.1}s\u{1b}[0m  {event}")?;
        } else {
            writeln!(stderr, "{seconds:6.1}s  {event}")?;
        }
        Ok(())
    }

    /// Talks to the person at the terminal, on standard error.
    pub fn say(&self, text: &str) -> Result<(), WriteError> {
        writeln!(io::stderr().lock(), "{text}")?;
        Ok(())
    }

    /// The command's result, last: `document` for machines, `text` for people.
    pub fn result<T: Serialize>(&self, document: &T, text: impl FnOnce() -> String) -> Result<(), WriteError> {
        match self.format {
            Format::Table => self.data(text().as_bytes()),
            Format::Json | Format::Ndjson => {
                write_json(&Document { schema_version: SCHEMA_VERSION, content: document })
            }
        }
    }

    /// A line of NDJSON that is data, such as a line of a log.
    pub fn line<T: Serialize>(&self, content: &T) -> Result<(), WriteError> {
        write_json(&Document { schema_version: SCHEMA_VERSION, content })
    }

    /// Raw bytes for standard output, such as a log.
    pub fn data(&self, bytes: &[u8]) -> Result<(), WriteError> {
        let mut stdout = io::stdout().lock();
        stdout.write_all(bytes)?;
        stdout.flush()?;
        Ok(())
    }
}

/// Text on one line that cannot move the cursor: names and words of servers are not ours.
fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

fn write_json<T: Serialize>(value: &T) -> Result<(), WriteError> {
    let mut line = serde_json::to_vec(value).map_err(io::Error::from)?;
    line.push(b'\n');
    let mut stdout = io::stdout().lock();
    stdout.write_all(&line)?;
    stdout.flush()?;
    Ok(())
}
