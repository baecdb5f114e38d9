//! The sentences.

use std::collections::BTreeMap;

use super::*;
use crate::nomad::evaluations::PlacementMetrics;

fn map(entries: &[(&str, u64)]) -> BTreeMap<String, u64> {
    entries.iter().map(|(name, nodes)| ((*name).to_owned(), *nodes)).collect()
}

fn some_nodes() -> PlacementMetrics {
    PlacementMetrics { nodes_evaluated: 3, nodes_available: map(&[("dc1", 3)]), ..PlacementMetrics::default() }
}

#[test]
fn placement() {
    let cases = [
        (PlacementMetrics::default(), "no node in its datacenters and node pool is ready"),
        (
            PlacementMetrics { nodes_available: map(&[("dc1", 0)]), ..PlacementMetrics::default() },
            "no node in its datacenters and node pool is ready",
        ),
        (
            PlacementMetrics { dimension_exhausted: map(&[("memory", 2)]), ..some_nodes() },
            "not enough memory on 2 of 3 nodes",
        ),
        (
            PlacementMetrics { dimension_exhausted: map(&[("cpu", 1), ("cores", 2)]), ..some_nodes() },
            "not enough free CPU cores on 2 of 3 nodes; not enough CPU on 1 of 3 nodes",
        ),
        (
            PlacementMetrics { constraint_filtered: map(&[("missing drivers", 3)]), ..some_nodes() },
            "the task driver is missing on 3 of 3 nodes",
        ),
        (
            PlacementMetrics { constraint_filtered: map(&[("${attr.cpu.arch} = arm64", 3)]), ..some_nodes() },
            "the constraint `${attr.cpu.arch} = arm64` is not met on 3 of 3 nodes",
        ),
        (
            PlacementMetrics { class_filtered: map(&[("small", 2)]), ..some_nodes() },
            "2 of 3 nodes are of the node class small, which is ruled out",
        ),
        (
            PlacementMetrics { quota_exhausted: vec!["memory exhausted".to_owned()], ..some_nodes() },
            "the quota is used up: memory exhausted",
        ),
        // A constraint rules out every node: they are there, and of a job on each node the scheduler counts none.
        (
            PlacementMetrics {
                nodes_filtered: 2,
                constraint_filtered: map(&[("${attr.cpu.arch} = arm64", 2)]),
                class_filtered: map(&[("small", 2)]),
                ..PlacementMetrics::default()
            },
            "the constraint `${attr.cpu.arch} = arm64` is not met on 2 of 2 nodes",
        ),
        (
            PlacementMetrics { constraint_filtered: map(&[("computed class ineligible", 3)]), ..some_nodes() },
            "an earlier look ruled out their kind on 3 of 3 nodes",
        ),
        (
            PlacementMetrics { constraint_filtered: map(&[("missing CSI Volume data", 1)]), ..some_nodes() },
            "missing CSI Volume data on 1 of 3 nodes",
        ),
        (
            PlacementMetrics {
                dimension_exhausted: map(&[("network: reserved port collision http=8080", 3)]),
                ..some_nodes()
            },
            "a port that it asks for is taken: http=8080 on 3 of 3 nodes",
        ),
        (
            PlacementMetrics {
                constraint_filtered: map(&[
                    ("distinct_property: ${meta.rack}=r1 used by 1 allocs", 2),
                    ("invalid host network \"x\" template for port \"http\"", 1),
                ]),
                ..some_nodes()
            },
            "the constraint `distinct_property` is not met, `${meta.rack}=r1` is used by 1 allocations on 2 of 3 nodes; \
             invalid host network \"x\" template for port \"http\" on 1 of 3 nodes",
        ),
        (
            PlacementMetrics { dimension_exhausted: map(&[("device oversubscribed", 3)]), ..some_nodes() },
            "a device that it asks for is taken on 3 of 3 nodes",
        ),
        (some_nodes(), "Nomad gives no reason"),
    ];
    for (metrics, reason) in cases {
        assert_eq!(placement_failure("g", &metrics), format!("the task group g cannot be placed: {reason}"));
    }
}

fn event(kind: &str, details: &[(&str, &str)], message: &str) -> TaskEvent {
    TaskEvent {
        kind: kind.to_owned(),
        display_message: message.to_owned(),
        details: details.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        ..TaskEvent::default()
    }
}

