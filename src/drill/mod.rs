//! Drill: breaks something on purpose and measures the recovery.
//!
//! A round reads the cluster (`target`) and waits until it is well, starts an application with a known answer, asks
//! everything every 10 ms (`probe`), causes the fault (`fault`), and goes on asking until every stage of the recovery was
//! reached. What was seen is plain data (`sample`); `timeline` draws the stages from it, and is pure.

mod application;
mod clients;
mod error;
mod fault;
mod history;
mod judge;
pub mod outcome;
pub mod page;
mod probe;
mod runner;
mod sample;
mod scenario;
mod target;
mod timeline;
mod turns;

pub use application::Recipe;
pub use clients::{Clients, LabHosts};
pub use error::Error;
pub use outcome::Outcome;
pub use page::page;
pub use runner::Drill;
pub use scenario::{Scenario, Stage};
