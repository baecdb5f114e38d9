//! `nomspark lab down`.

use std::time::{Duration, Instant};

use serde::Serialize;

use super::api::Api;
use super::error::Error;
use super::folder::Folder;
use super::leftovers::Belongings;
use super::network::Network;
use super::state::State;
use super::wiring::Wiring;
use super::{Options, agent, cgroups, claim, containers, mounts};
use crate::event::{Event, Observer};

/// How long Nomad may take to stop its jobs; what then still runs is ended by force.
const JOBS_PATIENCE: Duration = Duration::from_secs(10);
/// Between two questions.
const INTERVAL: Duration = Duration::from_millis(50);

/// What `down` did.
#[derive(Clone, Debug, Serialize)]
pub struct Ended {
    /// Whether there was anything to end or to remove.
    pub changed: bool,
    /// How long it took, in milliseconds.
    pub elapsed_ms: u64,
    /// How many processes were left behind by Nomad and had to be ended.
    pub leftovers: usize,
}

impl Ended {
    /// What was done, for people.
    #[must_use]
    pub fn text(&self) -> String {
        match (self.changed, self.leftovers) {
            (false, _) => "The lab is not running; nothing to do.\n".to_owned(),
            (true, 0) => "The lab is down.\n".to_owned(),
            (true, count) => format!("The lab is down; {count} processes that Nomad had left behind were ended.\n"),
        }
    }
}

/// Ends the lab and removes everything that it wrote.
pub async fn down(options: &Options, observer: Observer<'_>) -> Result<Ended, Error> {
    let started = Instant::now();
    let folder = Folder::new(&options.state_dir)?;
    let _lock = folder.lock(options.timeout, observer).await?;
    let ended = |changed, leftovers| Ended {
        changed,
        elapsed_ms: u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
        leftovers,
    };

    let state = match State::read(&folder) {
        Ok(state) => state,
        // The agents are then found by their mark, like anything else.
        Err(error @ Error::StateBroken { .. }) => {
            observer.event(&Event::Warning { what: error.to_string() })?;
            None
        }
        Err(error) => return Err(error),
    };
    let network = state.as_ref().and_then(|state| state.network);
    let networks = networks(&folder, network);
    if state.is_none()
        && !folder.path().exists()
        && networks.is_empty()
        && Belongings::of(&folder, &networks).processes().is_empty()
    {
        return Ok(ended(false, 0));
    }
    if let Some(state) = &state {
        let living = state.living();
        if let Some(api) = answering(state).await? {
            stop_jobs(&api, observer).await?;
        }
        if !living.is_empty() {
            observer.event(&Event::Step { what: "ending Nomad and Consul".to_owned() })?;
        }
        agent::end(&living).await?;
    }
    let leftovers = clean(&folder, network).await?;
    Ok(ended(true, leftovers))
}

/// The networks that a lab has: those that it claimed, and the one of its state.
fn networks(folder: &Folder, known: Option<Network>) -> Vec<Network> {
    let mut networks = claim::of(folder);
    // Without a claim the namespaces may be another lab's by now.
    networks.extend(known.filter(|network| !networks.contains(network) && claim::is_free(*network)));
    networks
}

/// The API of a host where Nomad runs and answers.
async fn answering(state: &State) -> Result<Option<Api>, Error> {
    for member in &state.hosts {
        if member.nomad.is_some_and(|nomad| nomad.is_alive()) {
            let api = Api::new(&member.host, state.ports)?;
            if api.nomad_has_leader().await {
                return Ok(Some(api));
            }
        }
    }
    Ok(None)
}

/// Ends and removes everything of a lab whose agents have ended; returns how many processes were left.
pub(super) async fn clean(folder: &Folder, known: Option<Network>) -> Result<usize, Error> {
    let networks = networks(folder, known);
    let belongings = Belongings::of(folder, &networks);
    containers::remove(belongings.allocations()).await;
    let count = belongings.end().await?;
    mounts::unmount_below(folder.path())?;
    cgroups::remove(belongings.allocations());
    for network in &networks {
        Wiring::new(*network)?.remove().await?;
    }
    folder.remove()?;
    for network in &networks {
        claim::release(*network)?;
    }
    Ok(count)
}

/// Lets Nomad stop its jobs, as far as it does so in time: only Nomad can end what a driver runs elsewhere.
async fn stop_jobs(api: &Api, observer: Observer<'_>) -> Result<(), Error> {
    let started = Instant::now();
    if api.living_allocations().await.is_none_or(|living| living == 0) {
        return Ok(());
    }
    observer.event(&Event::Step { what: "stopping the jobs".to_owned() })?;
    for job in api.jobs().await {
        api.stop(&job).await;
    }
    while api.living_allocations().await.is_some_and(|living| living > 0) {
        if started.elapsed() >= JOBS_PATIENCE {
            let what = "Nomad did not stop all jobs in time; ending their processes".to_owned();
            observer.event(&Event::Warning { what })?;
            break;
        }
        tokio::time::sleep(INTERVAL).await;
    }
    Ok(())
}
