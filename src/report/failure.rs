//! How an error is told: `error:`, `caused by:`, the failed allocations, `hint:`; the same as JSON for scripts.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::{Map, Value};

use super::format::Format;
use super::json::{SCHEMA_VERSION, write_json};
use super::printable::printable;
use super::terminal::colour_wanted;
use crate::error::{Error, FailedAllocation};
use crate::event::short;
use crate::exit::Exit;

#[derive(Serialize)]
struct ErrorDocument<'a> {
    schema_version: u32,
    #[serde(flatten)]
    fields: Map<String, Value>,
    error: ErrorFields,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    failures: &'a [FailedAllocation],
}

#[derive(Serialize)]
struct ErrorFields {
    code: u8,
    message: String,
    causes: Vec<String>,
    hint: Option<String>,
}

/// Prints an error to standard error and, where the user asked for JSON, as a document to standard output.
///
/// Nobody is left to tell when the streams are closed, so failures to write are ignored here.
pub fn print_error(error: &Error, format: Format) {
    if error.exit() == Exit::Done {
        return;
    }
    let _ = io::stderr().lock().write_all(text(error, colour_wanted(&io::stderr())).as_bytes());
    if format != Format::Table {
        let _ = write_json(&document(error));
    }
}

/// An error for people.
pub(super) fn text(error: &Error, colour: bool) -> String {
    let message = error.to_string();
    let (red, bold, plain) = if colour { ("\u{1b}[1;31m", "\u{1b}[1m", "\u{1b}[0m") } else { ("", "", "") };
    // A spec's problems stand on lines of their own; in any other message a line break is somebody else's.
    let lines = if error.exit() == Exit::Usage {
        message.lines().map(printable).collect::<Vec<_>>().join("\n")
    } else {
        printable(&message)
    };
    let mut text = format!("{red}error:{plain} {lines}\n");
    for cause in error.causes() {
        text.push_str(&format!("caused by: {}\n", printable(&cause)));
    }
    for failure in error.failures() {
        // The message gives the first failure's reason already.
        let reason = if message.contains(&failure.reason) { "it last wrote" } else { &failure.reason };
        let task = format!("{} task {}", failure.job, failure.task);
        let place = format!("allocation {} on {}", short(&failure.allocation), failure.node);
        if !failure.log_tail.is_empty() || !message.contains(&failure.reason) {
            let (task, place, reason) = (printable(&task), printable(&place), printable(reason));
            text.push_str(&format!("\n{bold}{task}{plain} ({place}): {reason}\n"));
        }
        for line in &failure.log_tail {
            text.push_str(&format!("  | {line}\n"));
        }
    }
    if let Some(hint) = error.hint() {
        text.push_str(&format!("\n{bold}hint:{plain} {}\n", printable(&hint)));
    }
    text
}

/// An error for machines.
pub(super) fn document(error: &Error) -> Value {
    let document = ErrorDocument {
        schema_version: SCHEMA_VERSION,
        fields: error.fields(),
        error: ErrorFields {
            code: error.exit().code(),
            message: error.to_string(),
            causes: error.causes(),
            hint: error.hint(),
        },
        failures: error.failures(),
    };
    // Such a document always is one.
    serde_json::to_value(&document).unwrap_or_default()
}

/// Prints what clap says about the command line, help and version included; also as JSON where it was asked for.
#[must_use]
pub fn usage_error(error: &clap::Error) -> Exit {
    // Nobody is left to tell when the streams are closed.
    let _ = error.print();
    if !error.use_stderr() {
        return Exit::Done;
    }
    let asked = std::env::args().any(|argument| {
        matches!(argument.as_str(), "json" | "ndjson" | "-ojson" | "-ondjson" | "--format=json" | "--format=ndjson")
    });
    if asked {
        let message = error.render().to_string().lines().next().unwrap_or_default().to_owned();
        let message = message.trim_start_matches("error: ").to_owned();
        let hint = Some("nomspark --help".to_owned());
        let error = ErrorFields { code: Exit::Usage.code(), message, causes: Vec::new(), hint };
        let document = ErrorDocument { schema_version: SCHEMA_VERSION, fields: Map::new(), error, failures: &[] };
        let _ = write_json(&document);
    }
    Exit::Usage
}
