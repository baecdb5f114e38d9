//! What a terminal shows below the lines: a picture of what runs now. A pure reducer from events to rows.

use std::collections::BTreeMap;

use crate::event::{Event, StageStatus, count};

/// A row of the picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) text: String,
    /// How much of how much is done, where that is known.
    pub(super) progress: Option<(u64, u64)>,
}

/// How an allocation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Phase {
    Runs,
    Starts,
    FailedOnce,
    Ended,
}

/// What is known of a job.
#[derive(Clone, Debug, Default)]
struct Job {
    allocations: BTreeMap<String, Phase>,
    /// Executors and their cores.
    executors: Option<(u64, u64)>,
    /// Stages that run: the name, and how many of how many tasks are done.
    stages: BTreeMap<u64, (String, u64, u64)>,
    /// Why it does not go on.
    trouble: Option<String>,
}

/// The picture.
#[derive(Clone, Debug, Default)]
pub(super) struct View {
    jobs: BTreeMap<String, Job>,
    workers: Option<(u64, u64)>,
    uploading: Option<u64>,
    round: Option<String>,
    fault: Option<String>,
    away: Option<String>,
    waiting: Option<String>,
}

impl View {
    /// Takes an event in.
    pub(super) fn apply(&mut self, event: &Event) {
        // Whatever happens, it is not only waited any more.
        self.waiting = None;
        match event {
            Event::JobRegistered { job, .. } => {
                self.jobs.entry(job.clone()).or_default();
            }
            Event::JobStopping { job } | Event::JobStopped { job, .. } | Event::JobDead { job } => {
                self.jobs.remove(job);
            }
            Event::TaskWaits { job, reason, .. }
            | Event::PlacementFailed { job, reason }
            | Event::NoExecutors { job, reason } => {
                self.job(job).trouble = Some(reason.clone());
            }
            Event::AllocationPlaced { job, allocation, .. } => self.allocation(job, allocation, Phase::Starts),
            Event::TaskStarted { job, allocation, .. } => self.allocation(job, allocation, Phase::Runs),
            Event::TaskFailed { job, allocation, .. } => self.allocation(job, allocation, Phase::FailedOnce),
            Event::AllocationEnded { job, allocation, .. } => {
                self.allocation(job, allocation, Phase::Ended);
                let job = self.job(job);
                job.stages.clear();
                job.executors = None;
            }
            Event::Executors { job, executors, cores } => {
                let job = self.job(job);
                job.executors = Some((*executors, *cores));
                job.trouble = None;
            }
            Event::Stage { job, stage, name, status: StageStatus::Active, tasks, done, .. } => {
                self.job(job).stages.insert(*stage, (name.clone(), *done, *tasks));
            }
            Event::Stage { job, stage, .. } => {
                self.job(job).stages.remove(stage);
            }
            Event::WorkersRegistered { registered, wanted } => self.workers = Some((*registered, *wanted)),
            Event::UploadStarted { bytes } => self.uploading = Some(*bytes),
            Event::UploadFinished { .. } => self.uploading = None,
            Event::RoundBegan { scenario, number, rounds } => {
                self.round = Some(format!("{scenario}: round {number} of {rounds}"));
                self.fault = None;
            }
            Event::Fault { what } => self.fault = Some(what.clone()),
            Event::RoundEnded { .. } => self.fault = None,
            Event::Disconnected { service, .. } => self.away = Some(service.to_string()),
            Event::Reconnected { .. } => self.away = None,
            Event::Waiting { condition } => self.waiting = Some(condition.clone()),
            Event::Deployment { .. }
            | Event::WaitsForPromotion { .. }
            | Event::Step { .. }
            | Event::Warning { .. }
            | Event::JobUnchanged { .. }
            | Event::MasterAlive { .. }
            | Event::LookingAtHosts { .. }
            | Event::AddressAnswers { .. }
            | Event::ExecutorLost { .. }
            | Event::Written { .. } => {}
        }
    }

    fn job(&mut self, job: &str) -> &mut Job {
        self.jobs.entry(job.to_owned()).or_default()
    }

    fn allocation(&mut self, job: &str, allocation: &str, phase: Phase) {
        let job = self.job(job);
        job.allocations.insert(allocation.to_owned(), phase);
        job.trouble = None;
    }

