//! One run, from its registration to its verdict; the input goes up as soon as the driver runs.

use std::future::Future;
use std::pin::Pin;
use std::time::{Duration, Instant};

use serde::Serialize;

use super::input::LocalInput;
use crate::commands::context::Context;
use crate::error::{Error, Result};
use crate::event::Event;
use crate::exit::Exit;
use crate::http;
use crate::nomad::allocations::Allocation;
use crate::submit::{UploadError, upload};
use crate::watch::{ApplicationWatcher, History, JobState, Patience, Sight, Verdict, Watcher};

/// How long a driver whose upload broke may take to tell why, before the broken upload itself is told.
const DRIVER_TELLS: Duration = Duration::from_secs(10);

type Upload = Pin<Box<dyn Future<Output = Result<(), UploadError>> + Send>>;

/// A run that is followed.
pub(super) struct Run<'a> {
    context: &'a Context<'a>,
    job: String,
    watcher: Watcher,
    application: ApplicationWatcher,
    input: Option<LocalInput>,
    uploading: Option<(Upload, u64, Instant)>,
    resumed: bool,
    patience: Patience,
    /// Whether this command stopped it again.
    taken_back: bool,
    /// Whether nobody will ever read its result.
    result_is_gone: bool,
}

/// When the run reached its stages, in milliseconds after its registration, by Nomad's clocks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[expect(clippy::struct_field_names, reason = "scripts rely on these names")]
pub(super) struct Stages {
    pub(super) placed_ms: Option<u64>,
    pub(super) started_ms: Option<u64>,
    pub(super) finished_ms: Option<u64>,
}

impl<'a> Run<'a> {
    /// Follows the job; `input` goes up to its driver. A resumed run was started by an earlier command.
    pub(super) fn new(
        context: &'a Context<'a>,
        job: String,
        input: Option<LocalInput>,
        resumed: bool,
        patience: Patience,
    ) -> Self {
        let watcher = Watcher::start(&context.nomad, std::slice::from_ref(&job), History::Tell);
        let application = ApplicationWatcher::new(&context.nomad);
        Self {
            context,
            job,
            watcher,
            application,
            input,
            uploading: None,
            resumed,
            patience,
            taken_back: false,
            result_is_gone: false,
        }
    }

    /// Whether somebody else started the run.
    pub(super) fn is_resumed(&self) -> bool {
        self.resumed
    }

    pub(super) fn job(&self) -> &str {
        &self.job
    }

    /// Milliseconds since the command began.
    pub(super) fn elapsed_ms(&self) -> u64 {
        self.context.report.elapsed_ms()
    }

    /// Whether the driver does not have its whole input yet.
    pub(super) fn is_uploading(&self) -> bool {
        self.input.is_some() || self.uploading.is_some()
    }

    /// Whether it will never have a result.
    pub(super) fn is_lost(&self) -> bool {
        let verdict = self.state().and_then(JobState::verdict);
        self.taken_back || self.result_is_gone || verdict.is_some_and(|verdict| verdict != Verdict::Complete)
    }

    /// Stops it: nothing is left half done.
    pub(super) async fn take_back(&mut self) -> Result<(), http::Error> {
        self.context.nomad.stop_job(&self.job, false).await?;
        self.taken_back = true;
        Ok(())
    }

    /// Its result is gone: whoever repeats the command needs another run.
    pub(super) fn lose_result(&mut self) {
        self.result_is_gone = true;
    }

