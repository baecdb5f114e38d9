//! The agents of a host.

use clap::ValueEnum;
use serde::Serialize;

use super::Host;

/// The two agents of a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The scheduler's.
    Nomad,
    /// The one that knows the services.
    Consul,
}

impl Kind {
    /// Its name, for people.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Nomad => "Nomad",
            Self::Consul => "Consul",
        }
    }

    /// The program, and the name of its files.
    pub(super) fn program(self) -> &'static str {
        match self {
            Self::Nomad => "nomad",
            Self::Consul => "consul",
        }
    }

    /// Which one of which host it is, for people.
    pub(super) fn of(self, host: &Host) -> String {
        if host.address.is_loopback() { self.name().to_owned() } else { format!("{} of {}", self.name(), host.name) }
    }
}
