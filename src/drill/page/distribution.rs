//! All recoveries side by side: a dot for each round, and the figures of each scenario.

use std::collections::BTreeSet;

use maud::{Markup, html};

use super::axis::{Axis, NARROW, Share};
use super::words::{chosen, duration};
use super::{anchor, is_conspicuous};
use crate::drill::outcome::{Figures, Outcome, Round};
use crate::drill::scenario::Stage;

/// The height of a row and of what stands above all rows, in pixels.
const ROW: i64 = 42;
const TOP: i64 = 22;
/// How much room a dot takes.
const DOT: i64 = 11;
/// Where dots that are too close together go: the distance to the middle of the row.
const LEVELS: [i64; 5] = [0, -6, 6, -12, 12];
/// A budget that is so many times longer than the slowest recovery is only mentioned.
const FAR: u64 = 4;

/// Draws and lists them.
pub(super) fn distribution(outcome: &Outcome) -> Markup {
    html! {
        @if !outcome.rounds.is_empty() {
            section {
                h2 { "How long the recoveries took" }
                p.hint {
                    "A dot is a round, and leads to it. The upright bar is the median of its scenario, "
                    "the ring its slowest round."
                }
                (plot(outcome))
                (table(outcome))
            }
        }
    }
}

fn plot(outcome: &Outcome) -> Markup {
    let recoveries = outcome.rounds.iter().filter_map(|round| round.recovery_ms);
    let slowest = recoveries.max().unwrap_or(0);
    let budget = outcome.budget_ms.map(|budget| (budget, slowest == 0 || budget <= slowest.saturating_mul(FAR)));
    let longest = budget.map_or(slowest, |(budget, is_near)| if is_near { slowest.max(budget) } else { slowest });
    // Behind the slowest there is room for its time.
    let axis = Axis::new(0, signed(longest.saturating_add(longest / 7)));
    let bottom = TOP + i64::try_from(outcome.scenarios.len()).unwrap_or(0) * ROW;
    html! {
        svg.strip role="group" aria-label="The recoveries of each scenario" width="100%" height=(bottom + 26) {
            @for (place, name) in axis.marks() {
                line.grid x1=(place) x2=(place) y1=(TOP) y2=(bottom + 4) {}
                text.mark x=(place) y=(bottom + 18) { (name) }
            }
            @if let Some((budget, is_near)) = budget {
                @if is_near {
                    @let place = axis.place(signed(budget));
                    line.budget x1=(place) x2=(place) y1=(TOP - 3) y2=(bottom) {}
                    text.budget x=(place) y=(TOP - 8) { "budget " (chosen(budget)) }
                } @else {
                    text.budget.beside x="100%" y=(TOP - 8) { "budget " (chosen(budget)) " →" }
                }
            }
            @for (number, figures) in (0..).zip(&outcome.scenarios) {
                (row(outcome, figures, axis, TOP + number * ROW + ROW / 2))
            }
        }
    }
}

fn row(outcome: &Outcome, figures: &Figures, axis: Axis, middle: i64) -> Markup {
    let mut rounds = of(outcome, figures);
    rounds.sort_by_key(|round| round.recovery_ms);
    let never = rounds.iter().filter(|round| round.recovery_ms.is_none()).count();
    let reached: Vec<(&Round, u64)> =
        rounds.into_iter().filter_map(|round| Some((round, round.recovery_ms?))).collect();
    let places: Vec<Share> = reached.iter().map(|(_, recovery)| axis.place(signed(*recovery))).collect();
    let levels = spread(&places);
    html! {
        text.lane x="-12" y=(middle + 4) { (figures.scenario) }
        line.row x1="0" x2="100%" y1=(middle) y2=(middle) {}
        @if let (Some(first), Some(last)) = (places.first(), places.last()) {
            line.range x1=(first) x2=(last) y1=(middle) y2=(middle) {}
        }
        @if let Some(median) = figures.p50_ms {
            @let place = axis.place(signed(median));
            line.median x1=(place) x2=(place) y1=(middle - 20) y2=(middle + 20) {
                title { (figures.scenario) ": median " (duration(median)) }
            }
        }
        @for (((round, recovery), place), level) in reached.iter().zip(&places).zip(&levels) {
            a href={ "#" (anchor(round)) } {
                circle.dot.bad[is_conspicuous(round, outcome)] cx=(place) cy=(middle + level) r="4.5" {
                    title { (round.scenario) " " (round.number) ": " (duration(*recovery)) }
                }
            }
        }
        @if let (Some(slowest), Some(place), Some(level)) = (figures.max_ms, places.last(), levels.last()) {
            circle.slowest cx=(place) cy=(middle + level) r="7.5" {}
            text.slowest x=(place) dx="13" y=(middle + 4) { (duration(slowest)) }
        }
        @if never > 0 {
            text.never x="100%" y=(middle + 4) { (never) "\u{a0}× never" }
        }
    }
}

