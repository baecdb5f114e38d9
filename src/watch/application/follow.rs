//! Asks the driver and the master about an application, again and again, until nobody listens any more.

use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior, interval_at};
use tracing::debug;

use super::Application;
use crate::error::FailedAllocation;
use crate::event::Event;
use crate::explain::{Outlook, Wait, unknown_application, without_executors, without_master};
use crate::http;
use crate::names::ClusterName;
use crate::nomad::Nomad;
use crate::nomad::allocations::Allocation;
use crate::nomad::jobs::Job;
use crate::spark::{ApplicationState, DriverUi, ExecutorState, MasterState, MasterUi, StageState, WorkerState};
use crate::survey::{CLUSTER_META, ROLE_META, masters};
use crate::watch::JobState;
use crate::watch::executors::ended_executors;

/// How long a driver is left alone: short applications end without being asked, and a JVM's first answer costs a second.
const FIRST: Duration = Duration::from_secs(8);
/// How often the driver is asked.
const EACH: Duration = Duration::from_secs(1);
/// How long an application may be without an executor before that is told.
const PATIENCE: Duration = Duration::from_secs(10);
/// How many sights may wait for a slow reader.
const QUEUE: usize = 64;

/// What is seen of an application.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sight {
    /// News.
    News(Event),
    /// No worker could ever start its executors: why, as one sentence.
    Hopeless(String),
    /// Its executors end again and again before it hears of them: what one of them last said.
    Ending(Box<FailedAllocation>),
}

/// The name of the task that is the driver, in nomspark's own jobs.
const DRIVER: &str = "driver";

/// Follows the application of a job, where it has one, from the moment when its driver runs.
///
/// Where this machine does not reach Spark's web UIs nothing is seen, and little is told.
#[derive(Debug)]
pub struct ApplicationWatcher {
    nomad: Nomad,
    /// The allocation of the driver, and what is seen of it.
    followed: Option<(String, mpsc::Receiver<Sight>)>,
}

impl ApplicationWatcher {
    /// Sees nothing yet.
    #[must_use]
    pub fn new(nomad: &Nomad) -> Self {
        Self { nomad: nomad.clone(), followed: None }
    }

    /// Begins as soon as the job's driver runs; a job that is no application of nomspark is left alone.
    pub fn begin(&mut self, state: &JobState) {
        let Some(cluster) = state.job.as_ref().and_then(cluster_of) else { return };
        let runs = |allocation: &&Allocation| {
            let driver = allocation.task_states.get(DRIVER);
            driver.is_some_and(|driver| driver.state == "running" && driver.started_at.is_some())
        };
        let Some(allocation) = state.current_allocations().into_iter().find(runs) else { return };
        if self.followed.as_ref().is_none_or(|(followed, _)| *followed != allocation.id) {
            let sights = follow(self.nomad.clone(), cluster, state.id.clone(), allocation.id.clone());
            self.followed = Some((allocation.id.clone(), sights));
        }
    }

    /// Waits for what is seen next: for ever, where there is nothing to see.
    pub async fn next(&mut self) -> Sight {
        let seen = match &mut self.followed {
            Some((_, sights)) => sights.recv().await,
            None => None,
        };
        match seen {
            Some(sight) => sight,
            None => std::future::pending().await,
        }
    }
}

/// The cluster whose application a job is, where it is one.
fn cluster_of(job: &Job) -> Option<ClusterName> {
    let is_application = matches!(job.meta.get(ROLE_META)?.as_str(), "wordcount" | "drill");
    if is_application { job.meta.get(CLUSTER_META)?.parse().ok() } else { None }
}

/// Asks until the receiver is dropped.
fn follow(nomad: Nomad, cluster: ClusterName, job: String, allocation: String) -> mpsc::Receiver<Sight> {
    let (sender, receiver) = mpsc::channel(QUEUE);
    tokio::spawn(async move {
        let mut follower =
            Follower { nomad, cluster, application: Application::new(&job), job, driver: None, ui: None, leader: None };
        let mut wait = Waiting::default();
        let mut looks = interval_at(Instant::now() + FIRST, EACH);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = looks.tick() => {}
                () = sender.closed() => return,
            }
            let looked = follower.look(&allocation).await;
            // Whoever does not see the driver does not know whether executors report to it.
            let sees_driver = looked.is_ok();
            let news = looked.unwrap_or_else(|error| {
                debug!(%error, "the application cannot be seen");
                Vec::new()
            });
            let has_executors = follower.application.has_executors();
            let lacking = if has_executors { None } else { follower.without_executors(sees_driver).await };
            let told = wait.tell(&follower.job, lacking.as_ref().map(|lacking| &lacking.wait));
            let ending = match lacking.filter(|_| wait.is_long()) {
                Some(lacking) => follower.ending(lacking).await,
                None => None,
            };
            for sight in news.into_iter().map(Sight::News).chain(told).chain(ending) {
                if sender.send(sight).await.is_err() {
                    return;
                }
            }
        }
    });
    receiver
}

/// Whom to ask.
struct Follower {
    nomad: Nomad,
    cluster: ClusterName,
    job: String,
    application: Application,
    /// HOST:PORT at which executors call the driver.
    driver: Option<String>,
    ui: Option<DriverUi>,
    leader: Option<MasterUi>,
}

impl Follower {
    /// Asks the driver.
    async fn look(&mut self, allocation: &str) -> Result<Vec<Event>, http::Error> {
        if self.ui.is_none() {
            let detail = self.nomad.allocation(allocation).await?;
            self.driver = detail.address("driver");
            self.ui = detail.address("ui").map(|address| DriverUi::new(&address)).transpose()?;
        }
        let Some((id, executors, stages)) = self.ask().await? else { return Ok(Vec::new()) };
        Ok(self.application.look(&id, &executors, &stages))
    }

