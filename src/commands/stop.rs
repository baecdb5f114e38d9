//! `nomspark stop`: stops what deploy and wordcount started, nothing else.

use std::time::Duration;

use serde::Serialize;
use tokio::time::{sleep, timeout};
use tracing::debug;

use super::cluster::{self, ClusterError};
use super::context::{Context, same_command};
use crate::cli;
use crate::error::{Advice, Result, one_line};
use crate::event::{Event, WriteError, short};
use crate::exit::Exit;
use crate::interrupt;
use crate::names::ClusterName;
use crate::nomad::allocations::Allocation;
use crate::nomad::jobs::Job;
use crate::report::{confirm, has_terminal};
use crate::survey::ROLE_META;
use crate::watch::{Error, History, Watcher};

/// How often Consul is asked whether the masters' service is gone.
const LOOKS: usize = 20;
const BETWEEN_LOOKS: Duration = Duration::from_millis(250);

#[derive(Serialize)]
struct Stopped {
    cluster: String,
    /// Those that this command stopped, or purged.
    jobs: Vec<String>,
    /// Those that were dead before and that Nomad still knows.
    already_dead: Vec<String>,
    purged: bool,
    elapsed_ms: u64,
}

/// Running work is not destroyed because nobody was there to say no.
#[derive(Debug, thiserror::Error)]
#[error("the cluster {0} was not stopped: there is no terminal on which to ask for it")]
struct NobodyToAsk(ClusterName);

impl Advice for NobodyToAsk {
    fn exit(&self) -> Exit {
        Exit::Usage
    }

    fn hint(&self) -> Option<String> {
        Some("allow it with --yes".to_owned())
    }
}

/// Runs the command.
pub(super) async fn run(arguments: &cli::Stop, context: &Context<'_>) -> Result<Exit> {
    let name = cluster::name(&arguments.cluster)?;
    let jobs = cluster::jobs(&context.nomad, &name).await?;
    if jobs.is_empty() {
        return Err(cluster::missing(&name, context).await.into());
    }
    let (dead, mut jobs): (Vec<Job>, Vec<Job>) = jobs.into_iter().partition(is_over);
    // Applications end before the workers that run them, and workers before the master that they would miss.
    jobs.sort_by_key(|job| match job.meta.get(ROLE_META).map(String::as_str) {
        Some("master") => 3,
        Some("edge") => 2,
        Some("worker") => 1,
        _ => 0,
    });
    let to_stop: Vec<String> = jobs.into_iter().map(|job| job.id).collect();
    let already_dead: Vec<String> = dead.into_iter().map(|job| job.id).collect();
    for job in &already_dead {
        context.report.event(&Event::JobDead { job: job.clone() })?;
    }
    // Nomad is to forget also what is dead.
    let forgotten: &[String] = if arguments.purge { &already_dead } else { &[] };
    let ids = [&to_stop, forgotten].concat();
    if !ids.is_empty() && !arguments.yes && !is_agreed(&name, &ids, context)? {
        context.report.say("Nothing was stopped.")?;
        return Ok(Exit::Done);
    }

    let mut watcher = Watcher::start(&context.nomad, &ids, History::Skip);
    for id in &to_stop {
        let event = if context.nomad.stop_job(id, false).await? {
            Event::JobStopping { job: id.clone() }
        } else {
            Event::Warning { what: format!("Nomad has no job {id} any more: somebody else purged it") }
        };
        context.report.event(&event)?;
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
    for id in &to_stop {
        look(context, id).await?;
        context.report.event(&Event::JobStopped { job: id.clone(), purged: false })?;
    }
    // Nomad tells nothing of tasks that still end once it forgot their job, so it forgets last.
    for id in ids.iter().filter(|_| arguments.purge) {
        context.nomad.stop_job(id, true).await?;
        if context.nomad.find_job(id).await?.is_some() {
            return Err(not_stopped(id, "Nomad still has it after the purge").into());
        }
        look(context, id).await?;
        context.report.event(&Event::JobStopped { job: id.clone(), purged: true })?;
    }
    if arguments.purge {
        forget(&name, context).await?;
    }
    let stopped = Stopped {
        cluster: name.to_string(),
        jobs: ids,
        already_dead,
        purged: arguments.purge,
        elapsed_ms: context.report.elapsed_ms(),
    };
    let verb = match (stopped.jobs.is_empty(), stopped.purged) {
        (true, _) => "was stopped already",
        (false, true) => "is stopped, and Nomad has forgotten it",
        (false, false) => "is stopped",
    };
    context.report.result(&stopped, || format!("Cluster {} {verb}.\n", stopped.cluster))?;
    Ok(Exit::Done)
}

/// Has Consul forget what the masters and the edge hosts of a cluster wrote down: the next one of its name would wait for workers
/// that are no more.
async fn forget(name: &ClusterName, context: &Context<'_>) -> Result<()> {
    let removed = async {
        // Nomad takes a service away a moment before its task ends. What stays is a namesake's, of another namespace.
        for _ in 0..LOOKS {
            if context.consul.service(&name.master_service()).await?.is_empty() {
                return context.consul.delete_below(&name.key_prefix()).await;
            }
            sleep(BETWEEN_LOOKS).await;
        }
        debug!("another cluster of that name is in Consul");
        Ok(())
    };
    if let Err(error) = removed.await {
        let what = format!("Consul's records of the cluster, below {}, stay: {}", name.key_prefix(), one_line(&error));
        context.report.event(&Event::Warning { what })?;
    }
    Ok(())
}

/// Whether nothing of a job runs or will run again. A service that nobody stopped is dead only until Nomad places it anew.
fn is_over(job: &Job) -> bool {
    job.status == "dead" && (job.stop || job.ends())
}

/// Asks whether these jobs may be stopped, and says whose they are.
fn is_agreed(name: &ClusterName, jobs: &[String], context: &Context<'_>) -> Result<bool> {
    if !has_terminal() {
        return Err(NobodyToAsk(name.clone()).into());
    }
    let (nomad, namespace) = (context.nomad.address(), context.nomad.namespace());
    let jobs = jobs.join(", ");
    let question = format!("Stop the cluster {name} in the namespace {namespace} of Nomad at {nomad} ({jobs})?");
    Ok(confirm(&question).map_err(WriteError::from)?)
}

/// Looks whether Nomad has stopped a job: it may have been registered again meanwhile.
async fn look(context: &Context<'_>, id: &str) -> Result<()> {
    if context.nomad.find_job(id).await?.is_some_and(|job| !job.stop) {
        return Err(not_stopped(id, "Nomad has it as a job to run").into());
    }
    let allocations = context.nomad.job_allocations_ever(id).await?;
    let running = allocations.iter().find(|allocation| !allocation.is_terminal());
    running.map_or(Ok(()), |allocation| {
        let seen = format!("its allocation {} is {}", short(&allocation.id), allocation.client_status);
        Err(not_stopped(id, &seen).into())
    })
}

fn not_stopped(job: &str, seen: &str) -> ClusterError {
    ClusterError::NotStopped { job: job.to_owned(), seen: seen.to_owned() }
}

async fn all_ended(watcher: &mut Watcher, jobs: &[String], context: &Context<'_>) -> Result<(), Error> {
    let ended = |watcher: &Watcher| {
        jobs.iter().filter_map(|job| watcher.state(job)).all(|state| {
            let stopping = state.job.as_ref().is_none_or(|job| job.stop || is_over(job));
            state.listed && stopping && state.allocations.values().all(Allocation::is_terminal)
        })
    };
    while !ended(watcher) {
        watcher.changed(context.observer).await?;
    }
    Ok(())
}
