//! What a drill came to: plain data for the terminal, for scripts and for the page.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;

use super::scenario::{Scenario, Stage};

/// A drill.
#[derive(Clone, Debug, Serialize)]
pub struct Outcome {
    /// The cluster.
    pub cluster: String,
    /// The scenario as it was typed, also `all`.
    pub scenario: String,
    /// When it began, RFC 3339, by this machine's clock.
    pub began: String,
    /// The rounds, in order.
    pub rounds: Vec<Round>,
    /// The scenarios with their figures.
    pub scenarios: Vec<Figures>,
    /// The median of the recoveries of all rounds.
    pub p50_ms: Option<u64>,
    /// The slowest of them; `None` where one did not recover.
    pub max_ms: Option<u64>,
    /// How long a recovery was allowed to take.
    pub budget_ms: Option<u64>,
    /// Whether all recoveries kept within it; `None` without a budget.
    pub within_budget: Option<bool>,
}

/// The figures of one scenario.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Figures {
    /// The scenario.
    pub scenario: Scenario,
    /// How many rounds.
    pub rounds: usize,
    /// The median of the recoveries.
    pub p50_ms: Option<u64>,
    /// The slowest; `None` where one did not recover.
    pub max_ms: Option<u64>,
}

/// A fault and the recovery from it.
#[derive(Clone, Debug, Serialize)]
pub struct Round {
    /// Counted from 1 within its scenario.
    pub number: u32,
    /// What was done.
    pub scenario: Scenario,
    /// What was broken, as a sentence: `SIGKILL to task master of 1a2b3c4d on borie`.
    pub fault: String,
    /// When, RFC 3339, by this machine's clock.
    pub at: String,
    /// When each stage was reached, in milliseconds after the fault.
    pub stages: BTreeMap<Stage, u64>,
    /// The stages that were expected and never reached.
    pub missing: Vec<Stage>,
    /// From the fault until the cluster worked for its users: the last stage but `replaced`. `None`: not in time.
    pub recovery_ms: Option<u64>,
    /// Whether every stage was reached.
    pub recovered: bool,
    /// The application that ran meanwhile.
    pub app: Application,
    /// How often two masters said in turns that they lead.
    pub two_leaders: u64,
    /// How often two hosts answered in turns at the floating address.
    pub two_holders: u64,
    /// How often something was asked.
    pub samples: u64,
    /// What was seen, for the page.
    #[serde(skip)]
    pub lanes: Vec<Lane>,
}

/// What became of the application.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Application {
    /// Its job in Nomad.
    pub job: String,
    /// Whether the same driver still runs it, under the same id at the master.
    pub survived: bool,
    /// Whether it must not survive: its driver itself was killed.
    pub expected_to_end: bool,
    /// Whether every answer was right.
    pub correct: bool,
    /// How many answers it gave in this round.
    pub answers: u64,
}

/// One part of the cluster over the time of a round.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lane {
    /// What: `address`, `leader`, `workers` and others.
    pub name: &'static str,
    /// How it was, without gaps, in order. Times are relative to the fault, and negative before it.
    pub spans: Vec<Span>,
}

/// How something was for a while.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// Its beginning, in milliseconds after the fault.
    pub from_ms: i64,
    /// Its end.
    pub to_ms: i64,
    /// What was seen: a host, a number, `no answer`.
    pub label: String,
    /// Whether the cluster works with that.
    pub good: bool,
}

impl Round {
    /// Why the round failed, as sentences; none when all is well.
    #[must_use]
    pub fn complaints(&self) -> Vec<String> {
        let mut complaints = Vec::new();
        if !self.missing.is_empty() {
            let missing = self.missing.iter().map(|stage| stage.title()).collect::<Vec<_>>().join(", ");
            complaints.push(format!("never reached: {missing}"));
        }
        if !self.app.survived && !self.app.expected_to_end {
            complaints.push("the application was lost".to_owned());
        }
        if !self.app.correct {
            complaints.push("the application gave a wrong answer".to_owned());
        }
        if self.two_leaders > 0 {
            complaints.push(format!("two masters led at once ({} samples)", self.two_leaders));
        }
        if self.two_holders > 0 {
            complaints.push(format!("two hosts held the address at once ({} samples)", self.two_holders));
        }
        complaints
    }
}

impl Outcome {
    /// Draws the figures from the rounds.
    #[must_use]
    pub fn new(cluster: String, scenario: String, began: String, rounds: Vec<Round>, budget: Option<Duration>) -> Self {
        let mut scenarios: Vec<Figures> = Vec::new();
        for round in &rounds {
            if scenarios.iter().all(|figures| figures.scenario != round.scenario) {
                let of_it = || rounds.iter().filter(|other| other.scenario == round.scenario);
                let (p50_ms, max_ms) = figures(of_it());
                scenarios.push(Figures { scenario: round.scenario, rounds: of_it().count(), p50_ms, max_ms });
            }
        }
        let (p50_ms, max_ms) = figures(rounds.iter());
        let budget_ms = budget.map(|budget| u64::try_from(budget.as_millis()).unwrap_or(u64::MAX));
        let within_budget = budget_ms.map(|budget| max_ms.is_some_and(|slowest| slowest <= budget));
        Self { cluster, scenario, began, rounds, scenarios, p50_ms, max_ms, budget_ms, within_budget }
    }

    /// Why the drill fell short, as sentences; none when it passed.
    #[must_use]
    pub fn complaints(&self) -> Vec<String> {
        let mut complaints: Vec<String> = Vec::new();
        for round in &self.rounds {
            let name = format!("{} {}", round.scenario, round.number);
            complaints.extend(round.complaints().into_iter().map(|complaint| format!("{name}: {complaint}")));
        }
        if let (Some(false), Some(budget), Some(slowest)) = (self.within_budget, self.budget_ms, self.max_ms) {
            complaints.push(format!("the slowest recovery took {slowest} ms, the budget is {budget} ms"));
        }
        complaints
    }
}

/// Median and maximum of the recoveries, if there are any; no maximum where one did not recover.
fn figures<'a>(rounds: impl Iterator<Item = &'a Round>) -> (Option<u64>, Option<u64>) {
    let recoveries: Vec<Option<u64>> = rounds.map(|round| round.recovery_ms).collect();
    // A round that did not recover is slower than every other.
    let mut sorted: Vec<u64> = recoveries.iter().map(|recovery| recovery.unwrap_or(u64::MAX)).collect();
    sorted.sort_unstable();
    let known = |milliseconds: &u64| (*milliseconds != u64::MAX).then_some(*milliseconds);
    let median = sorted.get(sorted.len().saturating_sub(1) / 2).and_then(known);
    (median, sorted.last().and_then(known))
}
