//! The bottom of the page: how to read it.

use maud::{Markup, html};

use super::words::counted;
use crate::drill::outcome::Outcome;
use crate::drill::scenario::Stage;

/// In the order in which they are told.
const STAGES: [Stage; 9] = [
    Stage::FaultSeen,
    Stage::ServersLed,
    Stage::AddressMoved,
    Stage::LeaderElected,
    Stage::Alive,
    Stage::ProxySwitched,
    Stage::WorkersBack,
    Stage::Progressing,
    Stage::Replaced,
];

/// Writes it.
pub(super) fn foot(outcome: &Outcome) -> Markup {
    let samples = outcome.rounds.iter().map(|round| round.samples).fold(0_u64, u64::saturating_add);
    html! {
        footer {
            h2 { "How to read this page" }
            p {
                "A stage counts from the moment from which on it held for good: what works, fails and works again "
                "counts from the second time. A recovery lasts from the fault until the last stage but “replaced”: "
                "then the cluster works for its users. Where a round did not recover in time, there is no slowest one."
            }
            p {
                "Times are those of the machine that ran nomspark, which asked every part of the cluster each 10 ms"
                @if samples > 0 { ", " (counted(samples, "time", "times")) " in all" }
                ". The clocks of the cluster's hosts do not matter."
            }
            dl {
                @for stage in STAGES {
                    div { dt { (stage.title()) } dd { (meaning(stage)) } }
                }
            }
            p.made { "Made by nomspark " (env!("CARGO_PKG_VERSION")) "." }
        }
    }
}

/// What has happened when a stage is reached.
fn meaning(stage: Stage) -> &'static str {
    match stage {
        Stage::FaultSeen => {
            "Something has failed, as Nomad, Consul, Spark or a connection tells: the only stage that looks for a \
             failure."
        }
        Stage::ServersLed => "The servers of Nomad or Consul have a leader.",
        Stage::AddressMoved => "An edge host answers at the floating address.",
        Stage::LeaderElected => "The lock in Consul is held.",
        Stage::Alive => "A master says that it is ALIVE.",
        Stage::ProxySwitched => "The floating address leads to that master.",
        Stage::WorkersBack => "The master that leads has all its workers.",
        Stage::Progressing => "The application has counted words that it began to count afterwards.",
        Stage::Replaced => "Nomad runs as much as before.",
    }
}
