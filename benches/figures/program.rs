//! Programs that are started, timed and ended.

use std::fs::File;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use tokio::process::{Child, Command};
use tokio::time::timeout;

use crate::Result;

/// How long a program may take to end when it is asked to.
const PATIENCE: Duration = Duration::from_secs(10);
/// How many characters of its log are shown when a program fails.
const SHOWN: usize = 2_000;

/// A program that runs in a process group of its own; dropped, it is killed with its children.
#[derive(Debug)]
pub(crate) struct Program {
    child: Child,
    group: Option<Pid>,
}

impl Program {
    /// Starts a program; what it says goes to NAME.out and NAME.err in `folder`.
    pub(crate) fn start(mut command: Command, folder: &Path, name: &str) -> Result<Self> {
        let output = |kind: &str| File::create(folder.join(format!("{name}.{kind}")));
        command.stdin(Stdio::null()).stdout(output("out")?).stderr(output("err")?).process_group(0);
        let child = command.spawn().map_err(|error| format!("failed to start {name}: {error}"))?;
        let group = child.id().map(i32::try_from).transpose()?.map(Pid::from_raw);
        Ok(Self { child, group })
    }

    /// Asks it to end and waits for that.
    pub(crate) async fn stop(mut self) -> Result<()> {
        if let Some(group) = self.group {
            killpg(group, Signal::SIGTERM)?;
        }
        // One that does not listen is killed when it is dropped here.
        if let Ok(status) = timeout(PATIENCE, self.child.wait()).await {
            status?;
        }
        Ok(())
    }

    /// Its process id, while it runs.
    pub(crate) fn id(&self) -> Result<u32> {
        Ok(self.child.id().ok_or("the program has ended")?)
    }

    /// Whether it still runs.
    pub(crate) fn runs(&mut self) -> Result<bool> {
        Ok(self.child.try_wait()?.is_none())
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // The id is gone when the program has ended; its number may then be somebody else's.
        if let (Some(_), Some(group)) = (self.child.id(), self.group) {
            let _ = killpg(group, Signal::SIGKILL);
        }
    }
}

/// A program that ended well.
#[derive(Debug)]
pub(crate) struct Finished {
    /// From its start to its end.
    pub(crate) elapsed: Duration,
    /// What it wrote to standard output.
    pub(crate) stdout: String,
}

/// Runs a program to its end, which must be a good one.
pub(crate) async fn run(command: Command, folder: &Path, name: &str) -> Result<Finished> {
    let started = Instant::now();
    let mut program = Program::start(command, folder, name)?;
    let status = program.child.wait().await?;
    let elapsed = started.elapsed();
    let log = |kind: &str| std::fs::read_to_string(folder.join(format!("{name}.{kind}")));
    if !status.success() {
        let log = log("err")?;
        let end: String = log.chars().skip(log.chars().count().saturating_sub(SHOWN)).collect();
        return Err(format!("{name} failed with {status}\n{end}").into());
    }
    Ok(Finished { elapsed, stdout: log("out")? })
}
