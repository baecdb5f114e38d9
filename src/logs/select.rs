//! Which logs of a job are read. Pure.

use std::collections::BTreeSet;

use super::tail::Log;
use crate::nomad::allocations::Allocation;
use crate::nomad::files::LogStream;
use crate::watch::JobState;

/// What somebody wants to read of a job.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// The beginning of an allocation's id; none: all that run, else the last ones.
    pub allocation: Option<String>,
    /// The task; none: all of them.
    pub task: Option<String>,
    /// Which streams.
    pub streams: BTreeSet<LogStream>,
}

impl Selection {
    /// The allocations to read.
    #[must_use]
    pub fn allocations<'a>(&self, state: &'a JobState) -> Vec<&'a Allocation> {
        if let Some(prefix) = &self.allocation {
            return state.allocations.values().filter(|allocation| allocation.id.starts_with(prefix)).collect();
        }
        let current = state.current_allocations();
        let run = |allocation: &&&Allocation| allocation.client_status == "running";
        let running: Vec<&Allocation> = current.iter().filter(run).copied().collect();
        if running.is_empty() { current } else { running }
    }

    /// Whether these are logs of several tasks, now or as soon as all have started.
    #[must_use]
    pub fn is_of_several(&self, state: &JobState) -> bool {
        let Some(job) = &state.job else { return false };
        let groups = job.task_groups.iter().filter(|group| group.count > 0);
        let allocations = job.is_on_each_node() || job.desired() > 1;
        let tasks = groups.map(|group| group.tasks.len()).max().unwrap_or(0);
        (self.allocation.is_none() && allocations) || (self.task.is_none() && tasks > 1)
    }

    /// The allocations that are not read, nor ever will be: they had ended before, and others are read in their place.
    #[must_use]
    pub fn old_allocations(&self, state: &JobState) -> BTreeSet<String> {
        let read: BTreeSet<&str> = self.allocations(state).iter().map(|allocation| allocation.id.as_str()).collect();
        let ended = state.allocations.values().filter(|allocation| allocation.is_terminal());
        ended.map(|allocation| allocation.id.clone()).filter(|id| !read.contains(id.as_str())).collect()
    }

    /// The allocations to read where a job is followed: all but those that are old. One that comes and goes between two looks
    /// is among them.
    #[must_use]
    pub fn allocations_since<'a>(&self, state: &'a JobState, old: &BTreeSet<String>) -> Vec<&'a Allocation> {
        let is_read = |allocation: &&Allocation| self.is_named(allocation) && !old.contains(&allocation.id);
        state.allocations.values().filter(is_read).collect()
    }

    /// Whether an allocation may be read.
    #[must_use]
    pub fn is_named(&self, allocation: &Allocation) -> bool {
        self.allocation.as_ref().is_none_or(|prefix| allocation.id.starts_with(prefix))
    }

    /// The logs of allocations: those of the tasks that have started.
    pub fn logs<'a>(&self, allocations: impl IntoIterator<Item = &'a Allocation>) -> BTreeSet<Log> {
        let mut logs = BTreeSet::new();
        for allocation in allocations {
            let started = allocation.task_states.iter().filter(|(_, task)| task.started_at.is_some());
            for (task, _) in started.filter(|(name, _)| self.task.as_ref().is_none_or(|task| task == *name)) {
                for stream in &self.streams {
                    let (job, allocation, task) = (allocation.job.clone(), allocation.id.clone(), task.clone());
                    logs.insert(Log { job, allocation, task, stream: *stream });
                }
            }
        }
        logs
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nomad::allocations::TaskState;
    use crate::nomad::jobs::Job;
    use crate::watch::JobListing;

    fn allocation(id: &str, index: u64, status: &str, started: bool) -> Allocation {
        let started_at = started.then(|| "2026-11-22T06:00:00Z".to_owned());
        let task = |name: &str| (name.to_owned(), TaskState { started_at: started_at.clone(), ..TaskState::default() });
        Allocation {
            id: id.to_owned(),
            name: format!("j.g[{index}]"),
            job: "j".to_owned(),
            task_group: "g".to_owned(),
            desired_status: "run".to_owned(),
            client_status: status.to_owned(),
            task_states: ["main", "side"].map(task).into(),
            ..Allocation::default()
        }
    }

    fn state(allocations: Vec<Allocation>) -> JobState {
        let mut state = JobState::new("j");
        let job = Some(Job { id: "j".to_owned(), ..Job::default() });
        state.list(JobListing {
            id: "j".to_owned(),
            job,
            allocations,
            evaluations: Vec::new(),
            deployments: Vec::new(),
        });
        state
    }

    fn selection(allocation: Option<&str>, task: Option<&str>) -> Selection {
        let streams = BTreeSet::from([LogStream::Stdout, LogStream::Stderr]);
        Selection { allocation: allocation.map(str::to_owned), task: task.map(str::to_owned), streams }
    }

    fn names(selection: &Selection, state: &JobState) -> Vec<String> {
        selection
            .logs(selection.allocations(state))
            .iter()
            .map(|log| format!("{} {} {}", log.allocation, log.task, log.stream.as_str()))
            .collect()
    }

    #[test]
    fn all_that_run_are_read() {
        let state = state(vec![allocation("a", 0, "running", true), allocation("b", 1, "failed", true)]);
        let all = ["a main stdout", "a main stderr", "a side stdout", "a side stderr"];
        assert_eq!(names(&selection(None, None), &state), all);
        assert_eq!(names(&selection(None, Some("side")), &state), all[2..]);
        assert_eq!(names(&selection(Some("b"), Some("main")), &state), ["b main stdout", "b main stderr"]);
    }

    #[test]
    fn where_nothing_runs_the_last_ones_are_read() {
        let state = state(vec![allocation("a", 0, "complete", true), allocation("b", 1, "failed", true)]);
        assert_eq!(names(&selection(None, Some("main")), &state).len(), 4);
    }

    #[test]
    fn whoever_comes_later_is_read_also_when_it_has_ended() {
        let selection = selection(None, Some("main"));
        let first = state(vec![
            allocation("a", 0, "running", true),
            allocation("b", 1, "failed", true),
            allocation("c", 2, "pending", false),
        ]);
        let old = selection.old_allocations(&first);
        assert_eq!(old, BTreeSet::from(["b".to_owned()]));
        let next = state(vec![
            allocation("a", 0, "failed", true),
            allocation("b", 1, "failed", true),
            allocation("c", 2, "complete", true),
            allocation("d", 0, "failed", true),
            allocation("e", 0, "running", true),
        ]);
        let read = selection.allocations_since(&next, &old);
        assert_eq!(read.iter().map(|allocation| allocation.id.as_str()).collect::<Vec<_>>(), ["a", "c", "d", "e"]);
    }

    #[test]
    fn what_has_not_started_has_no_log() {
        assert!(names(&selection(None, None), &state(vec![allocation("a", 0, "pending", false)])).is_empty());
    }
}
