//! Integration tests: nomspark as a user runs it, against real Nomad, Consul and Spark where they are needed.
#![allow(clippy::unwrap_used, reason = "a panic is how a test says that it failed")]

mod address;
mod application;
mod bad_input;
mod capacity;
mod cli;
mod conf;
mod deploy;
mod drill;
mod drivers;
mod edge_files;
mod faults;
mod floating;
mod golden;
mod hosts;
mod identity;
mod inputs;
mod interrupts;
mod jobs;
mod lab;
mod masters;
mod older_consul;
mod reach;
mod recordings;
mod recovery;
mod seeds;
mod shared_consul;
mod support;
mod tokens;
mod troubleshooting;
mod wordcount;
