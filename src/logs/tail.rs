//! One log of one task, followed to its end.

use std::time::Duration;

use futures_util::StreamExt;
use tokio::sync::{mpsc, watch};
use tokio::time::{sleep, timeout};

use super::error::Error;
use super::position::Position;
use crate::cli::exit::Exit;
use crate::error::{Advice, one_line};
use crate::http;
use crate::nomad::Nomad;
use crate::nomad::files::{LogFile, LogOrigin, LogStream};
use crate::nomad::frames::FrameDecoder;

/// Nomad sends a heartbeat every second; so many that are missing mean that nobody is at the other end.
const STALL: Duration = Duration::from_secs(10);
/// How often a log is looked for that is not there yet.
const LOOK: Duration = Duration::from_millis(500);
/// Nomad's own process may bring a task's last words a moment after its end.
const LAST_WORDS: Duration = Duration::from_millis(500);
/// How often in a row the log of a task that has ended is asked for in vain.
const TRIES: u32 = 3;
/// How long a line is thought to be when the end of a log is looked for, in bytes.
const LINE: u64 = 200;

/// One of the two logs of a task.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Log {
    /// The allocation's whole id.
    pub allocation: String,
    /// The task.
    pub task: String,
    /// Which of its streams.
    pub stream: LogStream,
}

/// Where reading begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Beginning {
    /// With the first byte that there still is.
    Start,
    /// So many lines before the end.
    LastLines(u64),
}

/// What comes out of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// The bytes that follow.
    Bytes(Vec<u8>),
    /// Nomad had removed a part before it was read.
    Lost,
    /// The node or Nomad does not answer; it is tried again.
    Away(String),
}

/// Follows a log until `ended` is true and everything is read, or nobody listens any more.
pub async fn tail(
    nomad: &Nomad,
    log: &Log,
    beginning: Beginning,
    ended: watch::Receiver<bool>,
    pieces: mpsc::Sender<(Log, Piece)>,
) -> Result<(), Error> {
    let mut tail = Tail { nomad, log, beginning, ended, pieces, position: None, is_settled: false };
    let (mut waits, mut failures) = (http::backoff(), 0);
    loop {
        let error = match tail.round().await {
            Ok(Round::Over) => return Ok(()),
            Ok(Round::Again) => {
                (waits, failures) = (http::backoff(), 0);
                continue;
            }
            Err(error) => error,
        };
        failures += 1;
        // The log of a node that is gone may never be read.
        if error.exit() == Exit::Refused || (failures >= TRIES && *tail.ended.borrow()) {
            return Err(error);
        }
        if !tail.hand_on(Piece::Away(one_line(&error))).await {
            return Ok(());
        }
        sleep(waits.next().unwrap_or(STALL)).await;
    }
}

/// A log that is being read.
struct Tail<'a> {
    nomad: &'a Nomad,
    log: &'a Log,
    beginning: Beginning,
    ended: watch::Receiver<bool>,
    pieces: mpsc::Sender<(Log, Piece)>,
    /// What was read; `None` before the beginning was found.
    position: Option<Position>,
    /// Whether there was nothing more to read a moment after the end.
    is_settled: bool,
}

/// What comes after a round.
enum Round {
    Again,
    /// Everything is read, or nobody listens.
    Over,
}

