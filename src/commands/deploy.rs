//! `nomspark deploy`: survey, plan, submit, wait until the cluster is ready.

use std::time::Duration;

use serde::Serialize;

use super::cluster::{Endpoints, JobSummary};
use super::context::{Context, new_id, same_command};
use super::rehearsal::rehearse;
use super::spec;
use crate::cli;
use crate::error::{self, Result};
use crate::exit::Exit;
use crate::interrupt;
use crate::report::table;
use crate::submit::{self, PreparedJob, Rollout, Unfinished};
use crate::watch::{Error, Patience, Readiness};

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
    let (plan, prepared) = rehearse(&spec, &files, arguments.adopt, context).await?;
    let patience = Patience::from(arguments.patience);
    // Nothing is registered when the scheduler already says that a part has no place.
    prepared.iter().try_for_each(|job| patience.refuse_unplaced(&job.planned.id, job.unplaced_reason()))?;

    let (nomad, consul, observer) = (&context.nomad, &context.consul, context.observer);
    let mut readiness = Readiness::new(context.evidence(), observer, &spec.name, spec.edge.as_ref(), patience);
    let mut rollout = Rollout::new(nomad, consul, observer, &plan, &prepared, new_id());
    let steps = submit::steps(&plan, &prepared);
    let outcome = tokio::select! {
        outcome = rollout.run(&steps, &mut readiness, arguments.timeout) => outcome,
        () = interrupt::interrupted() => {
            let left = rollout.abandon().await?.to_owned();
            return Err(Error::Interrupted { left, resume: same_command("to go on") }.into());
        }
    };
    let ready = outcome.map_err(|unfinished| failure(unfinished, arguments.timeout))?;

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

fn failure(unfinished: Unfinished, after: Duration) -> error::Error {
    match unfinished {
        Unfinished::Failed(error) => error,
        Unfinished::TimedOut { condition, hint } => {
            let again = same_command("to go on waiting");
            let resume = hint.map_or_else(|| again.clone(), |hint| format!("{hint}; {again}"));
            Error::TimedOut { condition, after, resume }.into()
        }
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
