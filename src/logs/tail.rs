//! One log of one task, followed to its end.
//!
//! The log's files are listed, and what is new in them is read with one short request after the other: no connection is held
//! open for a log, however many there are.

use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::time::{sleep, timeout};

use super::error::Error;
use super::last_lines::last_lines;
use super::pace::{Pace, Reader};
use super::position::{Loss, Position, Step};
use crate::error::{Advice, one_line};
use crate::exit::Exit;
use crate::http;
use crate::nomad::Nomad;
use crate::nomad::files::{LogFile, LogStream};

/// Nomad's own process may bring a task's last words a moment after its end.
const LAST_WORDS: Duration = Duration::from_millis(250);
/// How often in a row there is nothing new in the log of a task that has ended, until it is believed to be whole.
const SETTLED: u32 = 2;
/// How often in a row the log of a task that has ended is asked for in vain.
const TRIES: u32 = 3;
/// The longest wait after a failure, should there be no other.
const AFTER_FAILURE: Duration = Duration::from_secs(5);
/// How much is read at once, in bytes.
const PIECE: u64 = 1024 * 1024;

/// One of the two logs of a task.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Log {
    /// The job's id.
    pub job: String,
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

/// When a log is at its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    /// Not yet: the task may write.
    Open,
    /// When everything is read, for the task has ended.
    TaskEnded,
    /// When what stood there at the first look is read.
    Now,
}

/// What comes out of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// The bytes that follow.
    Bytes(Vec<u8>),
    /// Everything that stood there is read; what follows is written from now on.
    Standing,
    /// Nomad had removed a part before it was read.
    Lost(Loss),
    /// Nomad has removed the whole log, with what was written after the last look.
    Removed,
    /// The node or Nomad does not answer; it is tried again.
    Away(String),
    /// They answer again, and nothing was missed.
    Back,
}

/// Where the pieces of a log go.
pub type Pieces = mpsc::Sender<(Log, Piece)>;

/// Reads a log until `until` says so, or nobody listens any more.
pub async fn tail(
    nomad: &Nomad,
    log: &Log,
    beginning: Beginning,
    until: watch::Receiver<Until>,
    pace: &Pace,
    pieces: Pieces,
) -> Result<(), Error> {
    let mut tail = Tail {
        nomad,
        log,
        beginning,
        until,
        reader: pace.reader(),
        pieces,
        position: None,
        longest: 0,
        stands: false,
        silent: 0,
        settled: 0,
    };
    let (mut waits, mut failures) = (http::backoff(), 0);
    loop {
        let error = match tail.round().await {
            Ok(round) => {
                let listens = failures == 0 || tail.hand_on(Piece::Back).await;
                if round == Round::Over || !listens {
                    return Ok(());
                }
                (waits, failures) = (http::backoff(), 0);
                continue;
            }
            Err(error) => error,
        };
        // Others give their connections back; nothing is lost meanwhile.
        if !error.is_crowded() {
            failures += 1;
            // The log of a node that is gone may never be read.
            let is_over = *tail.until.borrow() != Until::Open;
            if error.exit() == Exit::Refused || (failures >= TRIES && is_over) {
                return Err(error);
            }
            if !tail.hand_on(Piece::Away(one_line(&error))).await {
                return Ok(());
            }
        }
        sleep(waits.next().unwrap_or(AFTER_FAILURE)).await;
    }
}

/// A log that is being read.
struct Tail<'a> {
    nomad: &'a Nomad,
    log: &'a Log,
    beginning: Beginning,
    until: watch::Receiver<Until>,
    reader: Reader<'a>,
    pieces: Pieces,
    /// What was read; `None` before the beginning was found.
    position: Option<Position>,
    /// The longest file that was ever seen, in bytes.
    longest: u64,
    /// Whether everything was read once.
    stands: bool,
    /// How often in a row there was nothing new.
    silent: u32,
    /// The same since the task ended.
    settled: u32,
}

/// What comes after a round.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Round {
    Again,
    /// Everything is read, or nobody listens.
    Over,
}

