//! How a run begins: with a registration, or with the run of the same command that was killed.

use std::path::PathBuf;

use tracing::debug;

use super::input::LocalInput;
use crate::cli;
use crate::commands::cluster::{self, JobSummary};
use crate::commands::context::{Context, new_id};
use crate::commands::spec;
use crate::environment;
use crate::error::{Advice, Result};
use crate::event::Event;
use crate::exit::Exit;
use crate::names::RunId;
use crate::nomad::jobs::Job;
use crate::plan::{self, Input, Role, WordCount, WorkerSize};
use crate::render::JobFiles;
use crate::spec::ValidSpec;
use crate::submit::{self, RunNote};
use crate::survey::{ROLE_META, survey};
use crate::watch::Patience;

/// A run that Nomad has.
pub(super) struct Begun {
    pub(super) job: String,
    /// What goes up to the driver.
    pub(super) upload: Option<LocalInput>,
    /// Whether an earlier command began it.
    pub(super) resumed: bool,
    pub(super) note: Option<RunNote>,
}

impl Begun {
    /// A run that an earlier command began.
    pub(super) async fn resumed(job: &str, context: &Context<'_>) -> Result<Self> {
        if context.nomad.find_job(job).await?.is_some_and(|job| !may_be_a_run(&job)) {
            return Err(NoRun { job: job.to_owned(), watch: context.command(&format!("watch {job}")) }.into());
        }
        let note = notes().and_then(|folder| RunNote::of_job(&folder, job));
        Ok(Self { job: job.to_owned(), upload: None, resumed: true, note })
    }
}

/// A job to be resumed that is none of this command's.
#[derive(Debug, thiserror::Error)]
#[error("the job {job} is no run of wordcount")]
struct NoRun {
    job: String,
    watch: String,
}

impl Advice for NoRun {
    fn exit(&self) -> Exit {
        Exit::Usage
    }

    fn hint(&self) -> Option<String> {
        Some(format!("follow it with `{}`", self.watch))
    }
}

/// Whether a job may be a run: the job file of one may be the user's own.
fn may_be_a_run(job: &Job) -> bool {
    job.meta.get(ROLE_META).map_or(job.ends(), |role| role == Role::Wordcount.as_str())
}

/// The folder of notes about runs.
fn notes() -> Option<PathBuf> {
    environment::state_folder().map(|folder| folder.join("runs"))
}

/// Goes on with the run of the same command that was killed, or begins one.
pub(super) async fn begin(
    arguments: &cli::Wordcount,
    input: Option<LocalInput>,
    context: &Context<'_>,
) -> Result<Begun> {
    let (spec, files) = spec::load(&arguments.spec)?;
    let mut note = note(arguments, input.as_ref(), &spec, context)?;
    let mut id = new_id();
    if let Some(job) = note.as_ref().and_then(RunNote::job).map(str::to_owned) {
        let earlier = JobSummary::read(&context.nomad, &job).await?;
        match earlier.as_ref().map(JobSummary::verdict) {
            // It was killed before Nomad had the job, or the job is forgotten.
            None => id = spec.name.wordcount_run(&job).unwrap_or(id),
            Some(None | Some("complete")) => {
                let what = format!("an earlier command began {job} and did not see its end: this goes on with it");
                context.report.event(&Event::Step { what })?;
                return Ok(Begun { job, upload: input, resumed: true, note });
            }
            Some(Some(verdict)) => {
                let what = format!("an earlier command began {job}, which is {verdict}: this begins another one");
                context.report.event(&Event::Step { what })?;
            }
        }
    }
    if let Some(note) = &mut note {
        // Before Nomad has it: whoever repeats the command then knows its name.
        if let Err(error) = note.write(&spec.name.wordcount_job(&id)) {
            warn_without_note(&error, context)?;
        }
    }
    let job = submit(arguments, id, (spec, files), input.as_ref().map(|input| input.bytes), context).await;
    match job {
        Ok(job) => Ok(Begun { job, upload: input, resumed: false, note }),
        Err(error) => {
            // A registration that was not answered may have come to pass.
            if let Some(note) = note.filter(|_| error.exit() != Exit::Failed) {
                note.remove().unwrap_or_else(|error| debug!(%error, "the note of the run stays"));
            }
            Err(error)
        }
    }
}

/// Claims the note of this command. Without one the run works too; only a killed command could not be repeated.
fn note(
    arguments: &cli::Wordcount,
    input: Option<&LocalInput>,
    spec: &ValidSpec,
    context: &Context<'_>,
) -> Result<Option<RunNote>> {
    let Some(folder) = notes() else { return Ok(None) };
    let command = (
        context.command(&format!("wordcount at {}", context.nomad.address())),
        format!("{spec:?} {:?}", arguments.spec.jobs),
        &arguments.input,
        arguments.top,
        input.map(LocalInput::identity),
    );
    match RunNote::claim(&folder, &command) {
        Ok(note) => Ok(Some(note)),
        Err(error) => {
            warn_without_note(&error, context)?;
            Ok(None)
        }
    }
}

fn warn_without_note(error: &std::io::Error, context: &Context<'_>) -> Result<()> {
    let what = format!(
        "this run cannot be noted in nomspark's state folder, so that a repeated command starts another: {error}"
    );
    Ok(context.report.event(&Event::Warning { what })?)
}

/// Plans and registers the job; gives its id. `upload` is the size of a local input, in bytes.
async fn submit(
    arguments: &cli::Wordcount,
    id: RunId,
    (mut spec, files): (ValidSpec, JobFiles),
    upload: Option<u64>,
    context: &Context<'_>,
) -> Result<String> {
    let leader = cluster::leader_after_takeover(&spec.name, arguments.timeout, context).await?;
    let address = cluster::floating_address(&context.nomad, &spec.name).await?;
    cluster::inherit_runtime(&context.nomad, &mut spec).await?;
    let survey = survey(&context.nomad, &context.consul, &[], None).await?;
    let run = WordCount {
        id,
        input: upload.map_or_else(|| Input::Uri(arguments.input.clone().unwrap_or_default()), Input::Upload),
        top: arguments.top,
        wait_for_capacity: arguments.patience.wait_for_capacity,
        workers: leader.alive_workers().map(WorkerSize::from).collect(),
        master: leader.url,
        address,
    };
    let plan = plan::wordcount(&spec, &survey, &run)?;
    let mut registered = String::new();
    for job in submit::prepare(&context.nomad, &plan, &files).await? {
        registered.clone_from(&job.planned.id);
        Patience::from(arguments.patience).refuse_unplaced(&registered, job.unplaced_reason())?;
        submit::register(&context.nomad, &job).await?;
        context.report.event(&Event::JobRegistered { job: registered.clone(), version: 0 })?;
    }
    Ok(registered)
}
