//! A section for each round, by scenario; those that a reader should look at are open.

use maud::{Markup, html};

use super::words::{chosen, counted, date, duration};
use super::{anchor, is_conspicuous, over_budget};
use crate::drill::outcome::{Application, Outcome, Round};

/// Writes them.
pub(super) fn rounds(outcome: &Outcome) -> Markup {
    // Of equally slow ones the first.
    let slowest = outcome.rounds.iter().rev().max_by_key(|round| round.recovery_ms).map(anchor);
    let first = outcome.rounds.first().map(anchor);
    let is_open = |round: &Round| {
        let name = Some(anchor(round));
        name == first || name == slowest || is_conspicuous(round, outcome)
    };
    html! {
        @if !outcome.rounds.is_empty() {
            section.rounds {
                h2 { "What happened in each round" }
                p.hint {
                    span.key.good { } " works"
                    span.key.other { } " works, and it is another one"
                    span.key.bad { } " does not work"
                    span.sep { "Point at a bar to see its times." }
                }
                @for figures in &outcome.scenarios {
                    h3 { (figures.scenario) " " small { (figures.scenario.deed()) } }
                    @for round in outcome.rounds.iter().filter(|round| round.scenario == figures.scenario) {
                        (section(round, outcome, is_open(round)))
                    }
                }
            }
        }
    }
}

fn section(round: &Round, outcome: &Outcome, open: bool) -> Markup {
    html! {
        details.round open[open] {
            summary {
                h4 { (round.scenario) " " (round.number) }
                span.brief { bdi { (round.fault) } }
                span.recovery { @if let Some(recovery) = round.recovery_ms { (duration(recovery)) } }
                (badge(round, outcome))
            }
            // A link to what is inside opens the round.
            div.body id=(anchor(round)) {
                p.deed { bdi { (round.fault) } " " time { (date(&round.at)) } }
                @let complaints = complaints(round, outcome);
                @if !complaints.is_empty() {
                    ul.complaints { @for complaint in &complaints { li { (complaint) } } }
                }
                (super::lanes::timeline(round))
                (stages(round))
                (application(round))
            }
        }
    }
}

fn complaints(round: &Round, outcome: &Outcome) -> Vec<String> {
    let mut complaints = round.complaints();
    if let (true, Some(recovery), Some(budget)) = (over_budget(round, outcome), round.recovery_ms, outcome.budget_ms) {
        complaints.push(format!("took {}, the budget is {}", duration(recovery), chosen(budget)));
    }
    complaints
}

fn badge(round: &Round, outcome: &Outcome) -> Markup {
    html! {
        @if round.recovery_ms.is_none() {
            span.badge.bad { "not recovered" }
        } @else if !round.recovered {
            span.badge.bad { "incomplete" }
        } @else if !round.complaints().is_empty() {
            span.badge.bad { "with complaints" }
        } @else if over_budget(round, outcome) {
            span.badge.bad { "over the budget" }
        } @else {
            span.badge { "recovered" }
        }
    }
}

fn stages(round: &Round) -> Markup {
    let mut stages: Vec<_> = round.stages.iter().map(|(stage, at)| (*stage, Some(*at))).collect();
    stages.extend(round.missing.iter().map(|stage| (*stage, None)));
    stages.sort_unstable_by_key(|(stage, _)| *stage);
    html! {
        @if !stages.is_empty() {
            div.scroll {
                table.stages {
                    tr {
                        th scope="row" { "stage" }
                        @for (stage, _) in &stages { th { (stage.title()) } }
                    }
                    tr {
                        th scope="row" { "ms after the fault" }
                        @for (_, at) in &stages {
                            td {
                                @match at {
                                    Some(at) => (at),
                                    None => span.never { "never" },
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn application(round: &Round) -> Markup {
    let Application { job, survived, expected_to_end, correct, answers } = &round.app;
    html! {
        p.application {
            "The application " bdi.name { (job) } " "
            @match (survived, expected_to_end) {
                (true, _) => "survived",
                (false, true) => "ended with its driver, as it must,",
                (false, false) => strong.never { "was lost" },
            }
            " and gave " (counted(*answers, "answer", "answers"))
            @if *answers > 0 || !correct {
                ", " @if *correct { "all right" } @else { strong.never { "not all of them right" } }
            }
            ". The cluster was asked " (counted(round.samples, "time", "times")) "; "
            @if round.two_leaders == 0 && round.two_holders == 0 {
                "never did two lead or two hold the address."
            } @else {
                "two led in " (counted(round.two_leaders, "moment", "moments")) ", two held the address in "
                (counted(round.two_holders, "moment", "moments")) "."
            }
        }
    }
}
