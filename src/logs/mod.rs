//! Logs: what tasks write, followed to the end without a loss or a repetition.
//!
//! [`tail()`] reads one log of one task over breaks, rotation and restarts, at a [`Pace`] that all readers share. [`Lines`]
//! makes lines of several. [`follow_children`] tells which jobs another one starts.

mod children;
mod error;
mod last_lines;
mod lines;
mod pace;
mod position;
mod select;
mod since;
mod tail;
mod times;

pub use children::{Child, ChildrenSeen, Family, follow_children, newest_runner};
pub use error::Error;
pub use lines::Lines;
pub use pace::Pace;
pub use position::{Loss, Position, Step};
pub use select::Selection;
pub use since::Since;
pub use tail::{Beginning, Log, Piece, Pieces, Until, tail};
