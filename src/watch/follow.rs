//! Follows some jobs through Nomad's event stream: list, then stream; list again after any gap.
//!
//! The stream is opened before the lists are read, so that no change can fall between the two. Whatever breaks the
//! stream (its end, a stall, garbage, an error of a list) leads to the same answer: wait, open, list.

use std::collections::BTreeMap;
use std::iter;
use std::time::Duration;

use futures_util::StreamExt;
use tokio::sync::{Notify, mpsc};
use tokio::time::timeout;
use tracing::debug;

use super::state::{JobListing, JobState};
use crate::error::{Advice, one_line};
use crate::exit::Exit;
use crate::http;
use crate::nomad::Nomad;
use crate::nomad::events::Change;
use crate::nomad::jobs::Job;

/// Nomad sends a heartbeat every 30 s; two that are missing mean that nobody is at the other end.
const STALL: Duration = Duration::from_secs(65);
/// How often the first listing is tried: a Nomad that never answered is no connection that was lost.
const FIRST_ATTEMPTS: u32 = 3;
/// How long Nomad may take to commit what it has published; then it is read again.
const COMMIT: Duration = Duration::from_millis(20);
/// How many observations may wait for a slow reader.
const QUEUE: usize = 256;

/// How often Nomad is asked which nodes are lost, where it would not tell: about as often as nodes say that they are up.
const NODES: Duration = Duration::from_secs(15);

/// What the watcher saw.
#[derive(Debug)]
pub enum Observation {
    /// Everything that Nomad has of the jobs, read at one time. It replaces what was known.
    Listed(Vec<JobListing>),
    /// What changed at once after the last listing.
    Changed(Vec<Change>),
    /// The nodes that are lost now, each with the index at which it went; only told where a job's allocations are lost with
    /// them without a word.
    NodesLost(BTreeMap<String, u64>),
    /// Nomad cannot be followed now; it is tried again.
    Disconnected(String),
    /// Nomad refused, or never answered since the watch began: trying again is useless.
    Refused(http::Error),
}

/// Follows jobs until the receiver is dropped.
#[must_use]
pub fn follow(nomad: Nomad, jobs: Vec<String>) -> mpsc::Receiver<Observation> {
    let (sender, receiver) = mpsc::channel(QUEUE);
    tokio::spawn(async move {
        let outlet = Outlet { sender, nodes_matter: Notify::new() };
        tokio::select! {
            () = follow_jobs(&nomad, &jobs, &outlet) => {}
            () = follow_nodes(&nomad, &outlet) => {}
        }
    });
    receiver
}

/// Where observations go.
struct Outlet {
    sender: mpsc::Sender<Observation>,
    /// Whether a job was seen of which only its nodes tell that it is lost.
    nodes_matter: Notify,
}

impl Outlet {
    /// An error when nobody listens any more.
    async fn tell(&self, observation: Observation) -> Result<(), mpsc::error::SendError<Observation>> {
        if observation.jobs().any(Job::is_left_on_lost_nodes) {
            self.nodes_matter.notify_one();
        }
        self.sender.send(observation).await
    }
}

impl Observation {
    fn jobs(&self) -> Box<dyn Iterator<Item = &Job> + '_> {
        match self {
            Self::Listed(listings) => Box::new(listings.iter().filter_map(|listing| listing.job.as_ref())),
            Self::Changed(changes) => Box::new(changes.iter().filter_map(Change::job)),
            Self::NodesLost(_) | Self::Disconnected(_) | Self::Refused(_) => Box::new(iter::empty()),
        }
    }
}

/// Follows jobs until nobody listens any more, or Nomad refuses.
async fn follow_jobs(nomad: &Nomad, jobs: &[String], outlet: &Outlet) {
    let mut waits = http::backoff();
    let mut ever_listed = false;
    let mut attempts = 0;
    loop {
        let mut listed = || {
            waits = http::backoff();
            ever_listed = true;
        };
        let Err(gap) = list_then_stream(nomad, jobs, outlet, &mut listed).await else {
            return;
        };
        // Nomad has no connection left for this address now: others will give theirs back.
        let is_crowded = matches!(&gap, Gap::Http(error) if error.is_crowded());
        if is_crowded {
            debug!("Nomad allows no more connections");
            if !wait(&mut waits, outlet).await {
                return;
            }
            continue;
        }
        attempts += 1;
        let gives_up = !ever_listed && attempts >= FIRST_ATTEMPTS;
        let refused = matches!(&gap, Gap::Http(error) if error.exit() == Exit::Refused || gives_up);
        let observation = match gap {
            Gap::Http(error) if refused => Observation::Refused(error),
            Gap::Http(error) => Observation::Disconnected(one_line(&error)),
            Gap::Stream(reason) => Observation::Disconnected(reason),
        };
        if outlet.tell(observation).await.is_err() || refused {
            return;
        }
        if !wait(&mut waits, outlet).await {
            return;
        }
    }
}

/// Waits before the next attempt; tells whether somebody still listens.
async fn wait(waits: &mut (impl Iterator<Item = Duration> + Send), outlet: &Outlet) -> bool {
    let wait = waits.next().unwrap_or(STALL);
    tokio::select! {
        () = tokio::time::sleep(wait) => true,
        () = outlet.sender.closed() => false,
    }
}

