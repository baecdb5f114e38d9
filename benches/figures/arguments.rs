//! The command line.

use clap::{Parser, ValueEnum};

/// Measures nomspark and what people would use instead, side by side.
#[derive(Debug, Parser)]
#[command(name = "figures", max_term_width = 100)]
pub(crate) struct Arguments {
    /// How often each figure with Spark is measured [default: 5, for the large text 3; of the
    /// floating address 20 takeovers, 10 masters, 7 texts and 3 large ones; 20 drills, 5 with a cut
    /// host, 3 with ZooKeeper]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    rounds: Option<u32>,
    /// Measure only this; may be given more than once
    #[arg(long, value_enum, value_name = "PART")]
    only: Vec<Part>,
    /// Write the figures into docs/performance.md
    #[arg(long)]
    pub(crate) write: bool,
    /// The HTTP port of the lab's Nomad
    #[arg(long, value_name = "PORT", default_value_t = 14_826)]
    pub(crate) nomad_port: u16,
    /// The HTTP port of the lab's Consul
    #[arg(long, value_name = "PORT", default_value_t = 19_100)]
    pub(crate) consul_port: u16,
    /// What cargo says to every benchmark; it changes nothing.
    #[arg(long, hide = true)]
    bench: bool,
}

/// What is measured. Each part has a table of its own in the document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub(crate) enum Part {
    /// The program itself: its size, start and render
    Small,
    /// Deployment until the cluster is ready
    Deploy,
    /// The words of 40 kB
    Book,
    /// The words of 200 MB
    Large,
    /// Jobs that are followed: how soon, how many, at what cost
    Watch,
    /// The floating address: takeovers and masters that die; needs root
    Edge,
    /// What the floating address costs a WordCount; needs root
    Through,
    /// Drills: masters that elect, a host that is cut off, against ZooKeeper; needs root
    Drill,
}

impl Part {
    /// As it is typed.
    pub(crate) fn name(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }

    /// Whether it is measured in the lab of three hosts.
    pub(crate) fn needs_hosts(self) -> bool {
        matches!(self, Self::Edge | Self::Through | Self::Drill)
    }
}

impl Arguments {
    /// Whether a part was asked for.
    pub(crate) fn measures(&self, part: Part) -> bool {
        self.only.is_empty() || self.only.contains(&part)
    }

    /// Whether anything is measured in the lab of one host.
    pub(crate) fn one_host(&self) -> bool {
        self.only.is_empty() || self.only.iter().any(|part| !part.needs_hosts())
    }

    /// Whether anything is measured in the lab of three hosts.
    pub(crate) fn three_hosts(&self) -> bool {
        self.only.is_empty() || self.only.iter().any(|part| part.needs_hosts())
    }

    /// How often a figure is measured.
    pub(crate) fn rounds(&self, usually: u32) -> u32 {
        self.rounds.unwrap_or(usually)
    }
}
