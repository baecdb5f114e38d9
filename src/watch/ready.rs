//! When a deployed cluster is ready: a master says ALIVE, and it knows every worker that Nomad runs.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep};

use super::edge_reached::EdgeReached;
use super::error::Error;
use super::evidence::Evidence;
use super::failures::told_by_log;
use super::noted_checks::NotedChecks;
use super::patience::Patience;
use super::state::JobState;
use super::watcher::{History, Watcher};
use crate::event::{Event, Observer, count, short};
use crate::exit::Exit;
use crate::http;
use crate::names::ClusterName;
use crate::nomad::allocations::Allocation;
use crate::nomad::jobs::Job;
use crate::spark::{MasterState, MasterUi};
use crate::spec;

/// How often Spark is asked; it has no way to tell by itself.
const POLL: Duration = Duration::from_millis(100);
/// The tasks in which Spark's masters and workers run.
const MASTER_TASK: &str = "master";
const WORKER_TASK: &str = "worker";
/// How long nothing may change before the user is told what is waited for.
const QUIET: Duration = Duration::from_secs(15);

/// For how long what Spark logs says nothing: it looks for what has not started yet.
const STARTUP: Duration = Duration::from_secs(30);

/// A cluster that is ready.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ready {
    /// The master's `spark://` URL.
    pub master: String,
    /// The master's web UI.
    pub ui: String,
}

/// Waits for one cluster.
#[derive(Debug)]
pub struct Readiness<'a> {
    evidence: Evidence<'a>,
    observer: Observer<'a>,
    watcher: Watcher,
    master_job: String,
    worker_job: String,
    edge: Option<EdgeReached>,
    /// The versions of the jobs that were registered: what Nomad tells of older ones is no news.
    registered_versions: BTreeMap<String, u64>,
    placed: BTreeMap<String, Placed>,
    /// The masters' UIs by their addresses, once these are known.
    uis: BTreeMap<String, MasterUi>,
    /// What a proxy between this machine and the masters' UIs did last; `None` where none stands in the way.
    proxied: Option<String>,
    /// The `spark://` URL of the master that is ALIVE.
    leader: Option<String>,
    /// How many masters answer that Nomad wants.
    masters: u64,
    /// How many workers Spark counts.
    workers: Option<u64>,
    noted_checks: NotedChecks,
    patience: Patience,
}

/// What the whole allocation told, beyond what lists and events do.
#[derive(Clone, Debug)]
struct Placed {
    /// The allocation's index when it was read whole.
    modify_index: u64,
    version: u64,
    rpc: String,
    ui: String,
}

impl<'a> Readiness<'a> {
    /// Begins to follow the jobs of a cluster.
    #[must_use]
    pub fn new(
        evidence: Evidence<'a>,
        observer: Observer<'a>,
        name: &ClusterName,
        edge: Option<&spec::Edge>,
        patience: Patience,
    ) -> Self {
        let (master_job, worker_job) = (name.master_job(), name.worker_job());
        let edge = edge.map(|edge| EdgeReached::new(name.edge_job(), edge));
        let jobs = [master_job.clone(), worker_job.clone()].into_iter().chain(edge.iter().map(|edge| edge.job.clone()));
        let watcher = Watcher::start(evidence.nomad, &jobs.collect::<Vec<_>>(), History::Skip);
        Self {
            evidence,
            observer,
            watcher,
            master_job,
            worker_job,
            edge,
            registered_versions: BTreeMap::new(),
            placed: BTreeMap::new(),
            uis: BTreeMap::new(),
            proxied: None,
            leader: None,
            masters: 0,
            workers: None,
            noted_checks: NotedChecks::default(),
            patience,
        }
    }

    /// From now on only this version of a job counts, and what comes after it.
    pub fn registered(&mut self, job: &str, version: u64) {
        self.registered_versions.insert(job.to_owned(), version);
    }

    /// What is still missing, in words; and what the logs tell of it: the masters' when none leads, else the workers'.
    pub async fn missing(&self) -> String {
        let missing = self.condition();
        let (job, task) =
            if self.leader.is_none() { (&self.master_job, MASTER_TASK) } else { (&self.worker_job, WORKER_TASK) };
        for (allocation, _) in self.running(job) {
            if let Some(told) = told_by_log(self.evidence.nomad, &allocation, task).await {
                return format!("{missing}; its log says that {}: {}", told.what, told.next);
            }
        }
        missing
    }

