//! The event stream: what breaks it loses nothing, repeats nothing and decides nothing wrong.

use std::time::Duration;

use nomspark::event::Event;
use nomspark::http::Error;
use nomspark::nomad::Nomad;
use nomspark::watch::{JobState, Observation, Verdict, follow};
use serde_json::{Value, json};
use tokio::sync::mpsc::Receiver;

use crate::support::fake_nomad::{Fake, Reply, allocation, batch, evaluation};

const JOB: &str = "j";
/// Longer than Nomad may be silent.
const TOO_LONG: Duration = Duration::from_secs(66);
const PATIENCE: Duration = Duration::from_secs(20);

/// Follows the job `j` of a fake, with everything that was told.
struct Follower {
    observations: Receiver<Observation>,
    state: JobState,
    told: Vec<Event>,
    gaps: Vec<String>,
    refused: Option<Error>,
}

impl Follower {
    fn start(fake: &Fake) -> Self {
        let nomad = Nomad::new(fake.endpoint()).unwrap();
        Self {
            observations: follow(nomad, vec![JOB.to_owned()]),
            state: JobState::new(JOB),
            told: Vec::new(),
            gaps: Vec::new(),
            refused: None,
        }
    }

    /// Takes the next observation in.
    async fn step(&mut self) {
        let observation = tokio::time::timeout(PATIENCE, self.observations.recv()).await;
        self.take(observation.expect("nothing was observed").expect("the watch ended"));
    }

    fn take(&mut self, observation: Observation) {
        match observation {
            Observation::Listed(listings) => {
                for listing in listings {
                    self.told.extend(self.state.list(listing));
                }
            }
            Observation::Changed(changes) => self.told.extend(self.state.changes(&changes)),
            Observation::NodesLost(nodes) => self.told.extend(self.state.nodes_lost(&nodes)),
            Observation::Disconnected(reason) => self.gaps.push(reason),
            Observation::Refused(error) => self.refused = Some(error),
        }
    }

    async fn until(&mut self, condition: impl Fn(&Self) -> bool) {
        while !condition(self) {
            self.step().await;
        }
    }

    async fn listed(&mut self) {
        self.until(|follower| follower.state.listed).await;
    }

    async fn verdict(&mut self) -> Verdict {
        self.until(|follower| follower.state.verdict().is_some()).await;
        self.state.verdict().unwrap()
    }

    /// How often something was told that contains these words.
    fn times(&self, words: &str) -> usize {
        self.told.iter().filter(|event| event.to_string().contains(words)).count()
    }
}

/// A line of the stream with one change, at the index of what changed.
fn changed(topic: &str, document: &Value) -> Value {
    let index = document["ModifyIndex"].clone();
    json!({ "Index": index, "Events": [{
        "Topic": topic, "Type": format!("{topic}Updated"), "Key": document["ID"], "Index": index,
        "Payload": { topic: document },
    }] })
}

/// A job whose only allocation runs, listed at index 100.
async fn running() -> Fake {
    let fake = Fake::start().await;
    fake.list(100, &batch(JOB, "running", 90, 1), &[allocation(JOB, "a", "running", (90, 95))], &[]);
    fake
}

fn completed(modify_index: u64) -> Value {
    allocation(JOB, "a", "complete", (90, modify_index))
}

/// The same, because somebody stopped it.
fn stopped(modify_index: u64) -> Value {
    let mut stopped = completed(modify_index);
    stopped["DesiredStatus"] = "stop".into();
    let events = stopped["TaskStates"]["task"]["Events"].as_array_mut().unwrap();
    events.insert(0, json!({ "Type": "Killing", "Time": 1, "DisplayMessage": "" }));
    stopped
}

#[tokio::test]
async fn a_job_that_ended_before_the_first_look_has_its_verdict_at_once() {
    let fake = Fake::start().await;
    fake.list(100, &batch(JOB, "dead", 99, 1), &[completed(98)], &[]);
    let mut follower = Follower::start(&fake);
    follower.step().await;
    assert_eq!(follower.state.verdict(), Some(Verdict::Complete));
}

#[tokio::test]
async fn what_happened_while_the_stream_was_closed_is_in_the_next_list() {
    let mut fake = running().await;
    let mut follower = Follower::start(&fake);
    let feed = fake.next_stream().await;
    follower.listed().await;
    assert_eq!(follower.state.verdict(), None);
    fake.list(110, &batch(JOB, "dead", 109, 1), &[completed(108)], &[]);
    feed.close();
    assert_eq!(follower.verdict().await, Verdict::Complete);
    assert_eq!(follower.gaps, ["the event stream ended"]);
    assert_eq!(follower.times("placed"), 1);
    assert_eq!(follower.times("ended: complete"), 1);
    drop(fake.next_stream().await);
}

