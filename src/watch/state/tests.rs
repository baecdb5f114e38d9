//! The reducer: what it believes, what it tells, and that no order, loss or repetition of changes makes it differ.

mod generated;

use super::*;
use crate::nomad::allocations::{DeploymentStatus, TaskEvent, TaskState};
use crate::nomad::deployments::GroupRollout;
use crate::nomad::jobs::TaskGroup;

pub(in crate::watch) const JOB: &str = "j";

/// A batch job that wants `count` allocations.
pub(in crate::watch) fn job(status: &str, count: u64) -> Job {
    Job {
        id: JOB.to_owned(),
        kind: "batch".to_owned(),
        status: status.to_owned(),
        task_groups: vec![TaskGroup { name: "g".to_owned(), count, ..TaskGroup::default() }],
        modify_index: 1,
        ..Job::default()
    }
}

/// An allocation at an index of the job's group, made and changed at the given indexes of Nomad's state.
pub(in crate::watch) fn allocation(id: &str, index: u64, status: &str, indexes: (u64, u64)) -> Allocation {
    Allocation {
        id: id.to_owned(),
        name: format!("{JOB}.g[{index}]"),
        job: JOB.to_owned(),
        task_group: "g".to_owned(),
        node_id: "n-id".to_owned(),
        node_name: "n".to_owned(),
        desired_status: "run".to_owned(),
        client_status: status.to_owned(),
        create_index: indexes.0,
        modify_index: indexes.1,
        ..Allocation::default()
    }
}

/// The same with a task in this state.
pub(in crate::watch) fn with_task(mut allocation: Allocation, name: &str, state: TaskState) -> Allocation {
    allocation.task_states.insert(name.to_owned(), state);
    allocation
}

/// A task that ended so.
pub(in crate::watch) fn terminated(exit_code: i64, signal: i64, time: i64) -> TaskEvent {
    TaskEvent { kind: "Terminated".to_owned(), time, exit_code, signal, ..TaskEvent::default() }
}

/// A task in a state, with what happened to it.
pub(in crate::watch) fn task(state: &str, restarts: u64, events: Vec<TaskEvent>) -> TaskState {
    let started_at = (state != "pending").then(|| format!("2026-11-21T09:00:0{restarts}Z"));
    TaskState { state: state.to_owned(), restarts, started_at, events, ..TaskState::default() }
}

/// What a listing makes of a job.
pub(in crate::watch) fn listed(job: Option<Job>, allocations: Vec<Allocation>) -> JobState {
    let mut state = JobState::new(JOB);
    state.list(JobListing { id: JOB.to_owned(), job, allocations, evaluations: Vec::new(), deployments: Vec::new() });
    state
}

fn evaluation(id: &str, indexes: (u64, u64), full: bool) -> Evaluation {
    let metrics = PlacementMetrics {
        nodes_evaluated: 1,
        nodes_available: BTreeMap::from([("dc1".to_owned(), 1)]),
        dimension_exhausted: BTreeMap::from([("memory".to_owned(), 1)]),
        ..PlacementMetrics::default()
    };
    Evaluation {
        id: id.to_owned(),
        job: JOB.to_owned(),
        status: "complete".to_owned(),
        failed_placements: full.then(|| ("g".to_owned(), metrics)).into_iter().collect(),
        create_index: indexes.0,
        modify_index: indexes.1,
        ..Evaluation::default()
    }
}

fn changed(state: &mut JobState, allocation: &Allocation) -> Vec<String> {
    texts(&state.change(Change::Allocation(Box::new(allocation.clone()))))
}

fn texts(events: &[Event]) -> Vec<String> {
    events.iter().map(ToString::to_string).collect()
}

