//! Which part of a round is drawn: from shortly before the fault until the cluster works again.

use super::axis::{Axis, NARROW};
use super::flags::Flag;
use crate::drill::outcome::Round;
use crate::drill::scenario::Stage;

/// How much of the time before the fault is drawn, in milliseconds: less where everything was quick.
const BEFORE: (i64, i64) = (100, 500);
/// A stage that comes so many times later than the others stands beside the drawing: they would be too close together.
const LATE: u64 = 3;

/// What a drawing shows.
#[derive(Debug)]
pub(super) struct Window {
    /// The time that is drawn.
    pub(super) axis: Axis,
    /// The stages that are drawn, in order of time.
    pub(super) flags: Vec<Flag>,
    /// What happened after the end of the drawing.
    pub(super) later: Option<(Stage, u64)>,
}

impl Window {
    /// Chooses it.
    pub(super) fn new(round: &Round) -> Self {
        let serving = round.stages.iter().filter(|(stage, _)| stage.serves()).map(|(_, at)| *at).max();
        let serves = !round.missing.iter().any(|stage| stage.serves());
        let is_late = |at: u64| serves && serving.is_some_and(|serving| at > serving.saturating_mul(LATE));
        let late = |(stage, at): &(&Stage, &u64)| !stage.serves() && is_late(**at);
        let later = round.stages.iter().find(late).map(|(stage, at)| (*stage, *at));
        let drawn = round.stages.iter().filter(|stage| !late(stage));
        let mut flags: Vec<Flag> = drawn.map(|(stage, at)| Flag::new(stage.title(), *at)).collect();
        flags.sort_by_key(|flag| flag.at);

        let last = flags.last().map_or(0, |flag| flag.at);
        // What never worked again is drawn until nothing changes any more.
        let last = if serves && !flags.is_empty() { last } else { last.max(last_change(round)) };
        let begin = (-(last / 4).clamp(BEFORE.0, BEFORE.1)).max(first_sight(round)).min(0);
        let mut end = last.saturating_add(last / 12);
        // The names stand to the right of their lines, and none is cut.
        for flag in &flags {
            let room = (NARROW - flag.width()).max(NARROW / 4);
            end = end.max(flag.at.saturating_sub(begin).saturating_mul(NARROW) / room + begin);
        }
        Self { axis: Axis::new(begin, end), flags, later }
    }
}

fn last_change(round: &Round) -> i64 {
    round.lanes.iter().flat_map(|lane| &lane.spans).map(|span| span.from_ms).max().unwrap_or(0)
}

fn first_sight(round: &Round) -> i64 {
    round.lanes.iter().flat_map(|lane| &lane.spans).map(|span| span.from_ms).min().unwrap_or(0)
}