/// Nomad publishes a change before it commits it.
#[tokio::test]
async fn an_end_that_the_lists_do_not_have_yet_is_waited_for() {
    let mut fake = running().await;
    let mut follower = Follower::start(&fake);
    let feed = fake.next_stream().await;
    follower.listed().await;
    let asked = fake.requests_of("GET /v1/job/j").len();
    feed.line(&changed("Job", &batch(JOB, "dead", 108, 1)));
    // Once before and once after the other lists, three times.
    fake.received("GET /v1/job/j", asked + 6).await;
    assert!(follower.observations.try_recv().is_err(), "an old list was taken for a new one");
    fake.list(108, &batch(JOB, "dead", 108, 1), &[completed(108)], &[]);
    assert_eq!(follower.verdict().await, Verdict::Complete);
    assert_eq!(follower.gaps, Vec::<String>::new());
}

#[tokio::test]
async fn a_stream_that_breaks_within_a_line_is_opened_again() {
    for whole_end in [true, false] {
        let mut fake = running().await;
        let mut follower = Follower::start(&fake);
        let feed = fake.next_stream().await;
        follower.listed().await;
        feed.bytes(&changed("Allocation", &completed(105)).to_string()[..40]);
        if whole_end {
            feed.close();
        } else {
            feed.break_off();
        }
        follower.until(|follower| !follower.gaps.is_empty()).await;
        let feed = fake.next_stream().await;
        feed.line(&changed("Allocation", &completed(105)));
        assert_eq!(follower.verdict().await, Verdict::Complete);
        assert_eq!(follower.times("ended: complete"), 1);
    }
}

#[tokio::test]
async fn a_line_may_come_in_pieces_and_between_heartbeats() {
    let mut fake = running().await;
    let mut follower = Follower::start(&fake);
    let feed = fake.next_stream().await;
    follower.listed().await;
    let line = changed("Allocation", &completed(105)).to_string();
    feed.heartbeat();
    for byte in line.as_bytes().chunks(7) {
        feed.bytes(byte);
    }
    feed.bytes("\n{}\n");
    assert_eq!(follower.verdict().await, Verdict::Complete);
    assert!(follower.gaps.is_empty(), "{:?}", follower.gaps);
}

#[tokio::test]
async fn a_line_that_is_not_an_event_opens_the_stream_again() {
    for garbage in ["<html>bad gateway</html>\n", "[\n", "{\"Index\":\"x\"}\n", "\u{0}\n", "\n"] {
        let mut fake = running().await;
        let mut follower = Follower::start(&fake);
        let feed = fake.next_stream().await;
        follower.listed().await;
        feed.bytes(garbage);
        fake.list(110, &batch(JOB, "dead", 109, 1), &[completed(108)], &[]);
        assert_eq!(follower.verdict().await, Verdict::Complete, "{garbage:?}");
        assert!(follower.gaps[0].starts_with("the event stream sent something that is not an event"), "{garbage:?}");
    }
}

#[tokio::test]
async fn silence_longer_than_two_heartbeats_opens_the_stream_again() {
    let mut fake = running().await;
    let mut follower = Follower::start(&fake);
    let feed = fake.next_stream().await;
    follower.listed().await;
    fake.list(110, &batch(JOB, "dead", 109, 1), &[completed(108)], &[]);
    tokio::time::pause();
    let observation = loop {
        match follower.observations.try_recv() {
            Ok(observation) => break observation,
            Err(_) => tokio::time::advance(TOO_LONG).await,
        }
    };
    tokio::time::resume();
    follower.take(observation);
    assert_eq!(follower.gaps, ["silent for 65 s"]);
    assert_eq!(follower.verdict().await, Verdict::Complete);
    drop(feed);
}

#[tokio::test]
async fn indexes_may_skip() {
    let mut fake = running().await;
    let mut follower = Follower::start(&fake);
    let feed = fake.next_stream().await;
    follower.listed().await;
    feed.line(&changed("Allocation", &allocation(JOB, "a", "failed", (90, 150))));
    feed.line(&changed("Allocation", &allocation(JOB, "b", "complete", (5_000, 9_000))));
    assert_eq!(follower.verdict().await, Verdict::Complete);
    assert!(follower.gaps.is_empty());
}

