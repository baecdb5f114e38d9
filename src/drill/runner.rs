//! The rounds of a drill, one after the other.

use std::collections::BTreeMap;
use std::time::{Duration, Instant, SystemTime};

use tokio::time::{sleep, timeout};

use super::application::{Application, Recipe};
use super::clients::{Clients, LabHosts};
use super::error::Error;
use super::fault::Fault;
use super::judge::{Evidence, judge};
use super::outcome::Round;
use super::probe::{Probe, Questions, Servers};
use super::sample::{Sample, Sight};
use super::scenario::{Parts, Scenario, Stage};
use super::target::Target;
use super::timeline::{Expectation, Timeline};
use crate::event::{Event, Observer};
use crate::names::{ClusterName, RunId};

/// Between two looks at what was seen.
const LOOK: Duration = Duration::from_millis(250);
/// How long everything is asked before the fault.
const BASELINE: Duration = Duration::from_millis(1_500);
/// How long the executors of an application that was ended may need to end.
const FREED: Duration = Duration::from_secs(45);
/// How long the cluster may need to be well before the first round: it should be already.
const FIRST_LOOK: Duration = Duration::from_secs(10);

/// A round before its fault: everything is asked already.
struct Prepared {
    application: Application,
    fault: Fault,
    expected: Expectation,
    clients: Clients,
    probe: Probe,
}

/// A cluster that is drilled.
#[derive(Debug)]
pub struct Drill<'a> {
    /// The cluster.
    pub name: ClusterName,
    /// How it is reached.
    clients: Clients,
    /// The lab that it runs in, if it does.
    lab: Option<LabHosts>,
    /// What the application is made of.
    recipe: Recipe,
    /// How long a recovery, and the time until the next round, may take.
    limit: Duration,
    /// Where everything is told.
    observer: Observer<'a>,
    /// Gives the application's job a name of its own.
    new_id: fn() -> RunId,
    application: Option<Application>,
    /// Whether an application that was replaced had given a wrong answer.
    was_wrong: bool,
    /// What is broken now and does not become good by itself.
    broken: Option<Fault>,
}

impl<'a> Drill<'a> {
    /// Nothing is done yet.
    #[must_use]
    pub fn new(
        name: ClusterName,
        clients: Clients,
        lab: Option<LabHosts>,
        recipe: Recipe,
        limit: Duration,
        observer: Observer<'a>,
        new_id: fn() -> RunId,
    ) -> Self {
        Self { name, clients, lab, recipe, limit, observer, new_id, application: None, was_wrong: false, broken: None }
    }

    /// Reads the cluster and refuses one that is not well; gives what can be drilled of the scenarios.
    pub async fn check(&self, scenarios: &[Scenario], all: bool) -> Result<Vec<Scenario>, Error> {
        let target = self.well(FIRST_LOOK, true).await?;
        let mut fit = Vec::new();
        for scenario in scenarios.iter().copied() {
            let missing = if scenario.needs_lab() && self.lab.is_none() {
                Some(Error::NoLab(scenario))
            } else if scenario.needs_address() && target.address.is_none() {
                Some(Error::Nothing { scenario, missing: "floating address" })
            } else {
                None
            };
            match missing {
                Some(error) if !all => return Err(error),
                Some(error) => self.observer.event(&Event::Warning { what: format!("left out: {error}") })?,
                None => fit.push(scenario),
            }
        }
        Ok(fit)
    }

    /// One round.
    pub async fn round(&mut self, scenario: Scenario, number: u32, rounds: u32) -> Result<Round, Error> {
        self.observer.event(&Event::RoundBegan { scenario: scenario.name().into(), number, rounds })?;
        let first = number == 1 && self.application.is_none();
        let Prepared { application, fault, expected, clients, probe } = self.prepare(scenario, first).await?;

        self.observer.event(&Event::Fault { what: fault.to_string() })?;
        self.broken = Some(fault.clone());
        let (at, moment) = (SystemTime::now(), Instant::now());
        fault.cause(&clients, self.lab.as_ref(), self.limit, self.observer).await?;
        self.recovered(&probe, moment, &expected, &fault, &clients).await?;
        self.restore().await?;

        let samples = probe.samples(moment);
        let round = judge(&Evidence { number, fault: &fault, at, job: &application.job, expected: &expected, samples });
        if !round.app.survived {
            self.lose_application().await?;
        }
        let recovery_ms = round.recovery_ms;
        let complaints = round.complaints();
        self.observer.event(&Event::RoundEnded {
            scenario: scenario.name().into(),
            number,
            recovery_ms,
            complaints,
        })?;
        Ok(round)
    }

