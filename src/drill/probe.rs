//! Asks everything all the time, and writes down what comes back.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::task::JoinSet;
use tokio::time::{sleep, sleep_until, timeout};

use super::clients::Clients;
use super::sample::{Elected, Jobs, Progress, Reached, Sample, Sight};
use super::target::{Target, tasks_run};
use crate::http;
use crate::names::{ClusterName, FloatingAddress};
use crate::nomad::Nomad;
use crate::spark::{self, MasterState, MasterUi};
use crate::survey::Lock;
use crate::watch::{JobState, Observation, follow};

/// How often the address and every master are asked.
const PERIOD: Duration = Duration::from_millis(10);
/// How often the whole state of the master is asked for, which costs it more.
const STATE_PERIOD: Duration = Duration::from_millis(50);
/// How often the application and the servers of Nomad or Consul are asked.
const SLOW_PERIOD: Duration = Duration::from_millis(50);
/// How long a connection may take to be made. Whoever knocks at a host that is gone would wait for seconds.
const CONNECT: Duration = Duration::from_millis(200);
/// How long an answer may take. A master that has just been started is slow, and yet it answers.
const LIMIT: Duration = Duration::from_secs(2);
/// How many questions may wait for their answers where none comes.
const PATIENT: usize = 32;
/// Before Consul is asked again that did not answer.
const PAUSE: Duration = Duration::from_millis(50);

/// What is asked.
#[derive(Clone, Debug)]
pub(super) struct Questions {
    /// The cluster.
    pub(super) name: ClusterName,
    /// The application's job.
    pub(super) application_job: String,
    /// The application's own word about itself.
    pub(super) application: http::Client,
    /// Whose leading server is looked for.
    pub(super) servers: Option<Servers>,
    /// How many allocations each job must run to be whole.
    pub(super) wanted: BTreeMap<String, u64>,
}

/// The servers of one of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Servers {
    /// Of Nomad.
    Nomad,
    /// Of Consul.
    Consul,
}

/// Asks for as long as it lives.
#[derive(Debug)]
pub(super) struct Probe {
    notes: Notes,
    _asking: JoinSet<()>,
}

/// What was seen, by clocks of this machine.
#[derive(Clone, Debug, Default)]
struct Notes(Arc<Mutex<Vec<Note>>>);

#[derive(Clone, Debug)]
struct Note {
    asked: Instant,
    told: Instant,
    sight: Sight,
}

impl Notes {
    fn take(&self, asked: Instant, sight: Sight) {
        let note = Note { asked, told: Instant::now(), sight };
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(note);
    }
}

/// The floating address, as people and Spark's clients ask it.
#[derive(Clone, Debug)]
struct Address {
    ui: MasterUi,
    floating: FloatingAddress,
}

impl Address {
    fn of(floating: FloatingAddress) -> Result<Self, http::Error> {
        Ok(Self { ui: MasterUi::asking(&floating.ui(), CONNECT, http::Connections::New)?, floating })
    }

    /// The state of the master behind it; ALIVE only where a Spark client gets an answer too.
    async fn state(&self) -> Option<MasterState> {
        // Where no master is ALIVE, HAProxy keeps a Spark client waiting for one: the UI is asked first, which says so at once.
        let mut state = in_time(self.ui.state()).await?;
        if spark::ask(self.floating, LIMIT).await.is_err() {
            "UNREACHABLE".clone_into(&mut state.status);
        }
        Some(state)
    }
}

/// Where the master was found last that leads.
type Leading = Arc<Mutex<Option<MasterUi>>>;

impl Probe {
    /// Begins to ask.
    pub(super) fn start(clients: &Clients, target: &Target, questions: &Questions) -> Result<Self, http::Error> {
        let notes = Notes::default();
        let mut asking = JoinSet::new();
        let leading = Leading::default();
        let address = target.address.map(Address::of).transpose()?;
        if let Some(address) = &address {
            asking.spawn(ask_holder(address.ui.clone(), notes.clone()));
        }
        asking.spawn(ask_state(address, Arc::clone(&leading), notes.clone()));
        asking.spawn(ask_application(questions.application.clone(), notes.clone()));
        if target.has_lock {
            asking.spawn(watch_lock(clients.clone(), questions.name.leader_key(), notes.clone()));
        }
        if let Some(servers) = questions.servers {
            asking.spawn(ask_servers(clients.clone(), servers, notes.clone()));
        }
        asking.spawn(watch_jobs(clients.nomad.clone(), questions.clone(), leading, notes.clone()));
        Ok(Self { notes, _asking: asking })
    }

