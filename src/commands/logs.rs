//! `nomspark logs`: what a job's tasks write.

mod output;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use regex::bytes::Regex;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::sleep;

use self::output::{Output, Wanted};
use super::context::Context;
use super::watch::newest_child;
use crate::cli;
use crate::cli::exit::Exit;
use crate::error::{Advice, Result};
use crate::logs::{self, Beginning, Log, Piece, Selection, Since, tail};
use crate::nomad::allocations::Allocation;
use crate::nomad::files::LogStream;
use crate::report::Event;
use crate::watch::{Error, History, JobState, Watcher};

/// How many pieces may wait for a slow terminal.
const QUEUE: usize = 16;

/// A number of lines that fits into memory.
fn line_count(lines: u64) -> usize {
    usize::try_from(lines).unwrap_or(usize::MAX)
}

/// How often a job that only starts others is asked whether it has started one.
const CHILDREN: Duration = Duration::from_secs(1);

/// Why there is no log to show.
#[derive(Debug, thiserror::Error)]
enum NoLog {
    #[error("the job {0} has no allocation yet")]
    NoAllocation(String),
    #[error("no allocation of {job} begins with {prefix}")]
    NoSuchAllocation { job: String, prefix: String },
    #[error("no task of the job {0} has started yet")]
    NotStarted(String),
    #[error("no allocation of {job} has a task {task}; there are: {tasks}")]
    NoSuchTask { job: String, task: String, tasks: String },
    #[error("--grep {pattern} is no regular expression")]
    Pattern { pattern: String, source: regex::Error },
}

impl Advice for NoLog {
    fn exit(&self) -> Exit {
        if matches!(self, Self::Pattern { .. }) { Exit::Usage } else { Exit::Failed }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::NoAllocation(_) | Self::NotStarted(_) => Some("add -f to wait for it".to_owned()),
            Self::NoSuchAllocation { job, .. } => Some(format!("`nomad job allocs {job}` lists them")),
            Self::NoSuchTask { .. } => None,
            Self::Pattern { .. } => Some("put a backslash before characters that mean something else there".to_owned()),
        }
    }
}

/// Runs the command.
pub(super) async fn run(arguments: &cli::Logs, context: &Context<'_>) -> Result<Exit> {
    let pattern = arguments.grep.as_deref().map(pattern).transpose()?;
    let selection = selection(arguments);
    let job = resolve(&find_job(arguments, context).await?, arguments.follow, context).await?;
    let mut watcher = Watcher::start(&context.nomad, std::slice::from_ref(&job), History::Skip);
    watcher.listed(context.report).await?;
    let mut reading = Reading::new(context, arguments, &job, pattern);
    loop {
        let state = watcher.state(&job);
        let ended = state.is_none_or(|state| has_ended(&selection, state));
        if let Some(state) = state {
            reading.output.name_lines(selection.is_of_several(state));
            reading.begin(selection.logs(state), !arguments.follow);
            reading.end(state, ended || !arguments.follow);
            let waits = arguments.follow && !ended;
            if reading.is_empty() && !waits {
                return Err(why_nothing(&selection, state, job).into());
            }
        }
        if (ended || !arguments.follow) && reading.is_done() {
            reading.finish()?;
            return Ok(Exit::Done);
        }
        tokio::select! {
            // What is written comes before what ended.
            biased;
            piece = reading.next() => piece?,
            changed = watcher.changed(context.report), if arguments.follow && !ended => changed?,
        }
    }
}

fn pattern(text: &str) -> Result<Regex, NoLog> {
    Regex::new(text).map_err(|source| NoLog::Pattern { pattern: text.to_owned(), source })
}

fn selection(arguments: &cli::Logs) -> Selection {
    let mut streams = BTreeSet::from([LogStream::Stdout, LogStream::Stderr]);
    if arguments.stdout {
        streams.remove(&LogStream::Stderr);
    }
    if arguments.stderr {
        streams.remove(&LogStream::Stdout);
    }
    Selection { allocation: arguments.alloc.clone(), task: arguments.task.clone(), streams }
}

/// The job of that id, or the job of the cluster whose id ends so; where both are there, it is reported which one is read.
async fn find_job(arguments: &cli::Logs, context: &Context<'_>) -> Result<String> {
    let (id, of_cluster) = (arguments.job.clone(), format!("{}-{}", arguments.name, arguments.job));
    let (own, clusters) = tokio::try_join!(context.nomad.find_job(&id), context.nomad.find_job(&of_cluster))?;
    match (own, clusters) {
        (Some(_), Some(_)) => {
            let what = format!(
                "Nomad has a job {id} of that very name, which is read: `logs {of_cluster}` reads the cluster's"
            );
            context.report.event(&Event::Warning { what })?;
            Ok(id)
        }
        (Some(_), None) => Ok(id),
        (None, Some(_)) => Ok(of_cluster),
        (None, None) => Err(Error::NoJob { job: id }.into()),
    }
}