/// Tells which nodes are lost, from when on it matters, until nobody listens any more.
async fn follow_nodes(nomad: &Nomad, outlet: &Outlet) {
    outlet.nodes_matter.notified().await;
    let mut known = BTreeMap::new();
    loop {
        match nomad.lost_nodes().await {
            Ok(lost) if lost != known => {
                known.clone_from(&lost);
                if outlet.tell(Observation::NodesLost(lost)).await.is_err() {
                    return;
                }
            }
            Ok(_) => {}
            // The jobs themselves may be read all the same.
            Err(error) => debug!(%error, "which nodes are lost is not known"),
        }
        tokio::time::sleep(NODES).await;
    }
}

/// Why the stream has to be opened again.
enum Gap {
    Http(http::Error),
    Stream(String),
}

/// Opens the stream, lists, and hands changes on until the stream breaks. `Ok` means that nobody listens any more.
async fn list_then_stream(
    nomad: &Nomad,
    jobs: &[String],
    outlet: &Outlet,
    listed: &mut (impl FnMut() + Send),
) -> Result<(), Gap> {
    let names: Vec<&str> = jobs.iter().map(String::as_str).collect();
    let mut stream = nomad.events(&names).await.map_err(Gap::Http)?;
    let mut listings = Vec::new();
    let mut oldest = u64::MAX;
    for job in jobs {
        let (listing, index) = list(nomad, job).await.map_err(Gap::Http)?;
        oldest = oldest.min(index);
        listings.push(listing);
    }
    listed();
    if outlet.tell(Observation::Listed(listings)).await.is_err() {
        return Ok(());
    }
    loop {
        let batch = tokio::select! {
            batch = timeout(STALL, stream.next()) => batch,
            () = outlet.sender.closed() => return Ok(()),
        };
        let batch = match batch {
            Err(_) => return Err(Gap::Stream(format!("silent for {} s", STALL.as_secs()))),
            Ok(None) => return Err(Gap::Stream("the event stream ended".to_owned())),
            Ok(Some(Err(error))) => return Err(Gap::Stream(one_line(&error))),
            Ok(Some(Ok(batch))) => batch,
        };
        // A new stream begins with old events from its buffer; the listing knows better.
        if batch.index.is_none_or(|index| index <= oldest) {
            continue;
        }
        let mut changes = batch.changes;
        let ended = take_ends(&mut changes);
        if !changes.is_empty() && outlet.tell(Observation::Changed(changes)).await.is_err() {
            return Ok(());
        }
        for job in ended {
            let listing = list_end(nomad, &job).await?;
            if outlet.tell(Observation::Listed(vec![listing])).await.is_err() {
                return Ok(());
            }
        }
    }
}

/// Takes out the jobs that are told to be dead: they have to be looked at. Nomad also says that of a job whose allocation
/// failed and is about to be replaced, and takes it back at the same index with the evaluation that replaces it.
pub fn take_ends(changes: &mut Vec<Change>) -> Vec<Job> {
    let is_end = |change: &Change| matches!(change, Change::Job(job) if job.status == "dead");
    let ends = changes.extract_if(.., |change| is_end(change));
    let mut ended: Vec<Job> =
        ends.filter_map(|end| if let Change::Job(job) = end { Some(*job) } else { None }).collect();
    ended.dedup_by(|end, same| end.id == same.id);
    ended
}

/// Lists a job that is told to be dead, once Nomad's lists have what its stream told: it publishes a change before it commits it
/// (`nomad/state/state_changes.go`, `txn.Commit`), and what is read meanwhile is older.
async fn list_end(nomad: &Nomad, end: &Job) -> Result<JobListing, Gap> {
    let committed = async {
        loop {
            let (listing, _) = list(nomad, &end.id).await.map_err(Gap::Http)?;
            if listing.job.as_ref().is_none_or(|job| job.modify_index >= end.modify_index) {
                return Ok(listing);
            }
            tokio::time::sleep(COMMIT).await;
        }
    };
    let behind = || Gap::Stream(format!("the lists lack for {} s what the event stream told", STALL.as_secs()));
    timeout(STALL, committed).await.unwrap_or_else(|_| Err(behind()))
}

/// What is known of a job now, read once.
pub async fn read(nomad: &Nomad, id: &str) -> Result<JobState, http::Error> {
    let (listing, _) = list(nomad, id).await?;
    let mut state = JobState::new(id);
    // Only the state is asked for, not the news.
    let _ = state.list(listing);
    Ok(state)
}

/// Everything that Nomad has of a job, and the oldest index of the lists.
///
/// The job is read before and after its lists until it stays the same, so that all of it was true at one time: a change
/// of the job between them would be older than the lists, and its event left out as known.
async fn list(nomad: &Nomad, id: &str) -> Result<(JobListing, u64), http::Error> {
    let mut job = nomad.find_job(id).await?;
    loop {
        let ((allocations, allocations_index), (evaluations, evaluations_index), deployments) = tokio::try_join!(
            nomad.job_allocations_indexed(id),
            nomad.job_evaluations_indexed(id),
            nomad.deployments(id)
        )?;
        let before = std::mem::replace(&mut job, nomad.find_job(id).await?);
        if before == job {
            let listing = JobListing { id: id.to_owned(), job, allocations, evaluations, deployments };
            return Ok((listing, allocations_index.min(evaluations_index)));
        }
    }
}
