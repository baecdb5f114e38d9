//! The verdicts, case by case.

use std::collections::BTreeMap;

use super::super::state::JobListing;
use super::super::state::tests::{JOB, allocation, job, listed, task, terminated, with_task};
use super::*;
use crate::event::Event;
use crate::nomad::evaluations::PlacementMetrics;
use crate::nomad::jobs::{Job, ReschedulePolicy, TaskGroup};

fn verdict(job: Job, allocations: Vec<Allocation>) -> Option<Verdict> {
    listed(Some(job), allocations).verdict()
}

fn stopped(mut allocation: Allocation) -> Allocation {
    allocation.desired_status = "stop".to_owned();
    allocation
}

/// A failed allocation whose task ended so.
fn failed(event: TaskEvent) -> Allocation {
    let mut task = task("dead", 2, vec![event]);
    task.failed = true;
    with_task(allocation("a", 0, "failed", (5, 6)), "t", task)
}

fn only_failure(verdict: Option<Verdict>) -> Failure {
    let Some(Verdict::Failed(failures)) = verdict else { panic!("{verdict:?}") };
    let [failure] = failures.as_slice() else { panic!("{failures:?}") };
    failure.clone()
}

#[test]
fn nothing_is_decided_before_the_first_listing() {
    assert_eq!(JobState::new(JOB).verdict(), None);
}

#[test]
fn a_job_that_nomad_does_not_have_is_gone() {
    assert_eq!(listed(None, Vec::new()).verdict(), Some(Verdict::Gone));
}

#[test]
fn the_table() {
    let complete = || allocation("a", 0, "complete", (5, 6));
    let lost = || allocation("a", 0, "lost", (5, 6));
    let other = |status: &str| allocation("b", 1, status, (7, 8));
    let again = |status: &str| allocation("b", 0, status, (7, 8));
    let stop = |status: &str| Job { stop: true, ..job(status, 1) };
    let complete_and_none = [
        ("one that completed", job("dead", 1), vec![complete()], Some(Verdict::Complete)),
        ("completed, and Nomad has not said dead yet", job("running", 1), vec![complete()], Some(Verdict::Complete)),
        ("none is wanted", job("dead", 0), vec![], Some(Verdict::Complete)),
        ("not placed yet", job("pending", 1), vec![], None),
        ("one of two is not placed yet", job("running", 2), vec![complete()], None),
        ("one of two runs", job("running", 2), vec![complete(), other("running")], None),
        ("both completed", job("dead", 2), vec![complete(), other("complete")], Some(Verdict::Complete)),
        ("a retry completed", job("dead", 1), vec![lost(), again("complete")], Some(Verdict::Complete)),
        ("a retry runs", job("running", 1), vec![lost(), again("running")], None),
        ("a retry is to come", job("pending", 1), vec![lost()], None),
        ("a node that may come back", job("running", 1), vec![allocation("a", 0, "unknown", (5, 6))], None),
        ("stopped before it was placed", stop("dead"), vec![], Some(Verdict::Stopped)),
        ("stopped after it completed", stop("dead"), vec![complete()], Some(Verdict::Complete)),
        ("stopped while it ran", stop("dead"), vec![stopped(complete())], Some(Verdict::Stopped)),
        ("stopped, still running", stop("running"), vec![allocation("a", 0, "running", (5, 6))], None),
        ("its allocation was stopped, no room", job("pending", 1), vec![stopped(complete())], None),
        ("its allocation was stopped for good", job("dead", 1), vec![stopped(complete())], Some(Verdict::Stopped)),
        ("scaled down", job("dead", 1), vec![complete(), stopped(other("complete"))], Some(Verdict::Complete)),
    ];
    for (case, job, allocations, expected) in complete_and_none {
        assert_eq!(verdict(job, allocations), expected, "{case}");
    }
}

