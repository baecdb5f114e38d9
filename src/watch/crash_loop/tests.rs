//! What is a crash loop, and what is only a failure.

use super::super::state::tests::{allocation, job, listed, task, terminated, with_task};
use super::*;
use crate::nomad::events::Change;

/// In nanoseconds.
const SECOND: i64 = 1_000_000_000;

fn service() -> Job {
    Job { kind: "service".to_owned(), ..job("running", 1) }
}

/// What is known after an allocation's task has failed at these times, in seconds, while it was watched.
fn after(job: Job, failures: &[i64]) -> JobState {
    let mut state = listed(Some(job), vec![allocation("a", 0, "running", (5, 5))]);
    let mut events = Vec::new();
    for (changes, at) in (6..).zip(failures) {
        events.push(terminated(1, 0, at * SECOND));
        let restarted = task("running", changes, events.clone());
        let changed = with_task(allocation("a", 0, "running", (5, changes)), "t", restarted);
        state.change(Change::Allocation(Box::new(changed)));
    }
    state
}

#[test]
fn a_service_whose_task_failed_twice_while_watched_is_in_a_crash_loop() {
    let restarted = |modify_index, events| {
        with_task(allocation("a", 0, "running", (5, modify_index)), "t", task("running", modify_index, events))
    };
    let first = terminated(1, 0, 60 * SECOND);
    let second = terminated(1, 0, 70 * SECOND);
    let mut state = listed(Some(service()), vec![restarted(6, vec![terminated(1, 0, 50 * SECOND)])]);
    assert!(state.crash_loops().is_empty(), "what failed before the watch is history");
    let mut take = |allocation: Allocation| {
        state.change(Change::Allocation(Box::new(allocation)));
        state.crash_loops().len()
    };
    assert_eq!(take(restarted(7, vec![terminated(1, 0, 50 * SECOND), first.clone()])), 0);
    assert_eq!(take(restarted(8, vec![terminated(1, 0, 50 * SECOND), first, second])), 1);
}

#[test]
fn allocations_of_an_older_version_are_no_crash_loop() {
    let of_version = |version| Allocation { job_version: Some(version), ..allocation("a", 0, "failed", (5, 6)) };
    let newest = || Job { version: 2, ..service() };
    assert!(listed(Some(newest()), vec![of_version(1)]).crash_loops().is_empty());
    assert_eq!(listed(Some(newest()), vec![of_version(2)]).crash_loops().len(), 1);
}

#[test]
fn it_is_told_with_its_rate() {
    let loops = after(service(), &[100, 112]).crash_loops();
    assert_eq!(
        loops[0].sentence(&loops[0].failure.reason),
        "its task t keeps failing, 2 times in 12s: it exited with code 1"
    );
}

#[test]
fn failures_that_are_far_apart_are_no_loop() {
    assert!(after(service(), &[100, 100 + 3_600]).crash_loops().is_empty());
    assert_eq!(after(service(), &[100, 4_000, 4_010]).crash_loops().len(), 1);
}

#[test]
fn a_batch_job_may_try_more_often() {
    assert!(after(job("running", 1), &[1, 2, 3, 4]).crash_loops().is_empty());
    assert_eq!(after(job("running", 1), &[1, 2, 3, 4, 5]).crash_loops().len(), 1);
}

#[test]
fn the_failures_of_those_that_it_replaces_count() {
    let mut state = after(job("running", 1), &[1, 2, 3, 4]);
    let failing = |events| with_task(allocation("b", 0, "running", (20, 21)), "t", task("running", 1, events));
    state.change(Change::Allocation(Box::new(failing(vec![terminated(1, 0, 9 * SECOND)]))));
    let loops = state.crash_loops();
    assert_eq!((loops[0].times, loops[0].failure.allocation.as_str()), (5, "b"));
}

#[test]
fn what_completed_after_all_is_no_loop() {
    let mut state = after(job("running", 1), &[1, 2, 3, 4, 5]);
    let done =
        with_task(allocation("a", 0, "complete", (5, 30)), "t", task("dead", 5, vec![terminated(0, 0, 9 * SECOND)]));
    state.change(Change::Allocation(Box::new(done)));
    assert!(state.crash_loops().is_empty());
}