#[tokio::test]
async fn servers_that_were_restored_from_a_snapshot_are_believed() {
    let mut fake = running().await;
    let mut follower = Follower::start(&fake);
    let feed = fake.next_stream().await;
    follower.listed().await;
    fake.list(50, &batch(JOB, "running", 40, 1), &[allocation(JOB, "a", "pending", (40, 45))], &[]);
    feed.close();
    follower.until(|follower| follower.state.allocations["a"].modify_index == 45).await;
    let feed = fake.next_stream().await;
    feed.line(&changed("Allocation", &allocation(JOB, "a", "complete", (40, 60))));
    assert_eq!(follower.verdict().await, Verdict::Complete);
}

#[tokio::test]
async fn old_events_of_the_stream_s_memory_are_left_out() {
    let mut fake = running().await;
    let mut follower = Follower::start(&fake);
    let feed = fake.next_stream().await;
    feed.line(&changed("Job", &batch(JOB, "pending", 10, 1)));
    feed.line(&changed("Allocation", &allocation(JOB, "collected", "failed", (10, 12))));
    feed.line(&json!({ "Index": 20, "Events": [{
        "Topic": "Job", "Type": "JobDeregistered", "Key": JOB, "Payload": { "Deleted": true, "Job": null },
    }] }));
    feed.line(&changed("Allocation", &allocation(JOB, "a", "pending", (90, 94))));
    feed.line(&changed("Allocation", &completed(105)));
    assert_eq!(follower.verdict().await, Verdict::Complete);
    assert_eq!(follower.state.allocations.len(), 1);
    assert_eq!(follower.times("failed"), 0);
}

#[tokio::test]
async fn a_purge_is_noticed() {
    let mut fake = running().await;
    let mut follower = Follower::start(&fake);
    let feed = fake.next_stream().await;
    follower.listed().await;
    // As Nomad 1.11 sends it: with the job as it was.
    feed.line(&json!({ "Index": 120, "Events": [
        { "Topic": "Job", "Type": "JobDeregistered", "Key": JOB, "Index": 120,
          "Payload": { "Deleted": true, "Job": batch(JOB, "running", 90, 1) } },
        { "Topic": "Evaluation", "Type": "JobDeregistered", "Key": "e", "Index": 120,
          "Payload": { "Evaluation": evaluation(JOB, "e", "pending", 120, None) } },
    ] }));
    assert_eq!(follower.verdict().await, Verdict::Gone);
    assert!(follower.state.gone);
}

#[tokio::test]
async fn a_stop_is_noticed() {
    let mut fake = running().await;
    let mut follower = Follower::start(&fake);
    let feed = fake.next_stream().await;
    follower.listed().await;
    let mut job = batch(JOB, "dead", 120, 1);
    job["Stop"] = true.into();
    fake.list(121, &job, &[stopped(121)], &[]);
    feed.line(&changed("Job", &job));
    assert_eq!(follower.verdict().await, Verdict::Stopped);
}

#[tokio::test]
async fn an_allocation_that_was_stopped_or_drained_completes_nothing() {
    let mut fake = running().await;
    let mut follower = Follower::start(&fake);
    let feed = fake.next_stream().await;
    follower.listed().await;
    feed.line(&changed("Allocation", &stopped(105)));
    follower.until(|follower| follower.state.allocations["a"].is_terminal()).await;
    assert_eq!(follower.state.verdict(), None);
    feed.line(&changed("Allocation", &allocation(JOB, "b", "running", (110, 111))));
    feed.line(&changed("Allocation", &allocation(JOB, "b", "complete", (110, 112))));
    assert_eq!(follower.verdict().await, Verdict::Complete);
    assert_eq!(follower.state.current_allocations()[0].id, "b");
}

#[tokio::test]
async fn a_replacement_s_success_is_the_job_s() {
    let mut fake = running().await;
    let mut follower = Follower::start(&fake);
    let feed = fake.next_stream().await;
    follower.listed().await;
    feed.line(&changed("Allocation", &allocation(JOB, "a", "failed", (90, 105))));
    feed.line(&changed("Job", &batch(JOB, "pending", 106, 1)));
    follower.until(|follower| follower.times("ended: failed") == 1).await;
    assert_eq!(follower.state.verdict(), None);
    feed.line(&changed("Allocation", &allocation(JOB, "b", "pending", (107, 107))));
    feed.line(&changed("Allocation", &allocation(JOB, "b", "complete", (107, 109))));
    assert_eq!(follower.verdict().await, Verdict::Complete);
    assert_eq!(follower.times("task task of a failed: it exited with code 1"), 1);
}

