//! `nomspark wordcount`: run the batch, wait for its verdict, bring the result back.

mod begin;
mod failure;
mod format;
mod input;
mod result;
mod run;

use tokio::time::timeout;
use tracing::debug;

use self::begin::{Begun, begin};
use self::failure::unfinished;
use self::result::{Outcome, OutputFile};
use self::run::Run;
use super::amended::resumable;
use super::context::{Context, same_command};
use crate::cli::exit::Exit;
use crate::cli::{self, interrupt};
use crate::error::Result;
use crate::watch::{Error, failed_verdict};

/// Runs the command.
pub(super) async fn run(arguments: &cli::Wordcount, context: &Context<'_>) -> Result<Exit> {
    // Bad paths are told before anything is submitted.
    let input = arguments.input.as_deref().map(input::open).transpose()?.flatten();
    let output = arguments.output.as_deref().map(OutputFile::create).transpose()?;
    context.begin(arguments.record.as_deref())?;
    let begun = match &arguments.resume {
        Some(job) => Begun::resumed(job),
        None => tokio::select! {
            begun = begin(arguments, input, context) => begun?,
            () = interrupt::interrupted() => {
                let left = "Nomad may have the job already".to_owned();
                return Err(Error::Interrupted { left, resume: same_command("to go on") }.into());
            }
        },
    };
    let mut run = Run::new(context, begun.job.clone(), begun.upload, begun.resumed, arguments.patience.into());
    let finished = finish(arguments, &mut run, output, context).await;
    // Whoever repeats a command whose run goes on, goes on with it.
    if let Some(note) = begun.note.filter(|_| finished.is_ok() || run.is_lost()) {
        note.remove().unwrap_or_else(|error| debug!(%error, "the note of the run stays"));
    }
    finished
}

/// Waits for the verdict and brings the result back.
async fn finish(
    arguments: &cli::Wordcount,
    run: &mut Run<'_>,
    output: Option<OutputFile>,
    context: &Context<'_>,
) -> Result<Exit> {
    let resume = format!("`{}` goes on", context.command(&format!("wordcount --resume {}", run.job())));
    let finished = timeout(arguments.timeout, run.verdict());
    let verdict = tokio::select! {
        finished = finished => match finished {
            Ok(Ok(verdict)) => verdict,
            Ok(Err(error)) => return Err(unfinished("failed", run, resumable(error, &resume))),
            Err(_) => {
                let condition = run.condition();
                let error = Error::TimedOut { condition, after: arguments.timeout, resume };
                return Err(unfinished("timeout", run, error.into()));
            }
        },
        () = interrupt::interrupted() => return Err(interrupted(run, resume).await.into()),
    };
    if let Err(error) = failed_verdict(context.evidence(), run.job(), verdict).await {
        return Err(unfinished("failed", run, error.into()));
    }
    let outcome = Outcome::fetch(run, arguments.top, output, context).await?;
    context.report.result(&outcome, || outcome.text())?;
    Ok(Exit::Done)
}

/// A run whose input is still on its way cannot go on alone: it is stopped. Any other goes on.
async fn interrupted(run: &mut Run<'_>, resume: String) -> Error {
    if !run.is_uploading() {
        return Error::Interrupted { left: format!("the job {} goes on in Nomad", run.job()), resume };
    }
    let left = match run.take_back().await {
        Ok(()) => format!("the job {} had only a part of its input and is stopped", run.job()),
        Err(_) => format!("the job {} has only a part of its input and will give up by itself", run.job()),
    };
    Error::Interrupted { left, resume: same_command("to start again") }
}
