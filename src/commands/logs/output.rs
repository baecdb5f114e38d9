//! How logs are printed: one as it is, several line by line with the allocation and the task before each.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use regex::bytes::Regex;
use serde::Serialize;

use crate::error::one_line;
use crate::event::{Event, WriteError, count, short};
use crate::logs::{self, Lines, Log, Loss, Piece, Since};
use crate::nomad::files::LogStream;
use crate::report::{Format, Report};

/// A log that cannot be read is worth a line when the next attempt is in vain, too.
const WORTH_TELLING: u32 = 2;

/// What is told of a log, for machines.
#[derive(Serialize)]
struct Record<'a, T: Serialize> {
    job: &'a str,
    allocation: &'a str,
    task: &'a str,
    stream: &'static str,
    #[serde(flatten)]
    content: T,
}

/// A line.
#[derive(Serialize)]
struct Line {
    line: String,
}

/// What was removed before it was read.
#[derive(Serialize)]
struct Lost {
    lost_files: u64,
    lost_bytes: u64,
}

impl<'a, T: Serialize> Record<'a, T> {
    fn of(log: &'a Log, content: T) -> Self {
        let Log { job, allocation, task, stream } = log;
        Self { job, allocation, task, stream: stream.as_str(), content }
    }
}

/// Which lines are printed.
#[derive(Clone, Debug)]
pub(super) struct Wanted {
    /// What was written from a moment on.
    pub(super) since: Option<Since>,
    /// What matches.
    pub(super) pattern: Option<Regex>,
}

impl Wanted {
    fn keeps(&mut self, line: &[u8]) -> bool {
        // Each line is shown to both: the time of one that does not match counts too.
        let is_new = self.since.as_mut().is_none_or(|since| since.keeps(line));
        is_new && self.pattern.as_ref().is_none_or(|pattern| pattern.is_match(line))
    }
}

/// The last lines of what stands there.
#[derive(Debug)]
struct Held {
    at_most: usize,
    lines: VecDeque<Vec<u8>>,
}

/// What is known of a log that is printed.
#[derive(Debug)]
struct Printed {
    lines: Lines,
    wanted: Wanted,
    /// Lines that are printed when no later ones take their place.
    held: Option<Held>,
    /// How often in a row it could not be read.
    away: u32,
    /// What was lost, and how much of it was told.
    lost: Loss,
    lost_told: Loss,
}

/// Prints what readers bring.
pub(super) struct Output<'a> {
    report: &'a Report,
    wanted: Wanted,
    follow: bool,
    logs: BTreeMap<Log, Printed>,
    /// Whether logs of several tasks are printed, so that each line needs a name.
    named: bool,
    /// Whether it was told that Nomad does not answer.
    is_away: bool,
    /// The tasks of which it was told that no line tells its time.
    timeless: BTreeSet<(String, LogStream)>,
}

impl<'a> Output<'a> {
    pub(super) fn new(report: &'a Report, wanted: Wanted, follow: bool) -> Self {
        let (logs, timeless) = (BTreeMap::new(), BTreeSet::new());
        Self { report, wanted, follow, logs, named: false, is_away: false, timeless }
    }

    /// Puts a name before each line, where several tasks may write.
    pub(super) fn name_lines(&mut self, several: bool) {
        self.named |= several;
    }

    /// From now on this log is printed; of what stands there only the last lines, where so many are given.
    pub(super) fn expect(&mut self, log: &Log, last: Option<usize>) {
        let held = last.map(|at_most| Held { at_most, lines: VecDeque::new() });
        let (lines, wanted) = (Lines::default(), self.wanted.clone());
        self.named |= self.logs.keys().any(|other| (&other.allocation, &other.task) != (&log.allocation, &log.task));
        let (nothing, told) = (Loss::default(), Loss::default());
        let printed = Printed { lines, wanted, held, away: 0, lost: nothing, lost_told: told };
        self.logs.insert(log.clone(), printed);
    }

    pub(super) fn piece(&mut self, log: &Log, piece: Piece) -> Result<(), WriteError> {
        match piece {
            Piece::Bytes(bytes) => self.bytes(log, &bytes),
            Piece::Standing => self.standing(log),
            Piece::Lost(loss) => self.lost(log, loss),
            Piece::Removed => {
                let what = format!("Nomad removed {} before its end was read", name(log));
                self.report.event(&Event::Warning { what })
            }
            Piece::Away(reason) => self.away(log, reason),
            Piece::Back => self.back(log),
        }
    }

    /// A log that cannot be read to its end.
    pub(super) fn unreadable(&mut self, log: &Log, error: &logs::Error) -> Result<(), WriteError> {
        let what = format!("{} could not be read to its end: {}", name(log), one_line(error));
        self.report.event(&Event::Warning { what })
    }

    fn bytes(&mut self, log: &Log, bytes: &[u8]) -> Result<(), WriteError> {
        let is_all = self.wanted.since.is_none() && self.wanted.pattern.is_none();
        if self.logs.len() < 2 && !self.named && is_all && self.report.format() != Format::Ndjson {
            return self.report.data(bytes);
        }
        let Some(printed) = self.logs.get_mut(log) else { return Ok(()) };
        let mut lines = printed.lines.push(bytes);
        lines.retain(|line| printed.wanted.keeps(line));
        self.print_or_hold(log, lines)
    }

    /// Prints lines, or keeps the last of them.
    fn print_or_hold(&mut self, log: &Log, lines: Vec<Vec<u8>>) -> Result<(), WriteError> {
        let Some(held) = self.logs.get_mut(log).and_then(|printed| printed.held.as_mut()) else {
            return self.print(log, &lines);
        };
        held.lines.extend(lines);
        held.lines.drain(..held.lines.len().saturating_sub(held.at_most));
        Ok(())
    }

