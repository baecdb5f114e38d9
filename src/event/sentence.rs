//! An event as a sentence for people.

use std::fmt;

use super::{Event, StageStatus};

impl fmt::Display for Event {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Step { what } => write!(formatter, "{what}"),
            Self::Warning { what } => write!(formatter, "warning: {what}"),
            Self::JobUnchanged { job } => write!(formatter, "{job}: Nomad has this job already, nothing to change"),
            Self::JobRegistered { job, version } => write!(formatter, "{job}: registered, version {version}"),
            Self::JobStopping { job } => write!(formatter, "{job}: stopping"),
            Self::JobDead { job } => write!(formatter, "{job}: was dead already"),
            Self::JobStopped { job, purged: false } => write!(formatter, "{job}: stopped"),
            Self::JobStopped { job, purged: true } => write!(formatter, "{job}: purged, Nomad has forgotten it"),
            Self::PlacementFailed { job, reason } => write!(formatter, "{job}: {reason}"),
            Self::AllocationPlaced { job, allocation, node } => {
                write!(formatter, "{job}: allocation {} placed on {node}", short(allocation))
            }
            Self::Deployment { job, version, status, healthy, wanted } => {
                write!(
                    formatter,
                    "{job}: Nomad says the deployment of version {version} is {status}, {healthy} of {wanted} healthy"
                )
            }
            Self::WaitsForPromotion { job, version, deployment, canaries } => {
                let healthy = count(*canaries, "healthy canary");
                write!(
                    formatter,
                    "{job}: the deployment of version {version} has {healthy} and waits for `nomad deployment promote {}`",
                    short(deployment)
                )
            }
            Self::TaskStarted { job, allocation, task } => {
                write!(formatter, "{job}: Nomad says task {task} of {} runs", short(allocation))
            }
            Self::TaskWaits { job, allocation, task, reason } => {
                write!(formatter, "{job}: task {task} of {} does not start: {reason}", short(allocation))
            }
            Self::TaskFailed { job, allocation, task, reason } => {
                write!(formatter, "{job}: task {task} of {} failed: {reason}", short(allocation))
            }
            Self::AllocationEnded { job, allocation, status } => {
                write!(formatter, "{job}: allocation {} ended: {status}", short(allocation))
            }
            Self::MasterAlive { master } => write!(formatter, "Spark says the master at {master} is ALIVE"),
            Self::WorkersRegistered { registered, wanted } => {
                write!(formatter, "Spark says {registered} of {wanted} workers are ALIVE")
            }
            Self::LookingAtHosts { hosts } => {
                write!(formatter, "looking at {hosts} edge hosts: programs, interfaces, ports")
            }
            Self::AddressAnswers { master, host } => write!(formatter, "{master} answers from {host}"),
            Self::UploadStarted { bytes } => write!(formatter, "sending {bytes} bytes of input to the driver"),
            Self::UploadFinished { bytes, milliseconds } => {
                write!(formatter, "the driver has all {bytes} bytes of input after {milliseconds} ms")
            }
            Self::Executors { job, executors: 0, .. } => write!(formatter, "{job}: Spark says it has no executor"),
            Self::Executors { job, executors, cores } => {
                let executors = count(*executors, "executor");
                write!(formatter, "{job}: Spark says it has {executors} with {}", count(*cores, "core"))
            }
            Self::ExecutorLost { job, executor, host, reason } => {
                write!(formatter, "{job}: Spark lost its executor {executor} at {host}: {reason}")
            }
            Self::NoExecutors { job, reason } => write!(formatter, "{job}: waiting for executors: {reason}"),
            Self::Stage { job, stage, name, status, tasks, done, failed, .. } => {
                match status {
                    StageStatus::Active => {
                        write!(formatter, "{job}: Spark runs stage {stage}, {name}: {done} of {tasks} tasks")?;
                    }
                    StageStatus::Complete => {
                        write!(formatter, "{job}: Spark has done stage {stage}, {name}: {}", count(*tasks, "task"))?;
                    }
                    StageStatus::Failed => write!(formatter, "{job}: Spark gave up stage {stage}, {name}")?,
                }
                if *failed > 0 { write!(formatter, "; {} failed", count(*failed, "try")) } else { Ok(()) }
            }
            Self::RoundBegan { scenario, number, rounds } => {
                write!(formatter, "{scenario}: round {number} of {rounds}")
            }
            Self::Fault { what } => write!(formatter, "breaking: {what}"),
            Self::RoundEnded { scenario, number, recovery_ms, complaints } => {
                write!(formatter, "{scenario}: round {number} ")?;
                match recovery_ms {
                    Some(milliseconds) => write!(formatter, "recovered in {milliseconds} ms")?,
                    None => write!(formatter, "did not recover")?,
                }
                complaints.iter().try_for_each(|complaint| write!(formatter, "; {complaint}"))
            }
            Self::Written { file } => write!(formatter, "written: {file}"),
            Self::Disconnected { service, reason } => {
                write!(formatter, "{service}: connection lost ({reason}); trying again")
            }
            Self::Reconnected { service } => write!(formatter, "{service}: connected again, nothing was missed"),
            Self::Waiting { condition } => write!(formatter, "waiting for {condition}"),
        }
    }
}

/// A number of things, in words; `thing` is the singular.
#[must_use]
pub fn count(number: u64, thing: &str) -> String {
    match (number, thing.strip_suffix('y')) {
        (1, _) => format!("1 {thing}"),
        (_, Some(stem)) => format!("{number} {stem}ies"),
        _ => format!("{number} {thing}s"),
    }
}

/// The first eight characters of an id, as Nomad's own tools show it.
#[must_use]
pub fn short(id: &str) -> &str {
    id.get(..8).unwrap_or(id)
}
