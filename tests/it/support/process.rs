//! The processes of an allocation, found by the environment that Nomad gives them.

use std::fs;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::wait_for;

/// A Java program of an allocation.
pub(crate) struct Jvm(Pid);

impl Jvm {
    /// Waits until the allocation runs the class.
    pub(crate) fn of(allocation: &str, class: &str) -> Self {
        let what = format!("{class} in the allocation {allocation}");
        Self(wait_for(&what, Duration::from_mins(2), || find(allocation, class)))
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill(self.0, signal).unwrap();
    }
}

fn find(allocation: &str, class: &str) -> Option<Pid> {
    let mark = format!("NOMAD_ALLOC_ID={allocation}");
    let pids = fs::read_dir("/proc").unwrap().flatten().filter_map(|entry| entry.file_name().into_string().ok());
    let runs = |pid: &String| {
        let read = |file: &str| fs::read(format!("/proc/{pid}/{file}")).unwrap_or_default();
        let arguments = String::from_utf8_lossy(&read("cmdline")).into_owned();
        let arguments: Vec<&str> = arguments.split('\0').collect();
        // spark-class asks another Java first what to run.
        let java = arguments.first().is_some_and(|program| program.ends_with("java"));
        java && arguments.contains(&class)
            && !arguments.contains(&"org.apache.spark.launcher.Main")
            && read("environ").split(|byte| *byte == 0).any(|variable| variable == mark.as_bytes())
    };
    pids.filter(runs).find_map(|pid| pid.parse().ok().map(Pid::from_raw))
}
