//! nomspark runs Apache Spark (standalone mode) on HashiCorp Nomad and Consul.
//!
//! The modules stand in the order in which the data travels:
//!
//! ```text
//! spec -> survey -> plan -> render -> submit -> watch -> report
//! ```
//!
//! [`spec`], [`plan`] and [`render`] are pure; [`survey`], [`submit`], [`watch`], [`logs`], [`drill`], [`lab`] and the
//! clients do I/O, and only [`report`] prints. [`commands`] wires the steps, one file for each command.

pub mod cli;
pub mod commands;

pub mod plan;
pub mod render;
pub mod report;
pub mod spec;
pub mod submit;
pub mod survey;
pub mod watch;

pub mod logs;

pub mod drill;

pub mod consul;
pub mod error;
pub mod http;
pub mod lab;
pub mod names;
pub mod nomad;
pub mod spark;
pub mod units;
