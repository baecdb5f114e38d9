//! `nomspark watch`: follows any job of Nomad to its end.

use serde::Serialize;
use tokio::time::timeout;

use super::amended::resumable;
use super::context::Context;
use crate::cli;
use crate::error::Result;
use crate::event::Event;
use crate::exit::Exit;
use crate::interrupt;
use crate::nomad::jobs::Job;
use crate::watch::{
    ApplicationWatcher, Error, History, NotedChecks, Patience, Sight, Verdict, Watcher, failed_verdict,
};

#[derive(Serialize)]
struct Watched {
    job: String,
    verdict: &'static str,
    elapsed_ms: u64,
}

/// How a watch ended: the job that was followed, and a good end's name.
struct End {
    job: String,
    verdict: &'static str,
}

/// Runs the command.
pub(super) async fn run(arguments: &cli::Watch, context: &Context<'_>) -> Result<Exit> {
    context.begin(arguments.record.as_deref())?;
    let job = &arguments.job;
    let watched = timeout(arguments.timeout, follow(job, arguments.patience.into(), context));
    let resume = || format!("`{}` goes on", context.command(&format!("watch {job}")));
    let End { job, verdict } = tokio::select! {
        watched = watched => match watched {
            Ok(end) => end.map_err(|error| resumable(error, &resume()))?,
            Err(_) => {
                let condition = format!("the job {job} to end");
                return Err(Error::TimedOut { condition, after: arguments.timeout, resume: resume() }.into());
            }
        },
        () = interrupt::interrupted() => {
            let left = format!("the job {job} goes on in Nomad");
            return Err(Error::Interrupted { left, resume: resume() }.into());
        }
    };
    let text = format!("{job}: {verdict}\n");
    let watched = Watched { job, verdict, elapsed_ms: context.report.elapsed_ms() };
    context.report.result(&watched, || text)?;
    Ok(Exit::Done)
}

/// Follows a job to its end; one that only starts others has none, and the newest of these is followed.
async fn follow(job: &str, patience: Patience, context: &Context<'_>) -> Result<End> {
    let mut watcher = Watcher::start(&context.nomad, &[job.to_owned()], History::Tell);
    watcher.listed(context.observer).await?;
    let listed = watcher.state(job).and_then(|state| state.job.clone());
    if let Some(parent) = listed.as_ref().filter(|listed| listed.starts_others()) {
        match newest_child(parent, context).await? {
            Some(child) => return Box::pin(follow(&child, patience, context)).await,
            None if parent.stop => {}
            None => return Err(no_child(parent).into()),
        }
    }
    let serves = listed.as_ref().filter(|listed| !listed.ends());
    let has_ended = watcher.state(job).is_some_and(|state| state.verdict().is_some());
    if let Some(service) = serves.filter(|_| !has_ended) {
        let what = format!("{job} is a {} job: it ends only when somebody stops it", service.kind);
        context.report.event(&Event::Warning { what })?;
    }
    let end = |verdict| End { job: job.to_owned(), verdict };
    let mut application = ApplicationWatcher::new(&context.nomad);
    let mut noted_checks = NotedChecks::default();
    loop {
        if let Some(state) = watcher.state(job) {
            application.begin(state);
            match state.verdict() {
                Some(Verdict::Stopped) if serves.is_some() => return Ok(end("stopped")),
                Some(verdict) => {
                    failed_verdict(context.evidence(), job, verdict).await?;
                    return Ok(end("complete"));
                }
                None => {
                    let (evidence, exit) = (context.evidence(), Exit::WorkFailed);
                    patience.refuse_failures(evidence, state, exit).await?;
                    noted_checks.note(evidence, state).await;
                    patience.refuse_failed_deployment(evidence, state, &noted_checks, exit).await?;
                }
            }
        }
        tokio::select! {
            changed = watcher.changed(context.observer) => changed?,
            sight = application.next() => match sight {
                Sight::News(event) => context.report.event(&event)?,
                Sight::Hopeless(reason) => patience.refuse_hopeless(job, reason)?,
                Sight::Ending(failure) => patience.refuse_ending(job, *failure)?,
            },
        }
    }
}

/// The newest job that another one started; `None` where it started none.
async fn newest_child(parent: &Job, context: &Context<'_>) -> Result<Option<String>> {
    let id = &parent.id;
    let children = context.nomad.children(id).await?;
    let Some(child) = children.into_iter().max_by_key(|child| child.submit_time) else { return Ok(None) };
    let (how, child) = (if is_dispatched(parent) { "parameterized" } else { "periodic" }, child.id);
    let what = format!("{id} is {how} and runs nothing itself: this follows {child}, the newest job that it started");
    context.report.event(&Event::Warning { what })?;
    Ok(Some(child))
}

/// What a job that only starts others has not started yet, and how to start one.
pub(super) fn no_child(parent: &Job) -> Error {
    let id = parent.id.clone();
    let start = if is_dispatched(parent) { "dispatch" } else { "periodic force" };
    Error::NoChild { start: format!("nomad job {start} {id}"), job: id }
}

/// Whether a dispatch makes a job start another one. What a dispatch started keeps the block of the job that it comes from, and is
/// not dispatched again.
fn is_dispatched(parent: &Job) -> bool {
    parent.parameterized.is_object() && !parent.dispatched
}