#[test]
fn an_allocation_s_life_is_told_step_by_step_and_each_step_once() {
    let mut state = listed(Some(job("pending", 1)), Vec::new());
    let steps = [
        (allocation("a", 0, "pending", (5, 5)), vec!["j: allocation a placed on n"]),
        (
            with_task(allocation("a", 0, "running", (5, 6)), "t", task("running", 0, Vec::new())),
            vec!["j: Nomad says task t of a runs"],
        ),
        (
            with_task(allocation("a", 0, "running", (5, 7)), "t", task("pending", 1, vec![terminated(3, 0, 70)])),
            vec!["j: task t of a failed: it exited with code 3"],
        ),
        (
            with_task(allocation("a", 0, "running", (5, 8)), "t", task("running", 1, vec![terminated(3, 0, 70)])),
            vec!["j: Nomad says task t of a runs"],
        ),
        (
            with_task(
                allocation("a", 0, "complete", (5, 9)),
                "t",
                task("dead", 1, vec![terminated(3, 0, 70), terminated(0, 0, 90)]),
            ),
            vec!["j: allocation a ended: complete"],
        ),
    ];
    for (allocation, told) in &steps {
        assert_eq!(changed(&mut state, allocation), *told);
    }
    for (allocation, _) in &steps {
        assert!(changed(&mut state, allocation).is_empty());
    }
    assert_eq!(state.failures_seen.len(), 1);
}

#[test]
fn a_restart_between_two_looks_is_told() {
    let mut state = listed(
        Some(job("running", 1)),
        vec![with_task(allocation("a", 0, "running", (5, 6)), "t", task("running", 0, Vec::new()))],
    );
    let later = with_task(
        allocation("a", 0, "running", (5, 9)),
        "t",
        task("running", 2, vec![terminated(1, 0, 7), terminated(1, 0, 8)]),
    );
    let told = changed(&mut state, &later);
    assert_eq!(told.iter().filter(|line| line.ends_with("runs")).count(), 1, "{told:?}");
    assert_eq!(told.iter().filter(|line| line.contains("failed")).count(), 2, "{told:?}");
}

#[test]
fn what_failed_before_the_first_look_is_not_told() {
    let mut state = JobState::new(JOB);
    let failed = with_task(allocation("a", 0, "failed", (5, 6)), "t", task("dead", 0, vec![terminated(1, 0, 6)]));
    let listing = JobListing {
        id: JOB.to_owned(),
        job: Some(job("running", 1)),
        allocations: vec![failed],
        evaluations: Vec::new(),
        deployments: Vec::new(),
    };
    assert!(state.list(listing).is_empty());
    assert!(state.failures_seen.is_empty());
}

#[test]
fn changes_of_other_jobs_change_nothing() {
    let mut state = listed(Some(job("running", 1)), Vec::new());
    let before = state.clone();
    let other = Allocation { job: "other".to_owned(), ..allocation("a", 0, "running", (9, 9)) };
    let mut evaluation = evaluation("e", (9, 9), true);
    evaluation.job = "other".to_owned();
    for change in [
        Change::Allocation(Box::new(other)),
        Change::Job(Box::new(Job { id: "other".to_owned(), modify_index: 99, ..job("dead", 0) })),
        Change::JobGone("other".to_owned()),
        Change::Evaluation(Box::new(evaluation)),
    ] {
        assert!(state.change(change).is_empty());
    }
    assert_eq!(state, before);
}

#[test]
fn the_reason_for_no_place_is_told_once_while_it_stays_the_same() {
    let mut state = listed(Some(job("pending", 1)), Vec::new());
    let mut told =
        |id: &str, indexes, full| texts(&state.change(Change::Evaluation(Box::new(evaluation(id, indexes, full)))));
    let words = "j: the task group g cannot be placed: not enough memory on 1 of 1 nodes";
    assert!(told("first", (5, 5), false).is_empty());
    assert_eq!(told("blocked", (6, 6), true), [words]);
    assert!(told("first", (5, 7), true).is_empty());
    assert!(told("blocked", (6, 6), true).is_empty());
    assert!(told("again", (8, 8), true).is_empty());
    assert!(told("placed", (9, 9), false).is_empty());
    assert_eq!(told("full", (10, 10), true), [words]);
}

#[test]
fn evaluations_that_were_canceled_say_nothing_about_places() {
    let mut state = listed(Some(job("pending", 1)), Vec::new());
    state.change(Change::Evaluation(Box::new(evaluation("e", (5, 5), false))));
    let canceled = Evaluation { status: "canceled".to_owned(), ..evaluation("c", (6, 6), true) };
    state.change(Change::Evaluation(Box::new(canceled)));
    assert_eq!(state.unplaced(), None);
}

