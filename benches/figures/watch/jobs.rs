//! Jobs of the mock driver, which runs nothing, and what Nomad says of them.

use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::time::sleep;

use crate::Result;
use crate::workshop::Workshop;

/// How long Nomad may take to run what it was given.
const LIMIT: Duration = Duration::from_mins(20);

/// The text of a job; each group has a name, a number of allocations, how long each runs, and its exit code.
pub(super) fn job(id: &str, kind: &str, extra: &str, groups: &[(&str, u32, &str, u32)]) -> String {
    // Nomad keeps a process beside each task that has a log.
    let group = |(name, count, runs, exit): &(&str, u32, &str, u32)| {
        let update = if kind == "service" { "" } else { "reschedule {\nattempts = 0\nunlimited = false\n}\n" };
        format!(
            "group \"{name}\" {{\ncount = {count}\nrestart {{\nattempts = 0\nmode = \"fail\"\n}}\n{update}\
             ephemeral_disk {{\nsize = 10\n}}\ntask \"work\" {{\ndriver = \"mock_driver\"\nconfig {{\nrun_for = \"{runs}\"\n\
             exit_code = {exit}\n}}\nlogs {{\ndisabled = true\nmax_files = 1\nmax_file_size = 1\n}}\nresources {{\ncpu = 1\nmemory = 10\n}}\n}}\n}}\n"
        )
    };
    let groups: String = groups.iter().map(group).collect();
    format!("job \"{id}\" {{\ntype = \"{kind}\"\n{extra}\n{groups}}}\n")
}

/// Writes a job's file.
pub(super) fn write(workshop: &Workshop, id: &str, text: &str) -> Result<String> {
    let path = workshop.file(&format!("{id}.nomad.hcl"));
    std::fs::write(&path, text)?;
    Ok(path.to_string_lossy().into_owned())
}

/// Hands a job to Nomad and does not wait.
pub(super) async fn submit(workshop: &Workshop, id: &str, text: &str) -> Result<()> {
    let file = write(workshop, id, text)?;
    nomad(workshop, &["job", "run", "-detach", &file]).await
}

/// Has Nomad forget a job.
pub(super) async fn purge(workshop: &Workshop, id: &str) -> Result<()> {
    nomad(workshop, &["job", "stop", "-purge", "-detach", id]).await
}

/// Runs Nomad's command; it must succeed.
pub(super) async fn nomad(workshop: &Workshop, arguments: &[&str]) -> Result<()> {
    let mut command = workshop.command("nomad");
    command.args(arguments);
    workshop.run(command, "nomad").await?;
    Ok(())
}

/// Asks Nomad's API.
pub(super) async fn get(workshop: &Workshop, path: &str) -> Result<Value> {
    let url = format!("{}{path}", workshop.nomad());
    Ok(crate::spark::client()?.get(url).send().await?.error_for_status()?.json().await?)
}

/// Waits until a group of a job has so many allocations in a state: Running, Complete.
pub(super) async fn wait(workshop: &Workshop, id: &str, group: &str, state: &str, count: u64) -> Result<()> {
    let started = Instant::now();
    while started.elapsed() < LIMIT {
        let summary = get(workshop, &format!("/v1/job/{id}/summary")).await?;
        if summary["Summary"][group][state].as_u64() >= Some(count) {
            return Ok(());
        }
        sleep(Duration::from_millis(500)).await;
    }
    Err(format!("Nomad did not bring {count} allocations of {id} to {state}").into())
}
