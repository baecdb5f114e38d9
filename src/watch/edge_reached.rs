//! The edge of a cluster that is being deployed: when its floating address leads to the masters.

use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::Instant;

use super::error::Error;
use super::reach::address_state;
use crate::event::{Event, Observer};
use crate::http;
use crate::names::FloatingAddress;
use crate::nomad::Nomad;
use crate::spark::AddressState;
use crate::spec::Edge;

/// For how long the floating address may be silent, once all edge hosts run, before one of them is asked what it meets there.
const ELSEWHERE: Duration = Duration::from_secs(10);

/// The job of the edge hosts, and what it makes answer.
#[derive(Debug)]
pub(super) struct EdgeReached {
    pub(super) job: String,
    hosts: usize,
    /// How many of them run what was registered.
    running: usize,
    address: FloatingAddress,
    /// Asks the address, beside everything else: what nobody holds yet keeps whoever asks waiting.
    asking: JoinSet<Result<AddressState, http::Error>>,
    /// What was met there last.
    state: Option<AddressState>,
    /// Since when all hosts run.
    complete: Option<Instant>,
    /// Whether a Spark client gets an answer there, from a host that knows every master.
    serves: bool,
}

impl EdgeReached {
    /// Nothing is known yet of the edge's job.
    pub(super) fn new(job: String, edge: &Edge) -> Self {
        Self {
            job,
            hosts: edge.hosts.len(),
            running: 0,
            address: edge.floating_address(),
            asking: JoinSet::new(),
            state: None,
            complete: None,
            serves: false,
        }
    }

    /// What is still missing; `None` where Spark clients get an answer.
    pub(super) fn condition(&self) -> Option<String> {
        if self.running < self.hosts {
            return Some(format!("{} edge hosts to run; {} do", self.hosts, self.running));
        }
        let address = self.address.address;
        match &self.state {
            _ if self.serves => None,
            None => Some(format!("the floating address {address} to answer")),
            Some(AddressState::Serves { host, .. } | AddressState::OutOfReach { host, .. }) => {
                Some(format!("HAProxy on {host} to know all masters"))
            }
            Some(state) => Some(format!("the floating address to lead to a master: {address} {state}")),
        }
    }

    /// What to do about what is missing.
    pub(super) fn hint(&self) -> Option<String> {
        self.state.as_ref().and_then(|state| state.hint(&self.job))
    }

    /// The address, once Spark clients get an answer there.
    pub(super) fn served(&self) -> Option<FloatingAddress> {
        self.serves.then_some(self.address)
    }

    /// Asks the address, once all hosts run what was registered, and from then on again and again: the last of these `masters`
    /// (HOST:PORT) may still have to become known there.
    pub(super) fn look(
        &mut self,
        nomad: &Nomad,
        observer: Observer<'_>,
        running: usize,
        masters: &[&str],
    ) -> Result<(), Error> {
        self.running = running;
        if running < self.hosts {
            self.complete = None;
            return Ok(());
        }
        let complete = *self.complete.get_or_insert_with(Instant::now);
        if let Some(Ok(state)) = self.asking.try_join_next() {
            let state = state?;
            let served = std::mem::replace(&mut self.serves, state.serves(masters.iter().copied()));
            if let Some(host) = state.host().filter(|_| self.serves && !served) {
                let (master, host) = (self.address.master(), host.to_owned());
                observer.event(&Event::AddressAnswers { master, host })?;
                if let AddressState::OutOfReach { .. } = &state {
                    let hint = state.hint(&self.job).unwrap_or_default();
                    let what = format!("the floating address {} {state}; {hint}", self.address.address);
                    observer.event(&Event::Warning { what })?;
                }
            }
            self.state = Some(state);
        }
        if self.asking.is_empty() {
            let (nomad, address, job) = (nomad.clone(), self.address, self.job.clone());
            // keepalived needs a moment until somebody has the address.
            let asks_elsewhere = complete.elapsed() > ELSEWHERE;
            self.asking.spawn(async move {
                if asks_elsewhere {
                    address_state(&nomad, address, &job).await
                } else {
                    AddressState::of(address).await
                }
            });
        }
        Ok(())
    }
}
