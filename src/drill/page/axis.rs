//! The time axis of a drawing. Places are parts of the width, so that a drawing can be as wide as the window.

use std::fmt;
use std::ops::Add;

/// The shortest and the longest time that is drawn, in milliseconds; the longest is a day.
const SHORTEST: i64 = 100;
const LONGEST: i64 = 86_400_000;
/// How far apart the marks may be, in milliseconds.
const STEPS: [i64; 17] = [
    20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000, 200_000, 500_000, 1_000_000,
    5_000_000, 10_000_000,
];
/// How many marks there may be; more would not be readable in a narrow window.
const MARKS: i64 = 8;

/// How wide a drawing is at least, in pixels: in a narrow window and on paper. What fits there fits everywhere.
pub(super) const NARROW: i64 = 520;
/// How wide it is in a wide window; the style sheet shows there what is of class `wide`.
pub(super) const WIDE: i64 = 900;

/// A time that is drawn over the whole width.
#[derive(Clone, Copy, Debug)]
pub(super) struct Axis {
    from: i64,
    to: i64,
}

/// A part of the width, in hundredths of a percent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Share(i64);

impl Axis {
    /// An axis from one moment to another, in milliseconds.
    pub(super) fn new(from: i64, to: i64) -> Self {
        let from = from.clamp(-LONGEST, LONGEST);
        Self { from, to: to.clamp(from + SHORTEST, from + LONGEST) }
    }

    /// Whether something of a time is on the axis.
    pub(super) fn shows(self, from: i64, to: i64) -> bool {
        from < self.to && to > self.from
    }

    /// Where a moment lies; what is outside lies at the edge.
    pub(super) fn place(self, moment: i64) -> Share {
        Share((moment.clamp(self.from, self.to) - self.from) * Share::WHOLE.0 / (self.to - self.from))
    }

    /// The marks with their names, in seconds.
    pub(super) fn marks(self) -> Vec<(Share, String)> {
        let length = self.to - self.from;
        let step = STEPS.into_iter().find(|step| length / step <= MARKS).unwrap_or(LONGEST);
        let first = self.from.div_euclid(step) + i64::from(self.from.rem_euclid(step) > 0);
        let moments = (first..=self.to.div_euclid(step)).map(|multiple| multiple * step);
        moments.map(|moment| (self.place(moment), seconds(moment, step))).collect()
    }
}

impl Share {
    /// All of it.
    pub(super) const WHOLE: Self = Self(10_000);

    /// What so many pixels are in a drawing of that width.
    pub(super) const fn of(pixels: i64, width: i64) -> Self {
        Self(pixels * Self::WHOLE.0 / width)
    }

    /// How far it is to a later place.
    pub(super) fn up_to(self, later: Self) -> Self {
        Self((later.0 - self.0).max(0))
    }
}

impl Add for Share {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl fmt::Display for Share {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{:02}%", self.0 / 100, self.0 % 100)
    }
}

/// A mark's name, with as many decimals as its neighbours need.
fn seconds(moment: i64, step: i64) -> String {
    let sign = if moment < 0 { "−" } else { "" };
    let (whole, rest) = (moment.abs() / 1_000, moment.abs() % 1_000);
    if step % 1_000 == 0 || moment == 0 {
        format!("{sign}{whole}\u{a0}s")
    } else if step % 100 == 0 {
        format!("{sign}{whole}.{}\u{a0}s", rest / 100)
    } else {
        format!("{sign}{whole}.{:02}\u{a0}s", rest / 10)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_parts_of_the_width_and_never_outside() {
        let axis = Axis::new(-500, 1_500);
        assert_eq!(axis.place(0).to_string(), "25.00%");
        assert_eq!(axis.place(i64::MAX), Share::WHOLE);
        assert_eq!(axis.place(i64::MIN).to_string(), "0.00%");
    }

    #[test]
    fn marks_are_round_and_few() {
        let names = |from, to| Axis::new(from, to).marks().into_iter().map(|(_, name)| name).collect::<Vec<_>>();
        assert_eq!(names(-400, 1_900), ["0 s", "0.5 s", "1.0 s", "1.5 s"].map(|name| name.replace(' ', "\u{a0}")));
        assert_eq!(
            names(-500, 200),
            ["−0.5", "−0.4", "−0.3", "−0.2", "−0.1", "0", "0.1", "0.2"].map(|name| format!("{name}\u{a0}s"))
        );
        for to in [0, 1, 999, 12_345, 600_000, 86_400_000, i64::MAX] {
            let marks = Axis::new(i64::MIN, to).marks().len().max(Axis::new(0, to).marks().len());
            assert!((1..=9).contains(&marks), "{marks} marks up to {to}");
        }
    }
}