#[tokio::test]
async fn the_last_try_s_failure_is_the_job_s() {
    let mut fake = running().await;
    let mut follower = Follower::start(&fake);
    let feed = fake.next_stream().await;
    follower.listed().await;
    let failed = [allocation(JOB, "a", "failed", (90, 105)), allocation(JOB, "b", "failed", (107, 109))];
    for allocation in &failed {
        feed.line(&changed("Allocation", allocation));
    }
    let dead = batch(JOB, "dead", 110, 1);
    fake.list(110, &dead, &failed, &[]);
    feed.line(&changed("Job", &dead));
    let Verdict::Failed(failures) = follower.verdict().await else { panic!("the job failed") };
    let [failure] = failures.as_slice() else { panic!("one index, one failure: {failures:?}") };
    assert_eq!((failure.allocation.as_str(), failure.exit_code, failure.task.as_str()), ("b", Some(1), "task"));
}

/// Nomad says both at one index, on two lines.
#[tokio::test]
async fn a_job_that_is_dead_until_its_failure_is_looked_at_has_not_ended() {
    let mut fake = running().await;
    let mut follower = Follower::start(&fake);
    let feed = fake.next_stream().await;
    follower.listed().await;
    let failed = allocation(JOB, "a", "failed", (90, 105));
    let pending = batch(JOB, "pending", 105, 1);
    fake.list(105, &pending, std::slice::from_ref(&failed), &[]);
    feed.line(&changed("Allocation", &failed));
    feed.line(&changed("Job", &batch(JOB, "dead", 105, 1)));
    feed.line(&changed("Job", &pending));
    feed.line(&changed("Allocation", &allocation(JOB, "b", "complete", (107, 109))));
    assert_eq!(follower.verdict().await, Verdict::Complete);
}

#[tokio::test]
async fn a_refusal_ends_the_watch() {
    for route in ["GET /v1/event/stream", "GET /v1/job/j", "GET /v1/job/j/allocations"] {
        let mut fake = running().await;
        let mut follower = Follower::start(&fake);
        let feed = fake.next_stream().await;
        follower.listed().await;
        fake.on(route, Reply::status(403, "Permission denied"));
        feed.close();
        follower.until(|follower| follower.refused.is_some()).await;
        assert!(follower.observations.recv().await.is_none(), "{route}: the watch goes on");
    }
}

#[tokio::test]
async fn a_server_that_comes_back_is_followed_again() {
    let mut fake = running().await;
    for _ in 0..4 {
        fake.once("GET /v1/job/j/evaluations", Reply::status(500, "no leader"));
    }
    fake.once("GET /v1/event/stream", Reply::HangUp);
    let mut follower = Follower::start(&fake);
    follower.listed().await;
    assert_eq!(follower.gaps.len(), 2, "{:?}", follower.gaps);
    assert!(follower.gaps[1].contains("no leader"), "{:?}", follower.gaps);
    drop(fake.next_stream().await);
}

#[tokio::test]
async fn a_job_that_changes_while_it_is_listed_is_listed_again() {
    let mut fake = running().await;
    fake.once("GET /v1/job/j", Reply::Json(batch(JOB, "running", 80, 1)));
    let mut follower = Follower::start(&fake);
    drop(fake.next_stream().await);
    follower.listed().await;
    assert_eq!(fake.requests_of("GET /v1/job/j").len(), 3);
    assert_eq!(fake.requests_of("GET /v1/job/j/allocations").len(), 2);
    assert_eq!(follower.state.job.as_ref().unwrap().modify_index, 90);
}

#[tokio::test]
async fn a_group_without_a_place_is_told_once() {
    let mut fake = running().await;
    let mut follower = Follower::start(&fake);
    let feed = fake.next_stream().await;
    follower.listed().await;
    // Nomad's order: the blocked evaluation comes first, and both carry the same words.
    feed.line(&changed("Evaluation", &evaluation(JOB, "first", "pending", 101, None)));
    feed.line(&changed("Evaluation", &evaluation(JOB, "blocked", "blocked", 102, Some("group"))));
    let mut first = evaluation(JOB, "first", "complete", 103, Some("group"));
    first["CreateIndex"] = 101.into();
    feed.line(&changed("Evaluation", &first));
    feed.line(&changed("Evaluation", &evaluation(JOB, "later", "complete", 104, None)));
    follower.until(|follower| follower.state.evaluations.contains_key("later")).await;
    assert_eq!(follower.times("not enough memory on 1 of 1 nodes"), 1, "{:?}", follower.told);
}

#[tokio::test]
async fn who_does_not_listen_any_more_closes_the_stream() {
    let mut fake = running().await;
    let mut follower = Follower::start(&fake);
    let feed = fake.next_stream().await;
    follower.listed().await;
    drop(follower);
    tokio::time::timeout(PATIENCE, feed.closed()).await.expect("the stream stays open");
}
