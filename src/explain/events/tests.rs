//! Each kind of event, with the particulars that Nomad gives it.

use std::collections::BTreeMap;

use super::*;

/// The kinds of Nomad 1.8 to 2.0, and what is said of an event of each that has the words `why`.
const KINDS: &[(&str, &str)] = &[
    ("Setup Failure", "its setup failed: why"),
    ("Driver Failure", "its driver could not start it: why"),
    ("Received", "Nomad's client has received it: why"),
    ("Failed Validation", "Nomad's client refused it: why"),
    ("Started", "it was started: why"),
    ("Pausing", "its schedule pauses it: why"),
    ("Terminated", "it ended: why"),
    ("Killing", "Nomad ends it: why"),
    ("Killed", "Nomad ended it: why"),
    ("Restarting", "Nomad waits until it starts it again: why"),
    ("Not Restarting", "Nomad does not start it again: why"),
    ("Restart Signaled", "somebody asked for its restart: why"),
    ("Signaling", "it was sent a signal: why"),
    ("Downloading Artifacts", "Nomad's client fetches its artifacts: why"),
    ("Failed Artifact Download", "an artifact could not be fetched: why"),
    ("Building Task Directory", "Nomad's client prepares it: why"),
    ("Task Setup", "Nomad's client prepares it: why"),
    ("Disk Resources Exceeded", "it used more disk than its task group reserves"),
    ("Sibling Task Failed", "Nomad ended it because another task of its group failed: why"),
    ("Driver", "why"),
    ("Leader Task Dead", "Nomad ended it because the leading task of its group ended: why"),
    ("Main Tasks Dead", "Nomad ended it because the main tasks of its group ended: why"),
    ("Task hook failed", "Nomad's client could not prepare it: why"),
    ("Task hook message", "why"),
    ("Failed Restoring Task", "Nomad's client was restarted and did not find it again: why"),
    ("Plugin became unhealthy", "it is a CSI plugin that became unhealthy: why"),
    ("Plugin became healthy", "it is a CSI plugin that became healthy: why"),
    ("Reconnected", "its node is connected again: why"),
    ("Waiting for shutdown delay", "Nomad waits for its shutdown_delay: why"),
    ("Skipping shutdown delay", "Nomad does not wait for its shutdown_delay: why"),
    ("Running", "it was started: why"),
    ("Alloc Unhealthy", "Nomad calls it unhealthy: why"),
    ("Template", "its template: why"),
];

fn event(kind: &str, words: &str) -> TaskEvent {
    TaskEvent { kind: kind.to_owned(), display_message: words.to_owned(), ..TaskEvent::default() }
}

#[test]
fn every_kind_has_its_sentence() {
    for (kind, expected) in KINDS {
        assert_eq!(sentence(&event(kind, "why")).as_deref(), Some(*expected), "{kind}");
        if !matches!(*kind, "Driver" | "Task hook message") {
            assert!(sentence(&event(kind, "")).is_some(), "{kind} without words");
        }
    }
    assert_eq!(sentence(&event("Something New", "in 2.1")).as_deref(), Some("in 2.1"));
    assert_eq!(sentence(&event("Something New", "")), None);
}

#[test]
fn a_hook_s_reason_stands_in_the_particulars() {
    let details = BTreeMap::from([("message".to_owned(), "template: source path escapes".to_owned())]);
    let failed = TaskEvent { details, ..event("Task hook failed", "Task hook failed") };
    assert_eq!(failure(&failed).unwrap(), "Nomad's client could not prepare it: template: source path escapes");
}

#[test]
fn a_long_wait_for_a_restart_is_told() {
    let restarting = |delay: &str| {
        let details = [("start_delay", delay), ("restart_reason", "Exceeded allowed attempts, applying a delay")];
        let details = details.map(|(key, value)| (key.to_owned(), value.to_owned())).into();
        waiting_restart(&TaskEvent { details, ..event("Restarting", "") })
    };
    assert_eq!(
        restarting("595000000000").unwrap(),
        "Nomad waits 9m 55s until it starts it again (Exceeded allowed attempts, applying a delay)"
    );
    assert_eq!(restarting("17000000000"), None);
    assert_eq!(restarting("soon"), None);
}