impl Tail<'_> {
    /// Looks at the files of the log, and reads what is new in them.
    async fn round(&mut self) -> Result<Round, Error> {
        // Before the look at the files, so that these are what there is in the end.
        let until = *self.until.borrow_and_update();
        let files = self.list().await?;
        if files.is_empty() && self.longest > 0 {
            // Nothing more comes of an allocation that Nomad has collected.
            self.hand_on(Piece::Removed).await;
            return Ok(Round::Over);
        }
        let mut position = match self.position {
            Some(position) => position,
            None => self.begin(&files).await?,
        };
        let mut news = false;
        loop {
            let step = position.step(&files, self.longest);
            let goes_on = match step {
                Step::Read { index, offset, bytes } => {
                    let read = self.read(index, offset, bytes.min(PIECE)).await?;
                    position.advance(read.len() as u64);
                    self.hand_on(Piece::Bytes(read)).await
                }
                Step::Lost(loss) => self.hand_on(Piece::Lost(loss)).await,
                Step::End => break,
            };
            // What was handed on is never read again, also when the next request fails.
            self.position = Some(position);
            news = true;
            if !goes_on {
                return Ok(Round::Over);
            }
        }
        self.position = Some(position);
        if !std::mem::replace(&mut self.stands, true) && !self.hand_on(Piece::Standing).await {
            return Ok(Round::Over);
        }
        self.silent = if news { 0 } else { self.silent.saturating_add(1) };
        self.settled = if news || until == Until::Open { 0 } else { self.settled + 1 };
        match until {
            Until::Now => return Ok(Round::Over),
            Until::TaskEnded if self.settled >= SETTLED => return Ok(Round::Over),
            Until::TaskEnded => sleep(LAST_WORDS).await,
            Until::Open => self.wait().await,
        }
        Ok(Round::Again)
    }

    /// Waits before the next look; what ended is looked at anew at once.
    async fn wait(&mut self) {
        let at_most = self.reader.wait(self.silent);
        // Without a sender nobody will ever say that it has ended.
        if let Ok(Err(_)) = timeout(at_most, self.until.changed()).await {
            sleep(at_most).await;
        }
    }

    async fn list(&mut self) -> Result<Vec<LogFile>, Error> {
        let Log { allocation, task, stream, .. } = self.log;
        let _turn = self.reader.turn().await;
        let files = self.nomad.log_files(allocation, task, *stream).await?;
        self.longest = files.iter().map(|file| file.size).fold(self.longest, u64::max);
        Ok(files)
    }

    /// Reads so many bytes of a file that has them. The turn ends before anybody waits for a slow terminal.
    async fn read(&self, index: u64, offset: u64, bytes: u64) -> Result<Vec<u8>, Error> {
        let Log { allocation, task, stream, .. } = self.log;
        let path = format!("alloc/logs/{task}.{}.{index}", stream.as_str());
        let _turn = self.reader.turn().await;
        let read = self.nomad.read_file_at(allocation, &path, offset, bytes).await?;
        let is_whole = read.len() as u64 == bytes;
        if is_whole && !says_that_it_is_gone(&read) {
            return Ok(read);
        }
        // A task may write these very words.
        if is_whole {
            let files = self.nomad.log_files(allocation, task, *stream).await?;
            if files.iter().any(|file| file.index == index && file.size >= offset + bytes) {
                return Ok(read);
            }
        }
        let is_reason = says_that_it_is_gone(&read) || read.len() as u64 > bytes;
        let words = if is_reason { format!(": {}", String::from_utf8_lossy(&read).trim()) } else { String::new() };
        Err(Error::Other { path, asked: bytes, came: read.len(), words })
    }

    /// The position at which reading begins.
    async fn begin(&self, files: &[LogFile]) -> Result<Position, Error> {
        match self.beginning {
            Beginning::Start => Ok(Position::default()),
            Beginning::LastLines(lines) => {
                last_lines(files, lines, PIECE, |index, offset, bytes| self.read(index, offset, bytes)).await
            }
        }
    }

    /// Whether somebody still listens.
    async fn hand_on(&self, piece: Piece) -> bool {
        self.pieces.send((self.log.clone(), piece)).await.is_ok()
    }
}

/// Whether an answer may be Nomad's words for a file that is not there any more.
fn says_that_it_is_gone(read: &[u8]) -> bool {
    read.trim_ascii_end().ends_with(b"no such file or directory")
}