impl Tail<'_> {
    /// Looks at the files of the log, and reads from where reading ended until something breaks or the task has ended.
    async fn round(&mut self) -> Result<Round, Error> {
        // Before the look at the files, so that these are what there is in the end.
        let over = *self.ended.borrow_and_update();
        let files = self.nomad.log_files(&self.log.allocation, &self.log.task, self.log.stream).await?;
        let position = match self.position {
            Some(position) => position,
            None => self.begin(&files).await?,
        };
        let resumption = position.resume(&files);
        self.position = Some(resumption.position);
        if resumption.lost && !self.hand_on(Piece::Lost).await {
            return Ok(Round::Over);
        }
        let is_read = size(&files) <= resumption.offset;
        if over && is_read {
            if self.is_settled {
                return Ok(Round::Over);
            }
            self.is_settled = true;
            sleep(LAST_WORDS).await;
            return Ok(Round::Again);
        }
        self.is_settled = false;
        if files.is_empty() {
            self.wait_for_the_end(LOOK).await;
            return Ok(Round::Again);
        }
        self.read(resumption.offset, !over).await
    }

    /// Hands on what comes, and with `follow` what is written from now on.
    async fn read(&mut self, offset: u64, follow: bool) -> Result<Round, Error> {
        let Log { allocation, task, stream } = self.log;
        let frames = self.nomad.log_frames(allocation, task, *stream, LogOrigin::Start(offset), follow).await?;
        let mut bytes = frames.bytes_stream();
        let mut decoder = FrameDecoder::default();
        let mut nothing = true;
        loop {
            let piece = tokio::select! {
                // What is written comes before what ended.
                biased;
                piece = timeout(STALL, bytes.next()) => piece,
                _ = self.ended.changed(), if follow => return Ok(Round::Again),
            };
            let piece = match piece {
                Ok(Some(Ok(piece))) => piece,
                Ok(Some(Err(error))) => return Err(http::Error::broke_off(error).into()),
                // Nomad ended it, or says nothing any more.
                Ok(None) | Err(_) => break,
            };
            for frame in decoder.push(&piece)? {
                self.position = self.position.map(|position| position.after(&frame));
                nothing = nothing && frame.data.is_empty();
                if !frame.data.is_empty() && !self.hand_on(Piece::Bytes(frame.data)).await {
                    return Ok(Round::Over);
                }
            }
        }
        if nothing {
            self.wait_for_the_end(LOOK).await;
        }
        Ok(Round::Again)
    }

    /// The position at which reading begins.
    async fn begin(&self, files: &[LogFile]) -> Result<Position, Error> {
        let Beginning::LastLines(lines) = self.beginning else { return Ok(Position::default()) };
        let Log { allocation, task, stream } = self.log;
        let size = size(files);
        let mut wanted = lines.saturating_mul(LINE).max(LINE);
        loop {
            let from = size.saturating_sub(wanted);
            let text = self.nomad.logs(allocation, task, *stream, LogOrigin::Start(from), false).await?;
            let text = text.bytes().await.map_err(http::Error::broke_off)?;
            if let Some(skipped) = start_of_last_lines(&text, lines) {
                return Ok(Position::at(files, from + skipped));
            }
            if from == 0 {
                return Ok(Position::at(files, 0));
            }
            wanted = wanted.saturating_mul(4);
        }
    }

    /// Whether somebody still listens.
    async fn hand_on(&self, piece: Piece) -> bool {
        self.pieces.send((self.log.clone(), piece)).await.is_ok()
    }

    async fn wait_for_the_end(&mut self, at_most: Duration) {
        // What ended needs no waiting, and without a sender nothing will ever end.
        if !*self.ended.borrow() {
            let _ = timeout(at_most, self.ended.changed()).await;
        }
    }
}

fn size(files: &[LogFile]) -> u64 {
    files.iter().map(|file| file.size).sum()
}

/// How many bytes stand before the last so many lines; `None` where the text does not hold as many.
fn start_of_last_lines(text: &[u8], lines: u64) -> Option<u64> {
    if lines == 0 {
        return Some(text.len() as u64);
    }
    let ends_open = text.last().is_some_and(|last| *last != b'\n');
    let newlines = text.iter().enumerate().rev().filter(|(_, byte)| **byte == b'\n');
    let skip = usize::try_from(lines).ok()?.checked_sub(usize::from(ends_open))?;
    newlines.map(|(index, _)| index as u64 + 1).nth(skip)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_lines_begin_after_the_newline_before_them() {
        assert_eq!(start_of_last_lines(b"a\nb\nc\n", 1), Some(4));
        assert_eq!(start_of_last_lines(b"a\nb\nc\n", 2), Some(2));
        assert_eq!(start_of_last_lines(b"a\nb\nc", 1), Some(4));
        assert_eq!(start_of_last_lines(b"a\nb\nc", 2), Some(2));
        assert_eq!(start_of_last_lines(b"a\nb\nc\n", 3), None);
        assert_eq!(start_of_last_lines(b"a", 0), Some(1));
    }
}
