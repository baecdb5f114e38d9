//! Choices that a seed makes: the same seed, the same choices, on every machine.

use proptest::test_runner::{RngAlgorithm, TestRng};

use proptest::prelude::Rng;

/// Dice that fall as the seed says.
pub(super) struct Dice(TestRng);

impl Dice {
    /// Dice for one purpose, so that a new choice for one changes nothing for the others.
    pub(super) fn new(seed: u64, purpose: u8) -> Self {
        let mut bytes = [purpose; 32];
        bytes[..8].copy_from_slice(&seed.to_le_bytes());
        Self(TestRng::from_seed(RngAlgorithm::ChaCha, &bytes))
    }

    /// A number below the limit.
    pub(super) fn below(&mut self, limit: u64) -> u64 {
        self.0.next_u64() % limit
    }

    /// A number from the first to the last.
    pub(super) fn between(&mut self, first: u64, last: u64) -> u64 {
        first + self.below(last - first + 1)
    }

    pub(super) fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    /// One of several, each as often as its weight says.
    pub(super) fn pick<T: Clone>(&mut self, weighted: &[(u64, T)]) -> T {
        let mut at = self.below(weighted.iter().map(|(weight, _)| weight).sum());
        for (weight, value) in weighted {
            if at < *weight {
                return value.clone();
            }
            at -= weight;
        }
        unreachable!("the weights have a sum");
    }
}
