//! What is known of a Spark application that runs: a pure reducer from what its driver and the master say to events.

mod follow;

use std::collections::{BTreeMap, BTreeSet};

use crate::event::{Event, StageStatus};
use crate::spark::{ExecutorState, StageState};

pub use follow::{ApplicationWatcher, Sight};

/// A stage and its try.
type Stage = (u64, u64);

/// What was told of an application.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Application {
    job: String,
    /// Its id; after a takeover without its state the same job begins another one.
    id: String,
    executors: (u64, u64),
    lost: BTreeSet<String>,
    stages: BTreeMap<Stage, (StageStatus, u64)>,
}

impl Application {
    fn new(job: &str) -> Self {
        Self { job: job.to_owned(), ..Self::default() }
    }

    /// Takes in what the driver says of itself; gives what is new.
    fn look(&mut self, id: &str, executors: &[ExecutorState], stages: &[StageState]) -> Vec<Event> {
        if self.id != id {
            *self = Self { id: id.to_owned(), ..Self::new(&self.job) };
        }
        let mut events = Vec::new();
        let running = executors.iter().filter(|executor| executor.runs_tasks());
        let now = running.fold((0, 0), |(number, cores), executor| (number + 1, cores + executor.total_cores));
        if now != self.executors {
            self.executors = now;
            events.push(Event::Executors { job: self.job.clone(), executors: now.0, cores: now.1 });
        }
        let gone = executors.iter().filter(|executor| !executor.is_active && !executor.is_driver());
        for executor in gone {
            if self.lost.insert(executor.id.clone()) {
                let reason = executor.remove_reason.as_deref().unwrap_or("Spark gives no reason").trim().to_owned();
                let (executor, host) = (executor.id.clone(), executor.host_port.clone());
                events.push(Event::ExecutorLost { job: self.job.clone(), executor, host, reason });
            }
        }
        let mut stages: Vec<&StageState> = stages.iter().collect();
        stages.sort_by_key(|stage| (stage.stage_id, stage.attempt_id));
        events.extend(stages.into_iter().filter_map(|stage| self.stage(stage)));
        events
    }

    fn stage(&mut self, stage: &StageState) -> Option<Event> {
        let status = match stage.status.as_str() {
            "ACTIVE" => StageStatus::Active,
            "COMPLETE" => StageStatus::Complete,
            "FAILED" => StageStatus::Failed,
            _ => return None,
        };
        let now = (status, stage.num_complete_tasks);
        let before = self.stages.insert((stage.stage_id, stage.attempt_id), now);
        (before != Some(now)).then(|| Event::Stage {
            job: self.job.clone(),
            stage: stage.stage_id,
            // Spark adds this where the program does not tell its lines.
            name: stage.name.trim_end_matches(" at <unknown>:0").to_owned(),
            status,
            // Others between its start and its end are for a picture, not for lines.
            is_new: before.is_none_or(|(before, _)| before != status),
            tasks: stage.num_tasks,
            done: stage.num_complete_tasks,
            failed: stage.num_failed_tasks,
        })
    }

    /// Whether the driver has executors, as far as it was seen.
    fn has_executors(&self) -> bool {
        self.executors.0 > 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn executor(id: &str, is_active: bool) -> ExecutorState {
        let reason = (!is_active).then(|| "Command exited with code 137\n".to_owned());
        let host_port = "10.0.0.1:4000".to_owned();
        ExecutorState { id: id.to_owned(), host_port, is_active, total_cores: 2, remove_reason: reason }
    }

    fn stage(stage_id: u64, status: &str, num_complete_tasks: u64) -> StageState {
        let (status, name) = (status.to_owned(), "count at App.java:9".to_owned());
        StageState { stage_id, status, name, num_tasks: 4, num_complete_tasks, ..StageState::default() }
    }

    fn lines(events: &[Event]) -> Vec<String> {
        events.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn executors_are_told_when_they_come_and_when_they_are_lost() {
        let mut application = Application::new("j");
        let told = application.look("app", &[executor("driver", true), executor("0", true)], &[]);
        assert_eq!(lines(&told), ["j: Spark says it has 1 executor with 2 cores"]);
        assert!(application.look("app", &[executor("driver", true), executor("0", true)], &[]).is_empty());
        let told = application.look("app", &[executor("0", false), executor("1", true)], &[]);
        assert_eq!(
            lines(&told),
            ["j: Spark lost its executor 0 at 10.0.0.1:4000: Command exited with code 137"],
            "another one took its place at once"
        );
        assert!(application.has_executors());
        assert_eq!(
            lines(&application.look("app", &[executor("1", false)], &[])),
            [
                "j: Spark says it has no executor",
                "j: Spark lost its executor 1 at 10.0.0.1:4000: Command exited with code 137"
            ]
        );
    }

    #[test]
    fn a_stage_is_told_by_its_start_its_tasks_and_its_end() {
        let mut application = Application::new("j");
        let mut look = |stages: &[StageState]| application.look("app", &[], stages);
        let started = look(&[stage(0, "ACTIVE", 0), stage(1, "PENDING", 0)]);
        assert_eq!(lines(&started), ["j: Spark runs stage 0, count at App.java:9: 0 of 4 tasks"]);
        assert!(!started[0].is_progress());
        let on_its_way = look(&[stage(0, "ACTIVE", 3)]);
        assert!(on_its_way[0].is_progress());
        assert!(look(&[stage(0, "ACTIVE", 3)]).is_empty());
        let ended = look(&[stage(0, "COMPLETE", 4)]);
        assert_eq!(lines(&ended), ["j: Spark has done stage 0, count at App.java:9: 4 tasks"]);
        assert!(!ended[0].is_progress());
    }

    #[test]
    fn an_application_that_begins_again_is_told_again() {
        let mut application = Application::new("j");
        assert_eq!(application.look("app-1", &[executor("0", true)], &[stage(0, "COMPLETE", 4)]).len(), 2);
        assert_eq!(application.look("app-2", &[executor("0", true)], &[stage(0, "COMPLETE", 4)]).len(), 2);
    }
}