#[test]
fn a_job_on_each_node_needs_all_nodes() {
    let on = |node: &str, status: &str| Allocation { node_id: node.to_owned(), ..allocation(node, 0, status, (5, 6)) };
    let each = |status: &str| Job { kind: "sysbatch".to_owned(), ..job(status, 1) };
    assert_eq!(verdict(each("running"), vec![on("n1", "running"), on("n2", "complete")]), None);
    assert_eq!(verdict(each("dead"), vec![on("n1", "complete"), on("n2", "complete")]), Some(Verdict::Complete));
    let failure = only_failure(verdict(each("dead"), vec![on("n1", "failed"), on("n2", "complete")]));
    assert_eq!(failure.allocation, "n1");
}

#[test]
fn a_job_on_each_node_with_a_group_that_has_no_place_is_not_done() {
    let groups = ["g", "h"].map(|name| TaskGroup { name: name.to_owned(), count: 1, ..Default::default() });
    let each = |stop| Job { kind: "sysbatch".to_owned(), stop, task_groups: groups.to_vec(), ..job("dead", 1) };
    let no_place = Evaluation {
        job: JOB.to_owned(),
        status: "complete".to_owned(),
        failed_placements: BTreeMap::from([("h".to_owned(), PlacementMetrics::default())]),
        ..Default::default()
    };
    let rule = |allocation, stop, evaluation: Option<&Evaluation>| {
        let mut state = listed(Some(each(stop)), vec![allocation]);
        state.evaluations = evaluation.map(|it| (it.id.clone(), it.clone())).into_iter().collect();
        state.judge().rule
    };
    let complete = || allocation("a", 0, "complete", (5, 6));
    assert_eq!(rule(complete(), false, Some(&no_place)), Rule::Unscheduled);
    assert_eq!(rule(stopped(complete()), false, Some(&no_place)), Rule::Unscheduled, "its other group was stopped");
    assert_eq!(rule(complete(), true, None), Rule::Stopped, "to stop it does not make it complete");
}

#[test]
fn an_allocation_on_each_node_is_lost_with_a_node_of_which_nomad_says_nothing() {
    let on = |node: &str, status: &str| Allocation { node_id: node.to_owned(), ..allocation(node, 0, status, (5, 6)) };
    let each = Job { kind: "sysbatch".to_owned(), ..job("running", 1) };
    let mut state = listed(Some(each.clone()), vec![on("n1", "running"), on("n2", "running")]);
    let lost = |node: &str, index| BTreeMap::from([(node.to_owned(), index)]);
    let ended = |id: &str| Event::AllocationEnded { job: JOB.into(), allocation: id.into(), status: "lost".into() };
    assert_eq!(state.nodes_lost(&lost("n1", 7)), [ended("n1")]);
    assert_eq!(state.nodes_lost(&lost("n1", 7)), [], "it is told once");
    assert_eq!(state.verdict(), None, "the other one runs");
    let listing =
        |allocations| JobListing { id: JOB.into(), job: Some(each.clone()), allocations, ..Default::default() };
    state.list(listing(vec![on("n1", "running"), on("n2", "complete")]));
    assert_eq!(only_failure(state.verdict()).reason, "the node n was lost while it ran");
    state.nodes_lost(&BTreeMap::new());
    assert_eq!(state.verdict(), None, "the node is back, and what it ran goes on");
    state.nodes_lost(&lost("n1", 4));
    assert_eq!(state.verdict(), None, "it was placed after the node had been down");
    let dead = Some(Job { status: "dead".to_owned(), ..each.clone() });
    state.list(JobListing { job: dead, ..listing(vec![on("n1", "complete"), on("n2", "complete")]) });
    assert_eq!(state.verdict(), Some(Verdict::Complete));
}

#[test]
fn an_exit_code_is_told_with_the_task() {
    let failure = only_failure(verdict(job("dead", 1), vec![failed(terminated(3, 0, 9))]));
    let expected = Failure {
        job: JOB.to_owned(),
        allocation: "a".to_owned(),
        node: "n".to_owned(),
        task: "t".to_owned(),
        reason: "it exited with code 3".to_owned(),
        exit_code: Some(3),
        oom: false,
        restarts: 2,
    };
    assert_eq!(failure, expected);
}

