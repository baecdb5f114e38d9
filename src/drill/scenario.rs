//! What can be broken on purpose, and which stages a recovery from it has.

use std::fmt;
use std::time::Duration;

use clap::ValueEnum;
use serde::Serialize;

/// A fault that a drill causes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Scenario {
    /// SIGKILL to the master that leads
    MasterCrash,
    /// Stop the allocation of the master that leads
    MasterStop,
    /// SIGKILL to HAProxy on the host that holds the address
    Proxy,
    /// SIGKILL to keepalived on the host that holds the address
    Address,
    /// SIGKILL to a worker that runs a part of the application
    Worker,
    /// SIGKILL to the driver of the application
    Driver,
    /// Drain the node that holds the address, or that runs the leader where there is no address
    Node,
    /// Cut that node off from the network; in the lab
    Host,
    /// SIGKILL to the Nomad server that leads; in the lab
    NomadLeader,
    /// SIGKILL to the Consul server that leads; in the lab
    ConsulLeader,
}

/// A moment of a recovery: from when on something has worked for good.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Something has failed, as Nomad, Consul, Spark or a connection tells: the only stage that looks for a failure.
    FaultSeen,
    /// The servers of Nomad or Consul have a leader.
    ServersLed,
    /// An edge host answers at the floating address.
    AddressMoved,
    /// The lock in Consul is held.
    LeaderElected,
    /// A master says that it is ALIVE.
    Alive,
    /// The floating address leads to that master.
    ProxySwitched,
    /// The master that leads has all its workers.
    WorkersBack,
    /// The application has counted words that it began to count afterwards.
    Progressing,
    /// Nomad runs as much as before.
    Replaced,
}

/// What a fault hits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each part of a cluster is hit or not, whatever happens to the others"
)]
pub struct Hit {
    /// The master that leads.
    pub leader: bool,
    /// The host that holds the floating address, or a program that it needs there.
    pub holder: bool,
    /// A worker.
    pub worker: bool,
    /// The application's driver.
    pub driver: bool,
    /// A leading server of Nomad or Consul.
    pub server: bool,
}

/// What a cluster has besides masters and workers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parts {
    /// A floating address.
    pub address: bool,
    /// A lock in Consul.
    pub lock: bool,
}

impl Scenario {
    /// All of them, the gentlest first.
    pub const ALL: [Self; 10] = [
        Self::MasterCrash,
        Self::MasterStop,
        Self::Proxy,
        Self::Address,
        Self::Worker,
        Self::Driver,
        Self::Node,
        Self::NomadLeader,
        Self::ConsulLeader,
        Self::Host,
    ];

    /// As it is typed.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::MasterCrash => "master-crash",
            Self::MasterStop => "master-stop",
            Self::Proxy => "proxy",
            Self::Address => "address",
            Self::Worker => "worker",
            Self::Driver => "driver",
            Self::Node => "node",
            Self::Host => "host",
            Self::NomadLeader => "nomad-leader",
            Self::ConsulLeader => "consul-leader",
        }
    }

    /// What it does, for whoever is asked whether it may.
    #[must_use]
    pub fn deed(self) -> &'static str {
        match self {
            Self::MasterCrash => "kills the master that leads",
            Self::MasterStop => "stops the allocation of the master that leads",
            Self::Proxy => "kills HAProxy on the host that holds the floating address",
            Self::Address => "kills keepalived on the host that holds the floating address",
            Self::Worker => "kills a worker with the executors on it",
            Self::Driver => "kills the driver of the drill's own application",
            Self::Node => {
                "drains a node of everything that Nomad runs there, also of what is not Spark's, and makes it eligible again"
            }
            Self::Host => "cuts a host of the lab off from the network, and mends it",
            Self::NomadLeader => "kills the Nomad agent that leads the lab's servers, and starts it again",
            Self::ConsulLeader => "kills the Consul agent that leads the lab's servers, and starts it again",
        }
    }

    /// Whether more than one cluster of Spark suffers.
    #[must_use]
    pub fn is_destructive(self) -> bool {
        matches!(self, Self::Node | Self::Host | Self::NomadLeader | Self::ConsulLeader)
    }

    /// Whether no task ends.
    #[must_use]
    pub fn spares_tasks(self) -> bool {
        matches!(self, Self::NomadLeader | Self::ConsulLeader)
    }

    /// Whether what was lost comes back only when the fault is made good.
    #[must_use]
    pub fn needs_help(self) -> bool {
        matches!(self, Self::Node | Self::NomadLeader | Self::ConsulLeader)
    }

    /// How long a stage must hold before it counts. Where Consul may have lost its leader, a master that still leads ends only
    /// 2.25 s after Consul last confirmed its lock.
    #[must_use]
    pub fn settles_in(self) -> Duration {
        match self {
            Self::Host | Self::ConsulLeader => Duration::from_secs(4),
            _ => Duration::from_secs(1),
        }
    }

    /// Whether it can only be done to hosts of the lab.
    #[must_use]
    pub fn needs_lab(self) -> bool {
        matches!(self, Self::Host | Self::NomadLeader | Self::ConsulLeader)
    }

    /// Whether it can only be done to a cluster with a floating address.
    #[must_use]
    pub fn needs_address(self) -> bool {
        matches!(self, Self::Proxy | Self::Address)
    }

    /// The stages of a recovery, in the order in which they are told.
    #[must_use]
    pub fn stages(self, hit: Hit, parts: Parts) -> Vec<Stage> {
        let consul = self == Self::ConsulLeader;
        let wanted = [
            (Stage::FaultSeen, true),
            (Stage::ServersLed, hit.server),
            (Stage::AddressMoved, hit.holder),
            // Without a leader Consul keeps no lock, and who cannot confirm it leads no longer.
            (Stage::LeaderElected, parts.lock && (hit.leader || consul)),
            (Stage::Alive, hit.leader || consul),
            (Stage::ProxySwitched, parts.address && (hit.leader || hit.holder || consul)),
            (Stage::WorkersBack, hit.leader || hit.holder || hit.worker || consul),
            (Stage::Progressing, true),
            // What ran on a host that is cut off is replaced long after everything works again.
            (Stage::Replaced, self != Self::Host),
        ];
        wanted.into_iter().filter_map(|(stage, wanted)| wanted.then_some(stage)).collect()
    }
}

impl fmt::Display for Scenario {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

impl Stage {
    /// As in JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::FaultSeen => "fault_seen",
            Self::ServersLed => "servers_led",
            Self::AddressMoved => "address_moved",
            Self::LeaderElected => "leader_elected",
            Self::Alive => "alive",
            Self::ProxySwitched => "proxy_switched",
            Self::WorkersBack => "workers_back",
            Self::Progressing => "progressing",
            Self::Replaced => "replaced",
        }
    }

    /// For people.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::FaultSeen => "fault seen",
            Self::ServersLed => "servers led",
            Self::AddressMoved => "address moved",
            Self::LeaderElected => "leader elected",
            Self::Alive => "ALIVE",
            Self::ProxySwitched => "proxy switched",
            Self::WorkersBack => "workers back",
            Self::Progressing => "progressing",
            Self::Replaced => "replaced",
        }
    }

    /// Whether the cluster works for its users only then; what is replaced afterwards is missed by nobody.
    #[must_use]
    pub fn serves(self) -> bool {
        self != Self::Replaced
    }
}
