//! Agents of Nomad and Consul for one test alone, configured by it.

use std::fs::{self, File};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use tempfile::TempDir;

use super::lab::program;
use super::process::kill_all_with;
use super::{at_the_end, unmount_below, wait_until};

/// How long an agent may take to end.
const LIMIT: Duration = Duration::from_mins(1);

/// An agent of development, which keeps nothing and ends its tasks with itself.
pub(crate) struct Agent {
    process: Child,
    folder: TempDir,
}

impl Agent {
    pub(crate) fn nomad(configuration: &Value) -> Self {
        Self::start("nomad", "-config", configuration)
    }

    /// A client of Nomad that is no server. Its tasks must have ended when it does.
    pub(crate) fn nomad_client(mut configuration: Value) -> Self {
        let folder = tempfile::tempdir().unwrap();
        configuration["data_dir"] = folder.path().join("data").to_str().into();
        let file = folder.path().join("agent.json");
        fs::write(&file, configuration.to_string()).unwrap();
        let mut command = Command::new(program("nomad"));
        command.args(["agent", "-config"]).arg(file);
        Self::spawn(command, folder)
    }

    pub(crate) fn consul(configuration: &Value) -> Self {
        Self::start("consul", "-config-file", configuration)
    }

    fn start(name: &str, option: &str, configuration: &Value) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("agent.json");
        fs::write(&file, configuration.to_string()).unwrap();
        let mut command = Command::new(program(name));
        command.args(["agent", "-dev", option]).arg(file);
        Self::spawn(command, folder)
    }

    fn spawn(mut command: Command, folder: TempDir) -> Self {
        let log = File::create(folder.path().join("log")).unwrap();
        command.env("TMPDIR", folder.path()).current_dir(folder.path());
        let command = command.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
        Self { process: command.spawn().unwrap(), folder }
    }
}

impl Agent {
    /// Sends it a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(i32::try_from(self.process.id()).unwrap()), signal).unwrap();
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        at_the_end(|| {
            self.signal(Signal::SIGINT);
            wait_until("an agent to end", LIMIT, || self.process.try_wait().unwrap().is_some());
            // Nomad's helpers outlive it now and then.
            kill_all_with("TMPDIR", self.folder.path().to_str().unwrap());
            // The secrets of its tasks.
            unmount_below(self.folder.path());
        });
    }
}