    /// The rows, from above.
    pub(super) fn rows(&self) -> Vec<Row> {
        let text = |text: String| Row { text, progress: None };
        let mut rows = Vec::new();
        rows.extend(self.round.clone().map(text));
        rows.extend(self.fault.as_ref().map(|fault| text(format!("broken: {fault}"))));
        for (name, job) in &self.jobs {
            rows.push(text(format!("{name}  {}", job.sentence())));
            for (stage, (what, done, tasks)) in &job.stages {
                rows.push(Row { text: format!("  stage {stage}  {what}"), progress: Some((*done, *tasks)) });
            }
        }
        if let Some((registered, wanted)) = self.workers.filter(|(registered, wanted)| registered < wanted) {
            rows.push(text(format!("{registered} of {} registered with the master", count(wanted, "worker"))));
        }
        rows.extend(self.uploading.map(|bytes| text(format!("sending {bytes} bytes to the driver"))));
        rows.extend(self.away.as_ref().map(|service| text(format!("{service} does not answer; trying again"))));
        rows.extend(self.waiting.as_ref().map(|condition| text(format!("waiting for {condition}"))));
        rows
    }
}

impl Job {
    fn sentence(&self) -> String {
        let mut parts = Vec::new();
        for (phase, words) in [
            (Phase::Runs, "running"),
            (Phase::Starts, "starting"),
            (Phase::FailedOnce, "failed, tried again"),
            (Phase::Ended, "ended"),
        ] {
            let number = self.allocations.values().filter(|of| **of == phase).count();
            // What was replaced long ago is no part of the picture.
            if number > 0 && (phase != Phase::Ended || parts.is_empty()) {
                parts.push(format!("{number} {words}"));
            }
        }
        if parts.is_empty() {
            parts.push("not placed yet".to_owned());
        }
        if let Some((executors, cores)) = self.executors {
            parts.push(format!("{} with {}", count(executors, "executor"), count(cores, "core")));
        }
        parts.extend(self.trouble.clone());
        parts.join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(events: &[Event]) -> Vec<String> {
        let mut view = View::default();
        for event in events {
            view.apply(event);
        }
        let bar = |row: &Row| row.progress.map_or_else(String::new, |(done, all)| format!(" [{done}/{all}]"));
        view.rows().iter().map(|row| format!("{}{}", row.text, bar(row))).collect()
    }

    fn placed(job: &str, allocation: &str) -> Event {
        let (job, allocation) = (job.to_owned(), allocation.to_owned());
        Event::AllocationPlaced { job, allocation, node: "borie".to_owned() }
    }

    fn started(job: &str, allocation: &str) -> Event {
        let (job, allocation) = (job.to_owned(), allocation.to_owned());
        Event::TaskStarted { job, allocation, task: "t".to_owned() }
    }

    fn stage(stage: u64, status: StageStatus, done: u64) -> Event {
        let (job, name) = ("app".to_owned(), "count at App.java:9".to_owned());
        Event::Stage { job, stage, name, status, is_new: true, tasks: 40, done, failed: 0 }
    }

    #[test]
    fn a_job_s_allocations_are_counted() {
        assert_eq!(
            shown(&[
                Event::JobRegistered { job: "m".to_owned(), version: 0 },
                placed("w", "1"),
                started("w", "1"),
                placed("w", "2"),
                Event::WorkersRegistered { registered: 1, wanted: 2 },
            ]),
            ["m  not placed yet", "w  1 running, 1 starting", "1 of 2 workers registered with the master"]
        );
    }

    #[test]
    fn a_stage_has_a_bar_while_it_runs() {
        let mut events = vec![
            placed("app", "1"),
            started("app", "1"),
            Event::Executors { job: "app".to_owned(), executors: 2, cores: 4 },
            stage(0, StageStatus::Active, 0),
            stage(0, StageStatus::Active, 12),
        ];
        let first = "app  1 running, 2 executors with 4 cores";
        assert_eq!(shown(&events), [first, "  stage 0  count at App.java:9 [12/40]"]);
        events.push(stage(0, StageStatus::Complete, 40));
        assert_eq!(shown(&events), [first]);
    }

    #[test]
    fn what_is_waited_for_is_gone_when_something_happens() {
        let waiting = Event::Waiting { condition: "a master".to_owned() };
        assert_eq!(shown(std::slice::from_ref(&waiting)), ["waiting for a master"]);
        assert_eq!(shown(&[waiting, placed("m", "1")]), ["m  1 starting"]);
    }

    #[test]
    fn trouble_is_shown_until_it_is_over() {
        let full = Event::NoExecutors { job: "app".to_owned(), reason: "the workers are full".to_owned() };
        let mut events = vec![placed("app", "1"), started("app", "1"), full];
        assert_eq!(shown(&events), ["app  1 running, the workers are full"]);
        events.push(Event::Executors { job: "app".to_owned(), executors: 1, cores: 1 });
        assert_eq!(shown(&events), ["app  1 running, 1 executor with 1 core"]);
    }
}
