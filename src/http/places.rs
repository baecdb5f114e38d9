//! How many requests are under way at once, so that connections are left for others.
//!
//! A Nomad agent allows one address so many connections, `limits.http_max_conns_per_client`, and answers 429 to what is beyond
//! them: to everybody at that address. Answers that are read piece by piece have no place here; who opens them bounds them.

use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::{Semaphore, SemaphorePermit, watch};

/// The most requests at once: a browser on the same machine takes six connections, and Nomad allows 100 by default.
const PLACES: usize = 8;
/// After how many requests in a row that were not refused a place comes back: others may have given up their connections.
const COMES_BACK: usize = 100;

/// The places of one client and of all its clones.
#[derive(Debug)]
pub(super) struct Places {
    free: Semaphore,
    /// How many there are: fewer, where the server allows fewer connections.
    all: AtomicUsize,
    /// How many requests in a row were not refused.
    allowed: AtomicUsize,
    crowded: watch::Sender<bool>,
}

impl Places {
    pub(super) fn new() -> Self {
        Self {
            free: Semaphore::new(PLACES),
            all: AtomicUsize::new(PLACES),
            allowed: AtomicUsize::new(0),
            crowded: watch::Sender::new(false),
        }
    }

    /// Waits for a place; in the order of those who wait.
    pub(super) async fn take(&self) -> Option<SemaphorePermit<'_>> {
        self.free.acquire().await.ok()
    }

    /// The server allows no more connections now: a place goes, unless it is the last one.
    pub(super) fn refused(&self, place: Option<SemaphorePermit<'_>>) {
        self.tell();
        self.allowed.store(0, Ordering::Relaxed);
        let fewer = |all: usize| (all > 1).then(|| all - 1);
        if let Some(place) = place
            && self.all.fetch_update(Ordering::Relaxed, Ordering::Relaxed, fewer).is_ok()
        {
            place.forget();
        }
    }

    /// The server has taken a request.
    pub(super) fn allowed(&self) {
        let in_a_row = self.allowed.fetch_add(1, Ordering::Relaxed) + 1;
        let more = |all: usize| (all < PLACES).then(|| all + 1);
        if in_a_row.is_multiple_of(COMES_BACK)
            && self.all.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).is_ok()
        {
            self.free.add_permits(1);
        }
    }

    /// The server allows no more connections now.
    pub(super) fn tell(&self) {
        self.crowded.send_replace(true);
    }

    /// Waits until the server has allowed no more connections.
    pub(super) async fn crowded(&self) {
        // The sender lives as long as this.
        let _ = self.crowded.subscribe().wait_for(|crowded| *crowded).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn places_go_where_the_server_allows_fewer_connections_and_come_back() {
        let places = Places::new();
        for _ in 0..2 * PLACES {
            let place = places.take().await;
            places.refused(place);
        }
        assert_eq!(places.free.available_permits(), 1);
        places.crowded().await;
        for _ in 0..COMES_BACK - 1 {
            places.allowed();
        }
        assert_eq!(places.free.available_permits(), 1);
        for _ in 0..2 * PLACES * COMES_BACK {
            places.allowed();
        }
        assert_eq!(places.free.available_permits(), PLACES);
    }
}
