//! The Spark masters, and how a new leader learns what the last one knew.

use std::fmt;

use serde::Serialize;

use crate::names::ServerAddress;
use crate::units::Memory;

/// The Spark masters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Master {
    /// How many there are, from 1 to [`Master::MAX_COUNT`]; more than one only where they elect. Default 1.
    pub count: u32,
    /// What Nomad reserves for each master's task. Default 1 GiB.
    pub memory: Memory,
    /// How a new leader learns what the last one knew. Default [`Recovery::Consul`].
    pub recovery: Recovery,
    /// The fixed RPC port; `None` lets Nomad choose one from its dynamic range (20000 to 32000 by default). A fixed
    /// port within that range works as long as Nomad has not given it to another task.
    pub port: Option<u16>,
    /// The fixed port of the web UI, as for `port`; never the same port.
    pub ui_port: Option<u16>,
}

impl Master {
    /// The largest number of masters: one leads, and all others only wait.
    pub const MAX_COUNT: u32 = 7;
}

impl Default for Master {
    fn default() -> Self {
        Self { count: 1, memory: Memory::gib(1), recovery: Recovery::Consul, port: None, ui_port: None }
    }
}

/// Where masters keep workers, drivers and applications (`spark.deploy.recoveryMode`), and who elects a leader.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Recovery {
    /// In Consul, which also elects: Spark's CUSTOM mode with nomspark's plugin.
    Consul,
    /// In `ZooKeeper`, which also elects.
    ZooKeeper(Vec<ServerAddress>),
    /// In a `RocksDB` of the one master.
    RocksDb,
    /// In files of the one master.
    Filesystem,
    /// Nowhere: a master that was restarted begins anew.
    None,
}

impl Recovery {
    /// The modes, as a spec names them.
    pub const MODES: [&'static str; 5] = ["consul", "zookeeper", "rocksdb", "filesystem", "none"];

    /// The mode, as a spec names it.
    #[must_use]
    pub const fn mode(&self) -> &'static str {
        match self {
            Self::Consul => "consul",
            Self::ZooKeeper(_) => "zookeeper",
            Self::RocksDb => "rocksdb",
            Self::Filesystem => "filesystem",
            Self::None => "none",
        }
    }

    /// Whether several masters agree on one leader. In every other mode each of them believes that it leads.
    #[must_use]
    pub const fn elects(&self) -> bool {
        matches!(self, Self::Consul | Self::ZooKeeper(_))
    }

    /// Whether a master that was restarted or replaced still knows its workers.
    #[must_use]
    pub const fn remembers(&self) -> bool {
        !matches!(self, Self::None)
    }
}

impl fmt::Display for Recovery {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.mode())
    }
}
