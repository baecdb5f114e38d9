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
use self::result::{Outcome, OutputFile, ResultError};
use self::run::Run;
use super::amended::{resumable, with_resume};
use super::context::{Context, quote, same_command};
use crate::cli;
use crate::error::Result;
use crate::exit::Exit;
use crate::interrupt;
use crate::watch::{Error, failed_verdict};

/// Runs the command.
pub(super) async fn run(arguments: &cli::Wordcount, context: &Context<'_>) -> Result<Exit> {
    // Bad paths are told before anything is submitted.
    let input = arguments.input.as_deref().map(input::open).transpose()?.flatten();
    let output = arguments.output.as_deref().map(OutputFile::create).transpose()?;
    context.begin(arguments.record.as_deref())?;
    let begun = match &arguments.resume {
        Some(job) => Begun::resumed(job, context).await?,
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
    let mut resume = format!("wordcount --resume {}", run.job());
    if let Some(output) = &arguments.output {
        resume.push_str(&format!(" --output {}", quote(&output.to_string_lossy())));
    }
    if arguments.top != cli::WORDS_SHOWN {
        resume.push_str(&format!(" --top {}", arguments.top));
    }
    let resume = format!("`{}` goes on", context.command(&resume));
    let finished = timeout(arguments.timeout, outcome(arguments.top, run, output, &resume, context));
    tokio::select! {
        finished = finished => match finished {
            Ok(Ok(outcome)) => {
                context.report.result(&outcome, || outcome.text(context.report.scope()))?;
                Ok(Exit::Done)
            }
            Ok(Err(error)) => Err(unfinished(run.verdict_after(&error), run, error)),
            Err(_) => {
                let error = Error::TimedOut { condition: run.condition(), after: arguments.timeout, resume };
                Err(unfinished(Some("timeout"), run, error.into()))
            }
        },
        () = interrupt::interrupted() => {
            let error = interrupted(run, resume).await.into();
            Err(unfinished(run.judged(), run, error))
        }
    }
}

/// Waits for the verdict, and reads what a complete run counted.
async fn outcome(
    top: u32,
    run: &mut Run<'_>,
    output: Option<OutputFile>,
    resume: &str,
    context: &Context<'_>,
) -> Result<Outcome> {
    let verdict = run.verdict().await.map_err(|error| resumable(error, resume))?;
    failed_verdict(context.evidence(), run.job(), verdict).await?;
    match Outcome::fetch(run, top, output, context).await {
        Err(error) if error.is_final() => {
            run.lose_result();
            Err(error.into())
        }
        fetched => fetched.map_err(|error: ResultError| with_resume(error.into(), resume)),
    }
}

/// A run whose input is still on its way cannot go on alone: it is stopped. Any other goes on.
async fn interrupted(run: &mut Run<'_>, resume: String) -> Error {
    if run.judged().is_some() {
        return Error::Interrupted {
            left: format!("the job {} has ended, and its result is not fetched", run.job()),
            resume,
        };
    }
    if !run.is_uploading() {
        return Error::Interrupted { left: format!("the job {} goes on in Nomad", run.job()), resume };
    }
    let left = match run.take_back().await {
        Ok(()) => format!("the job {} had only a part of its input and is stopped", run.job()),
        Err(_) => format!("the job {} has only a part of its input and will give up by itself", run.job()),
    };
    Error::Interrupted { left, resume: same_command("to start again") }
}
