//! The command line of `nomspark drill`.

use std::path::PathBuf;
use std::time::Duration;

use clap::builder::PossibleValue;
use clap::{Args, ValueEnum, ValueHint};

use super::SpecArguments;
use super::values::positive_duration;
use crate::drill::Scenario;

/// `nomspark drill`
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  nomspark drill master-crash                            one round, asks first\n  \
                  nomspark drill master-crash --rounds 20 --budget 5s --yes  in a script: exit 6 beyond 5 s\n  \
                  nomspark drill all --rounds 3 --report drill.html      everything, with a page to keep")]
pub struct Drill {
    /// What to break
    #[arg(value_enum, value_name = "SCENARIO")]
    pub scenario: DrillScenario,
    /// How often each scenario is done
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    pub rounds: u32,
    /// How long a recovery may take; exit 6 when one takes longer
    #[arg(long, value_name = "DURATION", value_parser = positive_duration)]
    pub budget: Option<Duration>,
    /// Write a page about the drill: one HTML file with everything in it
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub report: Option<PathBuf>,
    /// Do not ask whether it may be broken
    #[arg(long, short)]
    pub yes: bool,
    /// How long a recovery may take at all, and the cluster to be well again after it
    #[arg(long, value_name = "DURATION", default_value = "3m", value_parser = positive_duration)]
    pub timeout: Duration,
    /// The spec.
    #[command(flatten)]
    pub spec: SpecArguments,
    /// Write down what happens, for `nomspark replay`
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub record: Option<PathBuf>,
}

/// What a drill breaks: one thing, or one after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DrillScenario {
    /// One scenario.
    One(Scenario),
    /// All that the cluster allows.
    All,
}

impl DrillScenario {
    /// As it is typed.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::One(scenario) => scenario.name(),
            Self::All => "all",
        }
    }

    /// Whether those are left out that the cluster does not allow.
    #[must_use]
    pub fn is_all(self) -> bool {
        self == Self::All
    }

    /// The scenarios, in order.
    #[must_use]
    pub fn scenarios(self) -> Vec<Scenario> {
        match self {
            Self::One(scenario) => vec![scenario],
            Self::All => Scenario::ALL.to_vec(),
        }
    }
}

impl ValueEnum for DrillScenario {
    fn value_variants<'a>() -> &'a [Self] {
        const VARIANTS: [DrillScenario; 11] = {
            let mut variants = [DrillScenario::All; 11];
            let mut index = 0;
            while index < Scenario::ALL.len() {
                variants[index] = DrillScenario::One(Scenario::ALL[index]);
                index += 1;
            }
            variants
        };
        &VARIANTS
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        match self {
            Self::One(scenario) => scenario.to_possible_value(),
            Self::All => Some(PossibleValue::new("all").help("All of these that the cluster allows")),
        }
    }
}
