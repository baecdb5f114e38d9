//! What the master that was elected has written into the lock in Consul (`consul/recovery`, `Identity.java`).

use serde::Deserialize;

use crate::consul::KeyValue;

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
    /// Reads a key; `None` where somebody else wrote there.
    #[must_use]
    pub fn of(key: &KeyValue) -> Option<Self> {
        serde_json::from_slice(&key.bytes()).ok()
    }
}
