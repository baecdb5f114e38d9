//! `nomspark deploy`: survey, plan, submit, wait until the cluster is ready.

use std::time::Duration;

use serde::Serialize;
use tokio::time::{sleep, timeout};

use super::cluster::{Endpoints, JobSummary};
use super::context::{Context, new_id, same_command};
use super::spec;
use crate::cli::exit::Exit;
use crate::cli::{self, interrupt};
use crate::error::Result;
use crate::names::ClusterName;
use crate::plan::{self, Plan, Role, Variables};
use crate::report::{Event, table};
use crate::submit::{self, Preflight, PreparedJob};
use crate::survey::{Namesake, namesakes, survey};
use crate::watch::{Error, Patience, Readiness, Ready};

/// How long Consul may take to hear of a master that runs; workers that start earlier wait for themselves.
const CONSUL_HEARS: Duration = Duration::from_secs(3);

#[derive(Serialize)]
struct Deployed {
    cluster: String,
    ready: bool,
    changed: bool,
    elapsed_ms: u64,
    jobs: Vec<JobSummary>,
    endpoints: Endpoints,
}

/// Runs the command.
pub(super) async fn run(arguments: &cli::Deploy, context: &Context<'_>) -> Result<Exit> {
    let (spec, files) = spec::load(&arguments.spec)?;
    context.begin(arguments.record.as_deref())?;
    let mut survey = survey(&context.nomad, &context.consul, &spec.name.deployable_jobs(), spec.edge.as_ref()).await?;
    survey.namesakes = namesakes(&context.nomad, &context.consul, &spec.name).await?;
    let plan = plan::deploy(&spec, Some(&survey), arguments.adopt)?;
    for warning in &plan.warnings {
        context.report.event(&Event::Warning { what: warning.clone() })?;
    }
    let prepared = submit::prepare(&context.nomad, &plan, &files).await?;
    let patience = Patience::from(arguments.patience);
    refuse_unplaceable(&prepared, patience)?;
    look_at_edge_hosts(context, &plan.cluster, &prepared).await?;

    let mut readiness = Readiness::new(context.evidence(), context.report, &spec.name, spec.edge.as_ref(), patience);
    let mut started = Vec::new();
    let deployment = timeout(arguments.timeout, apply(context, &plan, &prepared, &mut readiness, &mut started));
    let outcome = tokio::select! {
        outcome = deployment => outcome,
        () = interrupt::interrupted() => {
            let left = "the jobs go on in Nomad".to_owned();
            return Err(Error::Interrupted { left, resume: same_command("to go on") }.into());
        }
    };
    let ready = match outcome {
        Ok(Ok(ready)) => ready,
        Ok(Err(error)) => {
            undo(context, &started).await;
            return Err(error);
        }
        Err(_) => {
            let condition = readiness.missing().await;
            let resume = same_command("to go on waiting");
            let resume = readiness.hint().map_or_else(|| resume.clone(), |hint| format!("{hint}; {resume}"));
            return Err(Error::TimedOut { condition, after: arguments.timeout, resume }.into());
        }
    };

    let mut jobs = Vec::new();
    for job in spec.deployed_jobs() {
        jobs.extend(JobSummary::read(&context.nomad, &job).await?);
    }
    let deployed = Deployed {
        cluster: spec.name.to_string(),
        ready: true,
        changed: prepared.iter().any(PreparedJob::changes),
        elapsed_ms: context.report.elapsed_ms(),
        jobs,
        endpoints: Endpoints { master: Some(ready.master), ui: Some(ready.ui), history: None },
    };
    context.report.result(&deployed, || text(&deployed, &context.nomad.address()))?;
    Ok(Exit::Done)
}

/// Nothing is registered either when an edge host that gets something new says that it cannot hold the address.
async fn look_at_edge_hosts(context: &Context<'_>, cluster: &ClusterName, prepared: &[PreparedJob]) -> Result<()> {
    for job in prepared.iter().filter(|job| job.changes()) {
        let Variables::Edge(variables) = &job.planned.variables else { continue };
        context.report.event(&Event::LookingAtHosts { hosts: variables.edge.hosts.len() })?;
        let id = new_id();
        let preflight = Preflight { nomad: &context.nomad, cluster, id: &id, variables };
        tokio::select! {
            looked = preflight.run() => looked?,
            () = interrupt::interrupted() => {
                preflight.remove().await?;
                let left = "nothing was changed".to_owned();
                return Err(Error::Interrupted { left, resume: same_command("to deploy") }.into());
            }
        }
    }
    Ok(())
}

/// Nothing is registered when the scheduler already says that a part has no place.
fn refuse_unplaceable(prepared: &[PreparedJob], patience: Patience) -> Result<(), Error> {
    prepared.iter().try_for_each(|job| patience.refuse_unplaced(&job.planned.id, job.unplaced_reason()))
}