    /// Chooses what to break, and sees it at work for a while. Where the lead or the address moves meanwhile, this begins
    /// anew: the loss of a master that does not lead any more would be held against what the loss of the leader takes.
    async fn prepare(&mut self, scenario: Scenario, first: bool) -> Result<Prepared, Error> {
        let started = Instant::now();
        loop {
            let target = self.well(if first { FIRST_LOOK } else { self.limit }, first).await?;
            let application = self.application(scenario, &target).await?;
            // The application has taken its cores since.
            let target = self.well(self.limit, false).await?;
            let fault = self.choose(scenario, &target, &application).await?;
            let clients = self.clients_away_from(&fault);
            let questions = self.questions(&fault, &target, &application);
            let probe = Probe::start(&clients, &target, &questions)?;
            self.baseline(&probe, &target).await?;
            let target = self.well(self.limit, false).await?;
            if self.choose(scenario, &target, &application).await? == fault {
                let expected = self.expectation(&fault, &target);
                return Ok(Prepared { application, fault, expected, clients, probe });
            }
            if started.elapsed() >= self.limit {
                let problems = vec!["the lead or the address moves again and again".to_owned()];
                return Err(Error::StillUnwell { cluster: self.name.to_string(), after: self.limit, problems });
            }
        }
    }

    async fn choose(&self, scenario: Scenario, target: &Target, application: &Application) -> Result<Fault, Error> {
        Fault::choose(scenario, target, application, self.lab.as_ref(), &self.clients).await
    }

    /// Waits until what was broken is whole again: a host that was cut off comes back piece by piece.
    pub async fn settle(&self) -> Result<(), Error> {
        self.well(self.limit, false).await.map(drop)
    }

    /// Ends the application; whether all answers were right, also those of the ones before it.
    pub async fn end_application(&mut self) -> Result<bool, Error> {
        Ok(self.end_this_application().await? && !self.was_wrong)
    }

    async fn end_this_application(&mut self) -> Result<bool, Error> {
        match self.application.take() {
            Some(application) => application.end(&self.clients.nomad, self.observer).await,
            None => Ok(true),
        }
    }

    /// Makes good what is broken.
    pub async fn restore(&mut self) -> Result<(), Error> {
        if let Some(fault) = self.broken.clone() {
            fault.restore(&self.clients_away_from(&fault), self.lab.as_ref(), self.observer).await?;
            self.broken = None;
        }
        Ok(())
    }

    /// Waits until the cluster is well.
    async fn well(&self, limit: Duration, first: bool) -> Result<Target, Error> {
        let started = Instant::now();
        loop {
            let target = Target::read(&self.clients, &self.name).await;
            let problems = match target {
                Ok(target) if target.problems.is_empty() => return Ok(target),
                Ok(target) => target.problems,
                Err(error) if first => return Err(error.into()),
                // An agent that was killed a moment ago may not answer yet.
                Err(error) => vec![error.to_string()],
            };
            if started.elapsed() >= limit {
                let cluster = self.name.to_string();
                return Err(if first {
                    Error::Unwell { cluster, problems }
                } else {
                    Error::StillUnwell { cluster, after: limit, problems }
                });
            }
            sleep(LOOK).await;
        }
    }

    /// The application that runs, or a new one where it is in the way of the fault.
    async fn application(&mut self, scenario: Scenario, target: &Target) -> Result<Application, Error> {
        let avoid = matches!(scenario, Scenario::Node | Scenario::Host).then(|| Fault::node(target)).flatten();
        if let Some(application) = self.application.clone() {
            let in_the_way = avoid.as_ref().is_some_and(|node| node.node_id == application.member.node_id);
            let is_well = application.is_well().await;
            if !in_the_way && application.lasts(self.limit) && is_well {
                return Ok(application);
            }
            let was_right = self.end_this_application().await?;
            self.was_wrong |= is_well && !was_right;
        }
        let id = (self.new_id)();
        // Cores of an application before this one are free as soon as its executors have ended.
        let started = Instant::now();
        let mut target = target.clone();
        while target.free_cores < target.workers.len() as u64 && started.elapsed() < FREED {
            sleep(LOOK).await;
            target = self.well(self.limit, false).await?;
        }
        let application =
            Application::start(&self.recipe, id, &self.clients, &target, avoid.as_ref(), self.limit, self.observer)
                .await?;
        self.application = Some(application.clone());
        Ok(application)
    }

