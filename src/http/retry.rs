//! The one policy of what is tried again, and how often.

use std::future::Future;
use std::time::Duration;

use tokio_retry::RetryIf;
use tokio_retry::strategy::{ExponentialBackoff, jitter};

use super::Error;

/// How often a request is tried again before its error is told: the last answer comes within about two seconds.
const RETRIES: usize = 3;

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

pub(super) async fn retry<T, F, A>(attempt: Attempt, action: F) -> Result<T, Error>
where
    F: FnMut() -> A,
    A: Future<Output = Result<T, Error>>,
{
    let again = move |error: &Error| match attempt {
        Attempt::Read => error.is_transient(),
        Attempt::Change => error.never_arrived(),
    };
    RetryIf::start(backoff().map(jitter).take(RETRIES), action, again).await
}
