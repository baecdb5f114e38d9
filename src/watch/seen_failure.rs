//! A failure of a task that was seen when it happened.

/// Failures that are further apart are each one of its own, in nanoseconds.
const TOGETHER: i64 = 10 * 60 * 1_000_000_000;

/// A failure that was seen while the job was watched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenFailure {
    /// The allocation's whole id.
    pub allocation: String,
    /// The task.
    pub task: String,
    /// When, in nanoseconds since 1970, by the node's clock.
    pub time: i64,
}

impl SeenFailure {
    /// Whether a failure at that time may belong to the same loop.
    pub(super) fn is_together_with(&self, time: i64) -> bool {
        time.saturating_sub(self.time) <= TOGETHER
    }
}
