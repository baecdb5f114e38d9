//! The logs of one job, to what stands there or to its end.

use std::collections::BTreeSet;

use super::no_log::NoLog;
use super::reading::Reading;
use crate::error::Result;
use crate::logs::{Selection, Until};
use crate::nomad::allocations::Allocation;
use crate::watch::{History, JobState, Watcher};

/// Reads a job's logs.
pub(super) async fn read(job: &str, selection: &Selection, mut reading: Reading<'_>) -> Result<()> {
    let (follow, context) = (reading.follows(), reading.context());
    let mut watcher = Watcher::start(&context.nomad, &[job.to_owned()], History::Skip);
    watcher.listed(context.observer).await?;
    let old = watcher.state(job).map(|state| selection.old_allocations(state)).unwrap_or_default();
    loop {
        let mut ended = true;
        if let Some(state) = watcher.state(job) {
            let allocations =
                if follow { selection.allocations_since(state, &old) } else { selection.allocations(state) };
            let is_over = |allocation: &Allocation| allocation.is_terminal() || state.is_lost(allocation);
            let all_over = allocations.iter().copied().all(is_over);
            // One that is still told to stop may write until it has.
            ended = all_over && (selection.allocation.is_some() || state.verdict().is_some());
            reading.name_lines(selection.is_of_several(state));
            for allocation in &allocations {
                let until = match (is_over(allocation), follow) {
                    (true, _) => Until::TaskEnded,
                    (false, true) => Until::Open,
                    (false, false) => Until::Now,
                };
                reading.read(selection.logs([*allocation]), until);
            }
            reading.has_begun();
            if reading.is_empty() && (ended || !follow) {
                return Err(why_nothing(selection, state, job.to_owned()).into());
            }
        }
        if ended || !follow {
            return reading.finish().await;
        }
        // A log that is written all the time must not hide that another one begins.
        tokio::select! {
            piece = reading.next() => piece?,
            changed = watcher.changed(context.observer) => changed?,
        }
    }
}

fn why_nothing(selection: &Selection, state: &JobState, job: String) -> NoLog {
    let allocations = selection.allocations(state);
    if let Some(prefix) = selection.allocation.clone().filter(|_| allocations.is_empty()) {
        return NoLog::NoSuchAllocation { job, prefix };
    }
    let tasks: BTreeSet<&str> =
        allocations.iter().flat_map(|allocation| allocation.task_states.keys()).map(String::as_str).collect();
    match &selection.task {
        Some(task) if !tasks.is_empty() && !tasks.contains(task.as_str()) => {
            let tasks = tasks.into_iter().collect::<Vec<_>>().join(", ");
            NoLog::NoSuchTask { job, task: task.clone(), tasks }
        }
        _ if allocations.is_empty() => NoLog::NoAllocation(job),
        _ => NoLog::NotStarted(job),
    }
}