#[test]
fn a_kill_and_the_kernel_s_kill_are_told_apart() {
    let failure = only_failure(verdict(job("dead", 1), vec![failed(terminated(137, 9, 9))]));
    assert_eq!(failure.reason, "it was killed by signal 9 (SIGKILL)");
    assert_eq!((failure.exit_code, failure.oom), (Some(137), false));

    let mut oom = terminated(137, 0, 9);
    oom.details.insert("oom_killed".to_owned(), "true".to_owned());
    let failure = only_failure(verdict(job("dead", 1), vec![failed(oom)]));
    assert_eq!(failure.reason, "the kernel killed it because it used more memory than it reserved");
    assert_eq!((failure.exit_code, failure.oom), (Some(137), true));
}

#[test]
fn where_no_task_tells_the_allocation_does() {
    let bare = |status: &str, description: &str| Allocation {
        client_description: description.to_owned(),
        ..allocation("a", 0, status, (5, 6))
    };
    let reason = |allocation| only_failure(verdict(job("dead", 1), vec![allocation])).reason;
    assert_eq!(reason(bare("lost", "alloc is lost since its node is down")), "the node n was lost while it ran");
    assert_eq!(reason(bare("failed", "failed to mount")), "failed to mount");
    assert_eq!(reason(bare("failed", "")), "Nomad says failed and gives no reason");
    assert_eq!(only_failure(verdict(job("dead", 1), vec![bare("failed", "")])).exit_code, None);
}

#[test]
fn the_task_that_failed_is_named_not_the_one_beside_it() {
    let beside = failed(terminated(1, 0, 9));
    let beside = with_task(beside, "a-sidecar", task("dead", 0, vec![terminated(0, 0, 9)]));
    assert_eq!(only_failure(verdict(job("dead", 1), vec![beside])).task, "t");
}

#[test]
fn every_index_that_failed_is_told() {
    let mut second = failed(terminated(4, 0, 9));
    second.id = "b".to_owned();
    second.name = format!("{JOB}.g[1]");
    let Some(Verdict::Failed(failures)) = verdict(job("dead", 2), vec![failed(terminated(3, 0, 9)), second]) else {
        panic!("both failed")
    };
    let codes: Vec<Option<i64>> = failures.iter().map(|failure| failure.exit_code).collect();
    assert_eq!(codes, [Some(3), Some(4)]);
}

/// A task's start, and then what the client was told to do and how the task ended.
fn life(end: TaskEvent, asked_for: bool) -> Vec<TaskEvent> {
    let event = |kind: &str, time| TaskEvent { kind: kind.to_owned(), time, ..TaskEvent::default() };
    let mut events = vec![event("Started", 1)];
    events.extend(asked_for.then(|| event("Killing", 2)));
    events.push(end);
    events
}

#[test]
fn what_the_kernel_killed_is_no_success_though_nomad_calls_it_complete() {
    let mut oom = terminated(137, 9, 3);
    oom.details.insert("oom_killed".to_owned(), "true".to_owned());
    let killed = with_task(allocation("a", 0, "complete", (5, 6)), "t", task("dead", 0, life(oom, false)));
    let failure = only_failure(verdict(job("dead", 1), vec![killed]));
    assert_eq!((failure.oom, failure.exit_code), (true, Some(137)));
}

#[test]
fn a_task_that_was_told_to_end_is_no_failure() {
    let ended =
        with_task(allocation("a", 0, "complete", (5, 6)), "t", task("dead", 0, life(terminated(143, 15, 3), true)));
    assert_eq!(verdict(job("dead", 1), vec![ended]), Some(Verdict::Complete));
}