fn ended(exit_code: i64, signal: i64) -> TaskEvent {
    TaskEvent { exit_code, signal, ..event("Terminated", &[], "") }
}

#[test]
fn the_end_of_a_task() {
    let cases = [
        (ended(0, 0), None),
        (ended(1, 0), Some("it exited with code 1")),
        (ended(-1, 0), Some("it exited with code -1")),
        (ended(128, 0), Some("it exited with code 128")),
        (ended(255, 0), Some("it exited with code 255")),
        (ended(i64::MIN, 0), Some("it exited with code -9223372036854775808")),
        (ended(137, 0), Some("it was killed by signal 9 (SIGKILL)")),
        (ended(143, 0), Some("it was killed by signal 15 (SIGTERM)")),
        (ended(0, 9), Some("it was killed by signal 9 (SIGKILL)")),
        (ended(134, 6), Some("it was killed by signal 6 (SIGABRT)")),
    ];
    for (event, sentence) in cases {
        assert_eq!(failed_event(&event, Duty::Ends).as_deref(), sentence, "{event:?}");
    }
}

#[test]
fn what_kept_a_task_from_starting() {
    let cases = [
        (
            event("Driver Failure", &[("driver_error", "failed to pull\n  image")], ""),
            Some("its driver could not start it: failed to pull image"),
        ),
        (event("Driver Failure", &[], "no detail"), Some("its driver could not start it: no detail")),
        (event("Setup Failure", &[("setup_error", "disk full")], ""), Some("its setup failed: disk full")),
        (
            event("Failed Artifact Download", &[("download_error", "404")], ""),
            Some("an artifact could not be fetched: 404"),
        ),
        (event("Failed Validation", &[("validation_error", "bad")], ""), Some("Nomad's client refused it: bad")),
        (event("Template", &[], "Template failed to read"), Some("Template failed to read")),
        (event("Template", &[], "Template re-rendered"), None),
        (event("Killing", &[], "Sent interrupt"), None),
        (event("Started", &[], "Task started by client"), None),
        (event("Restarting", &[], "Task restarting in 2s"), None),
    ];
    for (event, sentence) in cases {
        assert_eq!(failed_event(&event, Duty::Ends).as_deref(), sentence, "{event:?}");
    }
}

#[test]
fn the_last_event_that_tells_is_the_reason() {
    let events = vec![ended(1, 0), ended(2, 0), event("Not Restarting", &[], "Exceeded allowed attempts")];
    let state = TaskState { events, ..TaskState::default() };
    assert_eq!(task_failure(&state, Duty::Ends).as_deref(), Some("it exited with code 2"));
    assert_eq!(task_failure(&TaskState::default(), Duty::Ends), None);
}

#[test]
fn the_words_of_others_cannot_move_the_cursor() {
    let hostile = "\u{1b}[2Jpull\u{7} failed\u{9b}31m";
    for event in [event("Driver Failure", &[("driver_error", hostile)], ""), event("Template", &[], hostile)] {
        let sentence = failed_event(&event, Duty::Ends).unwrap();
        assert!(!sentence.contains(char::is_control), "{sentence:?}");
    }
}

#[test]
fn an_end_that_was_asked_for_is_known_by_what_came_before_it() {
    let started = || event("Started", &[], "");
    assert!(!is_asked_for(&[]));
    assert!(!is_asked_for(&[started()]));
    assert!(is_asked_for(&[started(), event("Killing", &[], "Sent interrupt")]));
    assert!(is_asked_for(&[started(), event("Restart Signaled", &[], "Template changed")]));
    let before = [event("Killing", &[], ""), event("Terminated", &[], ""), event("Restarting", &[], ""), started()];
    assert!(!is_asked_for(&before), "the run before");
}

#[test]
fn what_was_asked_to_end_before_its_start_was_written_down_did_not_fail() {
    let run = [event("Sibling Task Failed", &[], ""), event("Killing", &[], ""), event("Started", &[], "")];
    assert!(is_asked_for(&run));
    let again =
        [&run[..], &[event("Terminated", &[], ""), event("Restarting", &[], ""), event("Started", &[], "")]].concat();
    assert!(!is_asked_for(&again), "that was the run before");
    let ended = [&run[..], &[event("Terminated", &[], ""), event("Killed", &[], "")]].concat();
    assert!(is_last_end_asked_for(&ended));
}