/// The job whose tasks write: of one that only starts others the newest of these, which `follow` waits for.
async fn resolve(id: &str, follow: bool, context: &Context<'_>) -> Result<String> {
    let mut id = id.to_owned();
    loop {
        let Some(parent) = context.nomad.find_job(&id).await?.filter(|job| job.starts_others() && !job.stop) else {
            return Ok(id);
        };
        while follow && context.nomad.children(&id).await?.is_empty() {
            sleep(CHILDREN).await;
        }
        id = newest_child(&parent, context).await?;
    }
}

/// Whether nothing more will be written: the allocations that were named have ended, or the job has.
fn has_ended(selection: &Selection, state: &JobState) -> bool {
    let named = selection.allocation.is_some();
    let allocations = selection.allocations(state);
    (named && allocations.into_iter().all(Allocation::is_terminal)) || state.verdict().is_some()
}

fn why_nothing(selection: &Selection, state: &JobState, job: String) -> NoLog {
    let allocations = selection.allocations(state);
    if let Some(prefix) = selection.allocation.clone().filter(|_| allocations.is_empty()) {
        return NoLog::NoSuchAllocation { job, prefix };
    }
    let tasks: BTreeSet<&str> =
        allocations.iter().flat_map(|allocation| allocation.task_states.keys()).map(String::as_str).collect();
    match &selection.task {
        Some(task) if !tasks.is_empty() && !tasks.contains(task.as_str()) => {
            let tasks = tasks.into_iter().collect::<Vec<_>>().join(", ");
            NoLog::NoSuchTask { job, task: task.clone(), tasks }
        }
        _ if allocations.is_empty() => NoLog::NoAllocation(job),
        _ => NoLog::NotStarted(job),
    }
}

/// The logs that are being read.
struct Reading<'a> {
    context: &'a Context<'a>,
    beginning: Beginning,
    /// Each log, with what tells its reader that nothing more will be written.
    logs: BTreeMap<Log, watch::Sender<bool>>,
    readers: JoinSet<Result<(), logs::Error>>,
    sender: mpsc::Sender<(Log, Piece)>,
    pieces: mpsc::Receiver<(Log, Piece)>,
    output: Output<'a>,
}

impl<'a> Reading<'a> {
    fn new(context: &'a Context<'a>, arguments: &cli::Logs, job: &str, pattern: Option<Regex>) -> Self {
        let (sender, pieces) = mpsc::channel(QUEUE);
        // The last lines that match can be told only when all are known.
        let last = arguments.tail.filter(|_| pattern.is_some() && !arguments.follow);
        let beginning = match (last, arguments.tail) {
            (None, Some(lines)) => Beginning::LastLines(lines),
            _ => Beginning::Start,
        };
        let wanted = Wanted { since: arguments.since.map(Since::new), pattern, last: last.map(line_count) };
        let output = Output::new(context.report, job, wanted);
        Self { context, beginning, logs: BTreeMap::new(), readers: JoinSet::new(), sender, pieces, output }
    }

    /// Begins to read the logs that are not read yet.
    fn begin(&mut self, logs: BTreeSet<Log>, over: bool) {
        for log in logs {
            if self.logs.contains_key(&log) {
                continue;
            }
            let (sender, ended) = watch::channel(over);
            self.logs.insert(log.clone(), sender);
            self.output.expect(self.logs.keys());
            let (nomad, beginning, pieces) = (self.context.nomad.clone(), self.beginning, self.sender.clone());
            self.readers.spawn(async move { tail(&nomad, &log, beginning, ended, pieces).await });
        }
    }

    /// Tells the readers of allocations that have ended that nothing more will be written.
    fn end(&self, state: &JobState, all: bool) {
        for (log, ended) in &self.logs {
            if all || state.allocations.get(&log.allocation).is_none_or(Allocation::is_terminal) {
                ended.send_if_modified(|ended| !std::mem::replace(ended, true));
            }
        }
    }

    fn is_empty(&self) -> bool {
        self.logs.is_empty()
    }

    fn is_done(&self) -> bool {
        self.readers.is_empty() && self.pieces.is_empty()
    }

    /// Waits for the next piece, or for the end of a reader, and prints it.
    async fn next(&mut self) -> Result<()> {
        tokio::select! {
            biased;
            Some((log, piece)) = self.pieces.recv() => self.output.piece(&log, piece)?,
            Some(Ok(read)) = self.readers.join_next() => read?,
        }
        Ok(())
    }

    fn finish(&mut self) -> Result<()> {
        Ok(self.output.finish()?)
    }
}
