//! The top of the page: what was done, what it came to, and the figures.

use maud::{Markup, html};

use super::words::{chosen, date, duration};
use crate::drill::outcome::Outcome;

/// So many complaints are told at the top; the others are behind a click.
const COMPLAINTS: usize = 10;

/// What the whole drill came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Passed,
    FellShort,
    /// There was no round.
    Nothing,
}

/// Writes it.
pub(super) fn head(outcome: &Outcome) -> Markup {
    let verdict = verdict(outcome);
    let complaints = outcome.complaints();
    let class = match verdict {
        Verdict::Passed => "passed",
        Verdict::FellShort => "short",
        Verdict::Nothing => "nothing",
    };
    html! {
        header {
            p.kind { "Failover drill" }
            h1 { bdi { (outcome.cluster) } }
            p.when {
                "Scenario " strong { bdi { (outcome.scenario) } } ", begun " time { (date(&outcome.began)) }
            }
            div.verdict.(class) {
                p { (sentence(outcome, verdict)) }
                @if !complaints.is_empty() {
                    (list(complaints.iter().take(COMPLAINTS)))
                }
                @if complaints.len() > COMPLAINTS {
                    details {
                        summary { "and " (complaints.len() - COMPLAINTS) " more" }
                        (list(complaints.iter().skip(COMPLAINTS)))
                    }
                }
            }
            @if verdict != Verdict::Nothing { (figures(outcome)) }
        }
    }
}

fn list<'a>(complaints: impl Iterator<Item = &'a String>) -> Markup {
    html! {
        ul { @for complaint in complaints { li { bdi { (complaint) } } } }
    }
}

fn verdict(outcome: &Outcome) -> Verdict {
    if outcome.rounds.is_empty() {
        Verdict::Nothing
    } else if outcome.complaints().is_empty() && outcome.within_budget != Some(false) {
        Verdict::Passed
    } else {
        Verdict::FellShort
    }
}

fn sentence(outcome: &Outcome, verdict: Verdict) -> Markup {
    let rounds = outcome.rounds.len();
    let working = outcome.rounds.iter().filter(|round| round.recovery_ms.is_some()).count();
    let word = match verdict {
        Verdict::Passed => "Passed:",
        Verdict::FellShort => "Fell short:",
        Verdict::Nothing => "Nothing was tried:",
    };
    let sentence = match (outcome.max_ms, rounds) {
        (_, 0) => "the drill has no rounds".to_owned(),
        (None, 1) => "the cluster did not work again for its users".to_owned(),
        (None, _) => format!("the cluster worked again for its users after {working} of {rounds} faults only"),
        (Some(slowest), 1) => {
            format!("the cluster worked again for its users within {} of the fault", duration(slowest))
        }
        (Some(slowest), _) => {
            format!("the cluster worked again for its users within {} of each of {rounds} faults", duration(slowest))
        }
    };
    html! {
        strong { (word) } " " (sentence)
        @if outcome.max_ms.is_some() {
            @if verdict == Verdict::FellShort && outcome.within_budget != Some(false) {
                ", but not everything was well"
            } @else if let Some(budget) = outcome.budget_ms {
                "; the budget is " (chosen(budget))
            }
        }
        "."
    }
}

fn figures(outcome: &Outcome) -> Markup {
    let time = |milliseconds: Option<u64>| milliseconds.map_or_else(|| "never".to_owned(), duration);
    let rounds = &outcome.rounds;
    let sum = |number: fn(&_) -> u64| rounds.iter().map(number).fold(0_u64, u64::saturating_add);
    let wrong = rounds.iter().filter(|round| !round.app.correct).count();
    let (leaders, holders) = (sum(|round| round.two_leaders), sum(|round| round.two_holders));
    html! {
        dl.figures {
            (figure(&rounds.len().to_string(), if rounds.len() == 1 { "round" } else { "rounds" }, false))
            (figure(&time(outcome.p50_ms), "median recovery (p50)", outcome.p50_ms.is_none()))
            (figure(&time(outcome.max_ms), "slowest recovery", outcome.max_ms.is_none()))
            @if let Some(budget) = outcome.budget_ms {
                (figure(&chosen(budget), "budget", outcome.within_budget == Some(false)))
            }
        }
        dl.figures {
            (figure(&sum(|round| round.app.answers).to_string(), "answers of the application", false))
            (figure(&wrong.to_string(), "rounds with a wrong answer", wrong > 0))
            (figure(&leaders.to_string(), "moments with two leaders", leaders > 0))
            (figure(&holders.to_string(), "moments with two holders", holders > 0))
        }
    }
}

fn figure(number: &str, name: &str, bad: bool) -> Markup {
    html! {
        div.bad[bad] { dt { (name) } dd { (number) } }
    }
}