#[test]
fn a_node_that_comes_back_counts_once() {
    let original = |status: &str| allocation("a", 0, status, (5, 8));
    let replacement = |status: &str| allocation("b", 0, status, (7, 8));
    assert_eq!(verdict(job("running", 1), vec![original("unknown"), replacement("running")]), None);
    // The replacement is stopped, and would have the last word otherwise.
    let back = |status: &str| vec![original(status), stopped(replacement("complete"))];
    assert_eq!(verdict(job("running", 1), back("running")), None);
    assert_eq!(verdict(job("dead", 1), back("complete")), Some(Verdict::Complete));
}

#[test]
fn nobody_waits_for_a_lost_node_whose_work_is_done() {
    let allocations = vec![allocation("a", 0, "unknown", (5, 6)), allocation("b", 0, "complete", (7, 8))];
    assert_eq!(verdict(job("running", 1), allocations), Some(Verdict::Complete));
}

#[test]
fn a_run_of_an_older_version_does_not_decide() {
    let of_version = |version, allocation| Allocation { job_version: Some(version), ..allocation };
    let before = of_version(0, allocation("a", 0, "complete", (5, 6)));
    let now = of_version(1, stopped(allocation("b", 0, "complete", (7, 8))));
    // To stop a job makes a version of its own.
    let stopped = Job { stop: true, version: 2, ..job("dead", 1) };
    assert_eq!(verdict(stopped, vec![before.clone(), now]), Some(Verdict::Stopped));
    let again = Job { version: 1, ..job("pending", 1) };
    assert_eq!(verdict(again, vec![before.clone()]), None, "the newest version is not placed yet");
    let unplaced = Job { version: 1, ..job("dead", 1) };
    assert_eq!(verdict(unplaced, vec![before]), Some(Verdict::Unknown { found: 0, wanted: 1 }));
}

#[test]
fn what_nomad_has_collected_is_no_success() {
    assert_eq!(verdict(job("dead", 1), Vec::new()), Some(Verdict::Unknown { found: 0, wanted: 1 }));
    let half = vec![allocation("a", 0, "complete", (5, 6))];
    assert_eq!(verdict(job("dead", 2), half), Some(Verdict::Unknown { found: 1, wanted: 2 }));
}

#[test]
fn what_failed_and_was_left_so_in_the_newest_version_failed() {
    let service = Job { kind: "service".to_owned(), version: 1, job_modify_index: 20, ..job("dead", 1) };
    let before = Allocation { job_version: Some(0), ..failed(terminated(7, 0, 9)) };
    let scaled = |create_index| Evaluation {
        job: JOB.to_owned(),
        triggered_by: "job-scaling".to_owned(),
        status: "complete".to_owned(),
        create_index,
        ..Evaluation::default()
    };
    let state = |create_index, allocations: &[Allocation]| {
        let mut state = JobState::new(JOB);
        let _ = state.list(JobListing {
            id: JOB.to_owned(),
            job: Some(service.clone()),
            allocations: allocations.to_vec(),
            evaluations: vec![scaled(create_index)],
            deployments: Vec::new(),
        });
        state.verdict()
    };
    assert_eq!(only_failure(state(21, std::slice::from_ref(&before))).exit_code, Some(7));
    let collected = Some(Verdict::Unknown { found: 0, wanted: 1 });
    assert_eq!(state(15, std::slice::from_ref(&before)), collected, "the newest version was not looked at");
    assert_eq!(state(21, &[Allocation { task_group: "another".to_owned(), ..before }]), collected);
}

#[test]
fn a_service_ends_when_somebody_stops_it_or_when_nomad_gives_it_up() {
    let service = |status: &str| Job { kind: "service".to_owned(), ..job(status, 1) };
    assert_eq!(verdict(service("running"), vec![allocation("a", 0, "running", (5, 6))]), None);
    assert_eq!(verdict(service("pending"), vec![failed(terminated(1, 0, 9))]), None);
    let stop = Job { stop: true, ..service("dead") };
    assert_eq!(verdict(stop, vec![stopped(allocation("a", 0, "complete", (5, 6)))]), Some(Verdict::Stopped));
    assert_eq!(only_failure(verdict(service("dead"), vec![failed(terminated(1, 0, 9))])).exit_code, Some(1));
}