    async fn ask(&self) -> Result<Option<(String, Vec<ExecutorState>, Vec<StageState>)>, http::Error> {
        let Some(ui) = &self.ui else { return Ok(None) };
        let Some(id) = ui.application().await? else { return Ok(None) };
        let (executors, stages) = tokio::try_join!(ui.executors(&id), ui.stages(&id))?;
        Ok(Some((id, executors, stages)))
    }

    /// Why there are no executors, once a master knew the application.
    async fn without_executors(&mut self, sees_driver: bool) -> Option<Lacking> {
        // An id like this is from the master with which the driver registered.
        let id = Some(self.application.id.clone()).filter(|id| sees_driver && id.starts_with("app-"));
        let master = match self.leading().await? {
            Leading::Master(master) => master,
            Leading::Nobody => return id.map(|id| Lacking::of(without_master(), id)),
        };
        let is_ours =
            |application: &&ApplicationState| application.name == self.job || application.id == self.application.id;
        let Some(application) = master.active_applications.iter().find(is_ours) else {
            return id.map(|id| Lacking::of(unknown_application(&id, &master), id));
        };
        if application.cores > 0 && !sees_driver {
            return None;
        }
        let id = application.id.clone();
        let cores = self.executor_cores(&id).await;
        let wait = without_executors(application, cores, self.driver.as_deref(), &master);
        Some(Lacking { wait, application: id, workers: master.alive_workers().cloned().collect() })
    }

    /// Whether executors were started and ended, again and again.
    async fn ending(&self, lacking: Lacking) -> Option<Sight> {
        let Lacking { wait, application, workers } = lacking;
        if wait.outlook != Outlook::Unheard {
            return None;
        }
        let failure = ended_executors(&self.nomad, &self.cluster, &application, &workers).await?;
        Some(Sight::Ending(Box::new(failure)))
    }

    /// Who leads; `None` where that is not known, because somebody does not answer.
    async fn leading(&mut self) -> Option<Leading> {
        if let Some(leader) = &self.leader
            && let Ok(state) = leader.state().await
            && state.is_alive()
        {
            return Some(Leading::Master(state));
        }
        let masters = masters(&self.nomad, &self.cluster).await.ok()?;
        let all_answer = masters.iter().all(|master| master.state.is_some());
        let alive =
            masters.into_iter().find_map(|master| Some((master.ui, master.state.filter(MasterState::is_alive)?)));
        let Some((ui, state)) = alive else { return all_answer.then_some(Leading::Nobody) };
        self.leader = MasterUi::new(&ui).ok();
        Some(Leading::Master(state))
    }

    async fn executor_cores(&self, application: &str) -> Option<u64> {
        let cores = self.ui.as_ref()?.property(application, "spark.executor.cores").await.ok()?;
        cores?.parse().ok()
    }
}

/// Who leads a cluster.
enum Leading {
    /// The master that says ALIVE.
    Master(MasterState),
    /// No master says so.
    Nobody,
}

/// An application without executors.
struct Lacking {
    wait: Wait,
    /// Its id.
    application: String,
    /// The workers that the master can use.
    workers: Vec<WorkerState>,
}

impl Lacking {
    /// Where no worker is asked.
    fn of(wait: Wait, application: String) -> Self {
        Self { wait, application, workers: Vec::new() }
    }
}

/// How long an application has been without an executor, and what was told of that.
#[derive(Debug, Default)]
struct Waiting {
    since: Option<Instant>,
    told: Option<String>,
}

impl Waiting {
    fn tell(&mut self, job: &str, wait: Option<&Wait>) -> Option<Sight> {
        let Some(Wait { reason, outlook }) = wait else {
            *self = Self::default();
            return None;
        };
        self.since.get_or_insert_with(Instant::now);
        if !self.is_long() {
            return None;
        }
        if *outlook == Outlook::Hopeless {
            return Some(Sight::Hopeless(reason.clone()));
        }
        if self.told.as_ref() == Some(reason) {
            return None;
        }
        self.told = Some(reason.clone());
        Some(Sight::News(Event::NoExecutors { job: job.to_owned(), reason: reason.clone() }))
    }

    /// Whether it has been so for longer than it usually takes.
    fn is_long(&self) -> bool {
        self.since.is_some_and(|since| since.elapsed() >= PATIENCE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wait(reason: &str, outlook: Outlook) -> Wait {
        Wait { reason: reason.to_owned(), outlook }
    }

    #[tokio::test(start_paused = true)]
    async fn a_short_wait_is_not_told_and_a_long_one_once() {
        let mut waiting = Waiting::default();
        assert_eq!(waiting.tell("j", Some(&wait("full", Outlook::MayEnd))), None);
        tokio::time::advance(PATIENCE).await;
        let told = Event::NoExecutors { job: "j".to_owned(), reason: "full".to_owned() };
        assert_eq!(waiting.tell("j", Some(&wait("full", Outlook::MayEnd))), Some(Sight::News(told)));
        assert_eq!(waiting.tell("j", Some(&wait("full", Outlook::MayEnd))), None);
        assert_eq!(waiting.tell("j", None), None);
        assert_eq!(waiting.tell("j", Some(&wait("full", Outlook::MayEnd))), None, "it begins anew");
    }

    #[tokio::test(start_paused = true)]
    async fn a_hopeless_wait_is_told_as_such() {
        let mut waiting = Waiting::default();
        assert_eq!(waiting.tell("j", Some(&wait("too much", Outlook::Hopeless))), None);
        tokio::time::advance(PATIENCE).await;
        assert_eq!(
            waiting.tell("j", Some(&wait("too much", Outlook::Hopeless))),
            Some(Sight::Hopeless("too much".to_owned()))
        );
    }
}
