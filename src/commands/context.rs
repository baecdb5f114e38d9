//! What the commands that talk to a cluster share: its clients and the report.

use std::hash::{BuildHasher, RandomState};
use std::path::Path;
use std::time::Duration;

use tokio::time::timeout;

use crate::cli::Global;
use crate::consul::Consul;
use crate::environment;
use crate::error::Result;
use crate::event::{Event, Observer};
use crate::names::RunId;
use crate::nomad::Nomad;
use crate::report::{RecordingError, Report, Scope};
use crate::watch::Evidence;

/// How long Nomad may take to say how many connections it allows.
const LIMIT_ANSWER: Duration = Duration::from_secs(2);

/// The clients of one cluster.
#[derive(Debug)]
pub(super) struct Context<'a> {
    pub(super) nomad: Nomad,
    pub(super) consul: Consul,
    pub(super) report: &'a Report,
    /// Hands events to the report.
    pub(super) observer: Observer<'a>,
}

impl<'a> Context<'a> {
    /// Builds the clients from flags and environment; talks to nobody yet.
    pub(super) fn new(global: &Global, report: &'a Report, observer: Observer<'a>) -> Result<Self> {
        let nomad = environment::nomad(&environment::process, global.namespace.as_deref(), global.region.as_deref())?;
        let consul = environment::consul(&environment::process)?;
        report.set_scope(Scope::new(global.namespace.as_deref(), global.region.as_deref()));
        Ok(Self { nomad: Nomad::new(nomad)?, consul: Consul::new(consul)?, report, observer })
    }

    /// Begins to record, where that was asked for, and to show what runs.
    pub(super) fn begin(&self, recording: Option<&Path>) -> Result<(), RecordingError> {
        if let Some(path) = recording {
            self.report.record(path)?;
        }
        self.report.begin_live();
        Ok(())
    }

    /// Says once, and only when it is so, that Nomad allows no more connections: everything then waits.
    pub(super) async fn tell_crowding(&self) -> Result<()> {
        self.nomad.crowded().await;
        // Nomad may have no connection left for this either, and a token may not be allowed to ask.
        let limit = timeout(LIMIT_ANSWER, self.nomad.connection_limit()).await;
        let limit = limit.ok().and_then(Result::ok).flatten().filter(|limit| *limit > 0);
        let number = limit.map_or("no more connections".to_owned(), |limit| format!("{limit} connections"));
        let what = format!(
            "Nomad allows {number} from one address (`limits.http_max_conns_per_client` of its agent), and all are taken now: \
             this goes on with fewer, as others end theirs"
        );
        Ok(self.report.event(&Event::Warning { what })?)
    }

    /// Whom to ask why something failed.
    pub(super) fn evidence(&self) -> Evidence<'_> {
        Evidence { nomad: &self.nomad, consul: &self.consul }
    }

    /// A command line of nomspark for the same cluster.
    pub(super) fn command(&self, arguments: &str) -> String {
        self.report.scope().nomspark(arguments)
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
pub(super) fn quote(argument: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,@%+*".contains(c);
    if !argument.is_empty() && argument.chars().all(plain) {
        argument.to_owned()
    } else {
        format!("'{}'", argument.replace('\'', r"'\''"))
    }
}
