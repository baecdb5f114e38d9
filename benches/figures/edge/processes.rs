//! Processes of the lab, as the kernel lists them: the hosts share the machine's process ids.

use std::fs;
use std::path::Path;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::Result;

/// The processes of a Nomad task with this name of a program.
pub(crate) fn of_task(allocation: &str, task: &str, program: &str) -> Result<Vec<Pid>> {
    let wanted = [format!("NOMAD_ALLOC_ID={allocation}"), format!("NOMAD_TASK_NAME={task}")];
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc")?.flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
        if name(pid) != program {
            continue;
        }
        // One that ends meanwhile has none.
        let environment = fs::read(entry.path().join("environ")).unwrap_or_default();
        let has = |text: &String| environment.split(|byte| *byte == 0).any(|variable| variable == text.as_bytes());
        if wanted.iter().all(has) {
            found.push(Pid::from_raw(pid));
        }
    }
    Ok(found)
}

/// The process that a program wrote down.
pub(crate) fn from_file(path: &Path, program: &str) -> Result<Pid> {
    let pid = fs::read_to_string(path)?.trim().parse()?;
    if name(pid) == program { Ok(Pid::from_raw(pid)) } else { Err(format!("{pid} is no {program}").into()) }
}

/// Kills processes, one right after the other.
pub(crate) fn kill_all(pids: &[Pid]) -> Result<()> {
    for pid in pids {
        kill(*pid, Signal::SIGKILL)?;
    }
    Ok(())
}

fn name(pid: i32) -> String {
    fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default().trim_end().to_owned()
}