    /// Everything that stood there is read: with `follow` new lines take no other one's place.
    fn standing(&mut self, log: &Log) -> Result<(), WriteError> {
        if !self.follow {
            return Ok(());
        }
        self.release(log)?;
        self.tell_timeless(log)
    }

    fn release(&mut self, log: &Log) -> Result<(), WriteError> {
        let held = self.logs.get_mut(log).and_then(|printed| printed.held.take());
        held.map_or(Ok(()), |held| self.print(log, &Vec::from(held.lines)))
    }

    fn tell_timeless(&mut self, log: &Log) -> Result<(), WriteError> {
        let since = self.logs.get(log).and_then(|printed| printed.wanted.since);
        let is_timeless = since.is_some_and(|since| since.could_not_choose());
        if !is_timeless || !self.timeless.insert((log.task.clone(), log.stream)) {
            return Ok(());
        }
        let (task, stream) = (&log.task, log.stream.as_str());
        let what = format!(
            "no line of the task {task} on {stream} begins with a time that nomspark reads, so --since chose none of them: \
             --tail chooses by number"
        );
        self.report.event(&Event::Warning { what })
    }

    /// Each loss is a record for machines; people are told of the first one at once, and of all at the end.
    fn lost(&mut self, log: &Log, loss: Loss) -> Result<(), WriteError> {
        let Some(printed) = self.logs.get_mut(log) else { return Ok(()) };
        printed.lost.files += loss.files;
        printed.lost.bytes += loss.bytes;
        if self.report.format() == Format::Ndjson {
            let content = Lost { lost_files: loss.files, lost_bytes: loss.bytes };
            return self.report.line(&Record::of(log, content));
        }
        if printed.lost_told == Loss::default() { self.tell_lost(log, "") } else { Ok(()) }
    }

    fn tell_lost(&mut self, log: &Log, how: &str) -> Result<(), WriteError> {
        let Some(printed) = self.logs.get_mut(log).filter(|printed| printed.lost != printed.lost_told) else {
            return Ok(());
        };
        printed.lost_told = printed.lost;
        let Loss { files, bytes } = printed.lost;
        let amount = if bytes > 0 { format!(", about {},", size(bytes)) } else { String::new() };
        let files = count(files, "file");
        let what = format!("Nomad removed {files} of {}{amount} before it was read{how}", name(log));
        self.report.event(&Event::Warning { what })
    }

    fn away(&mut self, log: &Log, reason: String) -> Result<(), WriteError> {
        let Some(printed) = self.logs.get_mut(log) else { return Ok(()) };
        printed.away = printed.away.saturating_add(1);
        // One line for all logs that cannot be read.
        if printed.away < WORTH_TELLING || std::mem::replace(&mut self.is_away, true) {
            return Ok(());
        }
        self.report.event(&Event::Disconnected { service: "Nomad".into(), reason })
    }

    fn back(&mut self, log: &Log) -> Result<(), WriteError> {
        if let Some(printed) = self.logs.get_mut(log) {
            printed.away = 0;
        }
        let is_one_away = self.logs.values().any(|printed| printed.away > 0);
        if is_one_away || !std::mem::replace(&mut self.is_away, false) {
            return Ok(());
        }
        self.report.event(&Event::Reconnected { service: "Nomad".into() })
    }

    /// What was written last, without an end of a line, and what there is to say about the whole.
    pub(super) fn finish(&mut self) -> Result<(), WriteError> {
        let logs: Vec<Log> = self.logs.keys().cloned().collect();
        for log in &logs {
            if let Some(printed) = self.logs.get_mut(log) {
                let last = printed.lines.finish().filter(|line| printed.wanted.keeps(line));
                self.print_or_hold(log, last.into_iter().collect())?;
            }
            self.release(log)?;
        }
        for log in &logs {
            self.tell_timeless(log)?;
            if self.report.format() != Format::Ndjson {
                self.tell_lost(log, ", in all")?;
            }
        }
        Ok(())
    }

    fn print(&self, log: &Log, lines: &[Vec<u8>]) -> Result<(), WriteError> {
        let name = if self.named { format!("{} {} | ", short(&log.allocation), log.task) } else { String::new() };
        let mut text = Vec::new();
        for line in lines {
            if self.report.format() == Format::Ndjson {
                let line = String::from_utf8_lossy(line).into_owned();
                self.report.line(&Record::of(log, Line { line }))?;
            } else {
                text.extend_from_slice(name.as_bytes());
                text.extend_from_slice(line);
                text.push(b'\n');
            }
        }
        if text.is_empty() { Ok(()) } else { self.report.data(&text) }
    }
}

/// A log, in words.
fn name(log: &Log) -> String {
    format!("{} of the task {} of {}", log.stream.as_str(), log.task, short(&log.allocation))
}

/// An amount, for people.
fn size(bytes: u64) -> String {
    if bytes < 1 << 20 {
        format!("{} KiB", bytes.div_ceil(1 << 10))
    } else {
        let tenths = bytes * 10 / (1 << 20);
        format!("{}.{} MiB", tenths / 10, tenths % 10)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_told_in_their_unit() {
        let told = [1, 1_024, 1_025, 1 << 20, (1 << 20) * 3 / 2, 25 << 20].map(size);
        assert_eq!(told, ["1 KiB", "1 KiB", "2 KiB", "1.0 MiB", "1.5 MiB", "25.0 MiB"]);
    }
}
