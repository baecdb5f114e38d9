//! The logs that are being read: one reader for each, whose pieces are printed as they come.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::SystemTime;

use regex::bytes::Regex;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use super::super::context::Context;
use super::no_log::NoLog;
use super::output::{Output, Wanted};
use crate::cli;
use crate::error::{Advice, Result};
use crate::exit::Exit;
use crate::logs::{self, Beginning, Log, Pace, Piece, Pieces, Since, Until, tail};

/// How many pieces may wait for a slow terminal.
const QUEUE: usize = 8;

/// The logs that are being read.
pub(super) struct Reading<'a> {
    context: &'a Context<'a>,
    follow: bool,
    beginning: Beginning,
    /// How many lines of what stands there are printed, where these have to be chosen among all.
    last: Option<usize>,
    /// Whether the logs that are there at first are known: others are read from their start.
    has_begun: bool,
    /// Each log, with what tells its reader when it is at its end.
    logs: BTreeMap<Log, watch::Sender<Until>>,
    readers: JoinSet<(Log, Result<(), logs::Error>)>,
    pace: Arc<Pace>,
    sender: Pieces,
    pieces: mpsc::Receiver<(Log, Piece)>,
    output: Output<'a>,
    /// Why a log could not be read to its end.
    unreadable: Option<logs::Error>,
}

impl<'a> Reading<'a> {
    pub(super) fn new(context: &'a Context<'a>, arguments: &cli::Logs) -> Result<Self> {
        let (sender, pieces) = mpsc::channel(QUEUE);
        let pattern = arguments.grep.as_deref().map(pattern).transpose()?;
        let since = arguments.since.map(|moment| Since::new(moment, SystemTime::now()));
        // The last lines that match, or are new enough, can be told only when all are known.
        let chooses = pattern.is_some() || since.is_some();
        let beginning = match arguments.tail {
            Some(lines) if !chooses => Beginning::LastLines(lines),
            _ => Beginning::Start,
        };
        let last = arguments.tail.filter(|_| chooses).map(|lines| usize::try_from(lines).unwrap_or(usize::MAX));
        Ok(Self {
            context,
            follow: arguments.follow,
            beginning,
            last,
            has_begun: false,
            logs: BTreeMap::new(),
            readers: JoinSet::new(),
            pace: Arc::default(),
            sender,
            pieces,
            output: Output::new(context.report, Wanted { since, pattern }, arguments.follow),
            unreadable: None,
        })
    }

    pub(super) fn context(&self) -> &'a Context<'a> {
        self.context
    }

    pub(super) fn follows(&self) -> bool {
        self.follow
    }

    /// Puts a name before each line, where several tasks may write.
    pub(super) fn name_lines(&mut self, several: bool) {
        self.output.name_lines(several);
    }

    /// Begins to read the logs that are not read yet; all of them are read until then.
    pub(super) fn read(&mut self, logs: BTreeSet<Log>, until: Until) {
        for log in logs {
            if let Some(reader) = self.logs.get(&log) {
                reader.send_if_modified(|known| std::mem::replace(known, until) != until);
                continue;
            }
            // What comes later is new as a whole.
            let (beginning, last) = if self.has_begun { (Beginning::Start, None) } else { (self.beginning, self.last) };
            let (sender, until) = watch::channel(until);
            self.logs.insert(log.clone(), sender);
            self.output.expect(&log, last);
            let (nomad, pace, pieces) = (self.context.nomad.clone(), Arc::clone(&self.pace), self.sender.clone());
            self.readers.spawn(async move {
                let read = tail(&nomad, &log, beginning, until, &pace, pieces).await;
                (log, read)
            });
        }
    }

    /// The logs that are there at first are known.
    pub(super) fn has_begun(&mut self) {
        self.has_begun = true;
    }

    pub(super) fn is_empty(&self) -> bool {
        self.logs.is_empty()
    }

    /// Waits for the next piece, or for the end of a reader, and prints it.
    pub(super) async fn next(&mut self) -> Result<()> {
        tokio::select! {
            biased;
            Some((log, piece)) = self.pieces.recv() => self.output.piece(&log, piece)?,
            Some(Ok((log, read))) = self.readers.join_next() => if let Err(error) = read {
                if error.exit() == Exit::Refused {
                    return Err(error.into());
                }
                // The others can be read all the same.
                self.output.unreadable(&log, &error)?;
                self.unreadable.get_or_insert(error);
            },
        }
        Ok(())
    }

    /// Prints all that is still to come: nothing more begins.
    pub(super) async fn finish(mut self) -> Result<()> {
        for reader in self.logs.values() {
            reader.send_if_modified(|until| {
                let is_open = *until == Until::Open;
                if is_open {
                    *until = Until::TaskEnded;
                }
                is_open
            });
        }
        while !(self.readers.is_empty() && self.pieces.is_empty()) {
            self.next().await?;
        }
        self.output.finish()?;
        self.unreadable.map_or(Ok(()), |error| Err(error.into()))
    }
}

fn pattern(text: &str) -> Result<Regex, NoLog> {
    Regex::new(text).map_err(|error| {
        // The lines before the last draw where it is, with spaces.
        let told = error.to_string();
        let reason = told.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
        NoLog::Pattern { pattern: text.to_owned(), reason }
    })
}