    /// What to do about what is missing, where more than to go on waiting helps.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        let edge = self.edge.as_ref().filter(|_| self.leader.is_some())?;
        edge.hint().filter(|_| edge.condition().is_some())
    }

    fn condition(&self) -> String {
        if self.leader.is_none() {
            let addresses = self.uis.keys().map(|address| format!("http://{address}/json/")).collect::<Vec<_>>();
            return match addresses[..] {
                [] => format!("an allocation of {} to run", self.master_job),
                _ => {
                    let proxied = self.proxied.as_ref().map(|proxied| format!("; {proxied}")).unwrap_or_default();
                    format!("one of Spark's masters to say ALIVE at {}{proxied}", addresses.join(", "))
                }
            };
        }
        let wanted = self.job(&self.master_job).map_or(0, Job::desired);
        if self.masters < wanted {
            return format!("{} to answer; {} answered", count(wanted, "master"), self.masters);
        }
        if let Some(missing) = self.edge.as_ref().and_then(EdgeReached::condition) {
            return missing;
        }
        if let Some((job, deployment, canaries)) = self.promotion() {
            let canaries = if canaries == 1 { "canary".to_owned() } else { format!("{canaries} canaries") };
            return format!(
                "somebody to promote the healthy {canaries} of {job} with `nomad deployment promote {deployment}`"
            );
        }
        let wanted = self.job(&self.worker_job).map_or(0, Job::desired);
        format!("{} to register with the master; Spark counts {}", count(wanted, "worker"), self.workers.unwrap_or(0))
    }

    /// What is known of the cluster's jobs.
    fn jobs(&self) -> impl Iterator<Item = &JobState> {
        let jobs = [&self.master_job, &self.worker_job].into_iter().chain(self.edge.iter().map(|edge| &edge.job));
        jobs.filter_map(|job| self.watcher.state(job))
    }

    /// The job of which the canaries wait for somebody, the short id of its deployment, and how many they are.
    fn promotion(&self) -> Option<(&str, &str, u64)> {
        self.jobs().find_map(|state| {
            let (deployment, canaries) = state.waits_for_promotion()?;
            Some((&*state.id, short(&deployment.id), canaries))
        })
    }

    /// Waits until Nomad is followed: what is registered from then on is seen from its beginning.
    pub async fn listed(&mut self) -> Result<(), Error> {
        self.watcher.listed(self.observer).await
    }

    /// Waits until the master's allocation runs, so that Consul can tell the workers where it is.
    pub async fn master_runs(&mut self) -> Result<(), Error> {
        loop {
            self.refuse_failures().await?;
            if !self.running(&self.master_job).is_empty() {
                return Ok(());
            }
            self.watcher.changed(self.observer).await?;
        }
    }

    /// Waits until the cluster is ready.
    pub async fn ready(&mut self) -> Result<Ready, Error> {
        let mut polls = interval(POLL);
        polls.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut quiet = Box::pin(sleep(QUIET));
        let began = Instant::now();
        loop {
            tokio::select! {
                changed = self.watcher.changed(self.observer) => {
                    changed?;
                    self.refuse_failures().await?;
                    quiet.as_mut().reset(Instant::now() + QUIET);
                }
                () = quiet.as_mut() => {
                    let condition =
                        if began.elapsed() < STARTUP { self.condition() } else { self.missing().await };
                    self.observer.event(&Event::Waiting { condition })?;
                    quiet.as_mut().reset(Instant::now() + QUIET);
                }
                _ = polls.tick() => {
                    if let Some(ready) = self.look().await? {
                        return Ok(ready);
                    }
                }
            }
        }
    }

    /// Asks the masters that run, and compares the leader's workers with Nomad's allocations.
    async fn look(&mut self) -> Result<Option<Ready>, Error> {
        let Some((ui, state)) = self.leader().await? else {
            return Ok(None);
        };
        if self.job(&self.master_job).is_none_or(|job| self.masters < job.desired()) {
            return Ok(None);
        }
        self.look_at_the_edge().await?;
        let Some(wanted) = self.job(&self.worker_job).map(Job::desired) else {
            return Ok(None);
        };
        let workers = self.current(&self.worker_job.clone()).await?;
        let registered = workers.iter().filter(|worker| knows(&state, &worker.rpc)).count() as u64;
        if self.workers != Some(registered) {
            self.workers = Some(registered);
            self.observer.event(&Event::WorkersRegistered { registered, wanted })?;
        }
        if registered < wanted || self.jobs().any(JobState::has_canaries) {
            return Ok(None);
        }
        Ok(match &self.edge {
            None => Some(Ready { master: state.url, ui: format!("http://{ui}") }),
            Some(edge) => {
                edge.served().map(|address| Ready { master: address.master(), ui: format!("http://{}", address.ui()) })
            }
        })
    }

    /// The UI's address and the state of the master that is ALIVE.
    async fn leader(&mut self) -> Result<Option<(String, MasterState)>, Error> {
        let masters = self.current(&self.master_job.clone()).await?;
        self.uis.retain(|address, _| masters.iter().any(|master| master.ui == *address));
        for master in &masters {
            if !self.uis.contains_key(&master.ui) {
                self.uis.insert(master.ui.clone(), MasterUi::new(&master.ui)?);
            }
        }
        // A master that is still starting does not answer: that is what the next poll is for.
        let asked = self.uis.iter().map(|(address, ui)| async move { (address.clone(), ui.state().await) });
        let answers = join_all(asked).await;
        let through_proxy = |(_, answer): &(String, Result<_, http::Error>)| answer.as_ref().err()?.of_proxy();
        self.proxied = answers.iter().find_map(through_proxy);
        let states: Vec<_> = answers.into_iter().map(|(address, answer)| (address, answer.ok())).collect();
        self.masters = states.iter().filter(|(_, state)| state.is_some()).count() as u64;
        let leader =
            states.into_iter().find_map(|(address, state)| Some((address, state.filter(MasterState::is_alive)?)));
        let url = leader.as_ref().map(|(_, state)| state.url.clone());
        if let Some(url) = url.clone().filter(|_| url != self.leader) {
            // Workers that found no master were started again meanwhile.
            self.watcher.forgive(&self.worker_job);
            self.observer.event(&Event::MasterAlive { master: url })?;
        }
        self.leader = url;
        Ok(leader)
    }

    /// Asks the floating address, where there is one, once all its hosts run what was registered, and from then on again and
    /// again: the last masters may still have to become known there.
    async fn look_at_the_edge(&mut self) -> Result<(), Error> {
        let Some(job) = self.edge.as_ref().map(|edge| edge.job.clone()) else { return Ok(()) };
        let running = self.current(&job).await?.len();
        let masters = self.current(&self.master_job.clone()).await?;
        let Some(edge) = &mut self.edge else { return Ok(()) };
        let masters: Vec<&str> = masters.iter().map(|master| &*master.rpc).collect();
        edge.look(self.evidence.nomad, self.observer, running, &masters)
    }

    /// The allocations of a job that run in its newest version.
    async fn current(&mut self, job: &str) -> Result<Vec<Placed>, Error> {
        let Some(version) = self.job(job).map(|job| job.version) else {
            return Ok(Vec::new());
        };
        let mut current = Vec::new();
        for (id, modify_index) in self.running(job) {
            // An update in place gives a running allocation a new version, and with it a new index.
            let stale = |placed: &Placed| placed.version < version && placed.modify_index < modify_index;
            if self.placed.get(&id).is_none_or(stale) {
                let detail = self.evidence.nomad.allocation(&id).await?;
                let address = |label: &str| detail.address(label).unwrap_or_default();
                let version = detail.version();
                let placed = Placed { modify_index, version, rpc: address("rpc"), ui: address("ui") };
                self.placed.insert(id.clone(), placed);
            }
            current.extend(self.placed.get(&id).filter(|placed| placed.version >= version).cloned());
        }
        Ok(current)
    }

    /// Ids and indexes of the allocations of a job that the servers want and that run.
    fn running(&self, job: &str) -> Vec<(String, u64)> {
        let runs =
            |allocation: &&Allocation| allocation.desired_status == "run" && allocation.client_status == "running";
        let allocations = self.watcher.state(job).into_iter().flat_map(|state| state.allocations.values());
        allocations.filter(runs).map(|allocation| (allocation.id.clone(), allocation.modify_index)).collect()
    }

    /// A job, once Nomad has told of the version that was registered.
    fn job(&self, id: &str) -> Option<&Job> {
        let registered = self.registered_versions.get(id).copied().unwrap_or_default();
        self.watcher.state(id)?.job.as_ref().filter(|job| job.version >= registered)
    }

    /// Ends the wait when Nomad cannot place a job or its tasks keep failing.
    async fn refuse_failures(&mut self) -> Result<(), Error> {
        for job in [&self.master_job, &self.worker_job].into_iter().chain(self.edge.iter().map(|edge| &edge.job)) {
            let Some(state) = self.watcher.state(job) else { continue };
            // Without a master no worker comes up, and that is not the worker's failure.
            if job == &self.worker_job && self.leader.is_none() {
                self.patience.refuse_unplaced(&state.id, state.unplaced_reason())?;
                continue;
            }
            self.patience.refuse_failures(self.evidence, state, Exit::Failed).await?;
            // What came of a version that was there before is no news: what matters of it is whether it runs.
            if self.registered_versions.contains_key(job) {
                self.noted_checks.note(self.evidence, state).await;
                let (patience, noted_checks) = (self.patience, &self.noted_checks);
                patience.refuse_failed_deployment(self.evidence, state, noted_checks, Exit::Failed).await?;
            }
        }
        Ok(())
    }
}

fn knows(master: &MasterState, rpc: &str) -> bool {
    master.alive_workers().any(|worker| {
        let host = if worker.host.contains(':') && !worker.host.starts_with('[') {
            format!("[{}]", worker.host)
        } else {
            worker.host.clone()
        };
        format!("{host}:{}", worker.port) == rpc
    })
}
