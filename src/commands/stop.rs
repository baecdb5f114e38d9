//! `nomspark stop`: stops what deploy and wordcount started, nothing else.

use serde::Serialize;
use tokio::time::timeout;

use super::cluster::{self, ClusterError};
use super::context::{Context, same_command};
use crate::cli::exit::Exit;
use crate::cli::{self, interrupt};
use crate::error::Result;
use crate::nomad::allocations::Allocation;
use crate::nomad::jobs::Job;
use crate::report::{Event, WriteError, confirm};
use crate::survey::ROLE_META;
use crate::watch::{Error, History, Watcher};

#[derive(Serialize)]
struct Stopped {
    cluster: String,
    jobs: Vec<String>,
    purged: bool,
    elapsed_ms: u64,
}

/// Runs the command.
pub(super) async fn run(arguments: &cli::Stop, context: &Context<'_>) -> Result<Exit> {
    let name = cluster::name(&arguments.name)?;
    let mut jobs = cluster::jobs(&context.nomad, &name).await?;
    if jobs.is_empty() {
        return Err(ClusterError::Missing(name.to_string()).into());
    }
    jobs.retain(|job| arguments.purge || job.status != "dead");
    // Applications end before the workers that run them, and workers before the master that they would miss.
    jobs.sort_by_key(|job| match job.meta.get(ROLE_META).map(String::as_str) {
        Some("master") => 3,
        Some("edge") => 2,
        Some("worker") => 1,
        _ => 0,
    });
    let ids: Vec<String> = jobs.into_iter().map(|job: Job| job.id).collect();
    let question = format!("Stop the cluster {name} ({})?", ids.join(", "));
    if !ids.is_empty() && !arguments.yes && !confirm(&question).map_err(WriteError::from)? {
        context.report.say("Nothing was stopped.")?;
        return Ok(Exit::Done);
    }

    let mut watcher = Watcher::start(&context.nomad, &ids, History::Skip);
    for id in &ids {
        context.nomad.stop_job(id, false).await?;
        context.report.event(&Event::JobStopped { job: id.clone(), purged: false })?;
    }
    let ended = timeout(arguments.timeout, all_ended(&mut watcher, &ids, context));
    tokio::select! {
        ended = ended => match ended {
            Ok(ended) => ended?,
            Err(_) => {
                let condition = "all tasks to end".to_owned();
                let resume = format!("`{}` shows what still runs", context.command(&format!("status --name {name}")));
                return Err(Error::TimedOut { condition, after: arguments.timeout, resume }.into());
            }
        },
        () = interrupt::interrupted() => {
            let left = "Nomad goes on stopping the jobs".to_owned();
            return Err(Error::Interrupted { left, resume: same_command("to wait for it") }.into());
        }
    }
    // Nomad tells nothing of tasks that still end once it forgot their job, so it forgets last.
    for id in ids.iter().filter(|_| arguments.purge) {
        context.nomad.stop_job(id, true).await?;
        context.report.event(&Event::JobStopped { job: id.clone(), purged: true })?;
    }
    let stopped = Stopped {
        cluster: name.to_string(),
        jobs: ids,
        purged: arguments.purge,
        elapsed_ms: context.report.elapsed_ms(),
    };
    context.report.result(&stopped, || format!("Cluster {} is stopped.\n", stopped.cluster))?;
    Ok(Exit::Done)
}

async fn all_ended(watcher: &mut Watcher, jobs: &[String], context: &Context<'_>) -> Result<(), Error> {
    let ended = |watcher: &Watcher| {
        jobs.iter().filter_map(|job| watcher.state(job)).all(|state| {
            let stopping = state.job.as_ref().is_none_or(|job| job.stop);
            state.listed && stopping && state.allocations.values().all(Allocation::is_terminal)
        })
    };
    while !ended(watcher) {
        watcher.changed(context.report).await?;
    }
    Ok(())
}
