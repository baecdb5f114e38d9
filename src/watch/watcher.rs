//! Several jobs, followed live: the reducer fed by the stream, with every event reported as it comes.

use std::collections::BTreeMap;

use tokio::sync::mpsc;
use tracing::debug;

use super::error::Error;
use super::follow::{Observation, follow};
use super::state::JobState;
use crate::event::{Event, Observer};
use crate::nomad::Nomad;

/// Nomad ends streams by itself now and then; only when the next one does not come either is it worth a line.
const WORTH_TELLING: u32 = 2;

/// What is told of the time before the watch began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum History {
    /// What is there already is told as if it happened now.
    Tell,
    /// Only what happens from now on is told.
    Skip,
}

/// Follows jobs and knows their state.
#[derive(Debug)]
pub struct Watcher {
    observations: mpsc::Receiver<Observation>,
    states: BTreeMap<String, JobState>,
    /// How often in a row Nomad could not be followed.
    attempts_lost: u32,
    history: History,
}

impl Watcher {
    /// Begins to follow these jobs, whether Nomad has them yet or not.
    #[must_use]
    pub fn start(nomad: &Nomad, jobs: &[String], history: History) -> Self {
        Self {
            observations: follow(nomad.clone(), jobs.to_vec()),
            states: jobs.iter().map(|job| (job.clone(), JobState::new(job))).collect(),
            attempts_lost: 0,
            history,
        }
    }

    /// What is known of a job; `None` for a job that is not followed.
    #[must_use]
    pub fn state(&self, job: &str) -> Option<&JobState> {
        self.states.get(job)
    }

    /// Counts no failure of a job's tasks any more that was seen before: its cause is gone.
    pub(super) fn forgive(&mut self, job: &str) {
        if let Some(state) = self.states.get_mut(job) {
            state.failures_seen.clear();
        }
    }

    /// Waits for the first listing: from then on nothing is missed.
    pub async fn listed(&mut self, observer: Observer<'_>) -> Result<(), Error> {
        while self.states.values().any(|state| !state.listed) {
            self.changed(observer).await?;
        }
        Ok(())
    }

    /// Waits until Nomad tells something new, takes it in and reports it.
    pub async fn changed(&mut self, observer: Observer<'_>) -> Result<(), Error> {
        let Some(observation) = self.observations.recv().await else {
            return Err(Error::WatcherEnded);
        };
        match observation {
            Observation::Listed(listings) => {
                if self.attempts_lost >= WORTH_TELLING {
                    observer.event(&Event::Reconnected { service: "Nomad".into() })?;
                }
                self.attempts_lost = 0;
                for listing in listings {
                    if let Some(state) = self.states.get_mut(&listing.id) {
                        let news = state.listed || self.history == History::Tell;
                        for event in state.list(listing).into_iter().filter(|_| news) {
                            observer.event(&event)?;
                        }
                    }
                }
            }
            Observation::Changed(changes) => self.take_in(observer, |state| state.changes(&changes))?,
            Observation::NodesLost(nodes) => self.take_in(observer, |state| state.nodes_lost(&nodes))?,
            Observation::Disconnected(reason) => {
                self.attempts_lost = self.attempts_lost.saturating_add(1);
                debug!(%reason, attempts_lost = self.attempts_lost, "Nomad cannot be followed");
                if self.attempts_lost == WORTH_TELLING {
                    observer.event(&Event::Disconnected { service: "Nomad".into(), reason })?;
                }
            }
            Observation::Refused(error) => return Err(Error::Http(error)),
        }
        Ok(())
    }

    /// Has every job's state take something in, and reports what is new to it.
    fn take_in(&mut self, observer: Observer<'_>, news: impl Fn(&mut JobState) -> Vec<Event>) -> Result<(), Error> {
        for event in self.states.values_mut().flat_map(news) {
            observer.event(&event)?;
        }
        Ok(())
    }
}
