//! Samples of one thing: their median and their spread.

use std::time::Duration;

/// Samples, in the order in which they were taken.
#[derive(Clone, Debug, Default)]
pub(crate) struct Series(Vec<f64>);

impl Series {
    /// One sample that does not vary.
    pub(crate) fn single(value: f64) -> Self {
        Self(vec![value])
    }

    /// Adds a sample, in seconds.
    pub(crate) fn push(&mut self, time: Duration) {
        self.0.push(time.as_secs_f64());
    }

    /// The sample in the middle; between the two in the middle of an even number.
    pub(crate) fn median(&self) -> f64 {
        let sorted = self.sorted();
        let middle = sorted.len() / 2;
        let at = |index: usize| sorted.get(index).copied().unwrap_or(f64::NAN);
        if sorted.len().is_multiple_of(2) { f64::midpoint(at(middle.wrapping_sub(1)), at(middle)) } else { at(middle) }
    }

    /// The smallest and the largest sample, if there is more than one.
    pub(crate) fn spread(&self) -> Option<(f64, f64)> {
        let sorted = self.sorted();
        if sorted.len() < 2 {
            return None;
        }
        Some((*sorted.first()?, *sorted.last()?))
    }

    /// The largest sample.
    pub(crate) fn worst(&self) -> f64 {
        self.sorted().last().copied().unwrap_or(f64::NAN)
    }

    /// The sample below which so many of a hundred are, or which is one of them.
    pub(crate) fn percentile(&self, percent: f64) -> f64 {
        let sorted = self.sorted();
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a place in a list"
        )]
        let place = (sorted.len() as f64 * percent / 100.0).ceil() as usize;
        sorted.get(place.saturating_sub(1)).copied().unwrap_or(f64::NAN)
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// The largest of the samples divided each by the other's of the same round.
    pub(crate) fn worst_ratio(&self, other: &Self) -> f64 {
        let ratios = self.0.iter().zip(&other.0).map(|(sample, other)| sample / other);
        ratios.max_by(f64::total_cmp).unwrap_or(f64::NAN)
    }

    fn sorted(&self) -> Vec<f64> {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        sorted
    }
}
