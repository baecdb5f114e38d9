//! Report: everything that nomspark prints goes through here.
//!
//! Standard output carries data, standard error carries talk. Long-running commands hand over typed [`Event`](crate::event::Event)s; the
//! same events become plain lines for people and NDJSON for machines.

mod failure;
mod format;
mod json;
mod live;
mod printable;
mod recording;
mod scope;
mod streams;
mod table;
mod terminal;
mod view;

pub use failure::{print_error, usage_error};
pub use format::Format;
pub use json::SCHEMA_VERSION;
pub use recording::{Content, Ending, Entry, RecordingError, read_recording};
pub use scope::Scope;
pub use streams::Report;
pub use table::table;
pub use terminal::{colour_wanted, confirm, confirm_by_name, has_terminal};
