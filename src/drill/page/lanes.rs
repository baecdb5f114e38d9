//! The drawing of a round: a lane for each part of the cluster, and lines for the fault and the stages.

use maud::{Markup, html};

use super::axis::{Axis, NARROW, Share, WIDE};
use super::flags::{Flag, hoist};
use super::window::Window;
use super::words::{duration, moment, width};
use crate::drill::outcome::{Lane, Round, Span};

/// The height of a row of names, of a lane and of its bar, in pixels.
const ROW: i64 = 19;
const LANE: i64 = 28;
const BAR: i64 = 22;
/// Between the names and the lanes, and room for the marks of the axis.
const GAP: i64 = 4;
const MARKS: i64 = 24;
/// A span is at least so wide, whatever the time: nobody overlooks it.
const THINNEST: Share = Share::of(2, NARROW);
/// The classes of what is good, in turns.
const TINTS: [&str; 3] = ["tint-0", "tint-1", "tint-2"];

/// Draws what was seen in a round.
pub(super) fn timeline(round: &Round) -> Markup {
    let Window { axis, mut flags, later } = Window::new(round);
    // The first row is that of the fault and of what is beside the drawing.
    let rows = hoist(&mut flags, axis, 1);
    let top = rows * ROW + GAP;
    let bottom = top + i64::try_from(round.lanes.len()).unwrap_or(0) * LANE;
    let names = format!("What was seen in {} {}, over time", round.scenario, round.number);
    let fault = axis.place(0);
    html! {
        svg.timeline role="img" aria-label=(names) width="100%" height=(bottom + MARKS) {
            @for (place, name) in axis.marks() {
                line.grid x1=(place) x2=(place) y1=(top) y2=(bottom + 4) {}
                text.mark x=(place) y=(bottom + 18) { (name) }
            }
            @for (number, lane) in (0..).zip(&round.lanes) {
                (bars(lane, axis, top + number * LANE))
            }
            @for flag in &flags {
                @let place = axis.place(flag.at);
                line.stage x1=(place) x2=(place) y1=(flag.row * ROW + 3) y2=(bottom) {}
            }
            line.fault x1=(fault) x2=(fault) y1="1" y2=(bottom) {}
            @for (number, lane) in (0..).zip(&round.lanes) {
                (labels(lane, axis, top + number * LANE))
            }
            text.fault x=(fault) dx="6" y="14" { "fault" }
            @for flag in &flags { (name(flag, axis)) }
            @if let Some((stage, at)) = later {
                text.beside x="100%" y="14" { (stage.title()) " after " (duration(at)) " →" }
            } @else if !round.missing.is_empty() {
                text.beside.bad x="100%" y="14" { (never(round)) }
            }
        }
    }
}

/// A lane's name and its bars. What is bad is drawn last: it may be short.
fn bars(lane: &Lane, axis: Axis, top: i64) -> Markup {
    let tints = tints(lane);
    let shown = || lane.spans.iter().zip(&tints).filter(|(span, _)| axis.shows(span.from_ms, span.to_ms));
    html! {
        text.lane x="-12" y=(top + LANE / 2 + 4) { (lane.name) }
        @for good in [true, false] {
            @for (span, tint) in shown().filter(|(span, _)| span.good == good) {
                (bar(lane, span, axis, top, colour(span, *tint)))
            }
        }
    }
}

fn bar(lane: &Lane, span: &Span, axis: Axis, top: i64, class: &str) -> Markup {
    let from = axis.place(span.from_ms);
    let width = from.up_to(axis.place(span.to_ms)).max(THINNEST);
    html! {
        rect.(class) x=(from) width=(width) y=(top + (LANE - BAR) / 2) height=(BAR) {
            title {
                (lane.name) ": " (span.label) ", from " (moment(span.from_ms)) " to " (moment(span.to_ms))
            }
        }
    }
}

/// What was seen, inside the bars where it fits; the rest only shows when somebody points at it.
fn labels(lane: &Lane, axis: Axis, top: i64) -> Markup {
    let tints = tints(lane);
    let shown = lane.spans.iter().zip(&tints).filter(|(span, _)| axis.shows(span.from_ms, span.to_ms));
    html! {
        @for (span, tint) in shown {
            @let from = axis.place(span.from_ms);
            @let room = from.up_to(axis.place(span.to_ms));
            @let fits = |drawing| Share::of(width(&span.label) + 12, drawing) <= room;
            @if fits(WIDE) {
                text.label.(colour(span, *tint)).wide[!fits(NARROW)] x=(from) dx="6" y=(top + LANE / 2 + 4) {
                    (span.label)
                }
            }
        }
    }
}

/// The same value has the same tint in a lane, so that one sees whether it came back or another one came.
fn tints(lane: &Lane) -> Vec<usize> {
    let mut known: Vec<&str> = Vec::new();
    for span in lane.spans.iter().filter(|span| span.good) {
        if !known.contains(&span.label.as_str()) {
            known.push(&span.label);
        }
    }
    let tint = |span: &Span| known.iter().position(|label| *label == span.label).unwrap_or(0);
    lane.spans.iter().map(tint).collect()
}

fn colour(span: &Span, tint: usize) -> &'static str {
    if span.good { TINTS[tint % TINTS.len()] } else { "bad" }
}

fn name(flag: &Flag, axis: Axis) -> Markup {
    html! {
        text.stage x=(axis.place(flag.at)) dx="6" y=(flag.row * ROW + 14) {
            (flag.name) " " tspan.time { (flag.time) }
        }
    }
}

fn never(round: &Round) -> String {
    let names: Vec<&str> = round.missing.iter().map(|stage| stage.title()).collect();
    if names.len() > 3 { format!("{} stages never", names.len()) } else { format!("never: {}", names.join(", ")) }
}