/// Registers what changes, in order, and waits until the cluster is ready. `started` gathers the jobs that did not run
/// before, for [`undo`].
async fn apply(
    context: &Context<'_>,
    plan: &Plan,
    prepared: &[PreparedJob],
    readiness: &mut Readiness<'_>,
    started: &mut Vec<String>,
) -> Result<Ready> {
    readiness.listed().await?;
    let mut registrations = Vec::new();
    for job in prepared {
        let id = job.planned.id.clone();
        if !job.changes() {
            context.report.event(&Event::JobUnchanged { job: id })?;
            continue;
        }
        let registered = submit::register(&context.nomad, job).await;
        let registered = registered.map_err(|error| leave_to_others(error, started))?;
        registrations.push((job, registered));
        if !job.planned.runs {
            started.push(id.clone());
        }
        let version = context.nomad.find_job(&id).await?.map_or(0, |job| job.version);
        readiness.registered(&id, version);
        context.report.event(&Event::JobRegistered { job: id.clone(), version })?;
        if job.planned.role == Role::Master {
            readiness.master_runs().await?;
            // Workers that find the master in Consul at once need no second start.
            let _ = timeout(CONSUL_HEARS, in_consul(context, &id)).await;
            refuse_namesakes(context, plan, !job.planned.runs).await?;
        }
    }
    let ready = readiness.ready().await?;
    refuse_namesakes(context, plan, started.contains(&plan.cluster.master_job())).await?;
    for (job, registered) in &registrations {
        let confirmed = submit::confirm(&context.nomad, job, registered).await;
        confirmed.map_err(|error| leave_to_others(error, started))?;
    }
    Ok(ready)
}

/// Two deployments of one name that began at the same moment saw nothing of each other. Whichever comes second to Consul finds
/// the first one there; that a master was `started` is what can be new.
async fn refuse_namesakes(context: &Context<'_>, plan: &Plan, started: bool) -> Result<()> {
    if !started {
        return Ok(());
    }
    let namesakes = namesakes(&context.nomad, &context.consul, &plan.cluster).await?;
    let Some(namesake) = namesakes.into_iter().find(Namesake::is_cluster) else { return Ok(()) };
    let (cluster, namespace) = (plan.cluster.to_string(), context.nomad.namespace().to_owned());
    Err(plan::Error::Namesake { cluster, namespace, namesake: Box::new(namesake) }.into())
}

/// In a conflict another deployment is at work, and counts on what this one started.
fn leave_to_others(error: submit::Error, started: &mut Vec<String>) -> submit::Error {
    if matches!(error, submit::Error::Conflict { .. }) {
        started.clear();
    }
    error
}

async fn in_consul(context: &Context<'_>, service: &str) {
    while context.consul.service(service).await.is_ok_and(|instances| instances.is_empty()) {
        sleep(Duration::from_millis(50)).await;
    }
}

/// A deployment that failed leaves nothing half done: jobs that it started are stopped, with their logs kept.
async fn undo(context: &Context<'_>, started: &[String]) {
    for job in started.iter().rev() {
        let event = match context.nomad.stop_job(job, false).await {
            Ok(true) => Event::JobStopping { job: job.clone() },
            Ok(false) => continue,
            Err(error) => Event::Warning { what: format!("{job} could not be stopped again: {error}") },
        };
        // The failure itself is told next; a closed output changes nothing about it.
        let _ = context.report.event(&event);
    }
}

fn text(deployed: &Deployed, nomad: &str) -> String {
    let seconds = deployed.elapsed_ms / 1_000;
    let tenths = deployed.elapsed_ms % 1_000 / 100;
    let change = if deployed.changed { "" } else { ", nothing changed" };
    let mut text = format!("Cluster {} is ready after {seconds}.{tenths} s{change}.\n\n", deployed.cluster);
    let rows = deployed.jobs.iter().map(JobSummary::row).collect();
    text.push_str(&table(&JobSummary::HEADER, rows));
    text.push('\n');
    let mut rows = Vec::new();
    if let Some(master) = &deployed.endpoints.master {
        rows.push(vec!["Master".to_owned(), master.clone()]);
    }
    if let Some(ui) = &deployed.endpoints.ui {
        rows.push(vec!["Spark UI".to_owned(), ui.clone()]);
    }
    if nomad.starts_with("http") {
        rows.push(vec!["Nomad UI".to_owned(), format!("{nomad}/ui/jobs/{}-master", deployed.cluster)]);
    }
    for row in rows {
        text.push_str(&format!("{:<9} {}\n", row[0], row[1]));
    }
    text
}
