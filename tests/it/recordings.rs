//! Runs of a real Nomad (`tests/recordings`, made by its record.sh), replayed through the reducer: whatever is missed of the
//! events, no look at a job tells another verdict than its end.

use std::fs;
use std::path::Path;

use nomspark::nomad::events::{Change, decode};
use nomspark::watch::{JobListing, JobState, Rule, Verdict, take_ends};
use serde_json::Value;

use crate::support::lab::CHECKOUT;

/// What the verdicts are, whatever their reasons.
const COMPLETE: &str = "complete";
const FAILED: &str = "failed";
const STOPPED: &str = "stopped";

/// A run.
struct Recording {
    /// What Nomad said at the end.
    listing: JobListing,
    /// What changed at once, each time.
    batches: Vec<Vec<Change>>,
}

impl Recording {
    fn of(name: &str) -> Self {
        let folder = Path::new(CHECKOUT).join("tests/recordings").join(name);
        let read = |file: &str| fs::read_to_string(folder.join(file)).unwrap();
        let batches = read("events.ndjson").lines().map(|line| decode(line).unwrap().changes).collect();
        let mut listing: Value = serde_json::from_str(&read("listing.json")).unwrap();
        let mut part = |name: &str| listing[name].take();
        let listing = JobListing {
            id: format!("recorded-{name}"),
            job: serde_json::from_value(part("job")).unwrap(),
            allocations: serde_json::from_value(part("allocations")).unwrap(),
            evaluations: serde_json::from_value(part("evaluations")).unwrap(),
            deployments: serde_json::from_value::<Option<_>>(part("deployments")).unwrap().unwrap_or_default(),
        };
        Self { listing, batches }
    }

    /// The job as it was when it was registered, and nothing else.
    fn begun(&self) -> JobState {
        let job = self.batches.iter().flatten().find_map(|change| match change {
            Change::Job(job) => Some((**job).clone()),
            _ => None,
        });
        let mut state = JobState::new(&self.listing.id);
        state.list(JobListing { id: self.listing.id.clone(), job, ..JobListing::default() });
        state
    }
}

fn word(verdict: Option<&Verdict>) -> Option<&'static str> {
    verdict.map(|verdict| match verdict {
        Verdict::Complete => COMPLETE,
        Verdict::Failed(_) => FAILED,
        Verdict::Stopped => STOPPED,
        Verdict::Gone => "gone",
        Verdict::Unknown { .. } => "unknown",
    })
}

/// Replays a run, also without each of the changes that come at once; gives the verdict.
fn verdict(name: &str, expected: &str) -> Verdict {
    let recording = Recording::of(name);
    let batches = &recording.batches;
    assert!(batches.len() > 5, "{name}");
    for lost in 0..batches.len() {
        let mut state = recording.begun();
        for (index, changes) in batches.iter().enumerate().filter(|(index, _)| *index != lost) {
            let mut changes = changes.clone();
            take_ends(&mut changes);
            state.changes(&changes);
            let now = state.verdict();
            let now = word(now.as_ref());
            assert!(now.is_none_or(|now| now == expected), "{name} without line {lost}, at line {index}: {now:?}");
        }
        state.list(recording.listing.clone());
        assert_eq!(word(state.verdict().as_ref()), Some(expected), "{name} without line {lost}");
    }
    assert!(!take_ends(&mut batches.concat()).is_empty(), "{name}: nothing says when to look");
    let mut state = recording.begun();
    state.list(recording.listing);
    state.verdict().unwrap()
}

/// Replays a run, also without each of the changes that come at once, and looks at what Nomad says at the end.
///
/// `meanwhile` may be told while it goes on: of a job that is run again, what the version before came to was true then.
fn ends_by(name: &str, meanwhile: &[&str], rule: Rule) -> JobState {
    let recording = Recording::of(name);
    for lost in 0..recording.batches.len() {
        let mut state = recording.begun();
        for changes in recording.batches.iter().enumerate().filter(|(index, _)| *index != lost).map(|(_, it)| it) {
            let mut changes = changes.clone();
            take_ends(&mut changes);
            state.changes(&changes);
            let now = state.verdict();
            let now = word(now.as_ref());
            assert!(now.is_none_or(|now| meanwhile.contains(&now)), "{name} without line {lost}: {now:?}");
        }
        state.list(recording.listing.clone());
        assert_eq!(state.judge().rule, rule, "{name} without line {lost}");
    }
    let mut state = recording.begun();
    state.list(recording.listing);
    state
}

