//! Rollout: carries out the steps of a deployment, and knows what it did also when one of them fails.

use std::time::Duration;

use tokio::time::{Instant, sleep, timeout, timeout_at};

use super::{Error, Preflight, PreparedJob, confirm, register};
use crate::consul::Consul;
use crate::error;
use crate::event::{Event, Observer};
use crate::names::RunId;
use crate::nomad::Nomad;
use crate::nomad::jobs::Registered;
use crate::plan::{self, Plan, Step, Variables};
use crate::survey::{Namesake, namesakes};
use crate::watch::{Readiness, Ready};

/// How long Consul may take to hear of a master that runs; workers that start earlier wait for themselves.
const CONSUL_HEARS: Duration = Duration::from_secs(3);
/// Between two looks whether it has heard.
const BETWEEN_LOOKS: Duration = Duration::from_millis(50);

/// A deployment that is carried out.
#[derive(Debug)]
pub struct Rollout<'a> {
    nomad: &'a Nomad,
    consul: &'a Consul,
    observer: Observer<'a>,
    plan: &'a Plan,
    jobs: &'a [PreparedJob],
    /// What tells the preflight's job from others.
    preflight: RunId,
    /// Whether the edge hosts are looked at just now.
    looks_at_hosts: bool,
    /// What Nomad took, in order.
    registered: Vec<(&'a PreparedJob, Registered)>,
    /// The jobs that did not run before. In a conflict another deployment is at work and counts on them: then none.
    started: Vec<String>,
}

/// Why a deployment did not come to its end.
#[derive(Debug)]
pub enum Unfinished {
    /// The time was up; what was registered goes on.
    TimedOut {
        /// What is still missing.
        condition: String,
        /// What to do about it, where more than to go on waiting helps.
        hint: Option<String>,
    },
    /// A step failed; what this deployment started was stopped again.
    Failed(error::Error),
}

impl<'a> Rollout<'a> {
    /// A deployment of which nothing is done yet; `preflight` is a name that no other run has.
    #[must_use]
    pub fn new(
        nomad: &'a Nomad,
        consul: &'a Consul,
        observer: Observer<'a>,
        plan: &'a Plan,
        jobs: &'a [PreparedJob],
        preflight: RunId,
    ) -> Self {
        Self {
            nomad,
            consul,
            observer,
            plan,
            jobs,
            preflight,
            looks_at_hosts: false,
            registered: Vec::new(),
            started: Vec::new(),
        }
    }

    /// Carries out the steps; `limit` bounds what comes after the look at the edge hosts, which has a limit of its own.
    pub async fn run(
        &mut self,
        steps: &[Step],
        readiness: &mut Readiness<'_>,
        limit: Duration,
    ) -> Result<Ready, Unfinished> {
        match self.carry_out(steps, readiness, limit).await {
            Ok(Some(ready)) => Ok(ready),
            Ok(None) => {
                let (condition, hint) = (readiness.missing().await, readiness.hint());
                Err(Unfinished::TimedOut { condition, hint })
            }
            Err(error) => {
                self.undo().await;
                Err(Unfinished::Failed(error))
            }
        }
    }

