//! How logs are printed: one as it is, several line by line with the allocation and the task before each.

use std::collections::{BTreeMap, BTreeSet};

use regex::bytes::Regex;
use serde::Serialize;

use crate::logs::{Lines, Log, Piece};
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

/// Prints what readers bring.
pub(super) struct Output<'a> {
    report: &'a Report,
    job: String,
    pattern: Option<Regex>,
    lines: BTreeMap<Log, Lines>,
    /// Whether logs of several tasks are printed, so that each line needs a name.
    named: bool,
    /// How often in a row a log could not be read.
    away: u32,
}

impl<'a> Output<'a> {
    pub(super) fn new(report: &'a Report, job: &str, pattern: Option<Regex>) -> Self {
        Self { report, job: job.to_owned(), pattern, lines: BTreeMap::new(), named: false, away: 0 }
    }

    /// From now on these logs are printed.
    pub(super) fn expect<'b>(&mut self, logs: impl Iterator<Item = &'b Log>) {
        let mut tasks = BTreeSet::new();
        for log in logs {
            tasks.insert((&log.allocation, &log.task));
            self.lines.entry(log.clone()).or_default();
        }
        self.named = tasks.len() > 1;
    }

    pub(super) fn piece(&mut self, log: &Log, piece: Piece) -> Result<(), WriteError> {
        match piece {
            Piece::Bytes(bytes) => {
                if self.away >= WORTH_TELLING {
                    self.report.event(&Event::Reconnected { service: "Nomad" })?;
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
                    self.report.event(&Event::Disconnected { service: "Nomad", reason })
                } else {
                    Ok(())
                }
            }
        }
    }

    fn bytes(&mut self, log: &Log, bytes: &[u8]) -> Result<(), WriteError> {
        if self.lines.len() < 2 && self.pattern.is_none() && self.report.format() != Format::Ndjson {
            return self.report.data(bytes);
        }
        let lines = self.lines.entry(log.clone()).or_default().push(bytes);
        self.print(log, &lines)
    }

    /// What was written last, without an end of a line.
    pub(super) fn finish(&mut self) -> Result<(), WriteError> {
        for (log, mut lines) in std::mem::take(&mut self.lines) {
            let last: Vec<Vec<u8>> = lines.finish().into_iter().collect();
            self.print(&log, &last)?;
        }
        Ok(())
    }

    fn print(&self, log: &Log, lines: &[Vec<u8>]) -> Result<(), WriteError> {
        let name = if self.named { format!("{} {} | ", short(&log.allocation), log.task) } else { String::new() };
        let matches = |line: &&Vec<u8>| self.pattern.as_ref().is_none_or(|pattern| pattern.is_match(line));
        let mut text = Vec::new();
        for line in lines.iter().filter(matches) {
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
