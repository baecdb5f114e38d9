//! nomspark runs Apache Spark (standalone mode) on HashiCorp Nomad and Consul.
//!
//! The data travels one way:
//!
//! ```text
//! spec -> survey -> plan -> render -> submit -> watch -> report
//! ```
//!
//! The modules are layers, and stand here in their order: each uses only those above it. [`spec`], [`plan`], [`render`] and
//! [`explain`] are pure; [`survey`], [`submit`], [`watch`], [`logs`], [`drill`], [`lab`] and the clients do I/O, and only
//! [`report`] prints. [`commands`] wires the steps, one file for each command.

pub mod exit;
pub mod names;
pub mod units;

pub mod error;

pub mod event;
pub mod interrupt;

pub mod http;

pub mod consul;
pub mod nomad;
pub mod spark;

pub mod environment;

pub mod spec;
pub mod survey;

pub mod plan;

pub mod explain;
pub mod render;

pub mod watch;

pub mod submit;

pub mod lab;
pub mod logs;
pub mod report;

pub mod drill;

pub mod cli;
pub mod commands;
