//! Processes as `/proc` shows them, each known by its pid and its start time.

use std::collections::HashSet;
use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde::{Deserialize, Serialize};

/// Between two looks at processes that were told to end.
const INTERVAL: Duration = Duration::from_millis(50);

/// Clock ticks a second in `/proc`, the same on every architecture that Nomad runs on.
const USER_HZ: u64 = 100;

/// One process and no other: when its pid is used again, the start time differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) struct Identity {
    /// The process id.
    pub(super) pid: i32,
    /// When it started, in clock ticks since the boot.
    pub(super) start_time: u64,
}

/// What `/proc/PID/stat` says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stat {
    /// The command, as the kernel shortens it.
    pub(super) command: String,
    /// R, S, D, Z, ...
    pub(super) state: char,
    /// The parent's process id.
    pub(super) parent: i32,
    /// When it started, in clock ticks since the boot.
    pub(super) start_time: u64,
}

impl Stat {
    /// What the kernel says about a process; `None` when there is none, or it has ended and only waits to be reaped.
    pub(super) fn of(pid: i32) -> Option<Self> {
        parse_stat(&fs::read(format!("/proc/{pid}/stat")).ok()?).filter(|stat| !matches!(stat.state, 'Z' | 'X'))
    }
}

impl Identity {
    /// The process that has this pid now.
    pub(super) fn of(pid: i32) -> Option<Self> {
        Stat::of(pid).map(|stat| Self { pid, start_time: stat.start_time })
    }

    /// Whether this very process still runs.
    pub(super) fn is_alive(&self) -> bool {
        Self::of(self.pid) == Some(*self)
    }

    /// Sends a signal, if this very process still runs.
    pub(super) fn signal(&self, signal: Signal) {
        if self.is_alive() {
            // It may have ended since; and who may not signal it finds it alive afterwards.
            let _ = kill(Pid::from_raw(self.pid), signal);
        }
    }

    /// How long the process has run.
    pub(super) fn uptime(&self) -> Option<Duration> {
        let text = fs::read_to_string("/proc/uptime").ok()?;
        let since_boot = Duration::try_from_secs_f64(text.split_whitespace().next()?.parse().ok()?).ok()?;
        let started = Duration::from_millis(self.start_time.checked_mul(1000 / USER_HZ)?);
        Some(since_boot.saturating_sub(started))
    }
}

/// All process ids.
pub(super) fn all() -> Vec<i32> {
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect()
}

/// This process and those that it descends from.
pub(super) fn own_line() -> HashSet<i32> {
    let mut line = HashSet::new();
    let mut pid = i32::try_from(std::process::id()).unwrap_or(0);
    while pid > 0 && line.insert(pid) {
        pid = Stat::of(pid).map_or(0, |stat| stat.parent);
    }
    line
}

/// Waits until none of the processes runs; returns those that still do at the end.
pub(super) async fn wait_for_end(processes: &[Identity], timeout: Duration) -> Vec<Identity> {
    let started = Instant::now();
    loop {
        let living: Vec<Identity> = processes.iter().copied().filter(Identity::is_alive).collect();
        if living.is_empty() || started.elapsed() >= timeout {
            return living;
        }
        tokio::time::sleep(INTERVAL).await;
    }
}

/// A process's command line, for people.
pub(super) fn command_line(pid: i32) -> Option<String> {
    let raw = fs::read(format!("/proc/{pid}/cmdline")).ok()?;
    let words: Vec<_> =
        raw.split(|byte| *byte == 0).filter(|word| !word.is_empty()).map(String::from_utf8_lossy).collect();
    let line = if words.is_empty() { Stat::of(pid)?.command } else { words.join(" ") };
    Some(if line.chars().count() > 80 { line.chars().take(79).chain(['…']).collect() } else { line })
}

/// The targets of the open files of a process.
pub(super) fn open_files(pid: i32) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(format!("/proc/{pid}/fd")) else { return Vec::new() };
    entries.flatten().filter_map(|entry| fs::read_link(entry.path()).ok()).collect()
}

fn parse_stat(raw: &[u8]) -> Option<Stat> {
    let text = String::from_utf8_lossy(raw);
    // The command stands in parentheses and may itself hold parentheses and spaces.
    let (head, tail) = text.rsplit_once(')')?;
    let (_, command) = head.split_once('(')?;
    let fields: Vec<&str> = tail.split_whitespace().collect();
    Some(Stat {
        command: command.to_owned(),
        state: fields.first()?.chars().next()?,
        parent: fields.get(1)?.parse().ok()?,
        // Field 22 of the line, counted from 1; the first two are gone.
        start_time: fields.get(19)?.parse().ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stat_is_read_whatever_the_command_is_called() {
        let tail = "S 7 4242 4242 0 -1 4194304 1 0 0 0 1 2 3 4 20 0 1 0 987654 1000 200";
        for command in ["nomad", "a b", "x) R 1 (y", ")", ""] {
            let stat = parse_stat(format!("4242 ({command}) {tail}\n").as_bytes()).unwrap();
            assert_eq!(stat, Stat { command: command.to_owned(), state: 'S', parent: 7, start_time: 987_654 });
        }
        assert_eq!(parse_stat(b"4242 (nomad) S 7"), None);
        assert_eq!(parse_stat(b""), None);
    }

    #[test]
    fn a_reused_pid_is_another_process() {
        let this = Identity::of(i32::try_from(std::process::id()).unwrap()).unwrap();
        assert!(this.is_alive());
        assert!(!Identity { start_time: this.start_time + 1, ..this }.is_alive());
        assert!(own_line().contains(&this.pid));
    }
}