/// Moves dots up and down that would cover each other. The places are in order.
fn spread(places: &[Share]) -> Vec<i64> {
    let mut ends: [Option<Share>; LEVELS.len()] = [None; LEVELS.len()];
    let level = |place: &Share| {
        let free = ends.iter().position(|end| end.is_none_or(|end| end <= *place));
        // Where all levels are taken, dots lie on each other.
        let level = free.unwrap_or(0);
        ends[level] = Some(*place + Share::of(DOT, NARROW));
        LEVELS[level]
    };
    places.iter().map(level).collect()
}

fn table(outcome: &Outcome) -> Markup {
    let stages: BTreeSet<Stage> = outcome.rounds.iter().flat_map(expected).collect();
    html! {
        div.scroll {
            table.all {
                thead {
                    tr {
                        th rowspan="2" { "scenario" }
                        th rowspan="2" { "rounds" }
                        th.group colspan="2" { "recovery, ms" }
                        th.group colspan=(stages.len()) { "median of each stage, ms after the fault" }
                    }
                    tr {
                        th.first { "p50" }
                        th { "max" }
                        @for (number, stage) in stages.iter().enumerate() {
                            th.first[number == 0] { (stage.title()) }
                        }
                    }
                }
                tbody {
                    @for figures in &outcome.scenarios {
                        @let rounds = of(outcome, figures);
                        tr {
                            th scope="row" { (figures.scenario) }
                            td { (figures.rounds) }
                            td.first { strong { (time(figures.p50_ms)) } }
                            td { strong { (time(figures.max_ms)) } }
                            @for (number, stage) in stages.iter().enumerate() {
                                td.first[number == 0] { (median(&rounds, *stage)) }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn of<'a>(outcome: &'a Outcome, figures: &Figures) -> Vec<&'a Round> {
    outcome.rounds.iter().filter(|round| round.scenario == figures.scenario).collect()
}

/// The stages that a recovery had or should have had.
fn expected(round: &Round) -> impl Iterator<Item = Stage> {
    round.stages.keys().chain(&round.missing).copied()
}

/// The median of a stage over the rounds that have it; as with recoveries, what was never reached is the slowest.
fn median(rounds: &[&Round], stage: Stage) -> Markup {
    let having = rounds.iter().filter(|round| expected(round).any(|other| other == stage));
    let mut times: Vec<Option<u64>> = having.map(|round| round.stages.get(&stage).copied()).collect();
    times.sort_by_key(|time| time.unwrap_or(u64::MAX));
    match times.get(times.len().saturating_sub(1) / 2) {
        Some(median) => time(*median),
        None => html! { span.none { "—" } },
    }
}

fn time(milliseconds: Option<u64>) -> Markup {
    html! {
        @match milliseconds {
            Some(milliseconds) => (milliseconds),
            None => span.never { "never" },
        }
    }
}

fn signed(milliseconds: u64) -> i64 {
    i64::try_from(milliseconds).unwrap_or(i64::MAX)
}
