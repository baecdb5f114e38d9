//! Names above moments that may be close together: each on a row where neither a name nor a line is in its way.

use super::axis::{Axis, NARROW, Share};
use super::words::{duration, width};

/// Between the line and its name, and between a name and the next line, in pixels.
const GAP: i64 = 6;

/// A moment with its name.
#[derive(Clone, Debug)]
pub(super) struct Flag {
    /// The moment, in milliseconds after the fault.
    pub(super) at: i64,
    /// What happened then.
    pub(super) name: &'static str,
    /// When, for people.
    pub(super) time: String,
    /// On which row the name stands, counted from the top.
    pub(super) row: i64,
}

impl Flag {
    /// A flag that has no row yet.
    pub(super) fn new(name: &'static str, after_ms: u64) -> Self {
        let at = i64::try_from(after_ms).unwrap_or(i64::MAX);
        Self { at, name, time: duration(after_ms), row: 0 }
    }

    /// How much room the name takes to the right of its line, in pixels.
    pub(super) fn width(&self) -> i64 {
        width(self.name) + width(&self.time) + 3 * GAP
    }
}

/// Gives every flag its row, beginning with `first`, and tells how many rows there are then. The flags are in order of
/// time.
///
/// A line goes from its name down to the lanes. So a name stands below every name that reaches beyond its line: then no
/// line ever crosses a name.
pub(super) fn hoist(flags: &mut [Flag], axis: Axis, first: i64) -> i64 {
    let mut ends: Vec<Share> = Vec::new();
    let mut rows = first;
    for flag in flags {
        let place = axis.place(flag.at);
        let row = ends.iter().rposition(|end| *end > place).map_or(0, |above| above + 1);
        ends.truncate(row);
        ends.push(place + Share::of(flag.width(), NARROW));
        flag.row = first + i64::try_from(row).unwrap_or(0);
        rows = rows.max(flag.row + 1);
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(moments: &[u64], to: i64) -> (Vec<i64>, i64) {
        let mut flags: Vec<Flag> = moments.iter().map(|moment| Flag::new("alive", *moment)).collect();
        let rows = hoist(&mut flags, Axis::new(0, to), 0);
        (flags.iter().map(|flag| flag.row).collect(), rows)
    }

    #[test]
    fn far_ones_share_a_row() {
        assert_eq!(rows(&[0, 500, 900], 1_500), (vec![0, 0, 0], 1));
    }

    #[test]
    fn near_ones_go_down_by_steps_and_up_again_when_there_is_room() {
        assert_eq!(rows(&[0, 10, 10, 900], 1_500), (vec![0, 1, 2, 0], 3));
    }

    #[test]
    fn no_line_crosses_a_name() {
        // The third has room on the first row, but there its line would cross the second's name.
        assert_eq!(rows(&[0, 200, 300], 1_500), (vec![0, 1, 2], 3));
        assert_eq!(rows(&[], 1_500), (vec![], 0));
    }
}