    /// An application that did not survive is not told to end: there may be nobody who hears it.
    async fn lose_application(&mut self) -> Result<(), Error> {
        if let Some(application) = self.application.take() {
            self.clients.nomad.stop_job(&application.job, false).await?;
        }
        Ok(())
    }

    fn clients_away_from(&self, fault: &Fault) -> Clients {
        let away = fault.broken_host().and_then(|host| self.lab.as_ref()?.away_from(host));
        away.unwrap_or(&self.clients).clone()
    }

    fn expectation(&self, fault: &Fault, target: &Target) -> Expectation {
        let parts = Parts { address: target.address.is_some(), lock: target.has_lock };
        let workers = usize::try_from(target.wanted(&self.name.worker_job())).unwrap_or(usize::MAX);
        Expectation {
            scenario: fault.scenario,
            stages: fault.scenario.stages(fault.hit, parts),
            workers: workers.saturating_sub(fault.workers_away),
            lost_worker: fault.lost_worker.clone(),
            masters: usize::try_from(target.wanted(&self.name.master_job())).unwrap_or(usize::MAX),
            leader_hit: fault.hit.leader,
        }
    }

    fn questions(&self, fault: &Fault, target: &Target, application: &Application) -> Questions {
        let mut wanted: BTreeMap<String, u64> = target.wanted.clone();
        if fault.scenario == Scenario::Node
            && let Some(edges) = wanted.get_mut(&self.name.edge_job())
        {
            // A system job has no other place to go.
            *edges = edges.saturating_sub(1);
        }
        let servers = match fault.scenario {
            Scenario::NomadLeader => Some(Servers::Nomad),
            Scenario::ConsulLeader => Some(Servers::Consul),
            _ => None,
        };
        Questions {
            name: self.name.clone(),
            application_job: application.job.clone(),
            application: application.http.clone(),
            servers,
            wanted,
        }
    }

    /// Waits until everything answers: what was not seen before a fault cannot be missed after it.
    async fn baseline(&self, probe: &Probe, target: &Target) -> Result<(), Error> {
        let complete = |samples: &[Sample]| {
            let seen = |wanted: fn(&Sight) -> bool| samples.iter().any(|sample| wanted(&sample.sight));
            seen(|sight| matches!(sight, Sight::Application(Some(_))))
                && seen(|sight| matches!(sight, Sight::Reached(Some(reached)) if reached.alive))
                && seen(|sight| matches!(sight, Sight::Jobs(jobs) if jobs.whole))
                && seen(|sight| matches!(sight, Sight::Master { status: Some(status), .. } if status == "ALIVE"))
                && (target.address.is_none() || seen(|sight| matches!(sight, Sight::Holder(Some(_)))))
                && (!target.has_lock || seen(|sight| matches!(sight, Sight::Lock(Some(_)))))
        };
        sleep(BASELINE).await;
        let all = async {
            while !complete(&probe.samples(Instant::now())) {
                sleep(LOOK).await;
            }
        };
        timeout(FIRST_LOOK, all).await.map_err(|_| Error::NoBaseline(FIRST_LOOK))
    }

    /// Waits until every stage was reached and holds, or the time is up.
    async fn recovered(
        &mut self,
        probe: &Probe,
        fault_at: Instant,
        expected: &Expectation,
        fault: &Fault,
        clients: &Clients,
    ) -> Result<(), Error> {
        loop {
            sleep(LOOK).await;
            let now = i64::try_from(fault_at.elapsed().as_millis()).unwrap_or(i64::MAX);
            let settled = now - i64::try_from(fault.scenario.settles_in().as_millis()).unwrap_or(i64::MAX);
            let stages = Timeline::new(&probe.samples(fault_at)).stages(expected);
            let holds =
                |stage: &Stage| stages.get(stage).is_some_and(|at| i64::try_from(*at).is_ok_and(|at| at <= settled));
            if expected.stages.iter().all(holds) || fault_at.elapsed() >= self.limit {
                return Ok(());
            }
            // What is missing on a drained node, and an agent that was killed, come back only when they are let.
            let serves = expected.stages.iter().filter(|stage| stage.serves()).all(holds);
            if serves && self.broken.is_some() && fault.scenario.needs_help() {
                fault.restore(clients, self.lab.as_ref(), self.observer).await?;
                self.broken = None;
            }
        }
    }
}