    /// What was seen until now, with times relative to the fault.
    #[must_use]
    pub(super) fn samples(&self, fault: Instant) -> Vec<Sample> {
        let notes = self.notes.0.lock().unwrap_or_else(PoisonError::into_inner);
        let milliseconds = |moment: Instant| match moment.checked_duration_since(fault) {
            Some(after) => i64::try_from(after.as_millis()).unwrap_or(i64::MAX),
            // Rounded away from the fault, so that what was asked before it stays before it.
            None => -1 - i64::try_from((fault - moment).as_millis()).unwrap_or(i64::MAX - 1),
        };
        let sample = |note: &Note| Sample {
            asked: milliseconds(note.asked),
            told: milliseconds(note.told),
            sight: note.sight.clone(),
        };
        notes.iter().map(sample).collect()
    }
}

/// Asks a question again and again.
///
/// Where answers come, the next question waits for the last one, and after a slow answer for as long again: a master that
/// has just been started has other work to do. Where none comes, up to `parallel` questions wait at the same time, so that the
/// first answer is not missed.
async fn ask<Asking>(period: Duration, parallel: usize, notes: Notes, question: impl Fn() -> Asking)
where
    Asking: Future<Output = Sight> + Send + 'static,
{
    let mut waiting = JoinSet::new();
    let mut allowed = 1;
    let mut next = Instant::now();
    loop {
        sleep_until(next.into()).await;
        next = Instant::now() + period;
        let mut done = waiting.try_join_next();
        if done.is_none() && waiting.len() >= allowed {
            done = waiting.join_next().await;
        }
        while let Some(Ok((answered, took))) = done {
            allowed = if answered { 1 } else { parallel };
            if took > period {
                next = next.max(Instant::now() + took);
            }
            done = waiting.try_join_next();
        }
        let (notes, answer) = (notes.clone(), question());
        waiting.spawn(async move {
            let asked = Instant::now();
            let sight = answer.await;
            let answered = sight.is_answer();
            notes.take(asked, sight);
            (answered, if answered { asked.elapsed() } else { Duration::ZERO })
        });
    }
}

/// An answer that came in time.
async fn in_time<T>(answer: impl Future<Output = Result<T, http::Error>>) -> Option<T> {
    timeout(LIMIT, answer).await.ok()?.ok()
}

async fn ask_holder(ui: MasterUi, notes: Notes) {
    let question = || {
        let ui = ui.clone();
        async move { Sight::Holder(in_time(ui.edge_host()).await) }
    };
    ask(PERIOD, PATIENT, notes, question).await;
}

async fn ask_master(address: String, leading: Leading, notes: Notes) {
    let Ok(ui) = MasterUi::asking(&address, CONNECT, http::Connections::Kept) else { return };
    let question = || {
        let (ui, address, leading) = (ui.clone(), address.clone(), Arc::clone(&leading));
        async move {
            let status = in_time(ui.status()).await;
            if status.as_deref() == Some("ALIVE") {
                *leading.lock().unwrap_or_else(PoisonError::into_inner) = Some(ui.clone());
            }
            Sight::Master { ui: address, status }
        }
    };
    ask(PERIOD, 1, notes, question).await;
}

/// Asks the master that people reach: at the floating address, or where the last one was that led.
async fn ask_state(address: Option<Address>, leading: Leading, notes: Notes) {
    let question = || {
        let (address, found) = (address.clone(), leading.lock().unwrap_or_else(PoisonError::into_inner).clone());
        async move {
            let state = match (address, found) {
                (Some(address), _) => address.state().await,
                (None, Some(ui)) => in_time(ui.state()).await,
                (None, None) => None,
            };
            Sight::Reached(state.map(|state| Reached {
                alive: state.is_alive(),
                workers: state.alive_workers().map(|worker| worker.id.clone()).collect(),
                url: state.url,
            }))
        }
    };
    ask(STATE_PERIOD, PATIENT, notes, question).await;
}

async fn ask_application(application: http::Client, notes: Notes) {
    let question = || {
        let application = application.clone();
        async move { Sight::Application(progress(&application).await) }
    };
    ask(SLOW_PERIOD, 1, notes, question).await;
}

/// `GET /progress` of the drill's application (`jobs/drill`).
pub(super) async fn progress(application: &http::Client) -> Option<Progress> {
    application.get_once("/progress", LIMIT).await.ok()
}

