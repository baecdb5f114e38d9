//! Several jobs, followed live: the reducer fed by the stream, with every event reported as it comes.

use std::collections::BTreeMap;

use tokio::sync::mpsc;

use super::error::Error;
use super::follow::{Observation, follow};
use super::state::JobState;
use crate::nomad::Nomad;
use crate::report::{Event, Report};

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
    connected: bool,
    history: History,
}

impl Watcher {
    /// Begins to follow these jobs, whether Nomad has them yet or not.
    #[must_use]
    pub fn start(nomad: &Nomad, jobs: &[String], history: History) -> Self {
        Self {
            observations: follow(nomad.clone(), jobs.to_vec()),
            states: jobs.iter().map(|job| (job.clone(), JobState::new(job))).collect(),
            connected: true,
            history,
        }
    }

    /// What is known of a job; `None` for a job that is not followed.
    #[must_use]
    pub fn state(&self, job: &str) -> Option<&JobState> {
        self.states.get(job)
    }

    /// Waits for the first listing: from then on nothing is missed.
    pub async fn listed(&mut self, report: &Report) -> Result<(), Error> {
        while self.states.values().any(|state| !state.listed) {
            self.changed(report).await?;
        }
        Ok(())
    }

    /// Waits until Nomad tells something new, takes it in and reports it.
    pub async fn changed(&mut self, report: &Report) -> Result<(), Error> {
        let Some(observation) = self.observations.recv().await else {
            return Err(Error::WatcherEnded);
        };
        match observation {
            Observation::Listed(listings) => {
                if !self.connected {
                    self.connected = true;
                    report.event(&Event::Reconnected { service: "Nomad" })?;
                }
                for listing in listings {
                    if let Some(state) = self.states.get_mut(&listing.id) {
                        let news = state.listed || self.history == History::Tell;
                        for event in state.list(listing).into_iter().filter(|_| news) {
                            report.event(&event)?;
                        }
                    }
                }
            }
            Observation::Changed(change) => {
                for state in self.states.values_mut() {
                    for event in state.change(change.clone()) {
                        report.event(&event)?;
                    }
                }
            }
            Observation::Disconnected(reason) => {
                if self.connected {
                    self.connected = false;
                    report.event(&Event::Disconnected { service: "Nomad", reason })?;
                }
            }
            Observation::Refused(error) => return Err(Error::Http(error)),
        }
        Ok(())
    }
}
