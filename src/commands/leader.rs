//! Who leads, as the lock says that the masters hold in Consul (`consul/recovery`).

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::Serialize;

use super::context::Context;
use crate::error::Result;
use crate::names::ClusterName;
use crate::survey::Lock;

/// The master that was elected last.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Leader {
    /// Its `spark://` URL.
    master: String,
    /// The Nomad node.
    node: String,
    /// The session in Consul with which it holds the lock; `None` where nobody does now.
    session: Option<String>,
    /// When it was elected, in milliseconds since 1970.
    since_ms: u64,
    /// How the lock had become free.
    after: String,
}

impl Leader {
    /// Reads the lock; `None` where masters have none, or somebody else wrote there.
    pub(super) async fn read(name: &ClusterName, context: &Context<'_>) -> Result<Option<Self>> {
        let lock = Lock::read(&context.nomad, &context.consul, name).await?;
        Ok(lock.map(|(Lock { master, node, since_ms, after }, session)| Self {
            master,
            node,
            session,
            since_ms,
            after,
        }))
    }

    /// One line, or two where Spark says something else; `alive` is the HOST:PORT of the master that says ALIVE.
    pub(super) fn text(&self, alive: Option<&str>) -> String {
        let Self { master, node, after, .. } = self;
        let since = format!("elected {} ago, when {after}", ago(self.since_ms));
        match (&self.session, alive) {
            (None, _) => format!("Consul's lock is nobody's; the last leader was {master} on {node}, {since}"),
            (Some(session), Some(alive)) if master.ends_with(&format!("//{alive}")) => {
                format!(
                    "Leader: {master} on {node}, says Consul's lock (session {session}), and Spark says ALIVE;\n{since}"
                )
            }
            (Some(session), alive) => {
                let spark = alive.map_or_else(|| "no master".to_owned(), |alive| format!("spark://{alive}"));
                format!(
                    "Consul's lock says that {master} on {node} leads (session {session}), Spark says that {spark} is ALIVE;\n{since}"
                )
            }
        }
    }
}

/// How long ago this was, by this machine's clock.
fn ago(since_ms: u64) -> humantime::FormattedDuration {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let seconds = now.saturating_sub(Duration::from_millis(since_ms)).as_secs();
    humantime::format_duration(Duration::from_secs(seconds))
}
