//! `nomspark logs`: what a job's task wrote.

use std::time::Duration;

use futures_util::StreamExt;
use tokio::time::timeout;

use super::context::Context;
use crate::cli;
use crate::cli::exit::Exit;
use crate::error::{Advice, Result};
use crate::http;
use crate::nomad::allocations::Allocation;
use crate::nomad::files::{LogOrigin, LogStream};
use crate::report::short;
use crate::watch::{Error, History, Watcher};

/// How long a log must be silent after its allocation ended before it counts as read to its end.
const SILENCE: Duration = Duration::from_secs(1);

/// Why there is no log to show.
#[derive(Debug, thiserror::Error)]
enum NoLog {
    #[error("the job {0} has no allocation yet")]
    NoAllocation(String),
    #[error("no allocation of {job} begins with {prefix}")]
    NoSuchAllocation { job: String, prefix: String },
    #[error("the allocation {0} has not started a task yet")]
    NotStarted(String),
    #[error("the log broke off")]
    Broken(#[source] http::Error),
}

impl Advice for NoLog {
    fn hint(&self) -> Option<String> {
        match self {
            Self::NoAllocation(_) | Self::NotStarted(_) => Some("add -f to wait for it".to_owned()),
            Self::NoSuchAllocation { job, .. } => Some(format!("`nomad job allocs {job}` lists them")),
            Self::Broken(error) => error.hint(),
        }
    }
}

/// Runs the command.
pub(super) async fn run(arguments: &cli::Logs, context: &Context<'_>) -> Result<Exit> {
    let job = find_job(arguments, context).await?;
    let mut watcher = Watcher::start(&context.nomad, std::slice::from_ref(&job), History::Skip);
    let (allocation, task) = loop {
        watcher.changed(context.report).await?;
        let Some(state) = watcher.state(&job).filter(|state| state.listed) else { continue };
        match choose(state.allocations.values(), arguments.alloc.as_deref()) {
            Some(allocation) => match started_task(allocation) {
                Some(task) => break (allocation.clone(), task),
                None if arguments.follow && !allocation.is_terminal() => {}
                None => return Err(NoLog::NotStarted(short(&allocation.id).to_owned()).into()),
            },
            None if arguments.alloc.is_some() => {
                let prefix = arguments.alloc.clone().unwrap_or_default();
                return Err(NoLog::NoSuchAllocation { job, prefix }.into());
            }
            None if arguments.follow => {}
            None => return Err(NoLog::NoAllocation(job).into()),
        }
    };

    let stream = if arguments.stdout { LogStream::Stdout } else { LogStream::Stderr };
    let origin = arguments.tail.map_or(LogOrigin::Start(0), |kib| LogOrigin::End(kib.saturating_mul(1_024)));
    let log = context.nomad.logs(&allocation.id, &task, stream, origin, arguments.follow).await?;
    let mut bytes = log.bytes_stream();
    let mut ended = allocation.is_terminal() || !arguments.follow;
    loop {
        tokio::select! {
            // What is written comes before what ended.
            biased;
            piece = timeout(SILENCE, bytes.next()) => match piece {
                Ok(Some(Ok(piece))) => context.report.data(&piece)?,
                Ok(Some(Err(error))) => return Err(NoLog::Broken(http::Error::broke_off(error)).into()),
                Ok(None) => return Ok(Exit::Done),
                Err(_) if ended && arguments.follow => return Ok(Exit::Done),
                Err(_) => {}
            },
            changed = watcher.changed(context.report), if !ended => {
                changed?;
                let state = watcher.state(&job);
                let now = state.and_then(|state| state.allocations.get(&allocation.id));
                ended = now.is_none_or(Allocation::is_terminal);
            }
        }
    }
}

/// The job of that id, or the job of the cluster whose id ends so.
async fn find_job(arguments: &cli::Logs, context: &Context<'_>) -> Result<String> {
    for id in [arguments.job.clone(), format!("{}-{}", arguments.name, arguments.job)] {
        if context.nomad.find_job(&id).await?.is_some() {
            return Ok(id);
        }
    }
    Err(Error::NoJob { job: arguments.job.clone() }.into())
}

/// The newest allocation that runs, else the newest; or the one whose id begins so.
fn choose<'a>(allocations: impl Iterator<Item = &'a Allocation>, prefix: Option<&str>) -> Option<&'a Allocation> {
    allocations
        .filter(|allocation| prefix.is_none_or(|prefix| allocation.id.starts_with(prefix)))
        .max_by_key(|allocation| (allocation.client_status == "running", allocation.create_index))
}

/// The name of a task that has run.
fn started_task(allocation: &Allocation) -> Option<String> {
    let started = allocation.task_states.iter().find(|(_, state)| state.started_at.is_some());
    started.map(|(name, _)| name.clone())
}