    /// What is left in the middle of a deployment, in words; the look at the edge hosts leaves nothing.
    pub async fn abandon(&self) -> Result<&'static str, error::Error> {
        if !self.looks_at_hosts {
            return Ok("the jobs go on in Nomad");
        }
        if let Some(preflight) = self.preflight() {
            preflight.remove().await?;
        }
        Ok("nothing was changed")
    }

    /// `None` when the time is up.
    async fn carry_out(
        &mut self,
        steps: &[Step],
        readiness: &mut Readiness<'_>,
        limit: Duration,
    ) -> error::Result<Option<Ready>> {
        let (before, after): (Vec<&Step>, Vec<&Step>) =
            steps.iter().partition(|step| matches!(step, Step::LookAtHosts { .. }));
        for step in before {
            self.step(step, readiness).await?;
        }
        let deadline = Instant::now() + limit;
        let carried_out = timeout_at(deadline, async {
            readiness.listed().await?;
            let mut ready = None;
            for step in after {
                ready = self.step(step, readiness).await?.or(ready);
            }
            Ok(ready)
        });
        carried_out.await.unwrap_or(Ok(None))
    }

    async fn step(&mut self, step: &Step, readiness: &mut Readiness<'_>) -> error::Result<Option<Ready>> {
        match step {
            Step::LookAtHosts { hosts } => {
                self.observer.event(&Event::LookingAtHosts { hosts: *hosts })?;
                self.looks_at_hosts = true;
                if let Some(preflight) = self.preflight() {
                    preflight.run().await?;
                }
                self.looks_at_hosts = false;
            }
            Step::Keep { job } => self.observer.event(&Event::JobUnchanged { job: job.clone() })?,
            Step::Register { job } => self.register(job, readiness).await?,
            Step::AwaitMaster { job } => {
                readiness.master_runs().await?;
                let _ = timeout(CONSUL_HEARS, self.consul_knows(job)).await;
                self.refuse_namesakes().await?;
            }
            Step::AwaitReady => {
                let ready = readiness.ready().await?;
                self.refuse_namesakes().await?;
                return Ok(Some(ready));
            }
            Step::Confirm { job } => {
                if let Some((prepared, registered)) = self.registered.iter().find(|(it, _)| it.planned.id == *job) {
                    let confirmed = confirm(self.nomad, prepared, registered).await;
                    confirmed.map_err(|error| self.left_to_others(error))?;
                }
            }
        }
        Ok(None)
    }

    /// The look at the edge hosts, where there are any.
    fn preflight(&self) -> Option<Preflight<'a>> {
        let (nomad, plan) = (self.nomad, self.plan);
        let variables = plan.jobs.iter().find_map(|job| match &job.variables {
            Variables::Edge(variables) => Some(variables),
            _ => None,
        })?;
        Some(Preflight { nomad, cluster: &plan.cluster, id: self.preflight.clone(), variables })
    }

    async fn register(&mut self, id: &str, readiness: &mut Readiness<'_>) -> error::Result<()> {
        let Some(job) = self.jobs.iter().find(|job| job.planned.id == id) else { return Ok(()) };
        let registered = register(self.nomad, job).await.map_err(|error| self.left_to_others(error))?;
        self.registered.push((job, registered));
        if !job.planned.runs {
            self.started.push(id.to_owned());
        }
        let version = self.nomad.find_job(id).await?.map_or(0, |job| job.version);
        readiness.registered(id, version);
        Ok(self.observer.event(&Event::JobRegistered { job: id.to_owned(), version })?)
    }

    async fn consul_knows(&self, service: &str) {
        while self.consul.service(service).await.is_ok_and(|instances| instances.is_empty()) {
            sleep(BETWEEN_LOOKS).await;
        }
    }

    /// Two deployments of one name that began at the same moment saw nothing of each other. Whichever comes second to Consul
    /// finds the first one there; only masters that were started can be new.
    async fn refuse_namesakes(&self) -> error::Result<()> {
        if !self.started.contains(&self.plan.cluster.master_job()) {
            return Ok(());
        }
        let namesakes = namesakes(self.nomad, self.consul, &self.plan.cluster).await?;
        let Some(namesake) = namesakes.into_iter().find(Namesake::is_cluster) else { return Ok(()) };
        let (cluster, namespace) = (self.plan.cluster.to_string(), self.nomad.namespace().to_owned());
        Err(plan::Error::Namesake { cluster, namespace, namesake: Box::new(namesake) }.into())
    }

    fn left_to_others(&mut self, error: Error) -> Error {
        if matches!(error, Error::Conflict { .. }) {
            self.started.clear();
        }
        error
    }

    /// A deployment that failed leaves nothing half done: jobs that it started are stopped, with their logs kept.
    async fn undo(&self) {
        for job in self.started.iter().rev() {
            let event = match self.nomad.stop_job(job, false).await {
                Ok(true) => Event::JobStopping { job: job.clone() },
                Ok(false) => continue,
                Err(error) => Event::Warning { what: format!("{job} could not be stopped again: {error}") },
            };
            // The failure itself is reported next; a closed output changes nothing about it.
            let _ = self.observer.event(&event);
        }
    }
}