/// The reason and the exit code of the only failure.
fn failure(name: &str) -> (String, Option<i64>) {
    let Verdict::Failed(failures) = verdict(name, FAILED) else { unreachable!() };
    assert_eq!(failures.len(), 1, "{failures:#?}");
    (failures[0].reason.clone(), failures[0].exit_code)
}

#[test]
fn a_run_that_fails_is_a_failure_with_its_exit_code() {
    assert_eq!(failure("failed"), ("it exited with code 3".to_owned(), Some(3)));
}

#[test]
fn the_third_allocation_s_success_is_a_success() {
    verdict("rescheduled", COMPLETE);
}

#[test]
fn the_kernel_s_kill_for_memory_is_told_apart_from_somebody_s() {
    assert!(failure("out-of-memory").0.starts_with("the kernel killed it because it used more memory"));
    assert_eq!(failure("killed").0, "it was killed by signal 9 (SIGKILL)");
}

#[test]
fn a_stop_is_no_failure() {
    verdict("stopped", STOPPED);
    verdict("service-stopped", STOPPED);
}

#[test]
fn of_a_job_on_each_node_the_node_that_failed_is_named() {
    let Verdict::Failed(failures) = verdict("each-node", FAILED) else { unreachable!() };
    let nodes: Vec<&str> = failures.iter().map(|failure| failure.node.as_str()).collect();
    assert_eq!(nodes, ["wacken"]);
}

#[test]
fn a_lost_node_s_work_is_done_by_another_one() {
    verdict("lost", COMPLETE);
}

#[test]
fn a_node_that_was_cut_off_and_comes_back_counts_once() {
    verdict("cut-off", COMPLETE);
}

#[test]
fn each_rule_is_shown_by_the_run_that_the_docs_name() {
    ends_by("failed", &[FAILED], Rule::Failed);
    ends_by("rescheduled", &[COMPLETE], Rule::Done);
    ends_by("stopped", &[STOPPED], Rule::Stopped);
    ends_by("service-stopped", &[STOPPED], Rule::Stopped);
    ends_by("stopped-when-done", &[COMPLETE], Rule::StoppedWhenDone);
    ends_by("stopping", &[], Rule::Stopping);
    ends_by("stopped-when-failed", &[FAILED], Rule::StoppedWhenFailed);
    ends_by("tries-again", &[], Rule::TriesAgain);
    ends_by("collected", &[COMPLETE], Rule::Collected);
    ends_by("purged", &[STOPPED, "gone"], Rule::Gone);
    ends_by("none-wanted", &[STOPPED], Rule::NothingLeft);
    ends_by("sidecar-waits", &[COMPLETE], Rule::Done);
}

#[test]
fn a_version_that_has_no_place_is_not_what_the_one_before_came_to() {
    let state = ends_by("run-again", &[COMPLETE], Rule::Unscheduled);
    assert!(state.unplaced_reason().unwrap().contains("not enough memory"));
}

#[test]
fn a_version_that_was_rolled_back_failed_while_the_one_before_runs() {
    let state = ends_by("rolled-back", &[FAILED], Rule::Runs);
    let failed = state.failed_deployment().unwrap();
    assert_eq!((failed.job_version, failed.rolled_back_to()), (1, Some(0)));
}

#[test]
fn the_recordings_that_the_docs_name_are_there() {
    let text = fs::read_to_string(Path::new(CHECKOUT).join("docs/verdicts.md")).unwrap();
    let rows = text.lines().filter_map(|line| line.strip_prefix("| `"));
    // A row ends with a bar, so its last cell is the last but one.
    let named = rows.filter_map(|row| row.split('|').map(str::trim).rev().nth(1));
    let named: Vec<&str> = named.filter(|name| !name.is_empty()).collect();
    assert!(named.len() >= 8, "{named:?}");
    for name in named {
        assert!(Path::new(CHECKOUT).join("tests/recordings").join(name).join("events.ndjson").is_file(), "{name}");
    }
}
