//! `nomspark watch`: follows a batch job to its verdict.

use serde::Serialize;
use tokio::time::timeout;

use super::context::Context;
use crate::cli::exit::Exit;
use crate::cli::{self, interrupt};
use crate::error::Result;
use crate::report::Event;
use crate::watch::{Error, History, JobState, Verdict, Watcher, failed_verdict};

#[derive(Serialize)]
struct Watched {
    job: String,
    verdict: &'static str,
    elapsed_ms: u64,
}

/// Runs the command.
pub(super) async fn run(arguments: &cli::Watch, context: &Context<'_>) -> Result<Exit> {
    let job = &arguments.job;
    let watched = timeout(arguments.timeout, verdict(job, context));
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
    failed_verdict(&context.nomad, job, verdict).await?;
    let watched = Watched { job: job.clone(), verdict: "complete", elapsed_ms: context.report.elapsed_ms() };
    context.report.result(&watched, || format!("{job}: complete\n"))?;
    Ok(Exit::Done)
}

async fn verdict(job: &str, context: &Context<'_>) -> Result<Verdict, Error> {
    let mut watcher = Watcher::start(&context.nomad, &[job.to_owned()], History::Tell);
    watcher.listed(context.report).await?;
    let kind = watcher.state(job).and_then(|state| state.job.as_ref()).map(|job| job.kind.clone());
    if let Some(kind) = kind.filter(|kind| matches!(kind.as_str(), "service" | "system")) {
        let what = format!("{job} is a {kind} job: it ends only when somebody stops it");
        context.report.event(&Event::Warning { what })?;
    }
    loop {
        if let Some(verdict) = watcher.state(job).and_then(JobState::batch_verdict) {
            return Ok(verdict);
        }
        watcher.changed(context.report).await?;
    }
}
