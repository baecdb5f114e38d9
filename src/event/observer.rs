//! Where events go: whoever has something to report hands it to an observer, and knows no printer.

use std::fmt;
use std::io;

use super::Event;
use crate::error::Advice;
use crate::exit::Exit;

/// Standard output, standard error or a recording did not take what was written.
#[derive(Debug, thiserror::Error)]
#[error("failed to write the output")]
pub struct WriteError(#[from] io::Error);

impl Advice for WriteError {
    fn exit(&self) -> Exit {
        // `nomspark status | head -1` has what it wanted.
        if self.0.kind() == io::ErrorKind::BrokenPipe { Exit::Done } else { Exit::Failed }
    }
}

/// Takes the events of a run, in the order in which they happen.
#[derive(Clone, Copy)]
pub struct Observer<'a>(&'a (dyn Fn(&Event) -> Result<(), WriteError> + Sync));

impl<'a> Observer<'a> {
    /// An observer that calls `take` with each event.
    pub fn new(take: &'a (dyn Fn(&Event) -> Result<(), WriteError> + Sync)) -> Self {
        Self(take)
    }

    /// Hands an event over; an error where nobody takes any more.
    pub fn event(self, event: &Event) -> Result<(), WriteError> {
        self.0(event)
    }
}

impl fmt::Debug for Observer<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Observer")
    }
}
