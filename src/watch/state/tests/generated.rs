//! Histories that proptest makes up: allocations that run, crash, restart, fail, are replaced and complete.

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::sample::Index;

use super::*;
use crate::nomad::deployments::GroupRollout;

/// What happens next to an allocation.
#[derive(Clone, Copy, Debug)]
enum Step {
    Crash,
    Complete,
    Fail,
    Lose,
    Stop,
}

/// Everything that happened to a job, one change after the other, each as Nomad's stream tells it.
#[derive(Clone, Debug, Default)]
struct History {
    changes: Vec<Change>,
}

impl History {
    fn add(&mut self, allocation: &mut Allocation) {
        allocation.modify_index = self.next_index();
        self.changes.push(Change::Allocation(Box::new(allocation.clone())));
    }

    fn next_index(&self) -> u64 {
        self.changes.len() as u64 + 10
    }

    /// One allocation's whole life.
    fn live(&mut self, id: &str, index: u64, steps: &[Step]) {
        let now = self.next_index();
        let mut it = allocation(id, index, "pending", (now, now));
        self.add(&mut it);
        it.client_status = "running".to_owned();
        it.task_states.insert("t".to_owned(), task("running", 0, Vec::new()));
        self.add(&mut it);
        for step in steps {
            let time = i64::try_from(self.next_index()).unwrap();
            let state = it.task_states.get_mut("t").unwrap();
            match step {
                Step::Crash => {
                    // Each failure has a code of its own, so that telling one twice is seen.
                    state.events.push(terminated(1_000 + time, 0, time));
                    // Nomad keeps the last ten.
                    let surplus = state.events.len().saturating_sub(10);
                    state.events.drain(..surplus);
                    state.restarts += 1;
                    state.state = "pending".to_owned();
                    self.add(&mut it);
                    let state = it.task_states.get_mut("t").unwrap();
                    state.state = "running".to_owned();
                    state.started_at = Some(format!("{time}"));
                    self.add(&mut it);
                    continue;
                }
                Step::Complete => it.client_status = "complete".to_owned(),
                Step::Fail => {
                    state.events.push(terminated(1_000 + time, 0, time));
                    it.client_status = "failed".to_owned();
                }
                Step::Lose => it.client_status = "lost".to_owned(),
                Step::Stop => {
                    it.desired_status = "stop".to_owned();
                    self.add(&mut it);
                    it.client_status = "complete".to_owned();
                }
            }
            self.add(&mut it);
            return;
        }
    }

    fn job(&mut self, status: &str, stop: bool) {
        let modify_index = self.next_index();
        self.changes.push(Change::Job(Box::new(Job { stop, modify_index, ..job(status, 2) })));
    }

    fn evaluate(&mut self, id: &str, full: bool) {
        let now = self.next_index();
        self.changes.push(Change::Evaluation(Box::new(evaluation(id, (now, now), full))));
    }

    fn roll_out(&mut self, number: usize) {
        let now = self.next_index();
        let group = GroupRollout { desired_total: 9, healthy_allocs: number as u64, ..GroupRollout::default() };
        self.changes.push(Change::Deployment(Box::new(Deployment {
            id: "d".to_owned(),
            job: JOB.to_owned(),
            status: "running".to_owned(),
            task_groups: BTreeMap::from([("g".to_owned(), group)]),
            create_index: now,
            modify_index: now,
            ..Deployment::default()
        })));
    }

    /// What Nomad lists after the first `length` changes.
    fn listing(&self, length: usize) -> JobListing {
        let mut listing = JobListing { id: JOB.to_owned(), ..JobListing::default() };
        let mut allocations = BTreeMap::new();
        let mut evaluations = BTreeMap::new();
        for change in &self.changes[..length] {
            match change.clone() {
                Change::Job(job) => listing.job = Some(*job),
                Change::JobGone(_) => listing.job = None,
                Change::Allocation(it) => drop(allocations.insert(it.id.clone(), *it)),
                Change::Evaluation(it) => drop(evaluations.insert(it.id.clone(), *it)),
                Change::Deployment(it) => listing.deployments = vec![*it],
            }
        }
        // Unlike an event, a list carries the version.
        let versioned = |it: Allocation| Allocation { job_version: Some(0), ..it };
        listing.allocations = allocations.into_values().map(versioned).collect();
        listing.evaluations = evaluations.into_values().collect();
        listing
    }
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => Just(Step::Crash),
        3 => Just(Step::Complete),
        2 => Just(Step::Fail),
        1 => Just(Step::Lose),
        1 => Just(Step::Stop),
    ]
}