#[test]
fn a_blocked_evaluation_says_nothing_before_its_maker_is_done() {
    let mut state = listed(Some(job("running", 1)), vec![allocation("a", 0, "running", (3, 4))]);
    let maker =
        |indexes, status: &str, full| Evaluation { status: status.to_owned(), ..evaluation("m", indexes, full) };
    state.change(Change::Evaluation(Box::new(maker((5, 5), "pending", false))));
    let previous_eval = "m".to_owned();
    let blocked = Evaluation { status: "blocked".to_owned(), previous_eval, ..evaluation("b", (6, 6), true) };
    assert!(state.change(Change::Evaluation(Box::new(blocked))).is_empty());
    assert_eq!(state.unplaced(), None);
    state.change(Change::Allocation(Box::new(allocation("a", 0, "lost", (3, 7)))));
    let told = state.change(Change::Evaluation(Box::new(maker((5, 8), "complete", true))));
    let reason = "the task group g cannot be placed: not enough memory on 1 of 1 nodes; it ran on n, which was lost";
    assert_eq!(texts(&told), [format!("j: {reason}")]);
    assert_eq!(state.unplaced_reason().as_deref(), Some(reason));
}

#[test]
fn a_purged_job_can_come_back() {
    let mut state = listed(Some(job("running", 1)), Vec::new());
    state.change(Change::JobGone(JOB.to_owned()));
    assert!(state.gone && state.job.is_none());
    state.change(Change::Job(Box::new(Job { modify_index: 50, ..job("pending", 1) })));
    assert!(!state.gone && state.job.is_some());
}

#[test]
fn the_newest_allocation_of_each_index_decides() {
    let state = listed(
        Some(job("running", 2)),
        vec![
            allocation("old", 0, "failed", (5, 20)),
            allocation("new", 0, "running", (9, 10)),
            allocation("other", 1, "running", (6, 6)),
        ],
    );
    let current: Vec<&str> = state.current_allocations().iter().map(|allocation| allocation.id.as_str()).collect();
    assert_eq!(current, ["new", "other"]);
    assert_eq!(state.running(), 2);
}

#[test]
fn a_job_on_each_node_has_an_allocation_that_decides_for_each() {
    let on = |id: &str, node: &str, create_index| Allocation {
        node_id: node.to_owned(),
        ..allocation(id, 0, "complete", (create_index, create_index))
    };
    let each = Job { kind: "sysbatch".to_owned(), ..job("dead", 1) };
    let state = listed(Some(each), vec![on("a", "n1", 5), on("b", "n2", 6), on("c", "n2", 7)]);
    let current: Vec<&str> = state.current_allocations().iter().map(|allocation| allocation.id.as_str()).collect();
    assert_eq!(current, ["a", "c"]);
}

#[test]
fn what_is_replaced_beside_canaries_is_of_the_version_before_them() {
    let rollout = GroupRollout { desired_total: 1, desired_canaries: 1, ..GroupRollout::default() };
    let deployment = Deployment {
        job: JOB.to_owned(),
        job_version: 1,
        status: "running".to_owned(),
        task_groups: [("g".to_owned(), rollout)].into(),
        ..Deployment::default()
    };
    let service = Job { kind: "service".to_owned(), version: 1, ..job("running", 1) };
    let mut state = JobState::new(JOB);
    let (job, deployments) = (Some(service), vec![deployment]);
    state.list(JobListing { id: JOB.to_owned(), job, deployments, ..JobListing::default() });
    let canary = Some(DeploymentStatus { canary: true, healthy: None });
    let placed =
        |id: &str, deployment_status| Allocation { deployment_status, ..allocation(id, 0, "running", (50, 51)) };
    for allocation in [placed("canary", canary), placed("before", None)] {
        state.change(Change::Allocation(Box::new(allocation)));
    }
    let version = |id: &str| state.allocations[id].job_version;
    assert_eq!((version("canary"), version("before")), (Some(1), Some(0)));
}
