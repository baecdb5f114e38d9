//! Logs: what tasks write, followed to the end without a loss or a repetition.
//!
//! [`tail()`] follows one log of one task over breaks, rotation and restarts. [`Lines`] makes lines of several.

mod error;
mod lines;
mod position;
mod select;
mod since;
mod tail;

pub use error::Error;
pub use lines::Lines;
pub use position::{Position, Resumption};
pub use select::Selection;
pub use since::Since;
pub use tail::{Beginning, Log, Piece, tail};
