//! The processes of an allocation or an agent, found by their environment.

use std::fs;
use std::path::Path;
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

    /// It runs with the archive of Spark's classes, which set-up makes and a SPARK_HOME of the user need not have.
    pub(crate) fn assert_uses_class_archive(&self, spark_home: &Path) {
        let archive = spark_home.join("nomspark.jsa");
        let maps = String::from_utf8_lossy(&read(self.0, "maps")).into_owned();
        let uses = maps.lines().any(|line| line.ends_with(archive.to_str().unwrap()));
        let hint = "tools/class-archive.sh makes it anew";
        assert_eq!(uses, archive.is_file(), "{} is not used; {hint}; mapped is\n{maps}", archive.display());
    }
}

/// Ends every process that has a variable of this value; one that has ended meanwhile is fine.
pub(crate) fn kill_all_with(name: &str, value: &str) {
    for pid in all_with(name, value) {
        let _ = kill(pid, Signal::SIGKILL);
    }
}

fn find(allocation: &str, class: &str) -> Option<Pid> {
    let runs = |pid: &Pid| {
        let arguments = String::from_utf8_lossy(&read(*pid, "cmdline")).into_owned();
        let arguments: Vec<&str> = arguments.split('\0').collect();
        // spark-class asks another Java first what to run.
        let java = arguments.first().is_some_and(|program| program.ends_with("java"));
        java && arguments.contains(&class) && !arguments.contains(&"org.apache.spark.launcher.Main")
    };
    all_with("NOMAD_ALLOC_ID", allocation).find(runs)
}

/// Every process of this machine.
pub(crate) fn all() -> impl Iterator<Item = Pid> {
    let names = fs::read_dir("/proc").unwrap().flatten().filter_map(|entry| entry.file_name().into_string().ok());
    names.filter_map(|name| name.parse().ok().map(Pid::from_raw))
}

fn all_with(name: &str, value: &str) -> impl Iterator<Item = Pid> {
    let mark = format!("{name}={value}");
    all().filter(move |pid| read(*pid, "environ").split(|byte| *byte == 0).any(|it| it == mark.as_bytes()))
}

/// A file of a process below `/proc`; empty once it has ended.
pub(crate) fn read(pid: Pid, file: &str) -> Vec<u8> {
    fs::read(format!("/proc/{pid}/{file}")).unwrap_or_default()
}
