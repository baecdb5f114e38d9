//! The command line of `nomspark lab`.

use std::ffi::OsString;
use std::time::Duration;

use clap::Subcommand;

use super::values::positive_duration;
use crate::lab::{self, Network};

/// `nomspark lab`
#[derive(Debug, Subcommand)]
pub enum Lab {
    /// Start Nomad and Consul and wait until they are ready
    Up {
        /// How many hosts: 1 on loopback, or 3 in network namespaces, which needs root [default: 1]
        #[arg(long, value_name = "N")]
        nodes: Option<u32>,
        /// The network of three hosts: a /24 of 198.18.0.0/15 [default: 198.18.0.0/24]
        #[arg(long, value_name = "NETWORK")]
        network: Option<Network>,
        /// Nomad's HTTP port; RPC and Serf take the two ports above it [default: 4646]
        #[arg(long, value_name = "PORT")]
        nomad_port: Option<u16>,
        /// Consul's HTTP port; its other ports keep their usual distance [default: 8500]
        #[arg(long, value_name = "PORT")]
        consul_port: Option<u16>,
        /// How long to wait until both are ready
        #[arg(long, value_name = "DURATION", default_value = "1m", value_parser = positive_duration)]
        timeout: Duration,
    },
    /// End what `up` started, and every task that Nomad left behind
    Down {
        /// How long to wait for another lab command that is at work
        #[arg(long, value_name = "DURATION", default_value = "1m", value_parser = positive_duration)]
        timeout: Duration,
    },
    /// Show the hosts, the agents, the nodes and the tools
    Status,
    /// Print what the shell needs: eval "$(nomspark lab env)"
    Env {
        /// The host whose agents to use [default: the first one]
        #[arg(long, value_name = "HOST")]
        host: Option<String>,
    },
    /// Run a command in the network of one of three hosts
    Exec {
        /// The host's name
        host: String,
        /// The command and its arguments
        #[arg(last = true, required = true, value_name = "COMMAND")]
        command: Vec<OsString>,
    },
    /// Cut one of three hosts off from the network
    Cut {
        /// The host's name
        host: String,
    },
    /// Connect a host again that was cut off
    Mend {
        /// The host's name
        host: String,
    },
    /// Kill an agent without a warning; its tasks live on, and `up` starts it again
    Kill {
        /// The host's name; `lab` in a lab of one host
        host: String,
        /// The agent
        #[arg(value_enum)]
        agent: lab::Kind,
    },
}
