//! How one thing changed over time.

use super::outcome::{Lane, Span};

/// The values that something had, in order; each held until the next one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct History<T> {
    /// From when on, in milliseconds after the fault, and what.
    changes: Vec<(i64, T)>,
}

impl<T: PartialEq> History<T> {
    /// Puts what was seen into order, and leaves out what repeats the value before it.
    pub(super) fn new(mut seen: Vec<(i64, T)>) -> Self {
        seen.sort_by_key(|(at, _)| *at);
        seen.dedup_by(|next, before| next.1 == before.1);
        Self { changes: seen }
    }

    /// The value at a moment; `None` before the first one.
    pub(super) fn at(&self, moment: i64) -> Option<&T> {
        self.changes.iter().rev().find(|(at, _)| *at <= moment).map(|(_, value)| value)
    }

    /// The first value that is bad, or another than that of the moment of the fault.
    pub(super) fn first_change(&self, good: impl Fn(&T) -> bool) -> Option<i64> {
        let before = self.at(0);
        let changed = |(at, value): &&(i64, T)| *at > 0 && (!good(value) || Some(value) != before);
        self.changes.iter().find(changed).map(|(at, _)| *at)
    }

    /// Since when it has been good without a break, but at the earliest at the fault; `None` when it is bad at the end.
    pub(super) fn good_since(&self, good: impl Fn(&T) -> bool) -> Option<i64> {
        let mut since = None;
        for (at, value) in self.changes.iter().rev() {
            if !good(value) {
                break;
            }
            since = Some(*at);
        }
        since.map(|since| since.max(0))
    }

    /// The same for what the fault itself ends: it counts only after it was bad, or another one.
    pub(super) fn good_again_since(&self, good: impl Fn(&T) -> bool) -> Option<i64> {
        let changed = self.first_change(&good)?;
        self.good_since(good).map(|since| since.max(changed))
    }

    /// As it is drawn. What is still so at the end lasts until then.
    pub(super) fn lane(
        &self,
        name: &'static str,
        end: i64,
        good: impl Fn(&T) -> bool,
        label: impl Fn(&T) -> String,
    ) -> Lane {
        let ends = self.changes.iter().skip(1).map(|(at, _)| *at).chain([end]);
        let spans = self.changes.iter().zip(ends);
        let spans = spans.map(|((from, value), to)| Span {
            from_ms: *from,
            to_ms: to.max(*from),
            label: label(value),
            good: good(value),
        });
        Lane { name, spans: spans.collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn history(changes: &[(i64, Option<u8>)]) -> History<Option<u8>> {
        History::new(changes.to_vec())
    }

    #[test]
    fn what_repeats_is_one_value() {
        let seen = history(&[(30, None), (-5, Some(1)), (10, Some(1)), (40, Some(1))]);
        assert_eq!(seen.changes, [(-5, Some(1)), (30, None), (40, Some(1))]);
        assert_eq!(seen.at(-6), None);
        assert_eq!(seen.at(35), Some(&None));
    }

    #[test]
    fn a_stage_counts_from_when_it_holds_for_good() {
        let flaps = history(&[(-5, Some(1)), (30, None), (40, Some(1)), (50, None), (70, Some(2))]);
        assert_eq!(flaps.good_since(Option::is_some), Some(70));
        assert_eq!(flaps.good_again_since(Option::is_some), Some(70));
        assert_eq!(flaps.first_change(Option::is_some), Some(30));
    }

    #[test]
    fn what_was_never_lost_was_good_all_the_time_but_has_not_come_back() {
        let calm = history(&[(-5, Some(1))]);
        assert_eq!(calm.good_since(Option::is_some), Some(0));
        assert_eq!(calm.good_again_since(Option::is_some), None);
    }

    #[test]
    fn another_value_counts_as_coming_back() {
        let moves = history(&[(-5, Some(1)), (20, Some(2))]);
        assert_eq!(moves.good_again_since(Option::is_some), Some(20));
    }

    #[test]
    fn what_is_lost_at_the_end_has_not_come_back() {
        let lost = history(&[(-5, Some(1)), (20, Some(2)), (30, None)]);
        assert_eq!(lost.good_since(Option::is_some), None);
        assert_eq!(lost.good_again_since(Option::is_some), None);
    }
}
