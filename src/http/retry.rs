//! The one policy of what is tried again, and how often.

use std::future::Future;
use std::time::Duration;

use tokio::time::{Instant, sleep};
use tokio_retry::strategy::{ExponentialBackoff, jitter};

use super::Error;

/// How often a request is tried again before its error is told: the last answer comes within about two seconds.
const RETRIES: usize = 3;
/// How long a request is tried again where the server allows no more connections: others end, and theirs with them.
const CROWDED: Duration = Duration::from_secs(30);

/// What a request does to the server, which decides when it may be sent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Attempt {
    /// It changes nothing: sent again after anything transient.
    Read,
    /// It changes something: sent again only when it cannot have arrived.
    Change,
}

/// Waits that double from 200 ms to 5 s, without end and without jitter.
///
/// tokio-retry raises the base to the power of the attempt, so the base is 2 and the factor carries the unit.
pub fn backoff() -> impl Iterator<Item = Duration> {
    ExponentialBackoff::from_millis(2).factor(100).max_delay(Duration::from_secs(5))
}

pub(super) async fn retry<T, F, A>(attempt: Attempt, mut action: F) -> Result<T, Error>
where
    F: FnMut() -> A,
    A: Future<Output = Result<T, Error>>,
{
    let again = |error: &Error| match attempt {
        Attempt::Read => error.is_transient(),
        Attempt::Change => error.never_arrived(),
    };
    let started = Instant::now();
    let mut failures = 0;
    let mut waits = backoff().map(jitter);
    loop {
        match action().await {
            Err(error) if error.is_crowded() && started.elapsed() < CROWDED => {}
            Err(error) if failures < RETRIES && again(&error) => failures += 1,
            answer => return answer,
        }
        sleep(waits.next().unwrap_or(CROWDED)).await;
    }
}