async fn ask_servers(clients: Clients, servers: Servers, notes: Notes) {
    let question = || {
        let clients = clients.clone();
        async move {
            let leader = match servers {
                Servers::Nomad => clients.nomad.server_that_leads(LIMIT).await,
                Servers::Consul => clients.consul.server_that_leads(LIMIT).await,
            };
            Sight::Servers(leader.ok().filter(|leader| !leader.is_empty()))
        }
    };
    ask(SLOW_PERIOD, 1, notes, question).await;
}

/// Consul tells of every change at once.
async fn watch_lock(clients: Clients, key: String, notes: Notes) {
    let mut index = 0;
    loop {
        let asked = Instant::now();
        // That Consul does not answer says nothing about who holds the lock.
        let Ok((entry, next)) = clients.consul.key_after(&key, index).await else {
            sleep(PAUSE).await;
            continue;
        };
        // An index that goes back means that Consul's servers began anew.
        index = if next < index { 0 } else { next };
        let held = entry.filter(|entry| entry.session.is_some());
        let elected = held.and_then(|entry| Lock::of(&entry));
        let elected = elected.map(|lock| Elected { node: lock.node, since_ms: lock.since_ms });
        notes.take(asked, Sight::Lock(elected));
    }
}

/// Nomad's event stream: what runs, and which masters there are to ask.
async fn watch_jobs(nomad: Nomad, questions: Questions, leading: Leading, notes: Notes) {
    let master_job = questions.name.master_job();
    let jobs: Vec<String> = questions.wanted.keys().cloned().chain([questions.application_job.clone()]).collect();
    let mut states: BTreeMap<String, JobState> = jobs.iter().map(|job| (job.clone(), JobState::new(job))).collect();
    let mut observations = follow(nomad.clone(), jobs);
    let mut known = BTreeSet::new();
    let mut asking = JoinSet::new();
    while let Some(observation) = observations.recv().await {
        let asked = Instant::now();
        match observation {
            Observation::Listed(listings) => {
                for listing in listings {
                    if let Some(state) = states.get_mut(&listing.id) {
                        // What happened is seen by itself; only how things are is written down.
                        let _ = state.list(listing);
                    }
                }
            }
            Observation::Changed(changes) => {
                for state in states.values_mut() {
                    let _ = state.changes(&changes);
                }
            }
            // No job of a cluster is left on a lost node.
            Observation::NodesLost(_) | Observation::Disconnected(_) | Observation::Refused(_) => continue,
        }
        if states.values().all(|state| state.listed) {
            notes.take(asked, Sight::Jobs(jobs_of(&states, &questions)));
        }
        let masters = states.get(&master_job).map(running_masters).unwrap_or_default();
        for allocation in masters {
            if known.insert(allocation.clone()) {
                let (nomad, leading, notes) = (nomad.clone(), Arc::clone(&leading), notes.clone());
                asking.spawn(async move {
                    let Ok(detail) = nomad.allocation(&allocation).await else { return };
                    if let Some(ui) = detail.address("ui") {
                        ask_master(ui, leading, notes).await;
                    }
                });
            }
        }
    }
}

fn running_masters(state: &JobState) -> Vec<String> {
    let running = state.allocations.values().filter(|allocation| crate::survey::runs(allocation));
    running.map(|allocation| allocation.id.clone()).collect()
}

fn jobs_of(states: &BTreeMap<String, JobState>, questions: &Questions) -> Jobs {
    let mut labels = Vec::new();
    let mut identity = Vec::new();
    let mut whole = true;
    let prefix = format!("{}-", questions.name);
    for (job, state) in states {
        let running: Vec<_> = state.allocations.values().filter(|allocation| tasks_run(allocation)).collect();
        for allocation in &running {
            let restarts: u64 = allocation.task_states.values().map(|task| task.restarts).sum();
            identity.push(format!("{}:{restarts}", allocation.id));
        }
        let wanted =
            if *job == questions.application_job { 1 } else { questions.wanted.get(job).copied().unwrap_or(0) };
        whole &= running.len() as u64 >= wanted;
        let short = if *job == questions.application_job { "application" } else { job.trim_start_matches(&prefix) };
        labels.push(format!("{short} {}/{wanted}", running.len()));
    }
    Jobs { label: labels.join(", "), whole, identity: identity.join(" ") }
}