#[test]
fn a_job_that_only_starts_others_goes_on_until_it_is_stopped() {
    let parent = |status: &str| Job { periodic: serde_json::json!({ "Enabled": true }), ..job(status, 1) };
    assert_eq!(verdict(parent("running"), Vec::new()), None);
    assert_eq!(verdict(Job { stop: true, ..parent("dead") }, Vec::new()), Some(Verdict::Stopped));
}

#[test]
fn a_job_that_was_stopped_twice_is_judged_by_what_it_was_before() {
    let evaluation = |id: &str, triggered_by: &str, index: u64| Evaluation {
        id: id.to_owned(),
        job: JOB.to_owned(),
        status: "complete".to_owned(),
        triggered_by: triggered_by.to_owned(),
        create_index: index,
        ..Evaluation::default()
    };
    let mut state = JobState::new(JOB);
    state.list(JobListing {
        id: JOB.to_owned(),
        job: Some(Job { stop: true, version: 3, ..job("dead", 1) }),
        allocations: vec![Allocation { job_version: Some(1), ..allocation("a", 0, "complete", (15, 16)) }],
        evaluations: vec![
            evaluation("1", "job-register", 10),
            evaluation("2", "job-scaling", 14),
            evaluation("3", "job-deregister", 20),
            evaluation("4", "job-deregister", 30),
        ],
        deployments: Vec::new(),
    });
    assert_eq!(state.verdict(), Some(Verdict::Complete));
}

#[test]
fn a_job_that_wants_none_any_more_is_complete_where_nothing_was_taken_away() {
    let scaled = |stop| Job { version: 1, stop, ..job("dead", 0) };
    let of_before = |allocation| Allocation { job_version: Some(0), ..allocation };
    for stop in [false, true] {
        let done = of_before(stopped(allocation("a", 0, "complete", (5, 6))));
        assert_eq!(verdict(scaled(stop), vec![done]), Some(Verdict::Complete), "{stop}");
        let killed = with_task(
            stopped(allocation("a", 0, "complete", (5, 6))),
            "t",
            task("dead", 0, life(terminated(130, 2, 3), true)),
        );
        assert_eq!(verdict(scaled(stop), vec![of_before(killed)]), Some(Verdict::Stopped), "{stop}");
    }
}

#[test]
fn work_that_was_done_before_something_after_it_was_stopped_is_done() {
    let of_main_task =
        |events| with_task(stopped(allocation("a", 0, "complete", (5, 6))), "t", task("dead", 0, events));
    let done = of_main_task(vec![terminated(0, 0, 3)]);
    assert_eq!(verdict(job("dead", 1), vec![done]), Some(Verdict::Complete));
    let killed = of_main_task(life(terminated(130, 2, 3), true));
    assert_eq!(verdict(job("dead", 1), vec![killed]), Some(Verdict::Stopped));
}

#[test]
fn a_failure_for_good_is_not_taken_away_by_a_stop_and_goes_before_a_node_that_was_lost() {
    let limited = Some(ReschedulePolicy { attempts: 0, unlimited: false });
    let group = |group| TaskGroup { reschedule: limited, ..group };
    let two = job("dead", 2);
    let two = Job { stop: true, task_groups: two.task_groups.into_iter().map(group).collect(), ..two };
    let gone = allocation("b", 1, "lost", (5, 6));
    let failures = verdict(two.clone(), vec![gone.clone(), failed(terminated(47, 0, 3))]);
    assert_eq!(only_failure(failures).exit_code, Some(47));
    let failures = verdict(Job { stop: false, ..two }, vec![gone, failed(terminated(47, 0, 3))]);
    let Some(Verdict::Failed(failures)) = failures else { panic!("{failures:?}") };
    assert_eq!(failures.iter().map(|failure| &*failure.task).collect::<Vec<_>>(), ["t", ""]);
}
