//! `nomspark watch`: follows any job of Nomad to its end.

use serde::Serialize;
use tokio::time::timeout;

use super::context::Context;
use crate::cli::exit::Exit;
use crate::cli::{self, interrupt};
use crate::error::Result;
use crate::nomad::Nomad;
use crate::nomad::jobs::Job;
use crate::report::Event;
use crate::watch::{Error, History, Patience, Verdict, Watcher, failed_verdict};

#[derive(Serialize)]
struct Watched {
    job: String,
    verdict: &'static str,
    elapsed_ms: u64,
}

/// Runs the command.
pub(super) async fn run(arguments: &cli::Watch, context: &Context<'_>) -> Result<Exit> {
    let job = &followed(&arguments.job, context).await?;
    let watched = timeout(arguments.timeout, end(job, arguments.patience.into(), context));
    let resume = || format!("`{}` goes on", context.command(&format!("watch {job}")));
    let verdict = tokio::select! {
        watched = watched => match watched {
            Ok(verdict) => verdict?,
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
    let watched = Watched { job: job.clone(), verdict, elapsed_ms: context.report.elapsed_ms() };
    context.report.result(&watched, || format!("{job}: {verdict}\n"))?;
    Ok(Exit::Done)
}

/// The job to follow: of one that only starts others, the newest of these.
async fn followed(id: &str, context: &Context<'_>) -> Result<String> {
    let Some(parent) = context.nomad.find_job(id).await?.filter(Job::starts_others) else {
        return Ok(id.to_owned());
    };
    let (how, start) = if parent.parameterized.is_object() {
        ("parameterized", format!("nomad job dispatch {id}"))
    } else {
        ("periodic", format!("nomad job periodic force {id}"))
    };
    let Some(child) = newest_child(&context.nomad, id).await? else {
        return Err(Error::NoChild { job: id.to_owned(), start }.into());
    };
    let what = format!("{id} is {how} and runs nothing itself: this follows {child}, the newest job that it started");
    context.report.event(&Event::Warning { what })?;
    Ok(child)
}

/// The children's ids begin with the parent's: `ID/dispatch-…`, `ID/periodic-…`.
async fn newest_child(nomad: &Nomad, id: &str) -> Result<Option<String>> {
    let children = nomad.list_jobs(&format!("{id}/")).await?;
    Ok(children.into_iter().max_by_key(|child| child.submit_time).map(|child| child.id))
}

/// Waits for the end; gives its name where it is a good one.
async fn end(job: &str, patience: Patience, context: &Context<'_>) -> Result<&'static str> {
    let mut watcher = Watcher::start(&context.nomad, &[job.to_owned()], History::Tell);
    watcher.listed(context.report).await?;
    let kind = watcher.state(job).and_then(|state| state.job.as_ref()).filter(|job| !job.ends()).map(|job| &job.kind);
    let serves = kind.is_some();
    if let Some(kind) = kind {
        let what = format!("{job} is a {kind} job: it ends only when somebody stops it");
        context.report.event(&Event::Warning { what })?;
    }
    loop {
        if let Some(state) = watcher.state(job) {
            match state.verdict() {
                Some(Verdict::Stopped) if serves => return Ok("stopped"),
                Some(verdict) => {
                    failed_verdict(&context.nomad, job, verdict).await?;
                    return Ok("complete");
                }
                None => patience.refuse_failures(&context.nomad, state, Exit::WorkFailed).await?,
            }
        }
        watcher.changed(context.report).await?;
    }
}
