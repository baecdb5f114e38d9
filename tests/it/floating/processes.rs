//! The processes of hosts, found by their network namespaces, and executors that are slowed down.

use std::fmt::Display;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::support::process::{all, read};

/// The network namespace of a process, by its number; `None` once it has ended.
pub(super) fn network_of(pid: impl Display) -> Option<u64> {
    fs::metadata(format!("/proc/{pid}/ns/net")).ok().map(|metadata| metadata.ino())
}

/// The processes in network namespaces whose command lines and environments satisfy a condition.
pub(super) fn processes_in(networks: &[Option<u64>], condition: impl Fn(&str, &str) -> bool) -> Vec<Pid> {
    let text = |pid, file| String::from_utf8_lossy(&read(pid, file)).replace('\0', " ");
    let wanted =
        |pid: &Pid| networks.contains(&network_of(pid)) && condition(&text(*pid, "cmdline"), &text(*pid, "environ"));
    all().filter(wanted).collect()
}

/// Sends a signal to processes, of which each may have ended with another one.
pub(super) fn send(signal: Signal, pids: &[Pid]) {
    for pid in pids {
        let _ = kill(*pid, signal);
    }
}

/// Executors that stand still for most of each second, until this is dropped: their application lasts, and leaves the
/// processors to what is tested meanwhile.
pub(crate) struct SlowExecutors {
    goes_on: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl SlowExecutors {
    const STILL: Duration = Duration::from_millis(800);
    const RUNNING: Duration = Duration::from_millis(200);

    pub(super) fn start(networks: Vec<Option<u64>>) -> Self {
        let goes_on = Arc::new(AtomicBool::new(true));
        let flag = Arc::clone(&goes_on);
        let thread = thread::spawn(move || {
            while flag.load(Ordering::Relaxed) {
                let executors = processes_in(&networks, is_executor);
                send(Signal::SIGSTOP, &executors);
                thread::sleep(Self::STILL);
                send(Signal::SIGCONT, &executors);
                thread::sleep(Self::RUNNING);
            }
        });
        Self { goes_on, thread: Some(thread) }
    }
}

impl Drop for SlowExecutors {
    fn drop(&mut self) {
        self.goes_on.store(false, Ordering::Relaxed);
        drop(self.thread.take().map(JoinHandle::join));
    }
}

/// Whether this is the command line of one of Spark's executors.
pub(crate) fn is_executor(command: &str, _environment: &str) -> bool {
    command.contains("CoarseGrainedExecutorBackend")
}
