//! What is a crash loop, and what is only a failure.

use super::super::state::tests::{allocation, job, listed, task, terminated, with_task};
use super::*;
use crate::nomad::events::Change;
use crate::nomad::jobs::{ReschedulePolicy, TaskGroup};

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

#[test]
fn an_allocation_that_a_job_goes_on_without_is_told_of_at_once() {
    let policy = Some(ReschedulePolicy { attempts: 1, unlimited: false });
    let group = |job: Job| Job {
        task_groups: job.task_groups.into_iter().map(|group| TaskGroup { reschedule: policy, ..group }).collect(),
        ..job
    };
    let two = group(job("running", 2));
    let of_index = |id, index, status| allocation(id, index, status, (5, 6));
    let tried_once = vec![of_index("a", 0, "failed"), of_index("b", 1, "running")];
    assert!(listed(Some(two.clone()), tried_once).crash_loops().is_empty(), "it is about to be replaced");
    let replaced =
        |other| vec![of_index("a", 0, "failed"), allocation("c", 0, "failed", (8, 9)), of_index("b", 1, other)];
    let loops = listed(Some(two.clone()), replaced("running")).crash_loops();
    assert_eq!(loops.iter().map(|it| &*it.failure.allocation).collect::<Vec<_>>(), ["c"]);
    assert!(listed(Some(two), replaced("complete")).crash_loops().is_empty(), "the verdict is at hand");
}

#[test]
fn failures_of_several_tasks_are_no_loop_of_one() {
    let mut state = listed(Some(service()), vec![allocation("a", 0, "running", (5, 5))]);
    let ended = |seconds: i64| task("running", 6, vec![terminated(1, 0, seconds * SECOND)]);
    let mut both = with_task(allocation("a", 0, "running", (5, 6)), "t", ended(10));
    both.task_states.insert("side".to_owned(), ended(11));
    state.change(Change::Allocation(Box::new(both.clone())));
    assert!(state.crash_loops().is_empty(), "each failed once");
    let twice = vec![terminated(1, 0, 10 * SECOND), terminated(1, 0, 20 * SECOND)];
    both.task_states.insert("t".to_owned(), task("running", 7, twice));
    both.modify_index = 7;
    state.change(Change::Allocation(Box::new(both)));
    let loops = state.crash_loops();
    assert_eq!((loops.len(), loops[0].times, &*loops[0].failure.task), (1, 2, "t"));
}

#[test]
fn a_service_s_allocation_that_is_about_to_be_replaced_is_not_given_up() {
    let with_policy = |policy| {
        let group = |group| TaskGroup { reschedule: Some(policy), ..group };
        Job { task_groups: service().task_groups.into_iter().map(group).collect(), ..service() }
    };
    let failed = || vec![allocation("a", 0, "failed", (5, 6))];
    let unlimited = ReschedulePolicy { attempts: 0, unlimited: true };
    assert!(listed(Some(with_policy(unlimited)), failed()).crash_loops().is_empty());
    let never = ReschedulePolicy { attempts: 0, unlimited: false };
    assert_eq!(listed(Some(with_policy(never)), failed()).crash_loops().len(), 1);
}

#[test]
fn a_service_s_allocation_that_the_scheduler_leaves_is_given_up_though_it_may_be_tried_again() {
    let policy = Some(ReschedulePolicy { attempts: 1, unlimited: false });
    let group = |group| TaskGroup { reschedule: policy, ..group };
    let once = Job { task_groups: service().task_groups.into_iter().map(group).collect(), ..service() };
    let evaluation = |status: &str, modify_index| Evaluation {
        id: "e".to_owned(),
        status: status.to_owned(),
        modify_index,
        ..Evaluation::default()
    };
    let looked = |evaluation: Evaluation| {
        let mut state = listed(Some(once.clone()), vec![allocation("a", 0, "failed", (5, 6))]);
        state.evaluations.insert(evaluation.id.clone(), evaluation);
        state.crash_loops().len()
    };
    assert_eq!(looked(evaluation("complete", 5)), 0, "the scheduler has not looked since");
    assert_eq!(looked(evaluation("pending", 7)), 0, "it will look");
    assert_eq!(looked(evaluation("complete", 7)), 1);
    let mut state = listed(Some(once.clone()), vec![allocation("a", 0, "failed", (5, 6))]);
    state.evaluations.insert("e".to_owned(), evaluation("complete", 7));
    for (status, given_up) in [("running", 0), ("paused", 0), ("failed", 1), ("successful", 1)] {
        let deployment = Deployment { id: "d".to_owned(), status: status.to_owned(), ..Deployment::default() };
        state.deployments.insert("d".to_owned(), deployment);
        assert_eq!(state.crash_loops().len(), given_up, "{status}");
    }
}

#[test]
fn a_service_that_ended_well_and_is_given_up_is_told_though_nobody_watched_it_end() {
    let ended = with_task(allocation("a", 0, "failed", (5, 6)), "t", task("dead", 1, vec![terminated(0, 0, SECOND)]));
    let gives_up = ReschedulePolicy { attempts: 0, unlimited: false };
    let mut job = service();
    job.task_groups[0].reschedule = Some(gives_up);
    let loops = listed(Some(job), vec![ended]).crash_loops();
    let sentence = loops[0].sentence(&loops[0].failure.reason);
    assert!(
        sentence.starts_with(
            "its task t ended, and Nomad does not start it again: it ended with code 0: a service must not"
        ),
        "{sentence}"
    );
}

#[test]
fn a_loop_is_told_by_its_last_failure_also_when_the_next_try_has_not_begun() {
    let mut state = after(service(), &[10, 14]);
    state.change(Change::Allocation(Box::new(allocation("b", 0, "pending", (20, 21)))));
    let loops = state.crash_loops();
    assert_eq!((&*loops[0].failure.allocation, &*loops[0].failure.task, loops[0].times), ("a", "t", 2));
    assert_eq!(
        loops[0].sentence(&loops[0].failure.reason),
        "its task t keeps failing, 2 times in 4s: it exited with code 1"
    );
}
