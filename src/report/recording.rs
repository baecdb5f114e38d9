//! A run, written down as it happened: the lines of NDJSON with the result at the end, so that it can be shown again.

use std::fs::File;
use std::io::{self, BufRead, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::json::SCHEMA_VERSION;
use crate::error::Advice;
use crate::event::Event;
use crate::exit::Exit;

/// One line of a recording.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    schema_version: u32,
    /// When, in milliseconds after the command began.
    pub elapsed_ms: u64,
    /// What.
    #[serde(flatten)]
    pub content: Content,
}

/// What happened, or how it ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Content {
    /// An event, as with `-o ndjson`.
    Event(Event),
    /// The end of the run.
    End(Ending),
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ending {
    /// What the command printed for people.
    pub text: String,
    /// What it printed for machines: the result, or the error.
    pub document: Value,
    /// Whether it ended with an error.
    pub failed: bool,
}

/// Why a run cannot be recorded or shown again.
#[derive(Debug, thiserror::Error)]
pub enum RecordingError {
    /// The file cannot be written.
    #[error("the recording {} cannot be written", .0.display())]
    Unwritable(PathBuf, #[source] io::Error),
    /// The file cannot be read.
    #[error("the recording {} cannot be read", .0.display())]
    Unreadable(PathBuf, #[source] io::Error),
    /// A line is none of a recording.
    #[error("{}:{line} is no line of a recording", path.display())]
    Garbage {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1.
        line: usize,
        /// Why.
        source: serde_json::Error,
    },
    /// It was made by a later nomspark.
    #[error("{}:{line} was recorded by a nomspark that is newer than this one", path.display())]
    TooNew {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1.
        line: usize,
    },
}

impl Advice for RecordingError {
    fn exit(&self) -> Exit {
        Exit::Usage
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Garbage { .. } => Some("recordings are written with --record FILE".to_owned()),
            _ => None,
        }
    }
}

/// A recording that is being written.
#[derive(Debug)]
pub(super) struct Recorder {
    path: PathBuf,
    file: File,
}

impl Recorder {
    /// Begins one, in place of an older one.
    pub(super) fn create(path: &Path) -> Result<Self, RecordingError> {
        let file = File::create(path).map_err(|source| RecordingError::Unwritable(path.to_owned(), source))?;
        Ok(Self { path: path.to_owned(), file })
    }

    /// Writes a line at once, so that a run that is killed is recorded as far as it came.
    pub(super) fn write(&mut self, elapsed_ms: u64, content: Content) -> Result<(), RecordingError> {
        let entry = Entry { schema_version: SCHEMA_VERSION, elapsed_ms, content };
        let unwritable = |source| RecordingError::Unwritable(self.path.clone(), source);
        let mut line = serde_json::to_vec(&entry).map_err(|error| unwritable(error.into()))?;
        line.push(b'\n');
        self.file.write_all(&line).map_err(unwritable)
    }
}

/// Reads a recording; a last line that was cut off is left out.
pub fn read_recording(path: &Path) -> Result<Vec<Entry>, RecordingError> {
    let unreadable = |source| RecordingError::Unreadable(path.to_owned(), source);
    let mut file = io::BufReader::new(File::open(path).map_err(unreadable)?);
    let mut entries = Vec::new();
    for number in 1.. {
        let mut line = Vec::new();
        if file.read_until(b'\n', &mut line).map_err(unreadable)? == 0 {
            break;
        }
        match serde_json::from_slice::<Entry>(&line) {
            Ok(entry) if entry.schema_version > SCHEMA_VERSION => {
                return Err(RecordingError::TooNew { path: path.to_owned(), line: number });
            }
            Ok(entry) => entries.push(entry),
            // Whoever wrote it was killed.
            Err(_) if !line.ends_with(b"\n") && !entries.is_empty() => break,
            Err(source) => return Err(RecordingError::Garbage { path: path.to_owned(), line: number, source }),
        }
    }
    Ok(entries)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(number: u64) -> Content {
        Content::Event(Event::UploadStarted { bytes: number })
    }

    #[test]
    fn what_was_written_is_read_and_a_cut_line_is_left_out() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run.ndjson");
        let mut recorder = Recorder::create(&path).unwrap();
        let ending = Ending { text: "done\n".to_owned(), document: serde_json::json!({ "a": 1 }), failed: false };
        recorder.write(1, event(7)).unwrap();
        recorder.write(2, Content::End(ending.clone())).unwrap();
        recorder.file.write_all(b"{\"schema_ver").unwrap();
        let read: Vec<(u64, Content)> =
            read_recording(&path).unwrap().into_iter().map(|entry| (entry.elapsed_ms, entry.content)).collect();
        assert_eq!(read, [(1, event(7)), (2, Content::End(ending))]);
    }

    #[test]
    fn a_file_that_is_no_recording_is_refused_with_its_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run.ndjson");
        let refused = |text: &str| {
            std::fs::write(&path, text).unwrap();
            read_recording(&path).unwrap_err().to_string()
        };
        assert!(refused("hello").ends_with("run.ndjson:1 is no line of a recording"));
        let good = r#"{"schema_version":1,"elapsed_ms":0,"event":"upload_started","bytes":1}"#;
        assert!(refused(&format!("{good}\n{{}}\n")).ends_with(":2 is no line of a recording"));
        let newer = good.replace(":1,", ":99,");
        assert!(refused(&newer).ends_with("is newer than this one"));
        assert!(matches!(read_recording(&folder.path().join("none")), Err(RecordingError::Unreadable(..))));
    }
}
