//! Why a log cannot be read on.

use crate::cli::exit::Exit;
use crate::error::Advice;
use crate::http;
use crate::nomad::frames::FrameError;

/// What kept a log from being read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Nomad or the node did not answer, or refused.
    #[error(transparent)]
    Http(#[from] http::Error),
    /// What came is no log.
    #[error(transparent)]
    Frame(#[from] FrameError),
}

impl Advice for Error {
    fn exit(&self) -> Exit {
        match self {
            Self::Http(error) => error.exit(),
            Self::Frame(_) => Exit::Failed,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Http(error) => error.hint(),
            Self::Frame(_) => None,
        }
    }
}
