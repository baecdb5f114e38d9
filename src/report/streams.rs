//! The two streams of a run, and what goes beside them.

use std::io::{self, Write};
use std::path::Path;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use serde::Serialize;

use super::failure;
use super::format::Format;
use super::json::{Document, SCHEMA_VERSION, write_json};
use super::live::Live;
use super::printable::printable;
use super::recording::{Content, Ending, Recorder, RecordingError};
use super::scope::Scope;
use super::terminal::colour_wanted;

use crate::error::Error;
use crate::event::{Event, WriteError};

/// The two streams of a run, and how they are written.
#[derive(Debug)]
pub struct Report {
    format: Format,
    colour: bool,
    started: Instant,
    /// What every command that is named has to name.
    scope: OnceLock<Scope>,
    /// Where the same events go besides.
    beside: Mutex<Beside>,
}

/// Where events go besides their lines.
#[derive(Debug, Default)]
struct Beside {
    live: Option<Live>,
    recorder: Option<Recorder>,
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
        let colour = colour_wanted(&io::stderr());
        Self { format, colour, started: Instant::now(), scope: OnceLock::new(), beside: Mutex::default() }
    }

    /// Says once what every command that is named from now on has to name.
    pub fn set_scope(&self, scope: Scope) {
        // A process runs one command.
        let _ = self.scope.set(scope);
    }

    /// What every command that is named has to name.
    #[must_use]
    pub fn scope(&self) -> &Scope {
        self.scope.get_or_init(Scope::default)
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

    /// From now on a terminal shows, below the lines, what runs; until the result or the error is told.
    pub fn begin_live(&self) {
        if self.format == Format::Table && self.colour && !tracing::enabled!(tracing::Level::DEBUG) {
            self.beside().live = Some(Live::new(self.started));
        }
    }

    /// From now on every event is written to a file, and the end; a path that cannot be written is told at once.
    pub fn record(&self, path: &Path) -> Result<(), RecordingError> {
        self.beside().recorder = Some(Recorder::create(path)?);
        Ok(())
    }

    fn beside(&self) -> MutexGuard<'_, Beside> {
        // Whoever panicked while it was locked left it as good as before.
        self.beside.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells what just happened: a plain line on standard error, or a line of NDJSON on standard output.
    pub fn event(&self, event: &Event) -> Result<(), WriteError> {
        self.event_at(self.started.elapsed(), event)
    }

    /// Tells what happened so long after the command began.
    pub fn event_at(&self, elapsed: Duration, event: &Event) -> Result<(), WriteError> {
        let mut beside = self.beside();
        let elapsed_ms = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
        if let Some(recorder) = &mut beside.recorder {
            recorder.write(elapsed_ms, Content::Event(event.clone())).map_err(unrecorded)?;
        }
        if self.format == Format::Ndjson {
            return self.document(&Line { schema_version: SCHEMA_VERSION, elapsed_ms, event });
        }
        if !event.is_progress() {
            let seconds = elapsed.as_secs_f64();
            let (dim, plain) = if self.colour { ("\u{1b}[2m", "\u{1b}[0m") } else { ("", "") };
            let told = format!("{dim}{seconds:6.1}s{plain}  {}", printable(&self.scope().complete(&event.to_string())));
            match &beside.live {
                Some(live) => live.line(&told)?,
                None => writeln!(io::stderr().lock(), "{told}")?,
            }
        }
        if let Some(live) = &mut beside.live {
            live.show(event);
        }
        Ok(())
    }

    /// Wipes the picture off the terminal; a recording ends with the error, where there is one.
    pub fn end(&self, error: Option<&Error>) {
        let Beside { live, recorder } = std::mem::take(&mut *self.beside());
        drop(live);
        let Some((mut recorder, error)) = recorder.zip(error) else { return };
        let ending = Ending { text: failure::text(error, false), document: failure::document(error), failed: true };
        if let Err(unwritable) = recorder.write(self.elapsed_ms(), Content::End(ending)) {
            tracing::warn!(%unwritable, "the recording has no end");
        }
    }

    /// Talks to the person at the terminal, on standard error.
    pub fn say(&self, text: &str) -> Result<(), WriteError> {
        writeln!(io::stderr().lock(), "{text}")?;
        Ok(())
    }

    /// The command's result, last: `document` for machines, `text` for people.
    pub fn result<T: Serialize>(&self, document: &T, text: impl FnOnce() -> String) -> Result<(), WriteError> {
        let text = self.scope().complete(&text()).into_owned();
        let Beside { live, recorder } = std::mem::take(&mut *self.beside());
        drop(live);
        if let Some(mut recorder) = recorder {
            let content = Document { schema_version: SCHEMA_VERSION, content: document };
            let document = serde_json::to_value(&content).map_err(io::Error::from)?;
            let document = self.scope().complete_document(document);
            let ending = Ending { text: text.clone(), document, failed: false };
            recorder.write(self.elapsed_ms(), Content::End(ending)).map_err(unrecorded)?;
        }
        match self.format {
            Format::Table => self.data(text.as_bytes()),
            Format::Json | Format::Ndjson => {
                self.document(&Document { schema_version: SCHEMA_VERSION, content: document })
            }
        }
    }

    /// The end of a recorded run: a result or an error, as it was told then.
    pub fn shown_again(&self, document: &serde_json::Value, text: &str) -> Result<(), WriteError> {
        self.beside().live = None;
        match self.format {
            Format::Table => self.data(text.as_bytes()),
            Format::Json | Format::Ndjson => write_json(document),
        }
    }

    /// A line of NDJSON that is data, such as a line of a log.
    pub fn line<T: Serialize>(&self, content: &T) -> Result<(), WriteError> {
        write_json(&Document { schema_version: SCHEMA_VERSION, content })
    }

    /// A document whose commands name what they have to name.
    fn document<T: Serialize>(&self, content: &T) -> Result<(), WriteError> {
        let scope = self.scope();
        if *scope == Scope::default() {
            return write_json(content);
        }
        write_json(&scope.complete_document(serde_json::to_value(content).map_err(io::Error::from)?))
    }

    /// Raw bytes for standard output, such as a log.
    pub fn data(&self, bytes: &[u8]) -> Result<(), WriteError> {
        let mut stdout = io::stdout().lock();
        stdout.write_all(bytes)?;
        stdout.flush()?;
        Ok(())
    }
}

fn unrecorded(error: RecordingError) -> WriteError {
    io::Error::other(error).into()
}
