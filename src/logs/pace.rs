//! How often logs are looked at, and how many at once: what the readers of one command share.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};

/// How many logs are read at once: fewer than a client of Nomad has requests, so that there is always one left to ask how the
/// job is, also while a node does not answer.
const TURNS: usize = 6;
/// The time between two looks at a log that is being written.
const BUSY: Duration = Duration::from_millis(200);
/// The time between two looks at a log that was silent for long.
const SILENT: Duration = Duration::from_secs(2);
/// What each further log adds to the time between two looks at one: Nomad is asked at most 50 times a second.
const EACH: Duration = Duration::from_millis(20);

/// The pace of all readers.
#[derive(Debug)]
pub struct Pace {
    turns: Semaphore,
    readers: AtomicUsize,
}

impl Default for Pace {
    fn default() -> Self {
        Self { turns: Semaphore::new(TURNS), readers: AtomicUsize::new(0) }
    }
}

/// Somebody who reads, until this is dropped.
#[derive(Debug)]
pub(super) struct Reader<'a>(&'a Pace);

impl Pace {
    pub(super) fn reader(&self) -> Reader<'_> {
        self.readers.fetch_add(1, Ordering::Relaxed);
        Reader(self)
    }
}

impl Reader<'_> {
    /// Waits for a turn; in the order of those who wait.
    pub(super) async fn turn(&self) -> Option<SemaphorePermit<'_>> {
        self.0.turns.acquire().await.ok()
    }

    /// How long to wait before the next look at a log that had nothing new at so many looks in a row.
    pub(super) fn wait(&self, silent_looks: u32) -> Duration {
        let readers = u32::try_from(self.0.readers.load(Ordering::Relaxed)).unwrap_or(u32::MAX);
        let silent = BUSY.saturating_mul(2_u32.saturating_pow(silent_looks)).min(SILENT);
        silent.max(EACH.saturating_mul(readers))
    }
}

impl Drop for Reader<'_> {
    fn drop(&mut self) {
        self.0.readers.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_silent_log_is_looked_at_less_often_and_so_is_one_of_many() {
        let pace = Pace::default();
        let reader = pace.reader();
        let waits = [0, 1, 2, 3, 4, 40].map(|silent| reader.wait(silent).as_millis());
        assert_eq!(waits, [200, 400, 800, 1_600, 2_000, 2_000]);
        let others: Vec<_> = (0..199).map(|_| pace.reader()).collect();
        assert_eq!((reader.wait(0).as_secs(), reader.wait(9).as_secs()), (4, 4));
        drop(others);
        assert_eq!(reader.wait(0), BUSY);
    }
}
