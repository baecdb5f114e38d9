//! What the commands that talk to a cluster share: its clients and the report.

use std::hash::{BuildHasher, RandomState};
use std::path::Path;

use crate::cli::{Global, environment};
use crate::consul::Consul;
use crate::error::Result;
use crate::names::RunId;
use crate::nomad::Nomad;
use crate::report::{RecordingError, Report};
use crate::watch::Evidence;

/// The clients of one cluster.
#[derive(Debug)]
pub(super) struct Context<'a> {
    pub(super) nomad: Nomad,
    pub(super) consul: Consul,
    pub(super) report: &'a Report,
    /// How to type the global options again, for hints.
    again: String,
}

impl<'a> Context<'a> {
    /// Builds the clients from flags and environment; talks to nobody yet.
    pub(super) fn new(global: &Global, report: &'a Report) -> Result<Self> {
        let nomad = environment::nomad(&environment::process, global.namespace.as_deref(), global.region.as_deref())?;
        let consul = environment::consul(&environment::process)?;
        let mut again = String::new();
        for (flag, value) in [("--namespace", &global.namespace), ("--region", &global.region)] {
            if let Some(value) = value {
                again.push_str(&format!(" {flag} {value}"));
            }
        }
        Ok(Self { nomad: Nomad::new(nomad)?, consul: Consul::new(consul)?, report, again })
    }

    /// Begins to record, where that was asked for, and to show what runs.
    pub(super) fn begin(&self, recording: Option<&Path>) -> Result<(), RecordingError> {
        if let Some(path) = recording {
            self.report.record(path)?;
        }
        self.report.begin_live();
        Ok(())
    }

    /// Whom to ask why something failed.
    pub(super) fn evidence(&self) -> Evidence<'_> {
        Evidence { nomad: &self.nomad, consul: &self.consul }
    }

    /// A command line of nomspark for the same cluster.
    pub(super) fn command(&self, arguments: &str) -> String {
        format!("nomspark {arguments}{}", self.again)
    }
}

/// A hint to type the same command again.
pub(super) fn same_command(purpose: &str) -> String {
    let arguments: Vec<String> = std::env::args().skip(1).map(|argument| quote(&argument)).collect();
    format!("run `nomspark {}` again {purpose}", arguments.join(" "))
}

/// A name that no other run has: random, so that two people who start at the same moment do not meet.
pub(super) fn new_id() -> RunId {
    let random = RandomState::new().hash_one(std::process::id());
    RunId::from((random >> 32) as u32)
}

/// An argument as a shell needs it.
fn quote(argument: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,@%+*".contains(c);
    if !argument.is_empty() && argument.chars().all(plain) {
        argument.to_owned()
    } else {
        format!("'{}'", argument.replace('\'', r"'\''"))
    }
}