fn history() -> impl Strategy<Value = History> {
    let life = (0..2_u64, prop::collection::vec(step(), 0..13), any::<(bool, bool)>());
    (prop::collection::vec(life, 0..5), any::<(bool, bool)>()).prop_map(|(lives, (dead, stopped))| {
        let mut history = History::default();
        history.job("pending", false);
        for (number, (index, steps, (evaluated, full))) in lives.iter().enumerate() {
            if *evaluated {
                history.evaluate(&format!("e{number}"), *full);
                history.roll_out(number);
            }
            history.live(&format!("a{number}"), *index, steps);
        }
        if dead {
            history.job("dead", stopped);
        }
        history
    })
}

/// A listing of everything up to some change, or some change itself.
#[derive(Clone, Debug)]
enum Seen {
    Change(Index),
    /// Lists as much as the newest change that was seen, or more.
    Listing(Index),
}

fn seen() -> impl Strategy<Value = Vec<Seen>> {
    let one = prop_oneof![
        6 => any::<Index>().prop_map(Seen::Change),
        1 => any::<Index>().prop_map(Seen::Listing),
    ];
    prop::collection::vec(one, 0..60)
}

/// How often each thing was told.
fn tally(events: &[Event]) -> BTreeMap<String, usize> {
    let mut tally = BTreeMap::new();
    for event in events {
        *tally.entry(event.to_string()).or_default() += 1;
    }
    tally
}

/// Each thing as often as it happened: an allocation is placed and ends once, a failure has a code of its own.
fn happened(history: &History, told: &str) -> usize {
    let starts = |id: &str| {
        let mut starts: Vec<String> = Vec::new();
        for change in &history.changes {
            let Change::Allocation(it) = change else { continue };
            let started = it.task_states.get("t").and_then(|task| task.started_at.clone());
            starts.extend(started.filter(|_| it.id == id && it.client_status == "running"));
        }
        starts.dedup();
        starts.len()
    };
    match told.strip_prefix("j: Nomad says task t of ").and_then(|rest| rest.strip_suffix(" runs")) {
        Some(id) => starts(id),
        None if told.contains("cannot be placed") => usize::MAX,
        None => 1,
    }
}

proptest! {
    #[test]
    fn whatever_was_seen_a_listing_makes_the_state_true(history in history(), seen in seen()) {
        let all = history.changes.len();
        let mut state = JobState::new(JOB);
        let mut told = Vec::new();
        let mut newest = 0;
        for one in seen {
            match one {
                Seen::Change(index) => {
                    let index = index.index(all);
                    newest = newest.max(index + 1);
                    told.extend(state.change(history.changes[index].clone()));
                }
                Seen::Listing(index) => {
                    newest += index.index(all - newest + 1);
                    told.extend(state.list(history.listing(newest)));
                }
            }
        }
        told.extend(state.list(history.listing(all)));

        let mut alone = JobState::new(JOB);
        alone.list(history.listing(all));
        prop_assert_eq!(state.verdict(), alone.verdict());
        prop_assert_eq!(state.current_allocations(), alone.current_allocations());
        prop_assert_eq!(state.running(), alone.running());
        prop_assert_eq!(state.unplaced(), alone.unplaced());
        prop_assert_eq!((&state.job, state.gone), (&alone.job, alone.gone));

        for (what, times) in tally(&told) {
            prop_assert!(times <= happened(&history, &what), "{} times {}", times, what);
        }
    }

    #[test]
    fn all_changes_in_order_tell_the_same_as_a_listing(history in history()) {
        let mut state = JobState::new(JOB);
        state.list(history.listing(0));
        for change in &history.changes {
            state.change(change.clone());
            // Repetitions change and tell nothing.
            let before = state.clone();
            prop_assert!(state.change(change.clone()).is_empty());
            prop_assert_eq!(&state, &before);
        }
        let mut alone = JobState::new(JOB);
        alone.list(history.listing(history.changes.len()));
        prop_assert_eq!(state.verdict(), alone.verdict());
        prop_assert_eq!(&state.allocations, &alone.allocations);
        prop_assert_eq!(&state.evaluations, &alone.evaluations);
    }
}
