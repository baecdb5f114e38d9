//! `nomspark wordcount`: run the batch, wait for its verdict, bring the result back.

mod failure;
mod input;
mod result;
mod run;

use tokio::time::timeout;

use self::failure::Unfinished;
use self::result::{Outcome, OutputFile};
use self::run::Run;
use super::cluster;
use super::context::{Context, new_id, same_command};
use super::spec;
use crate::cli::exit::Exit;
use crate::cli::{self, interrupt};
use crate::error::Result;
use crate::plan::{self, Input, WordCount};
use crate::report::Event;
use crate::submit;
use crate::survey::survey;
use crate::watch::{Error, Patience, failed_verdict};

/// Runs the command.
pub(super) async fn run(arguments: &cli::Wordcount, context: &Context<'_>) -> Result<Exit> {
    // Bad paths are told before anything is submitted.
    let input = arguments.input.as_deref().map(input::open).transpose()?.flatten();
    let output = arguments.output.as_deref().map(OutputFile::create).transpose()?;
    let (job, upload) = match &arguments.resume {
        Some(job) => (job.clone(), None),
        None => (submit(arguments, input.as_ref().map(|input| input.bytes), context).await?, input),
    };

    let mut run = Run::new(context, job.clone(), upload, arguments.resume.is_some(), arguments.patience.into());
    let resume = format!("`{}` goes on", context.command(&format!("wordcount --resume {job}")));
    let finished = timeout(arguments.timeout, run.verdict());
    let verdict = tokio::select! {
        finished = finished => match finished {
            Ok(Ok(verdict)) => verdict,
            Ok(Err(error)) => return Err(Unfinished::new("failed", &run, error).into()),
            Err(_) => {
                let condition = run.condition();
                let error = Error::TimedOut { condition, after: arguments.timeout, resume };
                return Err(Unfinished::new("timeout", &run, error.into()).into());
            }
        },
        () = interrupt::interrupted() => return Err(interrupted(&run, context, resume).await.into()),
    };
    if let Err(error) = failed_verdict(&context.nomad, &job, verdict).await {
        return Err(Unfinished::new("failed", &run, error.into()).into());
    }
    let outcome = Outcome::fetch(&run, arguments.top, output, context).await?;
    context.report.result(&outcome, || outcome.text())?;
    Ok(Exit::Done)
}

/// Plans and registers the job; gives its id. `upload` is the size of a local input, in bytes.
async fn submit(arguments: &cli::Wordcount, upload: Option<u64>, context: &Context<'_>) -> Result<String> {
    let (mut spec, files) = spec::load(&arguments.spec)?;
    let leader = cluster::leader(&context.nomad, &spec.name).await?;
    let address = cluster::floating_address(&context.nomad, &spec.name).await?;
    cluster::inherit_runtime(&context.nomad, &mut spec).await?;
    let survey = survey(&context.nomad, &context.consul, &[], None).await?;
    let run = WordCount {
        id: new_id(),
        input: upload.map_or_else(|| Input::Uri(arguments.input.clone().unwrap_or_default()), Input::Upload),
        top: arguments.top,
        smallest_worker: leader.alive_workers().map(|worker| worker.memory).min().unwrap_or(0),
        master: leader.url,
        address,
    };
    let plan = plan::wordcount(&spec, &survey, &run)?;
    let mut registered = String::new();
    for job in submit::prepare(&context.nomad, &plan, &files).await? {
        registered.clone_from(&job.planned.id);
        Patience::from(arguments.patience).refuse_unplaced(&registered, job.effect.unplaced())?;
        submit::register(&context.nomad, &job).await?;
        context.report.event(&Event::JobRegistered { job: registered.clone(), version: 0 })?;
    }
    Ok(registered)
}

/// A run whose input is still on its way cannot go on alone: it is stopped. Any other goes on.
async fn interrupted(run: &Run<'_>, context: &Context<'_>, resume: String) -> Error {
    if !run.is_uploading() {
        return Error::Interrupted { left: format!("the job {} goes on in Nomad", run.job()), resume };
    }
    let left = match context.nomad.stop_job(run.job(), false).await {
        Ok(()) => format!("the job {} had only a part of its input and is stopped", run.job()),
        Err(_) => format!("the job {} has only a part of its input and will give up by itself", run.job()),
    };
    Error::Interrupted { left, resume: same_command("to start again") }
}
