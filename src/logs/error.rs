//! Why a log cannot be read on.

use crate::error::Advice;
use crate::exit::Exit;
use crate::http;

/// What kept a log from being read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Nomad or the node did not answer, or refused.
    #[error(transparent)]
    Http(#[from] http::Error),
    /// What came is not the part of the file that was asked for: Nomad answers 200 also where it can no longer read a file, and
    /// says why in place of the bytes.
    #[error("Nomad sent {came} bytes of {path} and not {asked}{words}")]
    Other {
        /// The file's path in the allocation.
        path: String,
        /// How many bytes were asked for.
        asked: u64,
        /// How many came.
        came: usize,
        /// What it says, where that may be a reason.
        words: String,
    },
}

impl Error {
    /// Whether Nomad allows no more connections now.
    #[must_use]
    pub fn is_crowded(&self) -> bool {
        matches!(self, Self::Http(error) if error.is_crowded())
    }
}

impl Advice for Error {
    fn exit(&self) -> Exit {
        match self {
            Self::Http(error) => error.exit(),
            Self::Other { .. } => Exit::Failed,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Http(error) => error.hint(),
            Self::Other { .. } => None,
        }
    }
}
