//! The application that runs through the faults: it counts the same words again and again, and knows the right answer.

use std::time::Duration;

use reqwest::Url;
use tokio::time::{Instant, sleep, timeout};

use super::clients::Clients;
use super::error::Error;
use super::probe::progress;
use super::sample::Progress;
use super::target::{Member, Target};
use crate::event::{Event, Observer};
use crate::http;
use crate::names::RunId;
use crate::nomad::Nomad;
use crate::plan::{self, DrillApplication};
use crate::render::JobFiles;
use crate::spec::ValidSpec;
use crate::submit;
use crate::survey::survey;
use crate::watch::{self, History, Verdict, Watcher, failed_verdict};

/// The application, which says how far it is.
static PROGRESS: http::Server = http::Server::open("the drill's application");
/// An application whose drill has lost it ends by itself.
const AT_MOST: Duration = Duration::from_hours(2);
/// How often it must have counted before anything is broken: executors are warm then.
const WARM: u64 = 5;
/// How long a connection to it may take to be made.
const CONNECT: Duration = Duration::from_secs(1);
/// Between two questions whether it counts.
const POLL: Duration = Duration::from_millis(100);
/// How long it may take to end when it is told to.
const END: Duration = Duration::from_secs(20);
/// How a shell in the allocation tells it to end.
const END_COMMAND: [&str; 3] = ["/bin/sh", "-c", ": > \"$NOMAD_ALLOC_DIR/data/end\""];

/// What the application is made of.
#[derive(Clone, Debug)]
pub struct Recipe {
    /// The spec.
    pub spec: ValidSpec,
    /// The job files.
    pub files: JobFiles,
}

/// An application that runs.
#[derive(Clone, Debug)]
pub(super) struct Application {
    /// Its job.
    pub(super) job: String,
    /// The driver's allocation.
    pub(super) member: Member,
    /// Its own word about itself.
    pub(super) http: http::Client,
    /// How far it was when it had begun.
    pub(super) first: Progress,
    /// When it was seen to count.
    started: Instant,
}

impl Application {
    /// Submits it, and waits until it counts. Its driver keeps away from a node that will be broken.
    pub(super) async fn start(
        recipe: &Recipe,
        id: RunId,
        clients: &Clients,
        target: &Target,
        avoid: Option<&Member>,
        limit: Duration,
        observer: Observer<'_>,
    ) -> Result<Self, Error> {
        let workers = target.workers.len();
        if target.free_cores < workers as u64 {
            return Err(Error::NoCores { free: target.free_cores, workers });
        }
        let survey = survey(&clients.nomad, &clients.consul, &[], None).await?;
        let application = DrillApplication {
            id,
            master: target.leader_url.clone(),
            address: target.address,
            workers: target.sizes.clone(),
            cores: workers as u64,
            at_most: AT_MOST,
            avoid_nodes: avoid.map(|node| node.node_id.clone()).into_iter().collect(),
        };
        let plan = plan::drill(&recipe.spec, &survey, &application)?;
        let mut job = String::new();
        for prepared in submit::prepare(&clients.nomad, &plan, &recipe.files).await? {
            job.clone_from(&prepared.planned.id);
            if let Some(reason) = prepared.unplaced_reason() {
                return Err(watch::Error::NotPlaced { job, reason }.into());
            }
            submit::register(&clients.nomad, &prepared).await?;
            observer.event(&Event::JobRegistered { job: job.clone(), version: 0 })?;
        }
        match timeout(limit, Self::counts(clients, &job, observer)).await {
            Ok(Ok(application)) => Ok(application),
            Ok(Err(error)) => {
                clients.nomad.stop_job(&job, false).await?;
                Err(error)
            }
            Err(_) => {
                clients.nomad.stop_job(&job, false).await?;
                Err(Error::ApplicationSilent { job, after: limit })
            }
        }
    }

    /// Waits until it has counted often enough.
    async fn counts(clients: &Clients, job: &str, observer: Observer<'_>) -> Result<Self, Error> {
        let nomad = &clients.nomad;
        let mut watcher = Watcher::start(nomad, &[job.to_owned()], History::Tell);
        let detail = loop {
            watcher.changed(observer).await?;
            let Some(state) = watcher.state(job) else { continue };
            if let Some(verdict) = state.verdict() {
                failed_verdict(clients.evidence(), job, verdict).await?;
            }
            let running = state.current_allocations().into_iter().find(|allocation| crate::survey::runs(allocation));
            if let Some(allocation) = running {
                break nomad.allocation(&allocation.id).await?;
            }
        };
        let address = detail.address("progress").unwrap_or_default();
        let url = Url::parse(&format!("http://{address}")).map_err(|source| http::Error::Setting {
            what: format!("the address {address} of the drill's application"),
            source: source.into(),
        })?;
        let endpoint = http::Endpoint::open(&PROGRESS, url);
        let http = http::Client::asking(endpoint, CONNECT, http::Connections::Kept)?;
        loop {
            tokio::select! {
                changed = watcher.changed(observer) => {
                    changed?;
                    if let Some(verdict) = watcher.state(job).and_then(watch::JobState::verdict) {
                        failed_verdict(clients.evidence(), job, verdict).await?;
                    }
                }
                () = sleep(POLL) => {
                    if let Some(first) = progress(&http).await.filter(|progress| progress.waves >= WARM) {
                        let (job, member) = (job.to_owned(), Member::from(&detail));
                        return Ok(Self { job, member, http, first, started: Instant::now() });
                    }
                }
            }
        }
    }

    /// Whether it still counts, as the same run of the same driver.
    pub(super) async fn is_well(&self) -> bool {
        progress(&self.http).await.is_some_and(|progress| progress.continues(&self.first))
    }

    /// Whether it lasts for another round, in which a cluster may recover and be waited for twice that long.
    pub(super) fn lasts(&self, limit: Duration) -> bool {
        self.started.elapsed() + 2 * limit < AT_MOST
    }

    /// Tells it to end, and waits for it; whether it ended well.
    pub(super) async fn end(&self, nomad: &Nomad, observer: Observer<'_>) -> Result<bool, Error> {
        let told = nomad.exec(&self.member.allocation, "driver", &END_COMMAND, tokio::io::empty());
        let told = timeout(END, told).await;
        if !matches!(told, Ok(Ok(executed)) if executed.exit_code == 0) {
            nomad.stop_job(&self.job, false).await?;
            return Ok(false);
        }
        let deadline = Instant::now() + END;
        let mut watcher = Watcher::start(nomad, std::slice::from_ref(&self.job), History::Skip);
        loop {
            let Ok(changed) = tokio::time::timeout_at(deadline, watcher.changed(observer)).await else {
                nomad.stop_job(&self.job, false).await?;
                return Ok(false);
            };
            changed?;
            if let Some(verdict) = watcher.state(&self.job).and_then(watch::JobState::verdict) {
                return Ok(matches!(verdict, Verdict::Complete));
            }
        }
    }
}
