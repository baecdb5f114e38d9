//! A drill on the terminal: a row for each round, a column for each stage.

use crate::drill::outcome::Round;
use crate::drill::{Outcome, Stage};
use crate::report::table;

/// The columns, short enough for 80 characters.
const COLUMNS: [(Stage, &str); 9] = [
    (Stage::FaultSeen, "SEEN"),
    (Stage::ServersLed, "SERVERS"),
    (Stage::AddressMoved, "ADDRESS"),
    (Stage::LeaderElected, "ELECTED"),
    (Stage::Alive, "ALIVE"),
    (Stage::ProxySwitched, "PROXY"),
    (Stage::WorkersBack, "WORKERS"),
    (Stage::Progressing, "APP"),
    (Stage::Replaced, "REPLACED"),
];

/// The whole result.
pub(super) fn text(outcome: &Outcome) -> String {
    let mut text = String::new();
    for figures in &outcome.scenarios {
        let rounds: Vec<&Round> = outcome.rounds.iter().filter(|round| round.scenario == figures.scenario).collect();
        text.push_str(&format!("{}: seconds after the fault\n", figures.scenario));
        text.push_str(&rows(&rounds));
        let slowest =
            figures.max_ms.map_or_else(|| "not all recovered".to_owned(), |max| format!("slowest {} s", seconds(max)));
        let median = figures.p50_ms.map_or_else(|| "-".to_owned(), seconds);
        text.push_str(&format!("works again after: p50 {median} s, {slowest}\n\n"));
    }
    let answers: u64 = outcome.rounds.iter().map(|round| round.app.answers).sum();
    let complaints = outcome.complaints();
    if complaints.is_empty() {
        let budget = outcome.budget_ms.map(|budget| format!(", within {} s", seconds(budget))).unwrap_or_default();
        let rounds = match outcome.rounds.len() {
            1 => "The round".to_owned(),
            several => format!("All {several} rounds"),
        };
        text.push_str(&format!(
            "{rounds} recovered{budget}; {answers} answers of the application, all right; never two leaders.\n"
        ));
    } else {
        text.push_str("The drill fell short:\n");
        for complaint in complaints {
            text.push_str(&format!("  {complaint}\n"));
        }
    }
    text
}

fn rows(rounds: &[&Round]) -> String {
    let used =
        |stage: &Stage| rounds.iter().any(|round| round.stages.contains_key(stage) || round.missing.contains(stage));
    let columns: Vec<(Stage, &str)> = COLUMNS.into_iter().filter(|(stage, _)| used(stage)).collect();
    let mut header = vec!["ROUND"];
    header.extend(columns.iter().map(|(_, name)| *name));
    let row = |round: &&Round| {
        let cell = |(stage, _): &(Stage, &str)| match round.stages.get(stage) {
            Some(milliseconds) => seconds(*milliseconds),
            None if round.missing.contains(stage) => "never".to_owned(),
            None => "-".to_owned(),
        };
        let cells = columns.iter().map(cell);
        [round.number.to_string()].into_iter().chain(cells).collect()
    };
    table(&header, rounds.iter().map(row).collect())
}

/// Milliseconds as seconds with two digits.
fn seconds(milliseconds: u64) -> String {
    format!("{}.{:02}", milliseconds / 1_000, milliseconds % 1_000 / 10)
}
