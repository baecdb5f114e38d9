//! What the master that was elected has written into the lock in Consul (`consul/recovery`, `Identity.java`).

use serde::Deserialize;

use crate::consul::{Consul, KeyValue};
use crate::http::Error;
use crate::names::ClusterName;
use crate::nomad::Nomad;

/// The key of a master job's meta that tells how its masters elect one.
const RECOVERY_META: &str = "nomspark.recovery";

/// The master that was elected last.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Lock {
    /// Its `spark://` URL.
    pub master: String,
    /// The Nomad node.
    pub node: String,
    /// When it was elected, in milliseconds since 1970, by the clock of its node.
    pub since_ms: u64,
    /// How the lock had become free.
    pub after: String,
}

impl Lock {
    /// Reads the lock of a cluster, with the session that holds it now; `None` where its masters elect nobody through
    /// Consul: those before them may have left a lock behind.
    pub async fn read(
        nomad: &Nomad,
        consul: &Consul,
        name: &ClusterName,
    ) -> Result<Option<(Self, Option<String>)>, Error> {
        let job = nomad.find_job(&name.master_job()).await?;
        let recovery = job.as_ref().and_then(|job| job.meta.get(RECOVERY_META));
        if recovery.is_some_and(|recovery| recovery != "consul") {
            return Ok(None);
        }
        let Some(key) = consul.key(&name.leader_key()).await? else { return Ok(None) };
        Ok(Self::of(&key).map(|lock| (lock, key.session.clone())))
    }

    /// Reads a key; `None` where somebody else wrote there.
    #[must_use]
    pub fn of(key: &KeyValue) -> Option<Self> {
        serde_json::from_slice(&key.bytes()).ok()
    }
}
