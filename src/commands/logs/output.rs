//! How logs are printed: one as it is, several line by line with the allocation and the task before each.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use regex::bytes::Regex;
use serde::Serialize;

use crate::logs::{Lines, Log, Piece, Since};
use crate::report::{Event, Format, Report, WriteError, short};

/// A broken connection is worth a line when the next one does not come either.
const WORTH_TELLING: u32 = 2;

/// A line, for machines.
#[derive(Serialize)]
struct Written<'a> {
    job: &'a str,
    allocation: &'a str,
    task: &'a str,
    stream: &'static str,
    line: String,
}

/// Which lines are printed.
#[derive(Clone, Debug)]
pub(super) struct Wanted {
    /// What was written from a moment on.
    pub(super) since: Option<Since>,
    /// What matches.
    pub(super) pattern: Option<Regex>,
    /// Only the last so many of these, once the log is read to its end.
    pub(super) last: Option<usize>,
}

impl Wanted {
    /// Whether every byte is printed.
    fn is_all(&self) -> bool {
        self.since.is_none() && self.pattern.is_none() && self.last.is_none()
    }

    fn keeps(&mut self, line: &[u8]) -> bool {
        // Each line is shown to both: the time of one that does not match counts too.
        let is_new = self.since.as_mut().is_none_or(|since| since.keeps(line));
        is_new && self.pattern.as_ref().is_none_or(|pattern| pattern.is_match(line))
    }
}

/// Prints what readers bring.
pub(super) struct Output<'a> {
    report: &'a Report,
    job: String,
    wanted: Wanted,
    lines: BTreeMap<Log, (Lines, Wanted)>,
    /// Lines that are printed when no later ones take their place.
    held: BTreeMap<Log, VecDeque<Vec<u8>>>,
    /// Whether logs of several tasks are printed, so that each line needs a name.
    named: bool,
    /// How often in a row a log could not be read.
    away: u32,
}

impl<'a> Output<'a> {
    pub(super) fn new(report: &'a Report, job: &str, wanted: Wanted) -> Self {
        Self {
            report,
            job: job.to_owned(),
            wanted,
            lines: BTreeMap::new(),
            held: BTreeMap::new(),
            named: false,
            away: 0,
        }
    }

    /// Puts a name before each line, where several tasks may write.
    pub(super) fn name_lines(&mut self, several: bool) {
        self.named |= several;
    }

    /// From now on these logs are printed.
    pub(super) fn expect<'b>(&mut self, logs: impl Iterator<Item = &'b Log>) {
        let mut tasks = BTreeSet::new();
        for log in logs {
            tasks.insert((&log.allocation, &log.task));
            self.lines.entry(log.clone()).or_insert_with(|| (Lines::default(), self.wanted.clone()));
        }
        self.named |= tasks.len() > 1;
    }

    pub(super) fn piece(&mut self, log: &Log, piece: Piece) -> Result<(), WriteError> {
        match piece {
            Piece::Bytes(bytes) => {
                if self.away >= WORTH_TELLING {
                    self.report.event(&Event::Reconnected { service: "Nomad".into() })?;
                }
                self.away = 0;
                self.bytes(log, &bytes)
            }
            Piece::Lost => {
                let (allocation, task) = (short(&log.allocation), &log.task);
                let what = format!("Nomad had removed a part of the log of {task} of {allocation} before it was read");
                self.report.event(&Event::Warning { what })
            }
            Piece::Away(reason) => {
                self.away = self.away.saturating_add(1);
                let worth_telling = self.away == WORTH_TELLING;
                if worth_telling {
                    self.report.event(&Event::Disconnected { service: "Nomad".into(), reason })
                } else {
                    Ok(())
                }
            }
        }
    }

    fn bytes(&mut self, log: &Log, bytes: &[u8]) -> Result<(), WriteError> {
        if self.lines.len() < 2 && !self.named && self.wanted.is_all() && self.report.format() != Format::Ndjson {
            return self.report.data(bytes);
        }
        let Some((lines, wanted)) = self.lines.get_mut(log) else { return Ok(()) };
        let mut lines = lines.push(bytes);
        lines.retain(|line| wanted.keeps(line));
        self.print_or_hold(log, lines)
    }

    /// Prints lines, or keeps the last of them.
    fn print_or_hold(&mut self, log: &Log, lines: Vec<Vec<u8>>) -> Result<(), WriteError> {
        let Some(last) = self.wanted.last else { return self.print(log, &lines) };
        let held = self.held.entry(log.clone()).or_default();
        held.extend(lines);
        held.drain(..held.len().saturating_sub(last));
        Ok(())
    }

    /// What was written last, without an end of a line.
    pub(super) fn finish(&mut self) -> Result<(), WriteError> {
        let mut without_times = BTreeSet::new();
        for (log, (mut lines, mut wanted)) in std::mem::take(&mut self.lines) {
            let last: Vec<Vec<u8>> = lines.finish().into_iter().filter(|line| wanted.keeps(line)).collect();
            self.print_or_hold(&log, last)?;
            if wanted.since.is_some_and(|since| since.could_not_choose()) {
                without_times.insert(log.task.clone());
            }
        }
        for (log, held) in std::mem::take(&mut self.held) {
            self.print(&log, &Vec::from(held))?;
        }
        for task in without_times {
            let what = format!(
                "no line of the task {task} begins with a time that nomspark reads, so --since chose none of them: --tail chooses by number"
            );
            self.report.event(&Event::Warning { what })?;
        }
        Ok(())
    }

    fn print(&self, log: &Log, lines: &[Vec<u8>]) -> Result<(), WriteError> {
        let name = if self.named { format!("{} {} | ", short(&log.allocation), log.task) } else { String::new() };
        let mut text = Vec::new();
        for line in lines {
            if self.report.format() == Format::Ndjson {
                let (job, allocation, task) = (&self.job, &log.allocation, &log.task);
                let line = String::from_utf8_lossy(line).into_owned();
                self.report.line(&Written { job, allocation, task, stream: log.stream.as_str(), line })?;
            } else {
                text.extend_from_slice(name.as_bytes());
                text.extend_from_slice(line);
                text.push(b'\n');
            }
        }
        if text.is_empty() { Ok(()) } else { self.report.data(&text) }
    }
}