    /// What it came to, in a word; `None` while it goes on.
    pub(super) fn judged(&self) -> Option<&'static str> {
        let verdict = self.state().and_then(JobState::verdict).map(|verdict| verdict.word());
        verdict.or(self.taken_back.then_some("stopped"))
    }

    /// The same, where the wait for it ended with an error that may tell more.
    pub(super) fn verdict_after(&self, error: &Error) -> Option<&'static str> {
        match error.exit() {
            Exit::WorkFailed | Exit::Unplaceable => Some("failed"),
            _ => self.judged(),
        }
    }

    /// What is waited for, in words.
    pub(super) fn condition(&self) -> String {
        match (self.allocation(), self.is_uploading()) {
            _ if self.judged().is_some() => format!("the result of {} to arrive", self.job),
            (None, _) => format!("the job {} to be placed", self.job),
            (Some(_), true) => "the input to reach the driver".to_owned(),
            (Some(_), false) => format!("the driver of {} to end", self.job),
        }
    }

    /// The allocation that decides.
    pub(super) fn allocation(&self) -> Option<&Allocation> {
        self.state()?.current_allocations().into_iter().next()
    }

    fn state(&self) -> Option<&JobState> {
        self.watcher.state(&self.job)
    }

    /// Waits for the verdict; sends the input meanwhile.
    pub(super) async fn verdict(&mut self) -> Result<Verdict> {
        loop {
            tokio::select! {
                changed = self.watcher.changed(self.context.observer) => changed?,
                sight = self.application.next() => self.seen(sight).await?,
                (uploaded, bytes, started) = finished(&mut self.uploading) => {
                    self.uploading = None;
                    match uploaded {
                        Ok(()) => {
                            let milliseconds = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
                            self.context.report.event(&Event::UploadFinished { bytes, milliseconds })?;
                        }
                        Err(error) => return self.verdict_or(error).await,
                    }
                }
            }
            if let Some(verdict) = self.decided().await? {
                return Ok(verdict);
            }
            self.begin_upload()?;
            if let Some(state) = self.watcher.state(&self.job) {
                self.application.begin(state);
            }
        }
    }

    /// Tells what Spark says of the application; one that can never run is taken back.
    async fn seen(&mut self, sight: Sight) -> Result<()> {
        let refused = match sight {
            Sight::News(event) => return Ok(self.context.report.event(&event)?),
            Sight::Hopeless(reason) => self.patience.refuse_hopeless(&self.job, reason),
            Sight::Ending(failure) => self.patience.refuse_ending(&self.job, *failure),
        };
        if let Err(error) = refused {
            self.take_back().await?;
            return Err(error.into());
        }
        Ok(())
    }

    /// The verdict, if there is one; a job that cannot be placed is taken back.
    async fn decided(&mut self) -> Result<Option<Verdict>> {
        let Some(state) = self.state() else { return Ok(None) };
        if let Some(verdict) = state.verdict() {
            return Ok(Some(verdict));
        }
        if let Err(error) = self.patience.refuse_unplaced(&state.id, state.unplaced_reason()) {
            self.take_back().await?;
            return Err(error.into());
        }
        self.patience.refuse_crash_loops(self.context.evidence(), state, Exit::WorkFailed).await?;
        Ok(None)
    }

    fn begin_upload(&mut self) -> Result<()> {
        let runs = |allocation: &&Allocation| {
            allocation.task_states.values().any(|task| task.state == "running" && task.started_at.is_some())
        };
        let Some(allocation) = self.allocation().filter(runs).map(|allocation| allocation.id.clone()) else {
            return Ok(());
        };
        if let Some(input) = self.input.take() {
            self.context.report.event(&Event::UploadStarted { bytes: input.bytes })?;
            let nomad = self.context.nomad.clone();
            let file = tokio::fs::File::from_std(input.file);
            let upload = async move { upload(&nomad, &allocation, "driver", file, input.bytes).await };
            self.uploading = Some((Box::pin(upload), input.bytes, Instant::now()));
        }
        Ok(())
    }

    /// The upload broke: most often because the driver ended, which says more.
    async fn verdict_or(&mut self, error: UploadError) -> Result<Verdict> {
        let told = async {
            loop {
                if let Some(verdict) = self.decided().await? {
                    return Ok(verdict);
                }
                self.watcher.changed(self.context.observer).await?;
            }
        };
        match tokio::time::timeout(DRIVER_TELLS, told).await {
            Ok(verdict) => verdict,
            Err(_) => {
                // Without its input the run is lost.
                self.take_back().await?;
                Err(error.into())
            }
        }
    }

    /// When the run reached its stages.
    pub(super) fn stages(&self) -> Stages {
        let submitted = self.state().and_then(|state| state.job.as_ref()).map(|job| job.submit_time);
        let (Some(submitted), Some(allocation)) = (submitted, self.allocation()) else {
            return Stages::default();
        };
        let after = |nanoseconds: i64| u64::try_from((nanoseconds - submitted) / 1_000_000).ok();
        let time = |text: &Option<String>| {
            let time = humantime::parse_rfc3339(text.as_deref()?).ok()?;
            let since_1970 = time.duration_since(std::time::UNIX_EPOCH).ok()?;
            after(i64::try_from(since_1970.as_nanos()).ok()?)
        };
        let task = allocation.task_states.get("driver");
        Stages {
            placed_ms: after(allocation.create_time),
            started_ms: task.and_then(|task| time(&task.started_at)),
            finished_ms: task.and_then(|task| time(&task.finished_at)),
        }
    }

    /// The exit code of the driver, once it has ended.
    pub(super) fn exit_code(&self) -> Option<i64> {
        let events = &self.allocation()?.task_states.get("driver")?.events;
        events.iter().rev().find(|event| event.kind == "Terminated").map(|event| event.exit_code)
    }
}

/// Waits for the upload that is under way, or for ever when there is none.
async fn finished(uploading: &mut Option<(Upload, u64, Instant)>) -> (Result<(), UploadError>, u64, Instant) {
    match uploading {
        Some((upload, bytes, started)) => (upload.as_mut().await, *bytes, *started),
        None => std::future::pending().await,
    }
}
