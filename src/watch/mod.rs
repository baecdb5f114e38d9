//! Watch: follows jobs to what is true about them.
//!
//! [`follow()`] lists, then streams, and lists again after any gap. [`JobState`] is a pure reducer: listings and changes
//! go in, [`Event`](crate::event::Event)s and in the end a [`Verdict`] come out. A verdict is what the last allocation
//! of each index did, never an evaluation's status.

mod application;
mod crash_loop;
mod edge_reached;
mod error;
mod evidence;
mod executors;
mod failures;
mod follow;
mod news;
mod noted_checks;
mod patience;
mod reach;
mod ready;
mod rule;
mod seen_failure;
mod state;
mod verdict;
mod watcher;

pub use application::{ApplicationWatcher, Sight};
pub use crash_loop::CrashLoop;
pub use error::Error;
pub use evidence::Evidence;
pub use failures::{describe_failures, failed_verdict};
pub use follow::{Observation, follow, read, take_ends};
pub use noted_checks::NotedChecks;
pub use patience::Patience;
pub use reach::address_state;
pub use ready::{Readiness, Ready};
pub use rule::Rule;
pub use seen_failure::SeenFailure;
pub use state::{JobListing, JobState};
pub use verdict::{Failure, Judgement, Verdict};
pub use watcher::{History, Watcher};
